import type { World } from '../bits/world.ts';
import { Journal } from '../model/effects.ts';
import type { Operation, Outline, Plan, Transaction } from '../model/plan.ts';
import type { Smmu } from '../model/smmu.ts';
import type { Clock } from './clock.ts';
import type { Committed } from './history.ts';
import { History } from './history.ts';
import type { Position } from './position.ts';
import { commandTitle, outlineToRun } from './run-ahead.ts';
import type { Advance, Stop, StopReason } from './stop.ts';
import { DEFAULT_FILTERS, findStop, stopAt } from './stops/index.ts';
import type { Hit } from './stops/stop.ts';
import type { ThreadInfo, ThreadKey } from './thread.ts';
import { DMA, queueThread, worldOf } from './thread.ts';
import { stuckText } from './words.ts';

/** How long a running queue keeps the event loop, in milliseconds: a pause is felt as immediate. */
const SLICE_MS = 20;

const NOTHING_PENDING = 'nothing pending';
const START = 'the beginning of the history';

/** What a transaction came to: completed, or stopped on the way and still on the DMA thread. */
export interface Transacted {
  readonly plan: Plan;
  readonly stop: Stop | null;
  /** A transaction that stood uncommitted on the DMA thread and was given up for this one. */
  readonly dropped: Plan | null;
}

interface Current {
  readonly plan: Plan;
  readonly cursor: number;
  /** Value of `#changes` when it was planned. */
  readonly made: number;
}

/**
 * The debugger without a protocol: moves threads over planned operations, commits them through one journal, and
 * takes them back.
 *
 * A thread stands before a step of an operation of which nothing is committed. Operations of all threads are one
 * linear history, because all of them change the same SMMU.
 */
export class Debugger {
  readonly smmu: Smmu;
  readonly history = new History();
  readonly #journal = new Journal();
  readonly #clock: Clock;
  readonly #worlds: readonly World[];
  readonly #current = new Map<ThreadKey, Current>();
  readonly #peek = (offset: number): number => this.smmu.bank.peek(offset);
  #enabled: ReadonlySet<string> = DEFAULT_FILTERS;
  #changes = 0;
  #pauseAsked = false;
  #running: ThreadKey | null = null;

  /** @param worlds security states whose command queue is a thread */
  constructor(smmu: Smmu, clock: Clock, worlds: readonly World[] = ['ns']) {
    this.smmu = smmu;
    this.#clock = clock;
    this.#worlds = worlds;
  }

