import path from 'node:path';
import { hex } from '../bits/u64.ts';
import { UserError } from '../bits/user-error.ts';
import { offsetOf, REPEATED_INDICES } from '../model/bank.ts';
import { FIXED_BYTES } from '../model/places.ts';
import { BLOCKS, REGISTERS, WORLD_PREFIX } from '../spec/registers.ts';
import type { SmmuConfiguration } from './configuration.ts';
import { openHostFile } from './file.ts';
import { hasText } from './format.ts';
import { settleIdRegisters } from './id-registers.ts';
import { REALM_PAGE_0 } from './register-names.ts';
import { SNAPSHOT_FORM, Words } from './register-words.ts';
import { completeRoot } from './root-registers.ts';
import { snapshotFromJson, snapshotFromObject } from './snapshot-json.ts';
import { snapshotFromText } from './snapshot-text.ts';

/** The registers of one SMMU at one moment. */
export interface RegisterSnapshot {
  /** PA of register page 0, where the snapshot says so. */
  readonly base: number | null;
  /** Byte offset from the base -> 32-bit value; 64-bit registers as two words, low word first. */
  readonly words: ReadonlyMap<number, number>;
  /** Offsets in `words` whose value was not in the snapshot. */
  readonly assumed: ReadonlySet<number>;
  /** Complete sentences, each naming the snapshot. */
  readonly warnings: readonly string[];
}

/** What a snapshot may be completed with. */
export interface SnapshotOptions extends SmmuConfiguration {
  /** Where relative paths start. Default: the working directory. */
  readonly directory?: string | undefined;
  /** What people call the features that they ask for. Default: `smmu.features`. */
  readonly featuresAsked?: string | undefined;
}

const MAX_BYTES = 4 * 2 ** 20;
const STRTAB_BASE = REGISTERS.STRTAB_BASE.offset;
/** Where the registers of Non-secure, Secure and Realm begin; the first of each have the same order. */
const BANKS = [
  { at: 0, world: 'ns' },
  { at: REGISTERS.S_IDR0.offset, world: 's' },
  { at: REALM_PAGE_0, world: 'realm' },
] as const;
/** Registers that say little when they are missing and much when they are zero. */
const EXPECTED = [REGISTERS.CR0, REGISTERS.STRTAB_BASE_CFG];
const BASES = [REGISTERS.STRTAB_BASE, REGISTERS.CMDQ_BASE, REGISTERS.EVENTQ_BASE, REGISTERS.PRIQ_BASE];
/** Registers whose changes are acknowledged in another, and that one (6.3.9, 6.3.16). */
const ACKNOWLEDGED = [
  [REGISTERS.CR0, REGISTERS.CR0ACK],
  [REGISTERS.IRQ_CTRL, REGISTERS.IRQ_CTRLACK],
] as const;
const IDR0 = REGISTERS.IDR0.offset;

/**
 * Reads a register snapshot.
 * @param registers a path (JSON, or text of QEMU's monitor; recognised by content), or the object itself, as in
 *   launch.json: `{"base"?, "regs": {...}}` or register names and offsets with their values at once
 * @throws UserError naming file, field or line, and the cure
 */
export function loadSnapshot(
  registers: string | Readonly<Record<string, unknown>>,
  options: SnapshotOptions = {},
): RegisterSnapshot {
  if (typeof registers !== 'string') {
    const words = new Words('registers');
    return complete(words, snapshotFromObject(registers, words), options);
  }
  if (registers === '')
    throw new UserError('is empty', { where: 'registers', todo: 'name a register snapshot' });
  return parseSnapshot(
    readSmall(path.resolve(options.directory ?? '', registers), registers),
    registers,
    options,
  );
}

/**
 * Reads a register snapshot from the contents of a file.
 * @param name of the file, for messages
 */
export function parseSnapshot(
  bytes: Uint8Array,
  name: string,
  options: SnapshotOptions = {},
): RegisterSnapshot {
  const text = decodeText(bytes, name);
  const words = new Words(name);
  const first = text.trimStart()[0];
  if (first === undefined) throw new UserError('is empty', { where: name, todo: SNAPSHOT_FORM });
  const json = first === '{' || first === '[' || first === '"';
  const base = json ? snapshotFromJson(text, words) : snapshotFromText(text, words, options.base ?? null);
  return complete(words, base, options);
}

function readSmall(file: string, name: string): Uint8Array {
  const open = openHostFile(file, name);
  try {
    const head = new Uint8Array(Math.min(open.size, MAX_BYTES + 1));
    const bytes = head.subarray(0, open.read(0, head.subarray(0, 4096)));
    refuseDump(bytes, name);
    if (open.size > MAX_BYTES) {
      throw new UserError('is larger than 4 MiB, so it is no register snapshot', {
        where: name,
        todo: SNAPSHOT_FORM,
      });
    }
    return head.subarray(0, open.read(0, head));
  } finally {
    open.close();
  }
}

