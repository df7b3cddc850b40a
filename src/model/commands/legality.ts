/** Whether a command is CERROR_ILL: IHI 0070 7.1 and each command's section, by the table. */

import { type Field, maskOf } from '../../bits/layout.ts';
import { hex, hex64 } from '../../bits/u64.ts';
import {
  type CommandName,
  type CommandSpec,
  commandByOpcode,
  isImpdefOpcode,
  opcodeOf,
  type QueueWorld,
  RANGE_ALL,
} from '../../spec/commands.ts';
import { holds } from '../../spec/features.ts';
import {
  RANGE_ALIGNMENT_LOG2,
  RANGE_ALIGNMENT_LOG2_128,
  RANGE_SCALE_BITS,
  RANGE_SCALE_MAX,
  rangeIsIllegal,
} from '../../spec/tlbi-range.ts';
import { reservedBitSet } from '../field-bits.ts';
import type { WorldState } from '../state.ts';
import { vmsSupported } from '../translate/mpam.ts';
import { Arguments, type Reader } from './context.ts';
import { reservedPart, reservedText } from './reserved-bits.ts';

type Spec = CommandSpec & { readonly name: CommandName };

/** A field of which some values are illegal. */
interface ValueCheck {
  readonly name: string;
  readonly get: Reader;
  /** Bit n is set when n is illegal; fields with illegal values have at most 5 bits. */
  readonly illegal: number;
}

/** What a state's features make of a known opcode; only the command's fields are left to judge. */
export interface JudgedCommand {
  readonly spec: Spec;
  readonly name: CommandName;
  readonly read: Arguments;
  /** Why no command with this opcode is legal, or null. */
  readonly illegal: string | null;
  /** Bits of the four words of which one must be set for fields to make the command illegal. */
  readonly suspicious: Uint32Array;
  readonly ssec: boolean;
  /** Bit SSec is set where the command is about VMSs, and the state that it means has none. */
  readonly noVms: number;
  readonly values: readonly ValueCheck[];
  readonly ranged: boolean;
  readonly strict: boolean;
}

/** What a state's features make of one opcode. */
export type Judged = JudgedCommand | { readonly spec: null; readonly illegal: string };

/** Judges an opcode by the features of a state. */
export function judgeOpcode(state: WorldState, world: QueueWorld, opcode: number): Judged {
  const spec = commandByOpcode(opcode);
  if (!spec) {
    const why = isImpdefOpcode(opcode) ? 'IMPLEMENTATION DEFINED, and not implemented' : 'reserved';
    return { spec: null, illegal: `opcode ${hex(opcode)} is ${why}` };
  }
  const { strict } = state;
  const ssec = spec.ssec && ssecIsRefused(state, world);
  const noVms = withoutVms(spec, state, world);
  const values = valueChecks(spec);
  const ranged = isRanged(spec, state);
  return {
    spec,
    name: spec.name,
    read: new Arguments(spec),
    illegal: illegalOpcode(spec, state, world),
    suspicious: suspiciousBits(spec, ssec || noVms === ONLY_SECURE, ranged, strict || (noVms & 1) !== 0),
    ssec,
    noVms,
    values,
    ranged,
    strict,
  };
}

/** Outside the Secure queue SSec must be 0 (4.1.6). */
function ssecIsRefused({ rulesOff }: WorldState, world: QueueWorld): boolean {
  if (world === 's') return false;
  return !rulesOff.has(world === 'ns' ? 'world:CMD-NS' : 'world:R-SSEC');
}

/** Only with SSec=1. */
const ONLY_SECURE = 2;

/** Which SSec means a state without VMS (4.3.5, 5.6.1). */
function withoutVms({ config }: Spec, { ids }: WorldState, world: QueueWorld): number {
  if (config?.by !== 'vmid') return 0;
  const plain = vmsSupported(ids, world === 's' ? 'ns' : world) ? 0 : 1;
  return plain | (vmsSupported(ids, 's') ? 0 : ONLY_SECURE);
}

function valueChecks(spec: CommandSpec): ValueCheck[] {
  const fields: Readonly<Record<string, Field | undefined>> = spec.layout.fields;
  return Object.entries(spec.illegalValues ?? {}).flatMap(([name, illegal]) => {
    const get = fields[name]?.get;
    const bits = illegal.reduce((mask, value) => mask | (1 << value), 0);
    return get === undefined ? [] : [{ name, get, illegal: bits }];
  });
}

