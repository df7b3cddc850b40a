/** What can be done to devices on the console; each is an operation that can be taken back. */

import { UserError } from '../../bits/user-error.ts';
import type { DeviceChange } from '../../model/notifiers/device.ts';
import { NOTIFIER_POLICY_NAMES } from '../../spec/notifiers.ts';
import { SID_BITS } from '../../spec/stream-id.ts';
import { changeDevice } from '../device-changes.ts';
import { acceptsNamed, consumerNamed, flagsNamed, policyNamed, worldsNamed } from '../devices.ts';
import type { Session } from '../session.ts';
import type { ConsoleCommand } from './command.ts';
import { numberIn, splitWords, type Words, wideIn } from './words.ts';

const NUMBER_BITS = 16;

interface Form {
  readonly name: string;
  /** What follows the name of the device. */
  readonly usage: string;
  readonly help: string;
  readonly keys?: readonly string[];
  readonly flags?: readonly string[];
  /** @throws UserError with the expected form */
  change(device: string, words: Words, usage: string, session: Session): DeviceChange;
}

const FORMS: readonly Form[] = [
  {
    name: 'plug',
    usage: 'sid=8 [world=s] [world=ns,s]',
    help: 'plugs a device in: a name, its StreamID, and the Security states of its transactions',
    keys: ['sid', 'world'],
    change: (name, { values }, usage) => ({
      what: 'plug',
      device: {
        name,
        sid: numberIn(values.get('sid') ?? '', 'sid', SID_BITS, usage),
        worlds: worldsNamed((values.get('world') ?? 'ns').split(','), 'world'),
      },
    }),
  },
  {
    name: 'register',
    usage: 'consumer=vhost [flags=UNMAP,MAP] [range=0x0-0xffff] [index=0]',
    help: 'lets a consumer of a device register a notifier',
    keys: ['consumer', 'flags', 'range', 'index'],
    change: (device, { values }, usage) => ({
      what: 'register',
      device,
      notifier: {
        consumer: consumerNamed(values.get('consumer') ?? '', 'consumer'),
        ...given(values.get('flags'), (text) => ({ flags: flagsNamed(text.split(','), 'flags') })),
        ...given(values.get('range'), (text) => rangeOf(text, usage)),
        ...given(values.get('index'), (text) => ({
          iommuIndex: numberIn(text, 'index', NUMBER_BITS, usage),
        })),
      },
    }),
  },
  {
    name: 'unregister',
    usage: '[notifier=0]',
    help: 'takes a notifier of a device off',
    keys: ['notifier'],
    change: (device, words, usage, session) => ({
      what: 'unregister',
      device,
      notifier: notifierOf(device, words, usage, session),
    }),
  },
  {
    name: 'obtain',
    usage: 'iova=0x1000 [notifier=0] [write]',
    help: 'lets a consumer of a device translate an address and keep the mapping',
    keys: ['iova', 'notifier'],
    flags: ['write'],
    change(device, words, usage, session) {
      const { hi, lo } = wideIn(words.values.get('iova') ?? '', 'iova', usage);
      const notifier = notifierOf(device, words, usage, session);
      return { what: 'obtain', device, notifier, iovaHi: hi, iovaLo: lo, write: words.flags.has('write') };
    },
  },
  {
    name: 'reset',
    usage: '',
    help: 'resets a device: what its consumers hold is invalid',
    change: (device) => ({ what: 'reset', device }),
  },
  {
    name: 'unplug',
    usage: '',
    help: 'unplugs a device, with its notifiers and what their consumers hold',
    change: (device) => ({ what: 'unplug', device }),
  },
];

function given<Part extends object>(
  text: string | undefined,
  read: (text: string) => Part,
): Part | undefined {
  return text === undefined ? undefined : read(text);
}

function rangeOf(text: string, usage: string) {
  const [start = '', end = '', ...more] = text.split('-');
  if (more.length > 0) throw new UserError(`range=${text} is no range`, { todo: `write ${usage}` });
  const [first, last] = [wideIn(start, 'range', usage), wideIn(end, 'range', usage)];
  return { startHi: first.hi, startLo: first.lo, endHi: last.hi, endLo: last.lo };
}

/** A notifier that is registered. */
function notifierOf(device: string, { values }: Words, usage: string, session: Session): number {
  const number = numberIn(values.get('notifier') ?? '0', 'notifier', NUMBER_BITS, usage);
  const { notifiers = [] } = session.debuggee.smmu.notifiers.devices.get(device) ?? {};
  if (notifiers[number] !== undefined && notifiers[number] !== null) return number;
  throw new UserError(`${device} has no notifier ${number}`, {
    todo: `write register ${device} consumer=vhost`,
  });
}

function commandOf(form: Form): ConsoleCommand {
  const usage = `${form.name} DEVICE ${form.usage}`.trimEnd();
  const { keys = [], flags = [] } = form;
  return {
    name: form.name,
    usage,
    help: form.help,
    words: [...keys.map((key) => `${key}=`), ...flags],
    changes: true,
    run(session, rest) {
      const [device = '', ...more] = rest.trim().split(/\s+/);
      if (device === '' || device.includes('='))
        throw new UserError('the name of a device is missing', { todo: `write ${usage}` });
      const words = splitWords(more.join(' '), keys, flags, usage);
      requireDevice(session, device, form.name === 'plug');
      return { value: changeDevice(session, form.change(device, words, usage, session)) };
    },
  };
}

function requireDevice({ debuggee }: Session, name: string, isNew: boolean): void {
  const { devices } = debuggee.smmu.notifiers;
  if (isNew === (devices.get(name) === undefined)) return;
  const names = [...devices.values()].map(({ spec }) => spec.name);
  throw isNew
    ? new UserError(`a device ${name} is plugged in already`, { todo: `unplug ${name} first` })
    : new UserError(`there is no device ${name}`, {
        todo: names.length > 0 ? `write ${names.join(', ')}` : `write plug ${name} sid=8`,
      });
}

/** Commands that change devices. */
export const DEVICE_COMMANDS: readonly ConsoleCommand[] = FORMS.map(commandOf);

const POLICY_USAGE = `policy [${NOTIFIER_POLICY_NAMES.join('|')}] [accepts=qemu|map]`;

/** Shows or sets who is told what from here on. */
export const policy: ConsoleCommand = {
  name: 'policy',
  usage: POLICY_USAGE,
  help: 'sets the notifier policy from here on, and which registrations are accepted',
  words: [...NOTIFIER_POLICY_NAMES, 'accepts='],
  changes: true,
  run(session, rest) {
    const { values, flags } = splitWords(rest, ['accepts'], NOTIFIER_POLICY_NAMES, POLICY_USAGE);
    const [name, ...more] = flags;
    if (more.length > 0) throw new UserError('one policy at a time', { todo: `write ${POLICY_USAGE}` });
    const { notifiers } = session.debuggee.smmu;
    const accepts = values.get('accepts');
    const rules = {
      policy: name === undefined ? notifiers.policy : policyNamed(name, 'policy'),
      accepts: accepts === undefined ? notifiers.accepts : acceptsNamed(accepts, 'accepts'),
    };
    return { value: changeDevice(session, { what: 'rules', rules }) };
  },
};