function refuseDump(bytes: Uint8Array, name: string): void {
  const dump = ['\x7fELF', '\x1f\x8b', '\x28\xb5\x2f\xfd', 'KDUMP ', 'makedumpfile'].some((s) =>
    hasText(bytes, s),
  );
  if (!dump) return;
  throw new UserError('is a memory dump or compressed, not a register snapshot', {
    where: name,
    todo: 'name the dump as capture and the snapshot as registers',
  });
}

function decodeText(bytes: Uint8Array, name: string): string {
  refuseDump(bytes, name);
  // What PowerShell writes when it redirects to a file.
  const wide = bytes[0] === 0xff && bytes[1] === 0xfe;
  if (!wide && bytes.includes(0)) {
    throw new UserError('is binary, not a register snapshot', { where: name, todo: SNAPSHOT_FORM });
  }
  return new TextDecoder(wide ? 'utf-16le' : 'utf-8').decode(bytes);
}

function complete(words: Words, base: number | null, options: SnapshotOptions): RegisterSnapshot {
  placeRealm(words);
  const tables = BANKS.map(({ at }) => at + STRTAB_BASE);
  if (!tables.some((offset) => words.has(offset))) {
    const at = base === null ? `BASE + ${hex(STRTAB_BASE)}` : hex(base + STRTAB_BASE);
    throw new UserError(
      `has no STRTAB_BASE (offset ${hex(STRTAB_BASE)}), so there is no stream table to look at`,
      {
        where: words.name,
        todo: `add its two words, in QEMU's monitor by: xp /1wx ${at}, and 4 bytes further`,
      },
    );
  }
  if (words.has(IDR0) && words.get(IDR0) === 0) {
    throw new UserError(`IDR0 (offset ${hex(IDR0)}) is 0, which no SMMU says`, {
      where: words.name,
      todo: 'read the registers one 32-bit word at a time (xp /1wx): some targets answer wider reads with zeros',
    });
  }
  assumeHighHalves(words);
  assumePage1(words);
  assumeAcknowledges(words);
  settleIdRegisters(words, options, options.featuresAsked ?? 'smmu.features');
  completeRoot(words);
  if (words.has(STRTAB_BASE)) assumeZeros(words);
  return { base, words: words.values, assumed: words.assumed, warnings: words.warnings };
}

/** Realm registers by the offsets of software, where ROOT_IDR0 says which those are (6.1). */
function placeRealm(words: Words): void {
  const word = Uint32Array.of(words.get(offsetOf('ROOT_IDR0')) ?? 0);
  const { REALM_IMPL, BA_REALM } = REGISTERS.ROOT_IDR0.layout.fields;
  if (REALM_IMPL.get(word, 0) === 0) return;
  const bytes = BLOCKS.R_PAGE_0.bytes + BLOCKS.R_PAGE_1.bytes;
  const first = FIXED_BYTES + BA_REALM.get(word, 0) * BLOCKS.R_PAGE_0.bytes;
  for (const offset of [...words.values.keys()]) {
    if (offset >= first && offset < first + bytes) words.move(offset, REALM_PAGE_0 + offset - first);
  }
}

function assumeHighHalves(words: Words): void {
  const names: string[] = [];
  for (const { at, world } of BANKS) {
    for (const { short, offset } of BASES) {
      const high = at + offset + 4;
      if (!words.has(at + offset) || words.has(high)) continue;
      words.assume(high, 0);
      const name = WORLD_PREFIX[world] + short;
      names.push(world === 'realm' ? name : `${name} (offset ${hex(high)})`);
    }
  }
  if (names.length > 0) words.warn(`the high word of ${names.join(', ')} is missing and taken as 0`);
}

function assumePage1(words: Words): void {
  for (const [repetition, offset] of REPEATED_INDICES) {
    const value = words.get(repetition);
    if (value !== undefined && !words.has(offset)) words.assume(offset, value);
  }
}

/** Without its acknowledge a register would look as if its last change had not taken effect yet. */
function assumeAcknowledges(words: Words): void {
  for (const { at } of BANKS) {
    for (const [register, acknowledge] of ACKNOWLEDGED) {
      const value = words.get(at + register.offset);
      if (value === undefined || words.has(at + acknowledge.offset)) continue;
      words.assume(at + acknowledge.offset, value);
    }
  }
}

function assumeZeros(words: Words): void {
  const missing = EXPECTED.filter(({ offset }) => !words.has(offset));
  if (missing.length === 0) return;
  for (const { offset } of missing) words.assume(offset, 0);
  words.warn(
    `has no ${missing.map(({ short, offset }) => `${short} (offset ${hex(offset)})`).join(', ')}: taken as 0`,
  );
}