/** Only fields that are not 0 make a command illegal; where reserved bits count, any bit does. */
function suspiciousBits(spec: Spec, ssec: boolean, ranged: boolean, strict: boolean): Uint32Array {
  const bits = new Uint32Array(spec.layout.words);
  if (strict) return bits.fill(0xffffffff);
  const names = new Set(Object.keys(spec.illegalValues ?? {}));
  if (ssec) names.add('SSec');
  if (ranged) names.add('TG');
  for (const field of spec.layout.list) {
    if (!names.has(field.name)) continue;
    if (spec.illegalValues?.[field.name]?.includes(0)) return bits.fill(0xffffffff);
    const word = field.lsb >>> 5;
    bits[word] = (bits[word] as number) | maskOf(field);
  }
  return bits;
}

/** Whether fields may make a command illegal: then {@link illegalFields} says. Most commands need not ask. */
export function isSuspicious({ suspicious: bits }: JudgedCommand, w: Uint32Array): boolean {
  const found =
    ((w[0] as number) & (bits[0] as number)) |
    ((w[1] as number) & (bits[1] as number)) |
    ((w[2] as number) & (bits[2] as number)) |
    ((w[3] as number) & (bits[3] as number));
  return found !== 0;
}

function isRanged(spec: CommandSpec, state: WorldState): boolean {
  return spec.range && state.features.ril;
}

/** Whose word counts; another queue's where the rule that refuses the command here is left out. */
function columnOf({ kind, legal }: Spec, { rulesOff }: WorldState, world: QueueWorld): QueueWorld {
  if (rulesOff.size === 0) return world;
  if (world === 'ns') return legal.ns === false && rulesOff.has('world:CMD-NS') ? 's' : 'ns';
  const stalls = kind === 'resume' || kind === 'stall-terminate';
  return world === 'realm' && stalls && rulesOff.has('world:R-STALL') ? 'ns' : world;
}

function illegalOpcode(spec: Spec, state: WorldState, world: QueueWorld): string | null {
  const legal = spec.legal[columnOf(spec, state, world)];
  if (legal === true) return null;
  if (legal === false) return `${spec.name} does not exist on this queue`;
  const missing = legal.find((test) => !holds(state.ids, test));
  return missing === undefined ? null : `${spec.name} needs ${missing}`;
}

/** Why fields make a command illegal, and the field that does. */
export interface IllegalField {
  readonly why: string;
  readonly field: string;
}

/**
 * Why fields make a command illegal whose opcode is legal, or null.
 * @param words the command, 4 words
 */
export function illegalFields(
  judged: JudgedCommand,
  state: WorldState,
  world: QueueWorld,
  words: Uint32Array,
): IllegalField | null {
  const { spec, read, values } = judged;
  if (judged.ssec && read.SSec(words, 0) === 1)
    return { why: `${spec.name} with SSec=1 outside the Secure queue`, field: 'SSec' };
  if ((judged.noVms >>> read.SSec(words, 0)) & 1)
    return { why: `${spec.name} for a Security state that has no VMS (5.6.1)`, field: 'SSec' };
  for (let i = 0; i < values.length; i++) {
    const check = values[i] as ValueCheck;
    const value = check.get(words, 0);
    if ((check.illegal >>> value) & 1)
      return { why: `${spec.name} with ${check.name}=${value}, which is reserved`, field: check.name };
  }
  if (judged.ranged) {
    const tg = read.TG(words, 0);
    if (
      tg !== 0 &&
      rangeIsIllegal(
        tg,
        read.NUM(words, 0),
        scaleOf(state, read.SCALE(words, 0)),
        read.TTL(words, 0),
        state.features.ds,
      )
    ) {
      const why = `${spec.name} with TG=${tg} and NUM, SCALE, TTL all 0, a reserved combination`;
      return { why, field: 'TG' };
    }
  }
  if (!judged.strict) return null;
  const bit = reservedBitSet(state.bits.of(spec.layout), words, 0);
  // Bits of no field have no name; the opcode says which command has them.
  if (bit >= 0) return { why: `${spec.name} with reserved bit ${bit} set`, field: 'Opcode' };
  const set = reservedPart(spec, state, world, words);
  if (set === null) return null;
  return { why: `${spec.name} with a reserved field that is not 0: ${reservedText(set)}`, field: 'Opcode' };
}

