/** Granule protection checks of one SMMU: IHI 0070 3.25. */

import { hex } from '../../bits/u64.ts';
import { placeText, type World } from '../../bits/world.ts';
import { GPI_ALLOWS } from '../../spec/gpc.ts';
import { GPT_LOOKUP_ERROR } from '../../spec/registers/encodings.ts';
import { GptCache, gpiText, gptEntryText } from '../caches/gpt.ts';
import { DATA, GPF, type ReadStatus, type SparseMemory } from '../memory.ts';
import type { Effect, Recorder } from '../plan.ts';
import { CheckedMemory } from './checked-memory.ts';
import type { GpcConfig } from './config.ts';
import { type Found, gpiField, type Lookup, lookUp, recordCachedEntry, type Unknown } from './walk.ts';

/** An access that a check refused. */
export interface Refusal {
  /** CFG_ERR of a lookup that failed, or null: the granule is closed to the access. */
  readonly error: number | null;
  /** PA in bytes, and the space of the access. */
  readonly pa: number;
  readonly space: World;
  readonly reason: string;
  /** The field of the entry that says so, in its frame; null where no entry does. */
  readonly field: string | null;
}

/** No region is larger, in bits of the address. */
const EVERYTHING = 52;
/** The smallest granule: an access does not cross it without another check. */
const PAGE = 2 ** 12;

/**
 * Checks accesses while an operation is computed. What it reads of the table is left to {@link GranuleProtection.flush};
 * the last refusal waits for {@link GranuleProtection.take}, by whoever reports the access.
 */
export class GranuleProtection {
  readonly #cache: GptCache;
  readonly #memory: (space: World) => SparseMemory;
  readonly #keeps: boolean;
  readonly #views = new Map<World, CheckedMemory>();
  readonly #fills = new GptCache();
  readonly #lookup: { -readonly [K in keyof Lookup]: Lookup[K] };
  #refusal: Refusal | null = null;
  #unknown: Unknown | null = null;
  #unwritten: Unknown | null = null;
  #span = EVERYTHING;
  /** The check is of what a client reaches: frames of the table stay where it is refused, and cached entries have some. */
  #ofOutput = false;
  /** The page that passed last: a structure is read by several accesses. */
  #passedPage = -1;
  #passedSpace: World = 'ns';

