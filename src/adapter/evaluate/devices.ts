/** What there is to see of devices and their notifiers. */

import { hex } from '../../bits/u64.ts';
import { UserError } from '../../bits/user-error.ts';
import { isWorld, WORLDS } from '../../bits/world.ts';
import { policyTable } from '../../control/isolation/policy-table.ts';
import type { HeldMapping } from '../../model/notifiers/device.ts';
import type { PluggedDevice } from '../../model/notifiers/notifiers.ts';
import type { NotifierMatrixRow, NotifierRow } from '../custom-requests.ts';
import type { Debuggee } from '../debuggee.ts';
import { notifierMatrix, notifierPage } from '../notifiers.ts';
import { policiesOf } from '../policies.ts';
import { deviceNode, heldText, notifierText } from '../scopes/devices.ts';
import { named } from '../variable-node.ts';
import type { ConsoleCommand, LongCommand } from './command.ts';

/** Decisions that the console shows. */
const SHOWN = 20;

/** Lists the devices with what is registered and held. */
export const devices: ConsoleCommand = {
  name: 'devices',
  usage: 'devices',
  help: 'lists the devices that are plugged in, their notifiers and what their consumers hold',
  words: [],
  run({ debuggee }) {
    const all = [...debuggee.smmu.notifiers.devices.values()];
    if (all.length === 0) return { value: 'no device is plugged in' };
    return {
      value: all.flatMap((device) => linesOf(debuggee, device)).join('\n'),
      children: named(() => all.map((device) => deviceNode(debuggee, device))),
    };
  },
};

function linesOf({ smmu, viewer }: Debuggee, { spec, notifiers }: PluggedDevice): string[] {
  const hidden = viewer.hidesEntry(spec);
  if (hidden !== null) return [`${spec.name}: ${viewer.text(hidden)}`];
  const own = (number: number): HeldMapping[] =>
    [...smmu.notifiers.held.values()].filter((one) => one.device === spec.name && one.notifier === number);
  const said = (mapping: HeldMapping): string => {
    const other = viewer.hidesEntry(mapping);
    return other === null ? heldText(mapping) : viewer.text(other);
  };
  return [
    `${spec.name}: StreamID ${hex(spec.sid)}, ${spec.worlds.join(' and ')}`,
    ...notifiers.flatMap((notifier, number) =>
      notifier === null
        ? []
        : [
            `  notifier ${number}: ${notifierText(notifier)}`,
            ...own(number).map((mapping) => `    holds ${said(mapping)}`),
          ],
    ),
  ];
}

/** Lists the last decisions. */
export const notifiers: ConsoleCommand = {
  name: 'notifiers',
  usage: 'notifiers [world]',
  help: 'lists who was told of the last invalidations, or why not; of one Security state',
  words: WORLDS,
  run({ debuggee }, rest) {
    const world = rest.trim();
    if (world !== '' && !isWorld(world)) {
      throw new UserError(`"${world}" is no security state`, { todo: `write ${WORLDS.join(', ')}` });
    }
    const page = notifierPage(debuggee, {
      start: null,
      count: SHOWN,
      world: isWorld(world) ? world : null,
    });
    const head = `policy ${page.policy}, accepting ${page.accepts === 'map' ? 'MAP' : 'what QEMU accepts'}`;
    if (page.rows.length === 0) return { value: `${head}: no notifier was told or passed over` };
    const earlier = page.total - page.rows.length;
    return {
      value: [head, ...(earlier > 0 ? [`${earlier} before them`] : []), ...page.rows.flatMap(rowLines)].join(
        '\n',
      ),
    };
  },
};

function rowLines({ number, actsOn, why, findings }: NotifierRow): string[] {
  return [`${number}  ${actsOn}  ${why}`, ...findings.map((text) => `    isolation: ${text}`)];
}

/** Device by world by consumer. */
export const matrix: ConsoleCommand = {
  name: 'notifier',
  usage: 'notifier matrix',
  help: 'counts for each device, Security state and consumer who was told, was not, and holds what it should not',
  words: ['matrix'],
  run({ debuggee }, rest) {
    if (rest.trim() !== 'matrix')
      throw new UserError(`"notifier ${rest.trim()}" is not understood`, { todo: 'write notifier matrix' });
    const rows = notifierMatrix(debuggee);
    return { value: rows.length === 0 ? 'nothing was registered' : rows.map(matrixLine).join('\n') };
  },
};

function matrixLine(row: NotifierMatrixRow): string {
  const { device, world, consumer, notifier, refused, told, untold, missed, wrongSpace, held } = row;
  if (refused !== null) return `${device} ${world} ${consumer}: refused: ${refused}`;
  const who = `${device} ${world} ${consumer} (notifier ${notifier})`;
  return `${who}: ${told} told, ${untold} not told, ${held} held, ${missed} missed, ${wrongSpace} of another space`;
}

/** The session under every policy. */
export const policies: LongCommand = {
  name: 'policies',
  usage: 'policies',
  help: 'does everything since the beginning again under each notifier policy, and shows the differences side by side',
  words: [],
  async search(session, rest, cancelled) {
    if (rest.trim() !== '')
      throw new UserError(`"${rest.trim()}" is not understood`, { todo: 'write policies' });
    return { value: policyTable(await policiesOf(session, { cancelled })).join('\n') };
  },
};
