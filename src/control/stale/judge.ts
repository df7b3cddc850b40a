/**
 * The judge of stale uses: whether what a transaction took from caches still is what memory says. It is compared by what
 * it gives, entry by entry, with a reading of everything anew; what hardware may hold beyond the model's own caches is
 * judged in `held.ts`.
 */

import { descriptorSpace } from '../../model/caches/entry-spaces.ts';
import { type GptEntry, gptEntryText } from '../../model/caches/gpt.ts';
import type { StructureEntry } from '../../model/caches/structures.ts';
import { descriptorPaOf, type TlbEntry } from '../../model/caches/tlb.ts';
import { DATA } from '../../model/memory.ts';
import type { Frame, Plan, Step } from '../../model/plan.ts';
import type { Smmu } from '../../model/smmu.ts';
import { swap32 } from '../../model/translate/descriptor.ts';
import { feature } from '../../spec/features.ts';
import type { Case } from './case.ts';
import { clashOf } from './clash.ts';
import {
  compareTranslations,
  counterparts,
  type Difference,
  entryText,
  locationOf,
  onlyAccessFlag,
  tableText,
} from './entries.ts';
import { frameOf, isUnknown, readerOf } from './fresh.ts';
import { heldUses } from './held.ts';
import type { Origins } from './origins.ts';
import { compareOutcomes, outcomeText } from './outcome.ts';
import { structureText, wordsInstead } from './structures.ts';
import type { StaleUse, StoredEntry } from './use.ts';

/**
 * The stale uses of a transaction that is planned and not committed: certain ones and hits on leaving entries in the
 * order of its steps; where there is none that matters, what hardware may hold of old versions. Empty for other plans.
 * Changes nothing.
 */
export function staleUses(smmu: Smmu, plan: Plan, origins: Origins | null = null): readonly StaleUse[] {
  const { operation, steps } = plan;
  if (operation.kind !== 'transaction' || smmu.policy === 'none' || smmu.failure.reason !== null) return [];
  const hits = steps.flatMap((step, at) => (step.kind === 'cache-hit' && step.used !== null ? [at] : []));
  const watched = smmu.policy === 'maximal' && smmu.versions.size > 0;
  if (hits.length === 0 && !watched) return [];
  const { transaction } = operation;
  const reader = readerOf(smmu);
  const checked = reader.now(transaction);
  if (isUnknown(checked)) return [];
  const mayBeRefused = smmu.protection !== null && checked.plan.outcome.result !== 'ok';
  const fresh = mayBeRefused ? reader.unchecked(transaction) : checked;
  if (isUnknown(fresh)) return [];
  const bbml = feature(smmu.state(transaction.world).ids, 'IDR3.BBML');
  const of: Case = { smmu, plan, transaction, reader, fresh, checked, bbml, origins };
  const uses = hitUses(of, hits);
  if (!watched || uses.some((use) => use.class !== 'allowed')) return uses;
  // Earlier moments are read behind the checks of now, and are to be compared alike.
  return [...uses, ...heldUses({ ...of, fresh: checked })];
}

/** Certain uses, and hits on leaving entries. */
function hitUses(of: Case, hits: readonly number[]): StaleUse[] {
  const uses: StaleUse[] = [];
  for (const at of hits) {
    const step = of.plan.steps[at] as Step;
    // What comes after something old need not be found by reading anew, though it is not old itself.
    const rooted = uses.some((use) => use.class !== 'allowed');
    const use = hitUse(of, step, at, rooted);
    if (use !== null) uses.push(use);
  }
  return uses;
}

