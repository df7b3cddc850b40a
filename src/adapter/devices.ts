/** Devices and their notifiers as launch.json describes them. */

import { hiOf, loOf, parseHex64, type U64 } from '../bits/u64.ts';
import { UserError } from '../bits/user-error.ts';
import { isWorld, WORLDS, type World } from '../bits/world.ts';
import type { DeviceChange, DeviceSpec, NotifierRequest } from '../model/notifiers/device.ts';
import {
  CONSUMERS,
  type Consumer,
  NO_NOTIFIER_FLAG,
  NOTIFIER_ACCEPTS,
  NOTIFIER_FLAGS,
  NOTIFIER_POLICY_NAMES,
  type NotifierAccepts,
  type NotifierFlag,
  type NotifierPolicy,
} from '../spec/notifiers.ts';
import { SID_BITS } from '../spec/stream-id.ts';
import { shown } from './args.ts';

/** What is done to devices before anything else, in order. */
export type DeviceChanges = readonly DeviceChange[];

type Given = Readonly<Record<string, unknown>>;

const FLAGS = [...(Object.keys(NOTIFIER_FLAGS) as readonly NotifierFlag[]), NO_NOTIFIER_FLAG] as const;
const DEVICE_PARTS = ['name', 'sid', 'world', 'worlds', 'notifiers', 'obtained'] as const;
const NOTIFIER_PARTS = ['consumer', 'flags', 'range', 'iommuIndex'] as const;
const OBTAINED_PARTS = ['iova', 'notifier', 'write'] as const;
const MOST_INDEX = 2;

/**
 * Reads the launch attribute `devices`.
 * @throws UserError naming the part that makes no sense
 */
export function readDevices(value: unknown): DeviceChanges {
  if (value === undefined) return [];
  const names = new Set<string>();
  return listOf(value, 'devices').flatMap((entry, i) => {
    const where = `devices[${i}]`;
    const given = partsOf(entry, where, DEVICE_PARTS);
    const device = deviceOf(given, where);
    if (names.has(device.name)) throw new UserError(`two devices are named ${shown(device.name)}`, { where });
    names.add(device.name);
    const notifiers = listOf(given['notifiers'] ?? [], `${where}.notifiers`);
    return [
      { what: 'plug', device },
      ...notifiers.map((one, n): DeviceChange => {
        const notifier = notifierOf(one, `${where}.notifiers[${n}]`);
        return { what: 'register', device: device.name, notifier };
      }),
      ...listOf(given['obtained'] ?? [], `${where}.obtained`).map((one, n) =>
        obtainOf(one, device.name, notifiers.length, `${where}.obtained[${n}]`),
      ),
    ] satisfies DeviceChange[];
  });
}

/** A policy by its name. @throws UserError */
export function policyNamed(value: unknown, where: string): NotifierPolicy {
  return choice(value, NOTIFIER_POLICY_NAMES, where);
}

/** What is accepted, by its name. @throws UserError */
export function acceptsNamed(value: unknown, where: string): NotifierAccepts {
  return choice(value, NOTIFIER_ACCEPTS, where);
}

/** A consumer by its name. @throws UserError */
export function consumerNamed(value: unknown, where: string): Consumer {
  return choice(value, CONSUMERS, where);
}

/** The states of a device. @throws UserError */
export function worldsNamed(value: unknown, where: string): readonly World[] {
  const worlds = listOf(value, where).map((one) => {
    if (typeof one === 'string' && isWorld(one) && one !== 'root') return one;
    throw new UserError(`${shown(one)} is no Security state of a device`, {
      where,
      todo: `write ${WORLDS.filter((world) => world !== 'root').join(', ')}`,
    });
  });
  if (worlds.length > 0) return [...new Set(worlds)];
  throw new UserError('a device is of one Security state at least', { where });
}

/** Bits of NOTIFIER_FLAGS from their names; `NONE` is no bit. @throws UserError */
export function flagsNamed(value: unknown, where: string): number {
  return listOf(value, where).reduce<number>((flags, one) => {
    const name = choice(one, FLAGS, where);
    return name === NO_NOTIFIER_FLAG ? flags : flags | NOTIFIER_FLAGS[name];
  }, 0);
}