/** The command's table entry, or why it is CERROR_ILL. */
export type Legal = { readonly spec: Spec } | { readonly illegal: string };

/**
 * Judges a command by its opcode, the features, and the fields that can be illegal.
 * @param words the command, 4 words
 */
export function judge(state: WorldState, world: QueueWorld, words: Uint32Array): Legal {
  const judged = judgeOpcode(state, world, opcodeOf(words, 0));
  if (judged.spec === null) return { illegal: judged.illegal };
  const illegal = judged.illegal ?? illegalFields(judged, state, world, words)?.why ?? null;
  return illegal === null ? { spec: judged.spec } : { illegal };
}

/** The SCALE that counts: IDR5.DS decides how wide it is (4.4.1.1). */
export function scaleOf(state: WorldState, scale: number): number {
  return state.features.ds ? Math.min(scale, RANGE_SCALE_MAX) : scale & (2 ** RANGE_SCALE_BITS.withoutDS - 1);
}

/**
 * What the architecture leaves UNPREDICTABLE about a legal command, in words; null when nothing. A range whose Address is
 * not aligned as TG and TTL ask removes an UNPREDICTABLE range, with TTL128 possibly nothing (4.4.1.1); a StreamID or
 * SubstreamID beyond the implemented size means nothing or another one (4.1.7).
 * @param words the command, 4 words
 */
export function unpredictable(spec: CommandSpec, words: Uint32Array, state: WorldState): string | null {
  const fields: Readonly<Record<string, Field | undefined>> = spec.layout.fields;
  const get = (name: string): number => fields[name]?.get(words, 0) ?? 0;
  if (isRanged(spec, state) && get('TG') !== 0) return misaligned(fields, get, words, state);
  const named = !(spec.config?.by === 'stream-range' && get('Range') === RANGE_ALL);
  // Of a Secure queue the size is that of the streams that SSec means; only its own is known here.
  const own = spec.ssec ? (get('SSec') === 1) === (state.world === 's') : state.world !== 's';
  const sid = named && own ? get('StreamID') : 0;
  if (sid >= 2 ** state.sidBits) {
    return `StreamID ${hex(sid)} needs more than ${state.world === 's' ? 'S_IDR1.S_SIDSIZE' : 'IDR1.SIDSIZE'}=${state.sidBits} bits: no effect, or one on another stream (4.1.7)`;
  }
  // Without SSV the command has no SubstreamID, except CMD_CFGI_CD, which always has one.
  const ssid = fields['SSV'] === undefined || get('SSV') === 1 ? get('SubstreamID') : 0;
  if (ssid < 2 ** state.ssidBits) return null;
  return `SubstreamID ${hex(ssid)} needs more than IDR1.SSIDSIZE=${state.ssidBits} bits: no effect, or one on another substream (4.1.7)`;
}

function misaligned(
  fields: Readonly<Record<string, Field | undefined>>,
  get: (name: string) => number,
  words: Uint32Array,
  state: WorldState,
): string | null {
  const tg = get('TG');
  const raw = get('TTL');
  const ttl = tg === 2 && raw === 1 && !state.features.ds ? 0 : raw;
  const wide = raw !== 0 && get('TTL128') === 1;
  const alignment = (wide ? RANGE_ALIGNMENT_LOG2_128 : RANGE_ALIGNMENT_LOG2)[tg]?.[wide ? raw : ttl];
  const address = fields['Address'];
  if (alignment === undefined || address === undefined) return null;
  const [hi, lo] = [address.hi(words, 0), address.lo(words, 0)];
  if (isAligned(hi, lo, alignment)) return null;
  const what = wide ? 'nothing need be removed' : 'the range that is removed is UNPREDICTABLE';
  return `Address ${hex64(hi, lo)} is not aligned to 2^${alignment} bytes as TG=${tg}, TTL=${raw} ask: ${what} (4.4.1.1)`;
}

function isAligned(hi: number, lo: number, log2: number): boolean {
  if (log2 <= 32) return log2 === 32 ? lo === 0 : lo % 2 ** log2 === 0;
  return lo === 0 && hi % 2 ** (log2 - 32) === 0;
}
