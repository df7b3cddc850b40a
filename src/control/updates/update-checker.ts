/**
 * Watches software update configuration structures that hardware may fetch at any moment (IHI 0070 3.21.3): every
 * write to a reachable one, every CMD_CFGI_* and CMD_SYNC that is consumed.
 *
 * What it remembers are values by structure and stream, and for each operation that changed some the values before:
 * {@link UpdateChecker.undone} puts those back, so going back in the history is exact. Invalidations are those that the
 * model notes under the policy `maximal`; under another policy nothing is watched.
 */

import type { World } from '../../bits/world.ts';
import type { Location } from '../../model/caches/location.ts';
import type { Happening } from '../../model/caches/versions.ts';
import { scopeOfOpcode } from '../../model/commands/tlbi-scope.ts';
import { DATA } from '../../model/memory.ts';
import type { Effect, Operation, Outline, Plan, Transaction } from '../../model/plan.ts';
import { commandQueue } from '../../model/queues/command-queue.ts';
import type { Smmu } from '../../model/smmu.ts';
import { decodeStream } from '../../model/translate/stream.ts';
import { COMMAND_BYTES, opcodeOf } from '../../spec/commands.ts';
import { STE, STE_BYTES } from '../../spec/ste.ts';
import type { Checker } from '../checker.ts';
import {
  completeInvalidations,
  consumeInvalidation,
  type EntryWatch,
  interruptUpdate,
  isSettled,
  type UpdateProblem,
  watchEntry,
  writeEntry,
} from './entry-watch.ts';
import { coveringCommand, entryText, mixKind, problemText } from './finding-words.ts';
import { arrayOf, keyOf, StructureIndex } from './structure-index.ts';
import type { EntryName, UpdateFinding, UpdateMistake } from './update-finding.ts';
import { isValid, layoutOf } from './used.ts';

export interface UpdateCheckerOptions {
  readonly world?: World;
  /**
   * What a single operation is that writes a whole structure: `placed` there by a debugger, as if hardware could not see
   * it half done, or `doublewords` in any order. Default: `placed`.
   */
  readonly wholeEntries?: 'placed' | 'doublewords';
  /**
   * When a mistake is told: `used` once the stream has had traffic, at the next use if it had none before, and never if an
   * invalidation is complete by then; `always` at the write. Default: `used`, because tables are set up in any order.
   */
  readonly told?: 'used' | 'always';
  /** Where an operation stands in a program, for people; empty where that is unknown. Default: `operation 3`. */
  readonly place?: (operation: number) => string;
}

/** What one operation changes of what is remembered; null is forgotten. */
interface Change {
  readonly watches: Map<string, EntryWatch | null>;
  readonly tables: EntryName[];
  /** Streams that had no traffic before. */
  readonly used: number[];
  readonly findings: UpdateFinding[];
}

interface Logged {
  readonly at: number;
  readonly before: readonly (readonly [string, EntryWatch | null])[];
  readonly tables: readonly EntryName[];
  /** Streams, and whether they had traffic before. */
  readonly used: readonly (readonly [sid: number, before: boolean])[];
}

/** Structures that are watched at a time; further ones are not. */
const WATCH_LIMIT = 4096;

type MemoryWrite = Extract<Operation, { kind: 'memory' }>;

export class UpdateChecker implements Checker {
  readonly #smmu: Smmu;
  readonly #world: World;
  readonly #placed: boolean;
  readonly #always: boolean;
  readonly #place: (operation: number) => string;
  readonly #index: StructureIndex;
  readonly #watches = new Map<string, EntryWatch>();
  /** Streams that had traffic. */
  readonly #used = new Set<number>();
  readonly #log: Logged[] = [];
  #count = 0;
  #unwatched = 0;
  /** What was judged last, until it is committed. */
  #judged: { readonly operation: Operation; readonly change: Change } | null = null;

  constructor(smmu: Smmu, options: UpdateCheckerOptions = {}) {
    this.#smmu = smmu;
    this.#world = options.world ?? 'ns';
    this.#placed = (options.wholeEntries ?? 'placed') === 'placed';
    this.#always = options.told === 'always';
    this.#place = options.place ?? ((operation) => `operation ${operation}`);
    this.#index = new StructureIndex(smmu, this.#world);
  }