function hitUse(of: Case, step: Step, at: number, rooted: boolean): StaleUse | null {
  const { used } = step;
  switch (used?.kind) {
    case 'tlb':
      return tlbUse(of, step, at, { store: used.store, entry: used.entry }, rooted);
    case 'structure':
    case 'config':
      return structureUse(of, step, at, rooted);
    case 'dpt': {
      const { world, access, vmid, write } = used.entry;
      const now = of.fresh.dpt.find((entry) => entry.world === world);
      if (now && now.access === access && now.vmid === vmid && now.write === write) return null;
      return otherUse(of, at, step, 'the entry of the DPT TLB');
    }
    case 'gpt': {
      const { entry } = used;
      const now = of.checked.gpt.find((other) => other.gpi >= 0 && covers(other, entry.base));
      if (now ? now.gpi === entry.gpi : stillThere(of, entry)) return null;
      return otherUse(of, at, step, `what is kept of the granule protection table: ${gptEntryText(entry)}`);
    }
    case 'partid-map': {
      const { words } = used.entry;
      const now = of.fresh.maps.find((map) => map.key === used.entry.key);
      if (now?.words.every((word, i) => word === words[i])) return null;
      return otherUse(of, at, step, `the PARTID map of VMID ${used.entry.key}`);
    }
    default:
      return null;
  }
}

const NOTHING = {
  tlb: null,
  structure: null,
  location: null,
  version: null,
  remade: null,
  clash: null,
} as const;

function covers({ base, shift }: GptEntry, pa: number): boolean {
  return pa >= base && pa < base + 2 ** shift;
}

/** Whether the table still holds the words that the entry was made of. */
function stillThere({ smmu }: Case, { at, hi, lo }: GptEntry): boolean {
  const root = smmu.memory('root');
  const status = root.load64(Math.floor(at / 2 ** 32), at >>> 0);
  return status === DATA && root.lo === lo && root.hi === hi;
}

/** An entry of a cache that has its own remover and no versions: judged by what the transaction comes to. */
function otherUse(of: Case, step: number, { used }: Step, what: string): StaleUse | null {
  const difference = compareOutcomes(of.plan.outcome, of.checked.plan.outcome);
  if (difference === null) return null;
  const fresh = of.checked.plan;
  const { class: cls, text } = difference;
  return { ...NOTHING, certainty: 'certain', class: cls, step, used, what, differs: text, fresh };
}

const STRUCTURES: Readonly<Partial<Record<Frame['kind'], StructureEntry['structure']>>> = {
  ste: 'STE',
  l1std: 'L1STD',
  cd: 'CD',
  l1cd: 'L1CD',
};

/** A configuration structure whose words are not those that are read anew, or that nothing leads to any more. */
function structureUse(of: Case, step: Step, at: number, rooted: boolean): StaleUse | null {
  const { plan, fresh, smmu } = of;
  const old = plan.frames[step.frame];
  const structure = old === undefined ? undefined : STRUCTURES[old.kind];
  if (old === undefined || structure === undefined || old.pa === null) return null;
  const now = frameOf(fresh.plan, old.kind);
  let difference: Difference | null;
  if (now === undefined) {
    const there = new Uint32Array(old.words.length);
    const status = smmu.memory(old.space).load(old.pa, there, 0, there.length);
    const same = status === DATA && there.every((word, i) => word === old.words[i]);
    if (same && rooted) return null;
    const outcome = compareOutcomes(plan.outcome, fresh.plan.outcome);
    const why = same
      ? 'nothing leads to it any more'
      : 'its place holds something else, and nothing leads to it';
    difference = { class: outcome?.class ?? 'allowed', text: why };
  } else {
    if (now.words.every((word, i) => word === old.words[i])) return null;
    const text = structureText(structure, old.words, now.words);
    difference = { class: classOfStructure(of, now, old.words, at), text };
  }
  const used = step.used;
  const entry = used?.kind === 'structure' ? used.entry : null;
  return {
    ...NOTHING,
    certainty: entry?.leaving ? 'possible' : 'certain',
    class: difference.class,
    step: at,
    used,
    what: old.name.replace(' (cached)', ''),
    differs: difference.text,
    structure: entry,
    location: entry === null ? null : { kind: 'structure', ...entry },
    fresh: fresh.plan,
  };
}

/** What an old structure alone makes of the transaction, everything else read anew. */
function classOfStructure(of: Case, now: Frame, words: Uint32Array, at: number): StaleUse['class'] {
  const { plan, checked: fresh } = of;
  const whole = compareOutcomes(plan.outcome, fresh.plan.outcome);
  const alone = plan.steps.every(({ kind }, i) => kind !== 'cache-hit' || i === at);
  if (alone || now.pa === null) return whole?.class ?? 'allowed';
  const mixed = of.reader.with(of.transaction, wordsInstead(now.pa, now.space, words));
  if (isUnknown(mixed)) return whole?.class ?? 'allowed';
  return compareOutcomes(mixed.plan.outcome, fresh.plan.outcome)?.class ?? 'allowed';
}

