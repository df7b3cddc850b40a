/** How much invalidations remove that was still true: what a driver could have kept. */

import type { World } from '../../bits/world.ts';
import { leavesOf } from '../../model/caches/held-leaves.ts';
import type { LeavingItem } from '../../model/caches/leaving.ts';
import type { StructureEntry } from '../../model/caches/structures.ts';
import type { Used } from '../../model/caches/used.ts';
import { DATA } from '../../model/memory.ts';
import type { Effect, Operation, Outline, Plan } from '../../model/plan.ts';
import type { Smmu } from '../../model/smmu.ts';
import { swap32 } from '../../model/translate/descriptor.ts';
import type { CommandName } from '../../spec/commands.ts';
import type { Checker } from '../checker.ts';
import type { Finding } from '../finding.ts';
import { compareTranslations, counterparts, startOf, tableText } from './entries.ts';
import { isUnknown, readerOf } from './fresh.ts';
import type { Origins } from './origins.ts';
import type { StoredEntry } from './use.ts';

/** What the commands of one mnemonic have removed. */
export interface Tally {
  readonly command: CommandName;
  /** Commands of that name that have removed something. */
  readonly commands: number;
  readonly removed: number;
  /** Of those, entries that still were what memory says. */
  readonly needless: number;
}

interface Counted {
  readonly index: number;
  readonly command: CommandName;
  readonly removed: number;
  readonly needless: number;
}

/**
 * Counts by command, as one of the checkers.
 */
export class OverInvalidation implements Checker {
  readonly #counted: Counted[] = [];
  readonly #origins: Origins | null;
  #judged: { readonly operation: Operation; readonly counted: Omit<Counted, 'index'> } | null = null;

  /** @param origins who filled the entries: with it what they say is read anew through all tables, else their leaf alone */
  constructor(origins: Origins | null = null) {
    this.#origins = origins;
  }

  concerns(smmu: Smmu, { operation, effects }: Outline): boolean {
    return operation.kind === 'command' && effects.some((effect) => isRemoval(smmu, effect));
  }

  /** Nothing is wrong with removing too much; it is counted. */
  judge(smmu: Smmu, plan: Plan): readonly Finding[] {
    const counted = this.#count(smmu, plan);
    this.#judged = counted && { operation: plan.operation, counted };
    return [];
  }

  committed(_smmu: Smmu, operation: Operation, _effects: readonly Effect[], entry: number): void {
    const judged = this.#judged;
    if (judged?.operation === operation) this.#counted.push({ ...judged.counted, index: entry });
    this.#judged = null;
  }

  undone(entry: number): void {
    while ((this.#counted.at(-1)?.index ?? -1) >= entry) this.#counted.pop();
  }

  #count(smmu: Smmu, plan: Plan): Omit<Counted, 'index'> | null {
    const { command } = plan.outcome;
    if (plan.operation.kind !== 'command' || command === null) return null;
    let removed = 0;
    let needless = 0;
    for (const { kind, used } of plan.steps) {
      if (kind !== 'cache-remove' || used === null || used.kind === 'completed') continue;
      removed++;
      if (isStillTrue(smmu, used, this.#origins)) needless++;
    }
    return removed > 0 ? { command, removed, needless } : null;
  }

  /** What there is to tell, the commands with the most needless removals first. */
  tallies(): Tally[] {
    const by = new Map<CommandName, Tally>();
    for (const { command, removed, needless } of this.#counted) {
      const so = by.get(command) ?? { command, commands: 0, removed: 0, needless: 0 };
      by.set(command, {
        command,
        commands: so.commands + 1,
        removed: so.removed + removed,
        needless: so.needless + needless,
      });
    }
    return [...by.values()].sort((a, b) => b.needless - a.needless || a.command.localeCompare(b.command));
  }
}

/** Whether an entry still is what memory says. */
function isStillTrue(smmu: Smmu, used: Used, origins: Origins | null): boolean {
  switch (used.kind) {
    case 'tlb':
      return isTlbTrue(smmu, used, origins);
    case 'structure':
      return holds(smmu, used.entry.paSpace, used.entry.pa, used.entry.words);
    case 'config':
      return isConfigTrue(smmu, used.entry);
    case 'partid-map':
      return holds(smmu, used.entry.world, used.entry.pa, used.entry.words);
    case 'completed':
      return used.items.every((item) => isStructureTrue(smmu, item));
    // What an endpoint or the caches of protection tables keep is not read anew here.
    case 'atc':
    case 'dpt':
    case 'gpt':
      return false;
  }
}

function isStructureTrue(smmu: Smmu, { store, entry }: LeavingItem): boolean {
  if (store !== smmu.structures) return false;
  const { paSpace, pa, words } = entry as StructureEntry;
  return holds(smmu, paSpace, pa, words);
}

function isConfigTrue(smmu: Smmu, entry: (Used & { kind: 'config' })['entry']): boolean {
  const contexts = entry.first === null ? [] : [entry.first, ...(entry.others?.values() ?? [])];
  return (
    holds(smmu, entry.world, entry.stream.pa, entry.stream.raw) &&
    contexts.every(({ pa, paSpace, raw }) => holds(smmu, paSpace, pa, raw))
  );
}

function holds(smmu: Smmu, space: World, pa: number, words: Uint32Array): boolean {
  const now = new Uint32Array(words.length);
  if (smmu.memory(space).load(pa, now, 0, now.length) !== DATA) return false;
  return now.every((word, i) => word === words[i]);
}

/** Address bits within one half; see `tlbPage`. */
const HALF = 2 ** 52;

function isTlbTrue(smmu: Smmu, stored: StoredEntry, origins: Origins | null): boolean {
  const { entry } = stored;
  const filler = origins?.filler(entry) ?? null;
  if (filler === null || entry.space.tag.stage === 2) return leafStands(smmu, stored);
  const start = startOf(entry);
  const within = start % HALF;
  const vaHi = ((start >= HALF ? 0xfff0_0000 : 0) + Math.floor(within / 2 ** 32)) >>> 0;
  const reading = readerOf(smmu).now({ ...filler, vaHi, vaLo: within >>> 0 });
  if (isUnknown(reading)) return leafStands(smmu, stored);
  const own = counterparts(stored, reading.tlb);
  return (
    own.length > 0 &&
    own.every((now) =>
      stored.store === 'walks'
        ? tableText(entry, now) === null
        : compareTranslations(entry, now, false, 2) === null,
    )
  );
}

/** Whether the entry's own descriptor, and the leaf of stage 2 where it has one, stand as they were read. */
function leafStands(smmu: Smmu, { entry }: StoredEntry): boolean {
  return leavesOf(entry).every(
    ({ space, pa, hi, lo }) =>
      holds(smmu, space, pa, Uint32Array.of(lo, hi)) ||
      holds(smmu, space, pa, Uint32Array.of(swap32(hi), swap32(lo))),
  );
}

/** Whether an effect takes an entry out of a cache, or names one that a CMD_SYNC will. */
function isRemoval(smmu: Smmu, effect: Effect): boolean {
  switch (effect.kind) {
    case 'tlb':
    case 'config':
      return effect.op === 'remove';
    case 'store':
      return effect.op === 'remove' ? effect.store !== smmu.versions : effect.store === smmu.leaving;
    default:
      return false;
  }
}
