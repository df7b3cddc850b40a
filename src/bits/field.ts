/** One field as a table declares it. */
export interface FieldSpec {
  /** Most and least significant bit, counted from bit 0 of the whole structure, as the architecture prints them. */
  readonly bits: readonly [msb: number, lsb: number];
  /** What the field means. */
  readonly doc: string;
  /** What single values mean: keys are decimal values, or `WORLD/value` where the worlds differ. */
  readonly values?: Readonly<Record<string, string>>;
  /** Short names of values, for people who write them. Not every value needs one. */
  readonly names?: Readonly<Record<string, number>>;
  /** Feature without which the field is RES0. */
  readonly needs?: string;
  /** Condition under which the field is used; otherwise it is IGNORED. */
  readonly applies?: string;
  /** First architecture version with this field. */
  readonly since?: string;
  /** Certainty of the facts; absent means high. A `low` field never decides behaviour. */
  readonly conf?: 'medium' | 'low';
  /** The field holds the upper bits of an address in bytes, in place: bit n of the address is bit n of its 64-bit word. */
  readonly address?: boolean;
  /** Section of Arm IHI 0070. */
  readonly section?: string;
  /** Which meaning of overlapping bits this is: two fields may overlap only if one of them says so. */
  readonly alternativeTo?: string | readonly string[];
  /** Condition under which the bits have this meaning and not the alternative one. */
  readonly when?: string;
  /** The value may be kept in TLB entries. */
  readonly tlbCached?: boolean;
  /** Further rules, each a sentence. */
  readonly rules?: readonly string[];
  /** Where the field differs between the security states. */
  readonly security?: string;
  /** Remarks. */
  readonly note?: string;
  /** Value after reset. */
  readonly reset?: string;
  /** Most significant bit in older versions of the architecture or without a feature. */
  readonly narrow?: readonly number[];
}

/** A declared field with its compiled readers. `w` holds the words of a structure that begins at index `at`. */
export interface Field extends FieldSpec {
  readonly name: string;
  readonly msb: number;
  readonly lsb: number;
  readonly width: number;
  /** The value; for an address field the address in bytes. Exact up to 53 significant bits. */
  get(w: Uint32Array, at: number): number;
  /** Writes `value` (as {@link get} returns it), truncated to the field; leaves the other bits as they are. */
  set(w: Uint32Array, at: number, value: number): void;
  /** Bits [63:32] of what {@link get} returns. */
  hi(w: Uint32Array, at: number): number;
  /** Bits [31:0] of what {@link get} returns. */
  lo(w: Uint32Array, at: number): number;
  /** Writes both halves, truncated to the field. */
  setHalves(w: Uint32Array, at: number, hi: number, lo: number): void;
}

type Accessors = Pick<Field, 'get' | 'set' | 'hi' | 'lo' | 'setHalves'>;

const TWO32 = 0x1_0000_0000;

function mask(width: number): number {
  return width >= 32 ? 0xffff_ffff : 2 ** width - 1;
}

/** Compiles the readers of a field: one closure a case, so that reading costs what hand-written shifts cost. */
export function compile(name: string, spec: FieldSpec): Field {
  const [msb, lsb] = spec.bits;
  const width = msb - lsb + 1;
  if (!(Number.isInteger(msb) && Number.isInteger(lsb) && lsb >= 0 && width >= 1)) {
    throw new RangeError(`${name}: bits [${msb}:${lsb}] are not a range`);
  }
  if (width > 64) throw new RangeError(`${name}: wider than 64 bits`);
  return { ...spec, name, msb, lsb, width, ...accessors(msb, lsb, width, spec.address === true, name) };
}

function accessors(msb: number, lsb: number, width: number, address: boolean, name: string): Accessors {
  const word = lsb >>> 5;
  const shift = lsb & 31;
  if (address) {
    if (lsb >>> 6 !== msb >>> 6) throw new RangeError(`${name}: an address field lies in one 64-bit word`);
    return inPlace((lsb >>> 6) * 2, msb & 63, lsb & 63);
  }
  if (shift + width <= 32) return inOneWord(word, shift, mask(width));
  if (width <= 32) return acrossTwoWords(word, shift, width);
  return wide(word, shift, width);
}

function inOneWord(word: number, shift: number, m: number): Accessors {
  const keep = ~(m << shift);
  const get =
    m === 0xffff_ffff
      ? (w: Uint32Array, at: number) => w[at + word] as number
      : (w: Uint32Array, at: number) => ((w[at + word] as number) >>> shift) & m;
  const set = (w: Uint32Array, at: number, value: number) => {
    w[at + word] = ((w[at + word] as number) & keep) | ((value & m) << shift);
  };
  return { get, set, hi: () => 0, lo: get, setHalves: (w, at, _hi, lo) => set(w, at, lo) };
}

