import { hex, parseHex64 } from '../bits/u64.ts';
import { UserError } from '../bits/user-error.ts';
import { registerPlace } from './register-names.ts';
import { SNAPSHOT_FORM, type Words } from './register-words.ts';

/** The terminal's colours and cursor moves, which a logged monitor session is full of. */
const ESCAPES = new RegExp(`${String.fromCharCode(27)}\\[[0-9;?]*[A-Za-z]`, 'g');
const PROMPT = /\((?:qemu|gdb)\)\s*/;
/** "0x09050080 +0x00080 0x484c1000" */
const TRIPLE = /^(?:0x)?([0-9a-f]{1,16})\s+\+(?:0x)?([0-9a-f]{1,8})\s+(?:0x)?([0-9a-f]{1,8})$/i;
/** "0000000009050080: 0x484c1000 0x40000000", also of gdb's x and U-Boot's md */
const DUMP = /^(?:0x)?([0-9a-f]{1,16})(?:\s*<[^>]*>)?\s*:\s*(\S.*)$/i;
/** "STRTAB_BASE = 0x40000000484c1000" */
const NAMED = /^([A-Z][A-Z0-9_]+)\s*[:=\s]\s*(0x[0-9a-f_]+|[0-9]+)$/i;
const WORD = /^(0x)?([0-9a-f]+)$/i;

interface Line {
  readonly text: string;
  readonly number: number;
}

interface Absolute {
  readonly address: number;
  readonly value: number;
  readonly place: string;
}

/**
 * Reads what a monitor printed about the registers: lines of QEMU's `xp`, with addresses, or with addresses and
 * offsets, or of names and values.
 * @param given PA of register page 0 where it is known from elsewhere
 * @returns the base address; null when only names are there
 */
export function snapshotFromText(text: string, words: Words, given: number | null): number | null {
  const absolute: Absolute[] = [];
  let base = given;
  let lines = 0;
  let unreadable = 0;
  const each = (line: Line): void => {
    const place = `line ${line.number}`;
    const triple = TRIPLE.exec(line.text);
    const dump = triple ? null : DUMP.exec(line.text);
    if (triple) {
      const [address, offset, value] = triple.slice(1).map((digits) => Number.parseInt(digits, 16));
      base = agree(base, (address as number) - (offset as number), words, place);
      words.put(offset as number, value as number, place);
    } else if (/cannot access memory/i.test(line.text)) unreadable++;
    else if (dump) putDump(dump, absolute, words, place);
    else if (!putNamed(line.text, words, place)) refuse(line, lines, words);
    lines++;
  };
  text.split(/\r\n|\n|\r/).forEach((raw, i) => {
    const clean = raw.replace(ESCAPES, '').trim();
    // What stands behind a prompt is what the user typed.
    if (clean === '' || clean.startsWith('#') || clean.startsWith('//') || PROMPT.test(clean)) return;
    each({ text: clean, number: i + 1 });
  });
  if (lines === 0) throw new UserError('has no registers in it', { where: words.name, todo: SNAPSHOT_FORM });
  if (unreadable > 0)
    words.warn(
      `${unreadable === 1 ? '1 line says' : `${unreadable} lines say`} "Cannot access memory"; these registers are missing`,
    );
  const lowest = absolute.reduce((low, a) => Math.min(low, a.address), Number.POSITIVE_INFINITY);
  // Register pages start at multiples of 64 KiB (IHI 0070 6.1).
  if (base === null && absolute.length > 0) base = Math.floor(lowest / 0x10000) * 0x10000;
  for (const { address, value, place } of absolute) words.put(address - (base ?? 0), value, place);
  return base;
}

function agree(base: number | null, found: number, words: Words, place: string): number {
  if (found >= 0 && (base === null || base === found)) return found;
  const what =
    found < 0 ? 'the offset is larger than the address' : `address and offset give the base ${hex(found)}`;
  throw new UserError(base === null ? what : `${what}, but before it was ${hex(base)}`, {
    where: `${words.name}, ${place}`,
    todo: 'keep the registers of one SMMU in one file',
  });
}

function putDump(match: RegExpExecArray, out: Absolute[], words: Words, place: string): void {
  const start = Number.parseInt(match[1] as string, 16);
  if (!Number.isSafeInteger(start)) {
    throw new UserError(`0x${match[1]} is no physical address`, {
      where: `${words.name}, ${place}`,
      todo: 'read the registers by physical address (xp, not x)',
    });
  }
  let address = start;
  for (const token of (match[2] as string).split(/\s+/)) {
    const word = WORD.exec(token);
    const digits = word?.[2] ?? '';
    if (digits.length !== 8 && digits.length !== 16) {
      // U-Boot's md repeats the bytes as characters behind the words.
      if (address > start && word?.[1] === undefined) break;
      throw new UserError(`"${token.slice(0, 40)}" is no word of 8 (or 16) hexadecimal digits`, {
        where: `${words.name}, ${place}`,
        todo: 'print 32-bit words in hexadecimal (xp /1wx)',
      });
    }
    const value = parseHex64(`0x${digits}`);
    out.push({ address, value: value?.lo ?? 0, place });
    if (digits.length === 16) out.push({ address: address + 4, value: value?.hi ?? 0, place });
    address += digits.length / 2;
  }
}

function putNamed(text: string, words: Words, place: string): boolean {
  const match = NAMED.exec(text);
  const register = match && registerPlace(match[1] as string);
  const value = match && parseHex64(match[2] as string);
  if (!register || !value) return false;
  if (register.width === 32 && value.hi !== 0) {
    throw new UserError(`the value of ${match[1]} has more than 32 bits`, {
      where: `${words.name}, ${place}`,
      todo: 'check the value',
    });
  }
  words.put(register.offset, value.lo, place);
  if (register.width === 64) words.put(register.offset + 4, value.hi, place);
  return true;
}

function refuse(line: Line, readBefore: number, words: Words): never {
  const shown = line.text.length > 40 ? `${line.text.slice(0, 37)}...` : line.text;
  if (readBefore === 0) {
    throw new UserError('is not a register snapshot', {
      where: `${words.name}, line ${line.number} ("${shown}")`,
      todo: SNAPSHOT_FORM,
    });
  }
  throw new UserError(`"${shown}" is no register`, {
    where: `${words.name}, line ${line.number}`,
    todo: 'delete the line, or write it as "ADDRESS: VALUE"',
  });
}