  /** Structures of which hardware may hold more than what stands in memory, or whose update goes on. */
  get watched(): number {
    return this.#watches.size;
  }

  /** Writes that were too many to watch: what is said may be too little. */
  get unwatched(): number {
    return this.#unwatched + (this.#index.truncated ? 1 : 0);
  }

  concerns(smmu: Smmu, { operation, effects }: Outline): boolean {
    if (operation.kind === 'memory') return operation.space === this.#world;
    if (operation.kind === 'transaction') {
      const { world, sid } = operation.transaction;
      return world === this.#world && (this.#watches.size > 0 || !this.#used.has(sid));
    }
    if (this.#watches.size === 0) return false;
    return effects.some((effect) => effect.kind === 'store' && effect.store === smmu.versions);
  }

  judge(_smmu: Smmu, plan: Plan, entry: number): readonly UpdateFinding[] {
    this.#count = entry;
    const change = this.#judge(plan);
    this.#judged = { operation: plan.operation, change };
    return change.findings;
  }

  committed(_smmu: Smmu, operation: Operation, _effects: readonly Effect[], entry: number): void {
    const judged = this.#judged;
    this.#judged = null;
    this.#count = entry + 1;
    if (judged?.operation === operation) this.#take(judged.change, entry);
  }

  undone(entry: number): void {
    for (let last = this.#log.at(-1); last && last.at >= entry; last = this.#log.at(-1)) {
      this.#log.pop();
      for (const [key, watch] of last.before) this.#put(key, watch);
      for (const table of last.tables) this.#index.changed(table);
      for (const [sid, before] of last.used) this.#mark(sid, before);
    }
    this.#count = Math.min(this.#count, entry);
  }

  reverted(to: number, entry: number): void {
    const watches = new Map<string, EntryWatch | null>();
    const tables: EntryName[] = [];
    const used = new Map<number, boolean>();
    for (let i = this.#log.length - 1; i >= 0; i--) {
      const logged = this.#log[i] as Logged;
      if (logged.at < to) break;
      for (const [key, watch] of logged.before) watches.set(key, watch);
      tables.push(...logged.tables);
      for (const [sid, before] of logged.used) used.set(sid, before);
    }
    this.#take({ watches, tables, used: [] }, entry, used);
    this.#count = entry + 1;
  }

  /**
   * Takes note of what an operation changes.
   * @param back streams that have traffic again, or no longer, because everything is as it was before
   */
  #take(
    { watches, tables, used }: Pick<Change, 'watches' | 'tables' | 'used'>,
    at: number,
    back: ReadonlyMap<number, boolean> = new Map(used.map((sid) => [sid, true])),
  ): void {
    const before: [string, EntryWatch | null][] = [];
    for (const [key, watch] of watches) {
      const old = this.#watches.get(key) ?? null;
      if (watch !== null && old === null && this.#watches.size >= WATCH_LIMIT) {
        this.#unwatched++;
        continue;
      }
      this.#put(key, watch);
      before.push([key, old]);
    }
    for (const table of tables) this.#index.changed(table);
    const usedBefore = [...back.keys()].map((sid) => [sid, this.#used.has(sid)] as const);
    for (const [sid, now] of back) this.#mark(sid, now);
    if (before.length + tables.length + usedBefore.length > 0)
      this.#log.push({ at, before, tables, used: usedBefore });
  }

  #mark(sid: number, used: boolean): void {
    if (used) this.#used.add(sid);
    else this.#used.delete(sid);
  }

  #put(key: string, watch: EntryWatch | null): void {
    if (watch === null) this.#watches.delete(key);
    else this.#watches.set(key, watch);
  }