/** A TLB entry or a cached table descriptor that is not what a walk finds. */
function tlbUse(of: Case, step: Step, at: number, hit: StoredEntry, rooted: boolean): StaleUse | null {
  const { fresh } = of;
  const own = counterparts(hit, fresh.tlb);
  const known = own.length > 0;
  const difference = known ? compareAll(of, hit, own) : alone(of, hit, rooted);
  if (difference === null) return null;
  const clash = difference.class === 'allowed' ? null : clashOf(of, hit);
  const { entry } = hit;
  return {
    ...NOTHING,
    certainty: entry.leaving ? 'possible' : 'certain',
    class: difference.class,
    step: at,
    used: step.used,
    what: entryText(hit),
    differs: difference.text,
    tlb: hit,
    location: locationOf(hit),
    clash,
    fresh: fresh.plan,
  };
}

const WEIGHT = { unsafe: 2, 'spurious-fault': 1, allowed: 0 } as const;

/** The worst of the differences between an entry and what a walk finds in its range. */
function compareAll(of: Case, hit: StoredEntry, own: readonly StoredEntry['entry'][]): Difference | null {
  const { plan, fresh, checked, bbml } = of;
  const denied = plan.outcome.result !== 'ok' && checked.plan.outcome.result === 'ok';
  let worst: Difference | null = null;
  for (const now of own) {
    let found: Difference | null;
    if (hit.store === 'walks') {
      const text = tableText(hit.entry, now);
      const outcome = text === null ? null : compareOutcomes(plan.outcome, fresh.plan.outcome);
      found = text === null ? null : { class: outcome?.class ?? 'allowed', text };
    } else found = compareTranslations(hit.entry, now, denied, bbml);
    if (found !== null && (worst === null || WEIGHT[found.class] > WEIGHT[worst.class])) worst = found;
  }
  return worst;
}

/** An entry in whose place a walk finds nothing: it faults before, or looks under other tags. */
function alone(of: Case, hit: StoredEntry, rooted: boolean): Difference | null {
  const { plan, fresh } = of;
  const { entry } = hit;
  const [hi, lo] = [entry.descriptorHi >>> 0, entry.descriptorLo >>> 0];
  const there = readDescriptor(of, entry);
  const same = there !== null && there.hi === hi && there.lo === lo;
  const tags = fresh.stage1 ?? null;
  const otherTags = tags !== null && entry.space.tag.stage === 1 && tags.asid !== entry.space.tag.asid;
  if (same && (rooted || otherTags)) return null;
  const outcome = compareOutcomes(plan.outcome, fresh.plan.outcome);
  if (outcome === null) {
    if (same || hit.store === 'walks') return null;
    return { class: 'allowed', text: 'its descriptor has changed, and nothing differs here' };
  }
  if (there !== null && onlyAccessFlag(hi, lo, there.hi, there.lo))
    return { class: 'allowed', text: 'only the access flag has gone (AF=0)' };
  const reason = fresh.plan.outcome.fault?.reason ?? outcomeText(fresh.plan.outcome);
  return { class: outcome.class, text: `read anew: ${reason}` };
}

const pair = new Uint32Array(2);

/** What lies now where an entry's descriptor lay, or null; big-endian if it is the one that was read so. */
function readDescriptor({ smmu }: Case, entry: TlbEntry): { hi: number; lo: number } | null {
  if (smmu.memory(descriptorSpace(entry.spaces)).load(descriptorPaOf(entry), pair, 0, 2) !== DATA)
    return null;
  const [lo, hi] = pair as unknown as [number, number];
  const swapped = { hi: swap32(lo), lo: swap32(hi) };
  return swapped.hi === entry.descriptorHi >>> 0 && swapped.lo === entry.descriptorLo >>> 0
    ? swapped
    : { hi, lo };
}
