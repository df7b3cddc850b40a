import { hex, parseHex64, parseNumber, toNumber } from '../bits/u64.ts';
import { UserError } from '../bits/user-error.ts';
import { short, shown } from './format.ts';
import { registerPlace } from './register-names.ts';
import { SNAPSHOT_FORM, type Words } from './register-words.ts';

const TWO32 = 2 ** 32;
/** Keys beside the registers when these are not in an object of their own. */
const ASIDE: ReadonlySet<string> = new Set(['base', 'size', 'name', 'how', '$schema', 'comment']);

/** Reads a snapshot in JSON. @returns the base address, or null */
export function snapshotFromJson(text: string, words: Words): number | null {
  let value: unknown;
  try {
    value = JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch (error) {
    throw new UserError('is not valid JSON', {
      where: `${words.name}${jsonPlace(text, error)}`,
      todo: SNAPSHOT_FORM,
    });
  }
  return snapshotFromObject(value, words);
}

/** Reads a snapshot that is an object already. @returns the base address, or null */
export function snapshotFromObject(value: unknown, words: Words): number | null {
  if (!isObject(value)) {
    const what = Array.isArray(value) ? 'is a list' : 'is no object';
    throw new UserError(`${what}, not a register snapshot`, { where: words.name, todo: SNAPSHOT_FORM });
  }
  const base = value['base'] === undefined || value['base'] === null ? null : baseOf(value['base'], words);
  const key = 'regs' in value ? 'regs' : 'registers';
  const inner = value[key];
  if (inner !== undefined && !isObject(inner)) {
    throw new UserError('is no object of offsets and values', {
      where: `${words.name}, ${key}`,
      todo: SNAPSHOT_FORM,
    });
  }
  const entries = Object.entries(inner ?? value).filter(([name]) => inner !== undefined || !ASIDE.has(name));
  if (entries.length === 0) {
    throw new UserError('has no registers in it', { where: words.name, todo: SNAPSHOT_FORM });
  }
  if (inner === undefined && !entries.some(([name]) => parseNumber(name) !== null || registerPlace(name))) {
    throw new UserError('is JSON, but not a register snapshot', { where: words.name, todo: SNAPSHOT_FORM });
  }
  const prefix = inner === undefined ? '' : `${key}.`;
  for (const [name, entry] of entries) putEntry(name, entry, `${prefix}${short(name)}`, base, words);
  return base;
}

function putEntry(key: string, value: unknown, place: string, base: number | null, words: Words): void {
  const where = `${words.name}, ${place}`;
  const named = registerPlace(key);
  let offset = named?.offset ?? parseNumber(key);
  if (offset === null) {
    throw new UserError('is neither a register nor an offset', {
      where,
      todo: 'write a name of Arm IHI 0070 such as "CR0", or an offset from the base such as "0x20"',
    });
  }
  if (!named && base !== null && base > 0 && offset >= base) offset -= base;
  const word = wordOf(value);
  if (!word) {
    throw new UserError(`${shown(value)} is no number of at most 64 bits`, {
      where,
      todo: 'write the value as text, such as "0x484c1000"',
    });
  }
  const wide = named?.width === 64;
  if (word.hi !== 0 && !wide) {
    throw new UserError(`${hex(toNumber(word.hi, word.lo))} has more than 32 bits`, {
      where,
      todo: 'give the low word at this offset and the high word 4 bytes further, or use the name of the register',
    });
  }
  words.put(offset, word.lo, place);
  if (wide) words.put(offset + 4, word.hi, place);
}

function wordOf(value: unknown): { hi: number; lo: number } | null {
  if (typeof value === 'string') return parseHex64(value);
  // A larger JSON number has lost its low bits already.
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) return null;
  return { hi: Math.floor(value / TWO32), lo: value % TWO32 };
}

function baseOf(value: unknown, words: Words): number {
  const n = typeof value === 'string' ? parseNumber(value) : value;
  if (typeof n === 'number' && Number.isSafeInteger(n) && n >= 0) return n;
  throw new UserError(`${shown(value)} is no address`, {
    where: `${words.name}, base`,
    todo: 'write it as "0x9050000"',
  });
}

/** ", line N" where the parser says which. */
function jsonPlace(text: string, error: unknown): string {
  const position = /at position (\d+)/.exec(error instanceof Error ? error.message : '')?.[1];
  if (position === undefined) return '';
  return `, line ${text.slice(0, Number(position)).split('\n').length}`;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