  /**
   * @param memory physical memory, unchecked
   * @param keeps whether anything is cached at all
   */
  constructor(
    cache: GptCache,
    memory: (space: World) => SparseMemory,
    keeps: boolean,
    config: GpcConfig,
    rulesOff: ReadonlySet<string>,
  ) {
    this.#cache = cache;
    this.#memory = memory;
    this.#keeps = keeps && !rulesOff.has('gpc:TLBI');
    this.#lookup = {
      config,
      root: memory('root'),
      rulesOff,
      recorder: null,
      table: (pa) => this.#fills.table(pa) ?? (this.#keeps ? this.#cache.table(pa) : undefined),
      read: (entry) => this.#fills.insert(entry),
    };
  }

  get config(): GpcConfig {
    return this.#lookup.config;
  }

  get rulesOff(): ReadonlySet<string> {
    return this.#lookup.rulesOff;
  }

  /** Memory as accesses of the SMMU itself meet it. */
  own(space: World): SparseMemory {
    if (this.rulesOff.has('gpc:APPLIES')) return this.#memory(space);
    let view = this.#views.get(space);
    if (!view) {
      view = new CheckedMemory(this.#memory(space), (pa) => this.check(pa, space));
      this.#views.set(space, view);
    }
    return view;
  }

  /** An operation begins: what the last one left is forgotten. */
  begin(recorder: Recorder | null): void {
    this.#lookup.recorder = recorder;
    this.#refusal = null;
    this.#unknown = null;
    this.#unwritten = null;
    this.#passedPage = -1;
    this.#forgetFills();
  }

  /**
   * Adds what the cache keeps of the operation.
   * @param store the cache that is to keep it, where the checks used a view of it
   */
  flush(effects: Effect[], store = this.#cache): void {
    if (this.#keeps) {
      for (const entry of this.#fills.entries()) {
        const what = `GPT cache keeps ${gptEntryText(entry)}`;
        effects.push({ kind: 'store', store, op: 'insert', entry, what });
        this.#lookup.recorder?.step('cache-fill', what);
      }
    }
    this.#forgetFills();
    this.#passedPage = -1;
  }

  /** The field of a table's entry that decided the last refusal, if one did. */
  get refusedBy(): string | null {
    return this.#refusal?.field ?? null;
  }

  /** The last refusal that nobody has reported yet; it is forgotten. */
  take(): Refusal | null {
    const refusal = this.#refusal;
    this.#refusal = null;
    return refusal;
  }

  /** The entry of the table that could not be found in the image, if a check has ended so. */
  get unknown(): Unknown | null {
    return this.#unknown;
  }

  /** The same of a write of the SMMU itself: the operation may not go on as if it had been let through. */
  get unwritten(): Unknown | null {
    return this.#unwritten;
  }

  /** log2 of the bytes around the address of the last {@link check} for which it holds. */
  get span(): number {
    return this.#span;
  }

  /**
   * Checks an access.
   * @param pa in bytes
   * @returns DATA: it passes; GPF: it is refused; ABSENT or MISS: the table is not known
   */
  check(pa: number, space: World): ReadStatus {
    const page = Math.floor(pa / PAGE);
    if (page === this.#passedPage && space === this.#passedSpace) return DATA;
    const status = this.#judge(pa, space);
    // What span says is of the last judgement.
    this.#passedPage = status === DATA ? page : -1;
    this.#passedSpace = space;
    return status;
  }

  /** {@link check} of what a client reaches: where it is refused, the stack stays at the entry that refuses it. */
  checkOutput(pa: number, space: World): ReadStatus {
    this.#ofOutput = true;
    const status = this.check(pa, space);
    this.#ofOutput = false;
    return status;
  }

  /** {@link check} of a write of the SMMU itself. */
  checkWrite(pa: number, space: World): ReadStatus {
    if (this.rulesOff.has('gpc:APPLIES')) return DATA;
    const status = this.check(pa, space);
    if (status === DATA || status === GPF || this.#unknown === null) return status;
    this.#unwritten = this.#unknown;
    const { level, at } = this.#unknown;
    const entry = `the level ${level} GPT entry at ${hex(at)} is not in the image`;
    this.#lookup.recorder?.step('finding', `${entry}: whether the SMMU may write to ${hex(pa)} is not known`);
    return status;
  }

  #judge(pa: number, space: World): ReadStatus {
    const { config, rulesOff } = this.#lookup;
    this.#span = EVERYTHING;
    if (space !== 'ns' && rulesOff.has('world:CAN-ROOT-GPC')) return DATA;
    // It outranks GPCEN, and no table is read (6.3.112).
    if (!config.accessEnabled) return this.#refuse(pa, space, null, 'ROOT_CR0.ACCESSEN=0');
    if (!config.enabled) return DATA;
    if (config.invalid !== null) return this.#refuse(pa, space, config.invalid.code, config.invalid.reason);
    if (pa >= config.limit) return this.#beyond(pa, space);
    if (config.misplaced !== null)
      return this.#refuse(pa, space, config.misplaced.code, config.misplaced.reason);
    const { recorder } = this.#lookup;
    const depth = recorder?.depth ?? 0;
    const status = this.#decide(this.#find(pa, space), pa, space);
    if (status !== GPF || !this.#ofOutput) recorder?.leave(depth);
    return status;
  }

  #beyond(pa: number, space: World): ReadStatus {
    const { rulesOff } = this.#lookup;
    const passes = space === 'ns' ? !rulesOff.has('gpc:PPS-NS') : rulesOff.has('gpc:PPS-OTHER');
    if (passes) return DATA;
    return this.#refuse(pa, space, null, 'it is beyond ROOT_GPT_BASE_CFG.PPS');
  }

  #find(pa: number, space: World): Found {
    const { recorder } = this.#lookup;
    const cached = this.#fills.leaf(pa) ?? (this.#keeps ? this.#cache.leaf(pa) : undefined);
    if (cached) {
      if (recorder !== null && this.#ofOutput) recordCachedEntry(recorder, cached);
      recorder?.entry('cache-hit', () => `GPT cache: ${gptEntryText(cached)}`, {
        kind: 'gpt',
        entry: cached,
      });
      return cached;
    }
    return lookUp(this.#lookup, pa, space);
  }

  #decide(found: Found, pa: number, space: World): ReadStatus {
    const { rulesOff, recorder } = this.#lookup;
    if ('status' in found) {
      this.#unknown = found;
      return found.status;
    }
    if ('code' in found) return this.#failed(found.code, found.reason, pa, space);
    this.#span = found.shift;
    const allowed = GPI_ALLOWS[found.gpi]?.includes(space) || rulesOff.has('gpc:GPI');
    if (!allowed) {
      const entry = `level ${found.level} GPT entry at ${placeText(found.at, 'root')}`;
      const why = `its GPI is ${gpiText(found.gpi)}, says the ${entry}`;
      return this.#refuse(pa, space, null, why, gpiField(found, pa));
    }
    recorder?.step('decide', () => `granule protection: ${hex(pa)} is open to ${space}`);
    return DATA;
  }

  #failed(code: number, reason: string, pa: number, space: World): ReadStatus {
    const { rulesOff } = this.#lookup;
    const rule = RULE_OF_ERROR[code];
    if (rule !== undefined && rulesOff.has(rule)) return DATA;
    return this.#refuse(pa, space, code, reason);
  }

  #refuse(
    pa: number,
    space: World,
    error: number | null,
    why: string,
    field: string | null = null,
  ): ReadStatus {
    const kind = error === null ? 'granule protection fault' : 'GPT lookup error';
    const reason = `${kind}: ${hex(pa)} is closed to an access in ${space} space: ${why}`;
    this.#lookup.recorder?.step('finding', reason, field);
    this.#refusal = { error, pa, space, reason, field };
    return GPF;
  }

  #forgetFills(): void {
    for (const entry of [...this.#fills.entries()]) this.#fills.remove(entry);
  }
}

/** Lookup errors of entries, by CFG_ERR. */
const RULE_OF_ERROR: Readonly<Record<number, string>> = {
  [GPT_LOOKUP_ERROR.names.EABT]: 'gpc:EABT',
  [GPT_LOOKUP_ERROR.names.ENTRY]: 'gpc:ENCODING',
};