  get threads(): readonly ThreadInfo[] {
    return [...this.#worlds.map(queueThread), DMA];
  }

  /** The thread that runs at this moment, or null. */
  get running(): ThreadKey | null {
    return this.#running;
  }

  /** Chooses the exception filters that stop, by id. Unknown ids never match. */
  setFilters(ids: Iterable<string>): void {
    this.#enabled = new Set(ids);
  }

  /** Where a thread stands. Plans the next command of a queue; changes nothing. */
  position(thread: ThreadKey): Position {
    const current = this.#refresh(thread);
    if (current) return { at: 'operation', plan: current.plan, cursor: current.cursor };
    const world = worldOf(thread);
    if (world === null) return { at: 'rest', why: 'no transaction in flight' };
    const next = this.smmu.nextCommand(world);
    return { at: 'rest', why: 'idle' in next ? next.idle : NOTHING_PENDING };
  }

  /** The exception before which the thread stands, or null. */
  hitAt(thread: ThreadKey): Hit | null {
    const current = this.#refresh(thread);
    return current ? stopAt(current.plan, current.cursor, this.#enabled, this.#peek) : null;
  }

  /** One micro-step forward; the last one commits the operation. */
  stepIn(thread: ThreadKey): Stop {
    const current = this.#refresh(thread);
    if (!current) return this.#resting(thread);
    const cursor = current.cursor + 1;
    if (cursor < current.plan.steps.length) {
      this.#current.set(thread, { ...current, cursor });
      const hit = stopAt(current.plan, cursor, this.#enabled, this.#peek);
      return hit ? this.#exception(thread, hit) : this.#stop(thread, 'step');
    }
    return this.#afterAdvance(thread, this.#finish(thread, current));
  }

  /** To the beginning of the thread's next operation, or to a stop on the way. */
  next(thread: ThreadKey): Stop {
    const current = this.#refresh(thread);
    return current ? this.#afterAdvance(thread, this.#advance(thread, current)) : this.#resting(thread);
  }

  /** To the end of the operation; the thread then stands before its next one. */
  stepOut(thread: ThreadKey): Stop {
    return this.next(thread);
  }

  /** Back one micro-step within an operation; at its beginning, back to the beginning of the last committed one. */
  stepBack(thread: ThreadKey): Stop {
    const current = this.#refresh(thread);
    if (current && current.cursor > 0) {
      this.#current.set(thread, { ...current, cursor: current.cursor - 1 });
      return this.#stop(thread, 'step');
    }
    const undone = this.#undoLast();
    return undone ? this.#stop(undone.thread, 'step') : this.#stop(thread, 'entry', START);
  }

  /** Takes back everything. */
  reverseContinue(thread: ThreadKey): Stop {
    let first: ThreadKey = thread;
    for (let undone = this.#undoLast(); undone; undone = this.#undoLast()) first = undone.thread;
    const current = this.#refresh(first);
    if (current) this.#current.set(first, { ...current, cursor: 0 });
    return this.#stop(first, 'entry', START);
  }

  /** Runs a thread until a stop, a pause, an error or the end of its work. A queue gives way to the event loop. */
  async continue(thread: ThreadKey): Promise<Stop> {
    this.#pauseAsked = false;
    this.#running = thread;
    try {
      let sliceEnd = this.#clock.now() + SLICE_MS;
      for (let current = this.#refresh(thread); current; current = this.#refresh(thread)) {
        const advance = this.#advance(thread, current);
        if (advance.result !== 'committed') return this.#afterAdvance(thread, advance);
        while (this.#clock.now() < sliceEnd && this.#runAhead(thread)) {
          // Everything is done in the condition: most operations need no plan.
        }
        if (this.#clock.now() < sliceEnd) continue;
        await this.#clock.breathe();
        if (this.#pauseAsked) return this.#stop(thread, 'pause');
        sliceEnd = this.#clock.now() + SLICE_MS;
      }
      return this.#resting(thread);
    } finally {
      this.#running = null;
    }
  }

  /** Asks a running thread to stop before its next operation. */
  pause(): void {
    this.#pauseAsked = true;
  }

  /**
   * Starts a transaction on the DMA thread and runs it to its end or to a stop.
   * @param step stop at its beginning
   */
  transact(transaction: Transaction, step = false): Transacted {
    const dropped = this.#refresh('dma')?.plan ?? null;
    const plan = this.smmu.plan({ kind: 'transaction', transaction });
    const current = this.#place('dma', plan, 0);
    if (step) return { plan, stop: this.#stop('dma', 'step'), dropped };
    const hit = findStop(plan, 0, this.#enabled, this.#peek);
    if (hit) {
      this.#current.set('dma', { ...current, cursor: hit.step });
      return { plan, stop: this.#exception('dma', hit), dropped };
    }
    this.#finish('dma', current);
    return { plan, stop: null, dropped };
  }

  /** What a transaction would come to. Changes nothing. */
  dryRun(transaction: Transaction): Plan {
    return this.smmu.plan({ kind: 'transaction', transaction });
  }

  /** Performs a software write (a register, memory) as one operation of the history. */
  perform(
    thread: ThreadKey,
    operation: Extract<Operation, { kind: 'register' | 'memory' }>,
    text: string,
  ): Plan {
    const plan = this.smmu.plan(operation);
    this.#commit(thread, plan, undefined, text);
    return plan;
  }

  /** The stop of a thread that stands where it is: what changed did not move it. */
  standing(thread: ThreadKey): Stop {
    const position = this.position(thread);
    return this.#stop(thread, 'pause', position.at === 'rest' ? position.why : '');
  }

  /** Makes every planned operation be planned again: somebody changed the SMMU from outside. */
  invalidate(): void {
    this.#changes++;
  }

  #advance(thread: ThreadKey, current: Current): Advance {
    const hit = findStop(
      current.plan,
      current.cursor === 0 ? 0 : current.cursor + 1,
      this.#enabled,
      this.#peek,
    );
    if (!hit) return this.#finish(thread, current);
    this.#current.set(thread, { ...current, cursor: hit.step });
    return { result: 'stopped', stop: this.#exception(thread, hit) };
  }

  #finish(thread: ThreadKey, current: Current): Advance {
    const { plan } = current;
    const { result } = plan.outcome;
    if (worldOf(thread) !== null && result !== 'consumed' && result !== 'command-error') {
      return { result: 'stuck', why: stuckText(plan.outcome) };
    }
    this.#commit(thread, plan, plan.frames[0]?.layout);
    return { result: 'committed' };
  }

  /** Commits the next command of a queue without planning it; false when there is none, or it must be planned. */
  #runAhead(thread: ThreadKey): boolean {
    const world = worldOf(thread);
    const next = world === null ? null : this.smmu.nextCommand(world);
    if (next === null || !('operation' in next)) return false;
    const outline = outlineToRun(this.smmu, next.operation, this.#enabled);
    if (outline === null) return false;
    this.#commit(thread, outline, commandTitle(this.smmu, outline));
    return true;
  }

  /**
   * @param command of a command: its name
   * @param text where the operation and that do not say it all
   */
  #commit(thread: ThreadKey, { operation, effects }: Outline, command?: string, text?: string): void {
    const mark = this.#journal.length;
    this.smmu.commit(effects, this.#journal);
    this.history.push({
      thread,
      operation,
      mark,
      ...(command === undefined ? {} : { command }),
      ...(text === undefined ? {} : { text }),
    });
    this.#current.delete(thread);
    this.#changes++;
  }

  /** Takes back the last committed operation; its thread then stands at its beginning. */
  #undoLast(): Committed | null {
    const last = this.history.pop();
    if (!last) return null;
    this.#journal.undo(this.smmu, last.mark);
    this.#changes++;
    this.#current.delete(last.thread);
    if (last.operation?.kind === 'transaction') this.#place('dma', this.smmu.plan(last.operation), 0);
    return last;
  }

  #place(thread: ThreadKey, plan: Plan, cursor: number): Current {
    const current = { plan, cursor, made: this.#changes };
    this.#current.set(thread, current);
    return current;
  }

  /** The thread's operation, planned on the present state; a queue without one takes its next command. */
  #refresh(thread: ThreadKey): Current | null {
    const old = this.#current.get(thread);
    if (old && old.made === this.#changes) return old;
    const operation = this.#operationOf(thread, old);
    if (operation === null) {
      this.#current.delete(thread);
      return null;
    }
    const plan = this.smmu.plan(operation);
    const same = old && sameOperation(old.plan.operation, operation);
    return this.#place(thread, plan, same ? keptCursor(old, plan) : 0);
  }

  #operationOf(thread: ThreadKey, old: Current | undefined): Operation | null {
    const world = worldOf(thread);
    if (world === null) return old?.plan.operation ?? null;
    const next = this.smmu.nextCommand(world);
    return 'operation' in next ? next.operation : null;
  }

  #afterAdvance(thread: ThreadKey, advance: Advance): Stop {
    if (advance.result === 'stopped') return advance.stop;
    if (advance.result === 'stuck') return this.#stop(thread, 'pause', advance.why);
    const position = this.position(thread);
    return this.#stop(thread, 'step', position.at === 'rest' ? position.why : '');
  }

  #resting(thread: ThreadKey): Stop {
    const position = this.position(thread);
    const why = position.at === 'rest' ? position.why : '';
    return this.#stop(thread, 'pause', thread === 'dma' ? NOTHING_PENDING : why);
  }

  #exception(thread: ThreadKey, hit: Hit): Stop {
    return { thread, reason: 'exception', text: hit.filter, hit };
  }

  #stop(thread: ThreadKey, reason: StopReason, text = ''): Stop {
    return { thread, reason, text, hit: null };
  }
}

function sameOperation(a: Operation, b: Operation): boolean {
  if (a.kind === 'command') return b.kind === 'command' && a.index === b.index && a.world === b.world;
  return a === b;
}

/** Where a cursor goes when its operation is planned anew: nowhere, or to the first step that has become another. */
function keptCursor(old: { readonly plan: Plan; readonly cursor: number }, plan: Plan): number {
  for (let at = 0; at < old.cursor; at++) {
    if (old.plan.steps[at]?.text !== plan.steps[at]?.text) return Math.min(at, plan.steps.length - 1);
  }
  return Math.min(old.cursor, plan.steps.length - 1);
}