function acrossTwoWords(word: number, shift: number, width: number): Accessors {
  const lowWidth = 32 - shift;
  const highMask = mask(width - lowWidth);
  const scale = 2 ** lowWidth;
  const keepLow = mask(shift);
  const get = (w: Uint32Array, at: number) =>
    ((w[at + word] as number) >>> shift) + ((w[at + word + 1] as number) & highMask) * scale;
  const set = (w: Uint32Array, at: number, value: number) => {
    w[at + word] = ((w[at + word] as number) & keepLow) | (value << shift);
    w[at + word + 1] = ((w[at + word + 1] as number) & ~highMask) | ((value >>> lowWidth) & highMask);
  };
  return { get, set, hi: () => 0, lo: get, setHalves: (w, at, _hi, lo) => set(w, at, lo) };
}

function wide(word: number, shift: number, width: number): Accessors {
  return shift === 0 ? wideAligned(word, mask(width - 32)) : wideShifted(word, shift, width);
}

function wideAligned(word: number, highMask: number): Accessors {
  const lo = (w: Uint32Array, at: number) => w[at + word] as number;
  const hi = (w: Uint32Array, at: number) => ((w[at + word + 1] as number) & highMask) >>> 0;
  const setHalves = (w: Uint32Array, at: number, high: number, low: number) => {
    w[at + word] = low;
    w[at + word + 1] = ((w[at + word + 1] as number) & ~highMask) | (high & highMask);
  };
  return withNumber(hi, lo, setHalves);
}

function wideShifted(word: number, shift: number, width: number): Accessors {
  const left = 32 - shift;
  const highMask = mask(width - 32);
  const keepLow = mask(shift);
  const lastWidth = shift + width - 64;
  const lo = (w: Uint32Array, at: number) =>
    (((w[at + word] as number) >>> shift) | ((w[at + word + 1] as number) << left)) >>> 0;
  if (lastWidth <= 0) {
    const topMask = mask(shift + width - 32);
    const hi = (w: Uint32Array, at: number) => ((w[at + word + 1] as number) >>> shift) & highMask;
    return withNumber(hi, lo, (w, at, high, low) => {
      w[at + word] = ((w[at + word] as number) & keepLow) | (low << shift);
      const top = ((high << shift) | (low >>> left)) & topMask;
      w[at + word + 1] = ((w[at + word + 1] as number) & ~topMask) | top;
    });
  }
  const lastMask = mask(lastWidth);
  const hi = (w: Uint32Array, at: number) =>
    ((((w[at + word + 1] as number) >>> shift) | ((w[at + word + 2] as number) << left)) & highMask) >>> 0;
  return withNumber(hi, lo, (w, at, high, low) => {
    w[at + word] = ((w[at + word] as number) & keepLow) | (low << shift);
    w[at + word + 1] = (high << shift) | (low >>> left);
    w[at + word + 2] = ((w[at + word + 2] as number) & ~lastMask) | ((high >>> left) & lastMask);
  });
}

function inPlace(word: number, msb: number, lsb: number): Accessors {
  const lowMask = lsb >= 32 ? 0 : (mask(Math.min(msb, 31) + 1) & ~mask(lsb)) >>> 0;
  const highMask = msb < 32 ? 0 : (mask(msb - 31) & ~mask(Math.max(lsb - 32, 0))) >>> 0;
  const lo = (w: Uint32Array, at: number) => ((w[at + word] as number) & lowMask) >>> 0;
  // A field below bit 32 may belong to a 32-bit register, where there is no second word.
  if (highMask === 0) {
    const set = (w: Uint32Array, at: number, value: number) => {
      w[at + word] = ((w[at + word] as number) & ~lowMask) | (value & lowMask);
    };
    return { get: lo, set, hi: () => 0, lo, setHalves: (w, at, _hi, low) => set(w, at, low) };
  }
  const hi = (w: Uint32Array, at: number) => ((w[at + word + 1] as number) & highMask) >>> 0;
  return withNumber(hi, lo, (w, at, high, low) => {
    w[at + word] = ((w[at + word] as number) & ~lowMask) | (low & lowMask);
    w[at + word + 1] = ((w[at + word + 1] as number) & ~highMask) | (high & highMask);
  });
}

function withNumber(hi: Field['hi'], lo: Field['lo'], setHalves: Field['setHalves']): Accessors {
  return {
    hi,
    lo,
    setHalves,
    get: (w, at) => hi(w, at) * TWO32 + lo(w, at),
    set: (w, at, value) => setHalves(w, at, Math.floor(value / TWO32), value >>> 0),
  };
}
