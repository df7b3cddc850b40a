import { describe, expect, test } from 'vitest';
import type { World } from '../../../src/bits/world.ts';
import { COMMAND_LIST, type CommandName, type QueueWorld } from '../../../src/spec/commands.ts';
import { briefly, IOVA, type NotifiedOptions, NotifiedSmmu } from '../../kit/notifiers.ts';
import { SID, type Values } from '../../kit/smmu.ts';
import { S2_STE } from '../../kit/stage2.ts';
import { type StatementCase, statementTests } from './case.ts';

/** A device with vhost, whose stream has stage 1 with ASID 1 and VMID 0. */
function notified(off: readonly string[], options: NotifiedOptions = {}): NotifiedSmmu {
  const m = new NotifiedSmmu({ off, ...options });
  m.plug();
  m.register({ consumer: 'vhost' });
  return m;
}

const ONE_STAGE: NotifiedOptions = { registers: { 'IDR0.S2P': 0 } };
const WHOLE = '0x0-0xffffffffffffffff ns';
const PAGE = '0x12345000-0x12345fff ns';

/** What is decided of commands. */
const told =
  (commands: readonly (readonly [CommandName, Values?])[], options: NotifiedOptions = {}) =>
  (off: readonly string[]): unknown =>
    commands.map(([name, values]) => briefly(notified(off, options).tell(name, values)));

const CASES: readonly StatementCase[] = [
  {
    id: 'N3.1',
    name: 'NH_ASID tells of the whole range, whatever the ASID',
    run: told([
      ['CMD_TLBI_NH_ASID', { ASID: 1 }],
      ['CMD_TLBI_NH_ASID', { ASID: 9, VMID: 9 }],
    ]),
    wanted: [[WHOLE], [WHOLE]],
  },
  {
    id: 'N3.2',
    name: 'NH_ALL tells nobody where there is a stage 2',
    run: told([['CMD_TLBI_NH_ALL']]),
    wanted: [['gap']],
  },
  {
    id: 'N3.3',
    name: 'NH_ALL tells of the whole range where there is none',
    run: told([['CMD_TLBI_NH_ALL']], ONE_STAGE),
    wanted: [[WHOLE]],
  },
  {
    id: 'N3.4',
    name: 'NSNH_ALL tells of the whole range',
    run: told([['CMD_TLBI_NSNH_ALL']]),
    wanted: [[WHOLE]],
  },
  {
    id: 'N3.5',
    name: 'NH_VA and NH_VAA tell by IOVA',
    run: told([
      ['CMD_TLBI_NH_VA', { ASID: 1, Address: IOVA }],
      ['CMD_TLBI_NH_VAA', { Address: IOVA }],
    ]),
    wanted: [[PAGE], [PAGE]],
  },
  {
    id: 'N3.6',
    name: 'S12_VMALL tells of the whole range, whatever the VMID',
    run: told([['CMD_TLBI_S12_VMALL', { VMID: 7 }]]),
    wanted: [[WHOLE]],
  },
  {
    id: 'N3.7',
    name: 'S2_IPA tells by IOVA where stage 2 alone translates',
    run: told([['CMD_TLBI_S2_IPA', { VMID: 3, Address: IOVA }]], { ste: S2_STE }),
    wanted: [[PAGE]],
  },
  {
    id: 'N3.8',
    name: 'CFGI_* tell nobody',
    run: told([
      ['CMD_CFGI_STE', { StreamID: SID }],
      ['CMD_CFGI_STE_RANGE', { Range: 31 }],
      ['CMD_CFGI_CD', { StreamID: SID }],
      ['CMD_CFGI_CD_ALL', { StreamID: SID }],
    ]),
    wanted: [['gap'], ['gap'], ['gap'], ['gap']],
  },
  {
    id: 'N3.9',
    name: 'EL2_* tell nobody',
    run: told([
      ['CMD_TLBI_EL2_ALL'],
      ['CMD_TLBI_EL2_ASID', { ASID: 1 }],
      ['CMD_TLBI_EL2_VA', { Address: IOVA }],
      ['CMD_TLBI_EL2_VAA', { Address: IOVA }],
    ]),
    wanted: [['gap'], ['gap'], ['gap'], ['gap']],
  },
  {
    id: 'N3.10',
    name: 'ATC_INV tells nobody',
    run: told([['CMD_ATC_INV', { StreamID: SID, Size: 52 }]]),
    wanted: [['gap']],
  },
  {
    id: 'N3.11',
    name: 'SMMUEN going to 0 and a change of GBPA tell nobody',
    run: (off) => {
      const m = notified(off);
      m.write('CR0', 0);
      const disabled = briefly(m.decisions());
      m.write('GBPA', 0x8010_0000);
      const causes = m.smmu.notifiers.log.values().map(({ cause }) => cause);
      return [disabled, briefly(m.decisions()), causes];
    },
    wanted: [['gap'], ['gap'], ['CR0.SMMUEN=0', 'GBPA']],
  },
];

describe('which commands notify', () => {
  statementTests(CASES);
});

/** Kinds of commands that notifiers never hear of: they invalidate no translation. */
const UNHEARD: ReadonlySet<string> = new Set([
  'prefetch',
  'sync',
  'page-response',
  'dpt',
  'resume',
  'stall-terminate',
]);

/** What is known of today's QEMU: the Non-secure queue, with both stages. */
const UPSTREAM: Readonly<Partial<Record<CommandName, string>>> = {
  CMD_TLBI_NH_ASID: WHOLE,
  CMD_TLBI_NH_VA: PAGE,
  CMD_TLBI_NH_VAA: PAGE,
  CMD_TLBI_S12_VMALL: WHOLE,
  CMD_TLBI_NSNH_ALL: WHOLE,
  CMD_TLBI_S2_IPA: PAGE,
};

/** Fields with which each command is legal and names the device. */
const FIELDS: Values = { Address: IOVA, ASID: 1, StreamID: SID, Size: 0, Leaf: 0 };

function valuesOf(name: CommandName): Values {
  const spec = COMMAND_LIST.find((one) => one.name === name);
  const own = Object.keys(spec?.layout.fields ?? {});
  return Object.fromEntries(Object.entries(FIELDS).filter(([field]) => own.includes(field)));
}

const QUEUES: readonly QueueWorld[] = ['ns', 's', 'realm'];

describe.each(QUEUES)('every opcode on the queue of state %s', (queue: World & QueueWorld) => {
  test.each(COMMAND_LIST)('$name, as today', ({ name, kind, legal }) => {
    const m = notified([], { worlds: 'rme', registers: { 'IDR3.DPT': 1 } });
    const got = briefly(m.tellFrom(queue, name, valuesOf(name)));
    const consumed =
      m.smmu.bank.field(`${queue === 'ns' ? '' : queue === 's' ? 'S_' : 'R_'}CMDQ_CONS`, 'ERR') === 0;
    if (legal[queue] === false) expect(consumed).toBe(false);
    if (!consumed || UNHEARD.has(kind)) expect(got).toEqual([]);
    else expect(got).toEqual([queue === 'ns' ? (UPSTREAM[name] ?? 'gap') : 'gap']);
  });
});

test('without devices nothing is decided', () => {
  const m = new NotifiedSmmu();
  expect(m.tell('CMD_TLBI_NSNH_ALL')).toEqual([]);
  m.plug();
  expect(m.tell('CMD_TLBI_NSNH_ALL')).toEqual([]);
});