function deviceOf(given: Given, where: string): DeviceSpec {
  const name = given['name'];
  if (typeof name !== 'string' || !/^\S+$/.test(name)) {
    throw new UserError(`${shown(name)} is no name`, {
      where: `${where}.name`,
      todo: 'write a word, such as "net0"',
    });
  }
  if (given['world'] !== undefined && given['worlds'] !== undefined) {
    throw new UserError('"world" and "worlds" say the same', { where, todo: 'leave one of them out' });
  }
  const worlds = worldsNamed(given['worlds'] ?? [given['world'] ?? 'ns'], `${where}.worlds`);
  const sid = numberOf(given['sid'], `${where}.sid`, 2 ** SID_BITS);
  return { name, sid, worlds };
}

function notifierOf(value: unknown, where: string): NotifierRequest {
  const { consumer, flags, range, iommuIndex } = partsOf(value, where, NOTIFIER_PARTS);
  return {
    consumer: consumerNamed(consumer, `${where}.consumer`),
    ...(flags !== undefined && { flags: flagsNamed(flags, `${where}.flags`) }),
    ...(range !== undefined && rangeOf(range, `${where}.range`)),
    ...(iommuIndex !== undefined && {
      iommuIndex: numberOf(iommuIndex, `${where}.iommuIndex`, MOST_INDEX + 1),
    }),
  };
}

function rangeOf(
  value: unknown,
  where: string,
): Pick<NotifierRequest, 'startHi' | 'startLo' | 'endHi' | 'endLo'> {
  const [start, end, ...more] = listOf(value, where);
  if (start === undefined || end === undefined || more.length > 0) {
    throw new UserError('is no pair of addresses', { where, todo: 'write the first and the last one' });
  }
  const [first, last] = [addressOf(start, where), addressOf(end, where)];
  return { startHi: first.hi, startLo: first.lo, endHi: last.hi, endLo: last.lo };
}

function obtainOf(value: unknown, device: string, notifiers: number, where: string): DeviceChange {
  const given = typeof value === 'object' && value !== null ? value : { iova: value };
  const { iova, notifier = 0, write = false } = partsOf(given, where, OBTAINED_PARTS);
  if (typeof write !== 'boolean') throw new UserError(`${shown(write)} is not true or false`, { where });
  const { hi, lo } = addressOf(iova, where);
  const number = numberOf(notifier, `${where}.notifier`, Math.max(1, notifiers));
  return { what: 'obtain', device, notifier: number, iovaHi: hi, iovaLo: lo, write };
}

function addressOf(value: unknown, where: string): U64 {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0)
    return { hi: hiOf(value), lo: loOf(value) };
  const address = typeof value === 'string' ? parseHex64(value) : null;
  if (address !== null) return address;
  throw new UserError(`${shown(value)} is no address of at most 64 bits`, {
    where,
    todo: 'write it as "0x1000"',
  });
}

function numberOf(value: unknown, where: string, limit: number): number {
  if (value === undefined) throw new UserError('is missing', { where, todo: 'write a number, such as 8' });
  const n = typeof value === 'string' ? Number(value) : value;
  if (typeof n === 'number' && Number.isInteger(n) && n >= 0 && n < limit && value !== '') return n;
  throw new UserError(`${shown(value)} is no number below ${limit}`, { where });
}

function choice<Name extends string>(value: unknown, names: readonly Name[], where: string): Name {
  const known = names.find((name) => name === value);
  if (known !== undefined) return known;
  throw new UserError(`${shown(value)} is not known`, { where, todo: `write ${names.join(', ')}` });
}

function listOf(value: unknown, where: string): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw new UserError('is no list', { where, todo: 'write […]' });
}

function partsOf<Name extends string>(
  value: unknown,
  where: string,
  names: readonly Name[],
): Readonly<Partial<Record<Name, unknown>>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new UserError('is no object', { where, todo: `write {"${names[0]}": …}` });
  for (const key of Object.keys(value)) {
    if (!names.some((name) => name === key))
      throw new UserError(`${shown(key)} is no part of it`, { where, todo: `write ${names.join(', ')}` });
  }
  return value as Readonly<Partial<Record<Name, unknown>>>;
}
