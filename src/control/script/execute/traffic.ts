import type { World } from '../../../bits/world.ts';
import { type Operation, type TransactionKind, transaction } from '../../../model/plan.ts';
import { parseAttributes } from '../../../model/translate/attribute-text.ts';
import { DEFAULT_ATTRIBUTES } from '../../../model/translate/attributes.ts';
import {
  BROADCASTS,
  type BroadcastName,
  GPT_BROADCASTS,
  type GptBroadcastName,
} from '../../../spec/broadcast.ts';
import { isGptBroadcast, sizeCodeOf } from '../../gpt-range.ts';
import { MAX_WRITES } from '../build/draft.ts';
import { PlacedError, type Reading } from './reading.ts';
import type { Device, Environment } from './state.ts';

const PAGE = 4096n;
const SSID_LIMIT = 1n << 20n;
const PA_LIMIT = 1n << 52n;
const KINDS: Readonly<Record<string, TransactionKind>> = { u: 'ordinary', tr: 'request', tt: 'translated' };

/** The Security state of what a device does. @throws PlacedError when it is none of the device's */
export function worldOf(device: Device, reading: Reading): World {
  const word = reading.argument('world');
  const [first = 'ns'] = device.worlds;
  if (word === null) return first;
  const world = reading.world();
  if (!device.worlds.includes(world))
    throw new PlacedError(word, `${device.name} is a device of ${device.worlds.join(', ')}, not of ${world}`);
  return world;
}

/** The device that a statement names. */
export function deviceOf(environment: Environment, reading: Reading): Device {
  const word = reading.word('device');
  return environment.devices.get(word.text) ?? missing(word, word.text);
}

function missing(at: ConstructorParameters<typeof PlacedError>[0], name: string): never {
  throw new PlacedError(at, `there is no device ${name}; write device ${name} sid=… before`);
}

/** An address in bytes as two halves of 32 bits. */
export function halves(address: bigint): { readonly hi: number; readonly lo: number } {
  return { hi: Number(address >> 32n), lo: Number(address & 0xffff_ffffn) };
}

/** The first address of each page of 4 KiB that a statement touches. */
export function pagesOf(reading: Reading): bigint[] {
  const start = reading.count('address');
  const size = reading.count('size');
  const sizeWord = reading.word('size');
  if (size === 0n) throw new PlacedError(sizeWord, 'a dma of 0 bytes touches nothing');
  if (start + size > 1n << 64n) throw new PlacedError(sizeWord, 'the range ends beyond 64 bits');
  const pages = (start + size - 1n) / PAGE - start / PAGE + 1n;
  if (pages > BigInt(MAX_WRITES)) {
    throw new PlacedError(
      sizeWord,
      `this touches ${pages} pages; a statement makes ${MAX_WRITES} transactions at most`,
    );
  }
  return Array.from({ length: Number(pages) }, (_, i) =>
    i === 0 ? start : (start / PAGE + BigInt(i)) * PAGE,
  );
}

/** One transaction for each page of 4 KiB that is touched. */
export function dma(environment: Environment, reading: Reading): Operation[] {
  const device = deviceOf(environment, reading);
  const pages = pagesOf(reading);
  const ssid = reading.number('ssid', SSID_LIMIT);
  const ats = reading.argument('ats')?.text ?? 'u';
  const attr = reading.argument('attr');
  const attributes = attr === null ? DEFAULT_ATTRIBUTES : parseAttributes(attr.text);
  if (attributes === null)
    throw new PlacedError(attr ?? reading.word('size'), `"${attr?.text}" is no memory attribute`);
  const some = {
    world: worldOf(device, reading),
    ns: reading.flag('ns'),
    xt: reading.flag('xt'),
    sid: device.sid,
    ssid: ssid === null ? device.ssid : Number(ssid),
    write: reading.word('access').text === 'write',
    privileged: reading.flag('priv'),
    instruction: reading.flag('inst'),
    kind: reading.flag('atomic') ? ('atomic' as const) : (KINDS[ats] ?? 'ordinary'),
    attributes,
  };
  return pages.map((address): Operation => {
    const { hi, lo } = halves(address);
    return { kind: 'transaction', transaction: transaction({ ...some, vaHi: hi, vaLo: lo }) };
  });
}

/** A page request of a device (8); one that asks for nothing else asks to read. */
export function page(environment: Environment, reading: Reading): Operation {
  const device = deviceOf(environment, reading);
  const { hi, lo } = halves(reading.count('address'));
  const ssid = reading.number('ssid', SSID_LIMIT);
  const write = reading.flag('write');
  const execute = reading.flag('exec');
  const read = reading.flag('read') || (!write && !execute);
  const request = {
    world: worldOf(device, reading),
    sid: device.sid,
    ssid: ssid === null ? device.ssid : Number(ssid),
    addressHi: hi,
    addressLo: lo,
    read,
    write,
    execute,
    privileged: reading.flag('priv'),
    last: reading.flag('last'),
    prgIndex: Number(reading.number('group', 512n) ?? 0n),
  };
  return { kind: 'page-request', request };
}

function isBroadcast(name: string): name is BroadcastName {
  return Object.hasOwn(BROADCASTS, name);
}

/** A TLB invalidation that a PE broadcasts (3.17). */
export function broadcast(reading: Reading): Operation {
  const word = reading.word('name');
  const name = word.text.toUpperCase();
  if (isGptBroadcast(name)) return broadcastByAddress(reading, name);
  if (reading.argument('size') !== null) reading.fail(`${name} has no size; only RPAOS and RPALOS have one`);
  if (!isBroadcast(name)) throw new PlacedError(word, `there is no broadcast ${word.text}`);
  const world = reading.queueWorld();
  const { hi, lo } = halves(reading.number('address') ?? 0n);
  const tag = (which: string): number => Number(reading.number(which, 1n << 16n) ?? 0n);
  const message = {
    world,
    name,
    e2h: reading.flag('e2h'),
    vmid: tag('vmid'),
    asid: tag('asid'),
    addressHi: hi,
    addressLo: lo,
    ipaNs: reading.flag('ns'),
  };
  return { kind: 'broadcast-tlbi', message };
}

/** An invalidation of the granule protection table that a PE at EL3 broadcasts (3.17.7). */
function broadcastByAddress(reading: Reading, name: GptBroadcastName): Operation {
  for (const other of ['asid', 'vmid', 'world']) {
    if (reading.argument(other) !== null)
      reading.fail(`${name} has no ${other}: it names physical addresses`);
  }
  if (GPT_BROADCASTS[name].all) {
    if (reading.argument('address') !== null || reading.argument('size') !== null)
      reading.fail(`${name} names everything; RPAOS takes an address and a size`);
    return { kind: 'broadcast-tlbi-pa', message: { name, address: 0, size: 0 } };
  }
  const address = Number(reading.required('address', PA_LIMIT));
  const bytes = Number(reading.required('size', PA_LIMIT));
  return { kind: 'broadcast-tlbi-pa', message: { name, address, size: sizeCodeOf(name, address, bytes) } };
}
