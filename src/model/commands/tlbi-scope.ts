/** Which TLB entries a CMD_TLBI_* names, compiled from its table entry: IHI 0070 4.4. */

import type { Field } from '../../bits/layout.ts';
import type { World } from '../../bits/world.ts';
import { COMMAND_LIST, type QueueWorld, type TlbScope } from '../../spec/commands.ts';
import { STREAM_WORLDS } from '../../spec/stream-worlds.ts';
import { RANGE_ALIGNMENT_LOG2, RANGE_ALIGNMENT_LOG2_128, RANGE_GRANULE_LOG2 } from '../../spec/tlbi-range.ts';
import { REGIME_BIT, tlbPage } from '../caches/tlb.ts';
import type { WorldState } from '../state.ts';
import { scaleOf } from './legality.ts';

/** A command's scope, with what its fields are read by. */
export interface CompiledScope {
  /** Acts on entries by VA (and on those that go from VA to PA at once). */
  readonly stage1: boolean;
  /** Acts on entries by IPA. */
  readonly stage2: boolean;
  /** Regimes by queue: bits of {@link REGIME_BIT}, for CR2.E2H=0 and 1. */
  readonly regimes: Readonly<Record<QueueWorld, readonly [number, number]>>;
  /** By queue: the Security state whose entries go. */
  readonly acts: Readonly<Record<QueueWorld, QueueWorld>>;
  readonly vmid: Field | null;
  readonly asid: Field | null;
  /** The ASID leaves global entries in scope. */
  readonly orGlobal: boolean;
  readonly address: Field | null;
  readonly leaf: Field | null;
  /** NS of a command for Secure streams: which of their two IPA spaces the address is in (4.4.3.3). */
  readonly ipaNs: Field | null;
  readonly num: Field | null;
  readonly scale: Field | null;
  readonly tg: Field | null;
  readonly ttl: Field | null;
  readonly ttl128: Field | null;
}

/** EL2 commands act on the regime that CR2.E2H selects, unless they act on all (4.4.2). */
function regimesOf(scope: TlbScope, world: QueueWorld): readonly [number, number] {
  const all = scope.worlds[world];
  const bits = (some: readonly (keyof typeof REGIME_BIT)[]): number =>
    some.reduce((mask, name) => mask | REGIME_BIT[name], 0);
  const e2h = all.filter((name) => name.endsWith('E2H'));
  if (scope.address === 'none' || e2h.length === 0) return [bits(all), bits(all)];
  return [bits(all.filter((name) => !name.endsWith('E2H'))), bits(e2h)];
}

/** The Secure queue has commands for Non-secure entries (4.4). */
function actsOn(scope: TlbScope, world: QueueWorld): QueueWorld {
  const [first] = scope.worlds[world];
  return first === undefined ? world : STREAM_WORLDS[first].world;
}

function compile(scope: TlbScope, fields: Readonly<Record<string, Field | undefined>>): CompiledScope {
  return {
    stage1: scope.stages.includes('1'),
    stage2: scope.stages.includes('2'),
    regimes: { ns: regimesOf(scope, 'ns'), s: regimesOf(scope, 's'), realm: regimesOf(scope, 'realm') },
    acts: { ns: actsOn(scope, 'ns'), s: actsOn(scope, 's'), realm: actsOn(scope, 'realm') },
    vmid: scope.vmid ? (fields['VMID'] ?? null) : null,
    asid: scope.asid === 'any' ? null : (fields['ASID'] ?? null),
    orGlobal: scope.asid === 'match-or-global',
    address: scope.address === 'none' ? null : (fields['Address'] ?? null),
    leaf: fields['Leaf'] ?? null,
    ipaNs: scope.address === 'ipa' ? (fields['NS'] ?? null) : null,
    num: fields['NUM'] ?? null,
    scale: fields['SCALE'] ?? null,
    tg: fields['TG'] ?? null,
    ttl: fields['TTL'] ?? null,
    ttl128: fields['TTL128'] ?? null,
  };
}

const COMPILED: (CompiledScope | undefined)[] = [];
for (const { opcode, tlb, layout } of COMMAND_LIST) if (tlb) COMPILED[opcode] = compile(tlb, layout.fields);

/** The IPA space that a command names; null where its state has only one. */
export function ipaSpaceOf({ ipaNs }: CompiledScope, words: Uint32Array): World | null {
  if (ipaNs === null) return null;
  return ipaNs.get(words, 0) === 1 ? 'ns' : 's';
}

/** The scope of a TLBI, by its opcode. */
export function scopeOfOpcode(opcode: number): CompiledScope | undefined {
  return COMPILED[opcode];
}

/** The addresses of a command: pages of 4 KiB, first and last, as {@link tlbPage} counts them. Reused by the next command. */
export const range = {
  first: 0,
  last: 0,
  /** log2 of the granule that entries must have, or 0 for any. */
  granuleBits: 0,
  /** The level that leaves must have, or 0 for any. */
  level: 0,
  /** The address is not aligned as the level hint asks: which addresses are invalidated is UNPREDICTABLE. */
  misaligned: false,
};

/** Pages of 4 KiB in one half. */
const HALF_PAGES = 2 ** 40;

/** Reads the addresses of a command into {@link range}. */
export function readRange(of: CompiledScope, address: Field, words: Uint32Array, state: WorldState): void {
  const first = tlbPage(address.hi(words, 0), address.lo(words, 0), 12);
  range.first = first;
  range.last = first;
  range.granuleBits = 0;
  range.level = 0;
  range.misaligned = false;
  if (!state.features.ril || of.tg === null) return;
  const granuleBits = RANGE_GRANULE_LOG2[of.tg.get(words, 0)] ?? 0;
  if (granuleBits === 0) return;
  const num = of.num === null ? 0 : of.num.get(words, 0);
  const scale = of.scale === null ? 0 : scaleOf(state, of.scale.get(words, 0));
  const hint = of.ttl === null ? 0 : of.ttl.get(words, 0);
  // TTL 1 of the 16 KiB granule is reserved without DS, and acts as 0.
  const ttl = granuleBits === 14 && hint === 1 && !state.features.ds ? 0 : hint;
  const pages = (num + 1) * 2 ** scale * 2 ** (granuleBits - 12);
  // The range neither wraps nor spills from TTB0 into TTB1 (4.4.1.1).
  range.last = Math.min(first + pages, first < HALF_PAGES ? HALF_PAGES : 2 * HALF_PAGES) - 1;
  range.granuleBits = granuleBits;
  range.level = ttl;
  const wide = hint !== 0 && of.ttl128 !== null && of.ttl128.get(words, 0) === 1;
  const alignments = wide ? RANGE_ALIGNMENT_LOG2_128 : RANGE_ALIGNMENT_LOG2;
  const alignment = alignments[of.tg.get(words, 0)]?.[wide ? hint : ttl] ?? 12;
  range.misaligned = alignment > 12 && first % 2 ** (alignment - 12) !== 0;
}
