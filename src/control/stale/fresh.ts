/** What a transaction comes to when everything is read anew, now or as memory stood at an earlier moment. */

import { WORLDS } from '../../bits/world.ts';
import type { DptEntry } from '../../model/caches/dpt.ts';
import type { GptEntry } from '../../model/caches/gpt.ts';
import type { PartidMap } from '../../model/caches/partid-maps.ts';
import type { StructureEntry } from '../../model/caches/structures.ts';
import type { TlbTag } from '../../model/caches/tlb.ts';
import { ANY_ASID, NO_ASID } from '../../model/caches/tlb.ts';
import type { Frame, FrameKind, Plan, Transaction } from '../../model/plan.ts';
import type { Smmu } from '../../model/smmu.ts';
import { type Instead, PastMemory } from './past-memory.ts';
import type { StoredEntry } from './use.ts';

/** A plan of an SMMU without anything cached, and all that caches would keep of it. */
export interface Reading {
  readonly plan: Plan;
  readonly tlb: readonly StoredEntry[];
  readonly structures: readonly StructureEntry[];
  readonly dpt: readonly DptEntry[];
  readonly gpt: readonly GptEntry[];
  readonly maps: readonly PartidMap[];
  /** Tags of translations of the context that was read; null when it was not read, or is illegal. */
  readonly stage1: TlbTag | null;
}

/** The outcome says nothing: something was not in the image, or is not modelled. */
export function isUnknown({ plan }: Reading): boolean {
  const { result } = plan.outcome;
  return result === 'absent' || result === 'miss' || result === 'not-modelled';
}

/** The first frame of a kind, or undefined. */
export function frameOf(plan: Plan, kind: FrameKind): Frame | undefined {
  return plan.frames.find((frame) => frame.kind === kind && frame.status === 0 && frame.words.length > 0);
}

/** Reads anew for one SMMU. */
export class FreshReader {
  readonly #smmu: Smmu;
  readonly #cold: Smmu;
  readonly #past: Smmu;
  #unchecked: Smmu | null = null;
  readonly #memories: readonly PastMemory[];

  constructor(smmu: Smmu) {
    this.#smmu = smmu;
    this.#cold = smmu.cold();
    const memories = WORLDS.map((space) => [space, new PastMemory(smmu.memory(space), space)] as const);
    this.#memories = memories.map(([, memory]) => memory);
    this.#past = smmu.cold(Object.fromEntries(memories));
  }

  /** As memory stands now. */
  now(transaction: Transaction): Reading {
    return readingOf(this.#cold, transaction);
  }

  /** As memory stands now, though granule protection checks refuse it. */
  unchecked(transaction: Transaction): Reading {
    this.#unchecked ??= this.#smmu.cold({}, true);
    return readingOf(this.#unchecked, transaction);
  }

  /** As memory stood just before a moment of {@link Smmu.versions}. */
  before(transaction: Transaction, moment: number): Reading {
    const { versions } = this.#smmu;
    return this.with(transaction, (pa, space) => versions.before(pa, moment, space));
  }

  /** As memory stands now, but for some doublewords. */
  with(transaction: Transaction, instead: Instead): Reading {
    for (const memory of this.#memories) memory.instead = instead;
    return readingOf(this.#past, transaction);
  }
}

const readers = new WeakMap<Smmu, FreshReader>();

/** The reader of an SMMU. */
export function readerOf(smmu: Smmu): FreshReader {
  let reader = readers.get(smmu);
  if (reader === undefined) {
    reader = new FreshReader(smmu);
    readers.set(smmu, reader);
  }
  return reader;
}

function readingOf(smmu: Smmu, transaction: Transaction): Reading {
  const plan = smmu.plan({ kind: 'transaction', transaction });
  return { plan, ...keptBy(smmu, plan), stage1: tagsOf(smmu, plan, transaction) };
}

/** All that caches will keep of a plan. */
export function keptBy(
  smmu: Smmu,
  plan: Pick<Plan, 'effects'>,
): Pick<Reading, 'tlb' | 'structures' | 'dpt' | 'gpt' | 'maps'> {
  const tlb: StoredEntry[] = [];
  const structures: StructureEntry[] = [];
  const dpt: DptEntry[] = [];
  const gpt: GptEntry[] = [];
  const maps: PartidMap[] = [];
  for (const effect of plan.effects) {
    if (effect.kind === 'tlb' && effect.op === 'insert') tlb.push({ store: 'tlb', entry: effect.entry });
    if (effect.kind !== 'store' || effect.op !== 'insert') continue;
    const { store, entry } = effect;
    if (store === smmu.tlb) tlb.push({ store: 'tlb', entry: entry as StoredEntry['entry'] });
    else if (store === smmu.partial) tlb.push({ store: 'partial', entry: entry as StoredEntry['entry'] });
    else if (store === smmu.walks) tlb.push({ store: 'walks', entry: entry as StoredEntry['entry'] });
    else if (store === smmu.structures) structures.push(entry as StructureEntry);
    else if (store === smmu.dpt) dpt.push(entry as DptEntry);
    else if (store === smmu.gpt) gpt.push(entry as GptEntry);
    else if (store === smmu.partidMaps) maps.push(entry as PartidMap);
  }
  return { tlb, structures, dpt, gpt, maps };
}

/** The tags of the context that a plan has just read: its decoded structures are still remembered. */
function tagsOf(smmu: Smmu, plan: Plan, t: Transaction): TlbTag | null {
  const ste = frameOf(plan, 'ste');
  const cd = frameOf(plan, 'cd');
  if (ste?.pa == null || cd?.pa == null) return null;
  const state = smmu.state(t.world);
  const stream = smmu.decoded.streams.at(ste.pa, t.sid, state, null)?.decoded;
  if (stream === undefined || 'event' in stream) return null;
  const index = Math.max(0, t.ssid);
  const context = smmu.decoded.contexts.at(cd.pa, index, state, stream)?.decoded;
  if (context === undefined || 'event' in context) return null;
  const { world, vmid, streamWorld } = stream;
  return {
    world,
    streamWorld,
    vmid,
    asid: context.twoRanges ? context.asid : NO_ASID,
    aset: context.aset,
    stage: 1,
  };
}

/** Whether entries of two tags are found by the same look-ups: global ones serve every ASID. */
export function sameTag(a: TlbTag, b: TlbTag): boolean {
  return (
    a.world === b.world &&
    a.streamWorld === b.streamWorld &&
    a.stage === b.stage &&
    a.vmid === b.vmid &&
    (a.stage === 2 || a.aset === b.aset) &&
    (a.asid === b.asid || a.asid === ANY_ASID || b.asid === ANY_ASID)
  );
}