  /** Changes that hardware can see and that no completed invalidation covers yet, the oldest first. */
  pending(): readonly UpdateFinding[] {
    return [...this.#watches.values()]
      .filter(({ changedAt }) => changedAt >= 0)
      .sort((a, b) => a.changedAt - b.changedAt || compareTexts(keyOf(a.name), keyOf(b.name)))
      .map((watch) => this.#missing(watch, watch.changedAt, -1));
  }

  #judge(plan: Plan): Change {
    const change: Change = { watches: new Map(), tables: [], used: [], findings: [] };
    if (this.#smmu.policy !== 'maximal') return change;
    const { operation, outcome } = plan;
    if (operation.kind === 'memory') {
      if (outcome.result === 'ok' && operation.space === this.#world) {
        if (operation.setup) this.#setUp(operation, change);
        else this.#write(operation, plan, change);
      }
    } else if (operation.kind === 'transaction') this.#use(operation.transaction, change);
    this.#invalidate(plan, change);
    return change;
  }

  /** What nothing could have fetched is no update; where it leads to may be new. */
  #setUp({ pa, words }: MemoryWrite, change: Change): void {
    for (const name of this.#index.at(pa, words.length * 4))
      if (name.structure !== 'CD') change.tables.push(name);
  }

  #write(operation: MemoryWrite, plan: Plan, change: Change): void {
    const { pa, words } = operation;
    const bytes = words.length * 4;
    const entries = this.#entriesAt(pa, bytes);
    if (entries.size === 0) {
      this.#elsewhere(pa, bytes, change);
      return;
    }
    const step = plan.steps.findIndex(({ kind }) => kind === 'memory');
    for (const [key, name] of entries) {
      const watch = this.#watches.get(key) ?? this.#begin(name);
      if (watch === null) continue;
      const size = layoutOf(name.structure).words * 4;
      const whole = pa <= name.pa && pa + bytes >= name.pa + size && size > 8;
      const written = writeEntry(watch, pa - name.pa, words, this.#count, whole && this.#placed);
      if (written.watch.now.every((word, i) => word === watch.now[i])) continue;
      change.watches.set(key, isSettled(written.watch) ? null : written.watch);
      if (name.structure !== 'CD') change.tables.push(name);
      for (const problem of written.problems) this.#report(key, written.watch, problem, step, change);
      this.#publication(key, watch, change.watches.get(key) ?? written.watch, change, step);
      this.#initialised(name, watch, written.watch, change, step);
    }
  }

  #entriesAt(pa: number, bytes: number): Map<string, EntryName> {
    const entries = new Map<string, EntryName>();
    for (const name of this.#index.at(pa, bytes)) entries.set(keyOf(name), name);
    // What memory no longer leads to may still be in a cache, by the pointer of before.
    for (const [key, { name }] of this.#watches) {
      const size = layoutOf(name.structure).words * 4;
      if (pa < name.pa + size && pa + bytes > name.pa) entries.set(key, name);
    }
    return entries;
  }

  #begin(name: EntryName): EntryWatch | null {
    const layout = layoutOf(name.structure);
    const content = new Uint32Array(layout.words);
    if (this.#smmu.memory(this.#world).load(name.pa, content, 0, layout.words) !== DATA) return null;
    const { counts } = this.#smmu.state(this.#world).bits.of(layout);
    return watchEntry(name, content, { counts });
  }

  /** Something else is written, and it is no command: updates that go on are not just for the moment. */
  #elsewhere(pa: number, bytes: number, change: Change): void {
    const queue = commandQueue(this.#smmu, this.#world, 'CMDQ');
    if (queue !== null) {
      const base = queue.baseHi * 2 ** 32 + queue.baseLo;
      if (pa >= base && pa + bytes <= base + COMMAND_BYTES * 2 ** queue.log2size) return;
    }
    for (const [key, watch] of this.#watches) {
      const next = interruptUpdate(watch);
      if (next !== watch) change.watches.set(key, isSettled(next) ? null : next);
    }
  }

  /** An L1STD begins to point to STEs: what lies there is reachable from now on (5.1.1). */
  #publication(key: string, before: EntryWatch, after: EntryWatch, change: Change, step: number): void {
    const { name, now } = after;
    if (name.structure !== 'L1STD') return;
    const { split } = this.#smmu.state(this.#world).streamTable;
    const array = arrayOf(now, split);
    const old = arrayOf(before.now, split);
    if (array === null || (old !== null && old.pa === array.pa && old.count >= array.count)) return;
    const bad = this.#uninitialised(name, array);
    if (bad === null || before.reported.includes('published-early')) return;
    const told: EntryWatch = { ...after, reported: [...after.reported, 'published-early'] };
    change.watches.set(key, told);
    const at = this.#count;
    const early = (): UpdateFinding => ({
      ...this.#base(name, 'published-early', step, '5.1.1'),
      class: 'spurious-fault',
      text: `${entryText(name)}: it points to STEs from ${this.#where(at)} on, but ${bad}; initialise all of them before writing the L1STD`,
      more: [],
    });
    this.#tell(key, told, early, change);
  }

  /** Why the STEs of an array are not ready to be read, or null. */
  #uninitialised(name: EntryName, array: { readonly pa: number; readonly count: number }): string | null {
    const memory = this.#smmu.memory(this.#world);
    const state = this.#smmu.state(this.#world);
    const words = new Uint32Array(STE.words);
    for (let i = 0; i < array.count; i++) {
      const sid = name.sid + i;
      const pa = array.pa + i * STE_BYTES;
      const which = entryText({ ...name, structure: 'STE', sid });
      if (memory.load(pa, words, 0, STE.words) !== DATA) return `nothing was written to ${which} yet`;
      if (!isValid('STE', words)) continue;
      const decoded = decodeStream(words, 0, pa, this.#world, sid, state);
      if ('event' in decoded) return `${which} is ILLEGAL: ${decoded.reason}`;
    }
    return null;
  }

  /** An STE becomes valid although no invalidation is complete since its L1STD was written. */
  #initialised(name: EntryName, before: EntryWatch, after: EntryWatch, change: Change, step: number): void {
    if (name.structure !== 'STE' || isValid('STE', before.now) || !isValid('STE', after.now)) return;
    const at = this.#count;
    for (const [key, watch] of this.#watches) {
      const { structure, sid, span } = watch.name;
      if (structure !== 'L1STD' || name.sid < sid || name.sid >= sid + span) continue;
      const fresh = watch.changedAt >= 0 && !isValid('L1STD', watch.start) && isValid('L1STD', watch.now);
      const known = change.watches.get(key) ?? watch;
      if (!fresh || known.reported.includes('published-early')) continue;
      const told: EntryWatch = { ...known, reported: [...known.reported, 'published-early'] };
      change.watches.set(key, told);
      const early = (): UpdateFinding => ({
        ...this.#base(watch.name, 'published-early', step, '5.1.1'),
        class: 'spurious-fault',
        text: `${entryText(watch.name)}: it points to STEs since ${this.#where(watch.changedAt)}, but ${entryText(name)} is initialised only at ${this.#where(at)}: hardware can have fetched it invalid; initialise all STEs before writing the L1STD`,
        more: [],
      });
      this.#tell(key, told, early, change);
    }
  }

  #report(key: string, watch: EntryWatch, problem: UpdateProblem, step: number, change: Change): void {
    // Without traffic nobody notices that the structure was invalid for a while.
    if (problem.kind === 'v-zero-window' && !this.#isTold(watch.name)) return;
    this.#tell(key, watch, () => this.#finding(watch, problem, step), change);
  }

  /** Tells of a mistake now, or holds it back until the stream is used: places are known better then. */
  #tell(key: string, watch: EntryWatch, finding: () => UpdateFinding, change: Change): void {
    if (this.#isTold(watch.name)) {
      change.findings.push(finding());
      return;
    }
    const known = change.watches.get(key) ?? watch;
    change.watches.set(key, { ...known, held: [...known.held, finding] });
  }

  #isTold(name: EntryName): boolean {
    return this.#always || this.#isUsed(name);
  }

  /** Whether a stream that reads the structure had traffic. */
  #isUsed({ structure, sid, span }: EntryName): boolean {
    if (structure !== 'L1STD') return this.#used.has(sid);
    for (const used of this.#used) if (used >= sid && used < sid + span) return true;
    return false;
  }

  /** A transaction of a stream of which hardware may hold something old. */
  #use({ world, sid, ssid }: Transaction, change: Change): void {
    if (world !== this.#world) return;
    if (!this.#used.has(sid)) change.used.push(sid);
    for (const [key, watch] of this.#watches) {
      const { name, changedAt, held, reported } = watch;
      if (!reads(name, sid, Math.max(ssid, 0))) continue;
      const missing = changedAt >= 0 && !reported.includes('missing-invalidation');
      if (!missing && held.length === 0) continue;
      for (const late of held) change.findings.push({ ...late(), step: -1 });
      if (missing) change.findings.push(this.#missing(watch, this.#count, -1));
      change.watches.set(key, { ...watch, held: [], reported: [...reported, 'missing-invalidation'] });
    }
  }

  #invalidate({ effects }: Plan, change: Change): void {
    if (this.#watches.size === 0) return;
    for (const effect of effects) {
      if (effect.kind !== 'store' || effect.op !== 'insert' || effect.store !== this.#smmu.versions) continue;
      const happening = effect.entry as Happening<Location>;
      if (happening.kind === 'version') continue;
      for (const [key, stored] of this.#watches) {
        const known = change.watches.get(key);
        if (known === null) continue;
        const watch = known ?? stored;
        const next = this.#after(watch, happening);
        if (next !== watch) change.watches.set(key, isSettled(next) ? null : next);
      }
    }
  }

  #after(watch: EntryWatch, happening: Exclude<Happening<Location>, { kind: 'version' }>): EntryWatch {
    if (happening.kind === 'completion') return completeInvalidations(watch, happening.queue);
    const covers = happening.whyNot({ kind: 'structure', ...watch.name }) === null;
    if (covers) return consumeInvalidation(watch, happening.queue, this.#count);
    // Translations of before go while nothing can make them again: that is what the structure was made invalid for.
    const isTlbi = scopeOfOpcode(opcodeOf(Uint32Array.from(happening.words), 0)) !== undefined;
    return isTlbi ? interruptUpdate(watch) : watch;
  }

  readonly #where = (operation: number): string => {
    const text = this.#place(operation);
    if (text !== '') return text;
    return operation === this.#count ? 'this write' : `operation ${operation}`;
  };

  #base(entry: EntryName, mistake: UpdateMistake, step: number, rule: string) {
    const operation = this.#count;
    return { kind: 'update-sequence', certainty: 'possible', mistake, entry, rule, step, operation } as const;
  }

  #finding({ name, by }: EntryWatch, problem: UpdateProblem, step: number): UpdateFinding {
    const said = problemText(name, problem, by, this.#where);
    if (problem.kind === 'v-zero-window')
      return {
        ...this.#base(name, 'v-zero-window', step, '3.21.3'),
        class: 'spurious-fault',
        ...said,
      };
    const refused = name.structure === 'STE' && this.#isIllegal(name, problem.mix.words);
    return {
      ...this.#base(name, mixKind(name.structure, problem), step, '3.21.3.1'),
      class: refused ? 'spurious-fault' : 'unsafe',
      ...said,
    };
  }

  #isIllegal({ pa, sid }: EntryName, words: Uint32Array): boolean {
    return 'event' in decodeStream(words, 0, pa, this.#world, sid, this.#smmu.state(this.#world));
  }

  #missing({ name, start, changedAt, consumed }: EntryWatch, operation: number, step: number): UpdateFinding {
    const command = coveringCommand(name);
    const covered = consumed.some(({ at }) => at >= changedAt);
    const what = covered
      ? `${command} is consumed since, but no CMD_SYNC has completed it`
      : `no ${command} for it has followed`;
    return {
      ...this.#base(name, 'missing-invalidation', step, '3.21.3'),
      unless: 'stale-use',
      // What was invalid lets nothing through.
      class: isValid(name.structure, start) ? 'unsafe' : 'spurious-fault',
      operation,
      text: `${entryText(name)}: changed at ${this.#where(changedAt)}, and ${what}: hardware may use what was there before`,
      more: covered ? [] : [`Issue ${command} and CMD_SYNC, and wait for its completion.`],
    };
  }
}

/** Whether a transaction consults a structure. */
function reads({ structure, sid, index, span }: EntryName, ofSid: number, ssid: number): boolean {
  switch (structure) {
    case 'STE':
      return sid === ofSid;
    case 'L1STD':
      return ofSid >= sid && ofSid < sid + span;
    case 'CD':
    case 'L1CD':
      return sid === ofSid && ssid >= index && ssid < index + span;
  }
}

function compareTexts(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
