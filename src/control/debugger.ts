import type { World } from '../bits/world.ts';
import { Journal } from '../model/effects.ts';
import type { Effect, LazyText, Operation, Outline, Plan, Transaction } from '../model/plan.ts';
import type { Smmu } from '../model/smmu.ts';
import type { Clock } from './clock.ts';
import type { Finding } from './finding.ts';
import { type Committed, History, isEdit } from './history.ts';
import { batchesOf } from './isolation/decisions.ts';
import { Lookout } from './lookout.ts';
import type { DebuggerOptions, Transacted } from './options.ts';
import { isNoticed, type Performed } from './performed.ts';
import { type Place, Places } from './places.ts';
import { firstStepOf, type Position, type StepTarget, targetsAhead } from './position.ts';
import { lineText, type Program, type ProgramPlace } from './program.ts';
import { ProgramThread } from './program-thread.ts';
import { commandTitle, outlineToRun } from './run-ahead.ts';
import type { Advance, Stop, StopReason } from './stop.ts';
import { type Breakpoints, breakpointsOf } from './stops/breakpoints.ts';
import { EXPECT_FAILED, failedHit } from './stops/expect-failed.ts';
import type { Hit } from './stops/stop.ts';
import { DMA, PROGRAM, queueThread, type ThreadInfo, type ThreadKey, worldOf } from './thread.ts';
import { Watch } from './watch.ts';
import { type Variant, WhatIf } from './what-if.ts';
import { stuckText } from './words.ts';

/** How long a running thread keeps the event loop, in milliseconds: a pause is felt as immediate. */
const SLICE_MS = 20;

const NOTHING_PENDING = 'nothing pending';
const START = 'the beginning of the history';
const PROGRAM_ENDED = 'the program has ended';
const NO_FINDINGS: readonly Finding[] = [];

export type { DebuggerOptions, Transacted } from './options.ts';

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
  readonly breakpoints: Breakpoints;
  readonly whatIf = new WhatIf();
  readonly #journal = new Journal();
  readonly #clock: Clock;
  readonly #worlds: readonly World[];
  readonly #program: ProgramThread | null;
  readonly #watch: Watch;
  readonly #lookout: Lookout;
  readonly #notice: NonNullable<DebuggerOptions['notice']>;
  readonly #places: Places;
  /** The statement before which the program was shown to people, by its saved state. */
  #shownStatement: object | null = null;
  #lastTransaction: Plan | null = null;
  #pauseAsked = false;
  #running: ThreadKey | null = null;

  constructor(smmu: Smmu, clock: Clock, options: DebuggerOptions = {}) {
    const { worlds = ['ns'], program = null, checkers = [], tell = () => {}, notice = () => {} } = options;
    this.smmu = smmu;
    this.breakpoints = options.breakpoints ?? breakpointsOf(smmu);
    this.#clock = clock;
    this.#worlds = worlds;
    this.#program = program && new ProgramThread(program, tell);
    this.#watch = new Watch(smmu, checkers);
    this.#lookout = new Lookout(smmu, this.breakpoints, this.#watch, this.history, options.viewed);
    this.#places = new Places(smmu, (thread, old) => this.#operationOf(thread, old));
    this.#notice = notice;
  }

  get threads(): readonly ThreadInfo[] {
    return [...(this.#program ? [PROGRAM] : []), ...this.#worlds.map(queueThread), DMA];
  }

  get program(): Program | null {
    return this.#program?.program ?? null;
  }

  /** An entry of the history on one line; of the next one, what the program is about to do. */
  entryText(entry: number): string {
    if (entry < this.history.length) return this.history.at(entry)?.text ?? '';
    return lineText(this.#program?.place()) || 'this operation';
  }

  /** The thread that runs at this moment, or null. */
  get running(): ThreadKey | null {
    return this.#running;
  }

  /** Where a thread stands. Plans the next command of a queue; changes nothing. */
  position(thread: ThreadKey): Position {
    const current = this.#places.get(thread);
    if (current) return { at: 'operation', plan: current.plan, cursor: current.cursor };
    if (thread === 'dma') return { at: 'rest', why: 'no transaction in flight' };
    const world = worldOf(thread);
    if (world === null) return this.#programPosition();
    const next = this.smmu.nextCommand(world);
    return { at: 'rest', why: 'idle' in next ? next.idle : NOTHING_PENDING };
  }

  /** The line of the program that an entry of the history belongs to; null for one that is no program's. */
  placeOf({ thread, extra }: Committed): ProgramPlace | null {
    if (thread !== 'program' || typeof extra !== 'object' || extra === null) return null;
    return this.#program?.placeAt(extra) ?? null;
  }

  /** What checkers say of the operation before which a thread stands. */
  findingsAt(thread: ThreadKey): readonly Finding[] {
    const current = this.#places.get(thread);
    return current ? this.#lookout.judge(current.plan) : NO_FINDINGS;
  }

  /** What stops at the place where the thread stands, or null. */
  hitAt(thread: ThreadKey): Hit | null {
    const current = this.#places.get(thread);
    return current && this.#lookout.at(current.plan, current.cursor);
  }

  /** One micro-step forward; the last one commits the operation. */
  stepIn(thread: ThreadKey): Stop {
    const current = this.#places.get(thread);
    if (!current) return thread === 'program' ? this.next(thread) : this.#resting(thread);
    const cursor = current.cursor + 1;
    if (cursor < current.plan.steps.length) return this.#standAt(thread, current, cursor);
    return this.#afterAdvance(thread, this.#finish(thread, current));
  }

  /** What lies ahead in the operation before which a thread stands: the structures that it will look at. */
  stepInTargets(thread: ThreadKey): readonly StepTarget[] {
    const current = this.#places.get(thread);
    return current ? targetsAhead(current.plan, current.cursor) : [];
  }

  /** To a step of the same operation, or to a stop on the way; a step that is not ahead is the next one. */
  stepInto(thread: ThreadKey, step: number): Stop {
    const current = this.#places.get(thread);
    if (!current || step <= current.cursor || step >= current.plan.steps.length) return this.stepIn(thread);
    const hit = this.#lookout.findFrom(current);
    return this.#standAt(thread, current, hit ? Math.min(hit.step, step) : step);
  }

  /** To the beginning of the thread's next operation, or of the program's next statement, or to a stop on the way. */
  next(thread: ThreadKey): Stop {
    for (;;) {
      const advance = this.#advance(thread);
      if (advance === null) return this.#resting(thread);
      if (advance.result !== 'committed' || thread !== 'program') return this.#afterAdvance(thread, advance);
      if (this.#program?.atStatement(this.#places.changes)) return this.#afterAdvance(thread, advance);
    }
  }

  /** To the end of the operation; in an included script, at the beginning of a statement, to the end of the script. */
  stepOut(thread: ThreadKey): Stop {
    const depth = this.program?.stack().length ?? 0;
    if (thread !== 'program' || depth < 2 || !this.#program?.atStatement(this.#places.changes))
      return this.next(thread);
    for (;;) {
      const stop = this.next(thread);
      if (stop.reason !== 'step' || (this.program?.stack().length ?? 0) < depth) return stop;
    }
  }

  /**
   * Back one micro-step within an operation; at its beginning, back to the beginning of the last committed one, of a
   * program to the beginning of the last statement.
   * @param fine to the last micro-step of the last committed operation instead
   */
  stepBack(thread: ThreadKey, fine = false): Stop {
    const current = this.#places.get(thread);
    if (current && current.cursor > 0) return this.#standAt(thread, current, current.cursor - 1);
    const undone = this.#undoLast();
    if (!undone) return this.#stop(thread, 'entry', START);
    if (fine) this.#places.move(undone.thread);
    else if (undone.thread === 'program') this.#undoToStatement();
    return this.#stop(undone.thread, 'step');
  }

  /** Backwards to the last place where something stops, or to the beginning. Breakpoints neither count nor log. */
  reverseContinue(thread: ThreadKey): Stop {
    const before = this.#hitBefore(thread) ?? this.#back(thread, Number.POSITIVE_INFINITY);
    return typeof before === 'string' ? this.reverseContinue(before) : before;
  }

  /** As {@link reverseContinue}, but it gives way to the event loop, and a pause ends it. */
  async runBack(thread: ThreadKey): Promise<Stop> {
    this.#pauseAsked = false;
    this.#running = thread;
    try {
      let at = this.#hitBefore(thread) ?? thread;
      while (typeof at === 'string') {
        at = this.#back(at, this.#clock.now() + SLICE_MS);
        if (typeof at !== 'string') break;
        await this.#clock.breathe();
        if (this.#pauseAsked) return this.#atBeginning(at, 'pause');
      }
      return at;
    } finally {
      this.#running = null;
    }
  }

  /**
   * Back to how everything was after so many operations of the history. Taking back what people changed moves nobody.
   * @returns a stop of the thread whose operation comes next then; null when the history is not that long
   */
  rewind(thread: ThreadKey, length: number): Stop | null {
    if (length < 0 || length > this.history.length) return null;
    let stays = this.history.length > length;
    let last: ThreadKey = thread;
    while (this.history.length > length) {
      const undone = this.#undoLast();
      last = undone?.thread ?? last;
      stays &&= undone !== null && isEdit(undone);
    }
    return stays ? this.#stop(last, 'goto') : this.#atBeginning(last, 'goto');
  }

  /** Goes on in the program at a line, without running what lies between; null when it cannot. */
  jump(file: string, line: number): Stop | null {
    const { program } = this;
    if (!program) return null;
    const extra = program.save();
    if (!this.#program?.jump(file, line)) return null;
    const text = `goes on at line ${line}`;
    this.history.push({ thread: 'program', operation: null, mark: this.#journal.length, text, extra });
    this.#changed('program');
    return this.#stop('program', 'goto');
  }

  /** Back to the first step of a frame of the operation before which a thread stands; null when there is none. */
  restartFrame(thread: ThreadKey, frame: number): Stop | null {
    const current = this.#places.get(thread);
    const cursor = current ? firstStepOf(current.plan, frame) : -1;
    if (!current || cursor < 0) return null;
    this.#places.put(thread, current.plan, cursor);
    return this.#stop(thread, 'restart');
  }

  /** Runs a thread until a stop, a pause, an error or the end of its work. It gives way to the event loop. */
  async continue(thread: ThreadKey): Promise<Stop> {
    this.#pauseAsked = false;
    this.#running = thread;
    try {
      let sliceEnd = this.#clock.now() + SLICE_MS;
      for (;;) {
        const advance = this.#advance(thread) ?? { result: 'rested' as const };
        if (advance.result === 'rested') return this.#resting(thread);
        if (advance.result !== 'committed') return this.#afterAdvance(thread, advance);
        while (this.#clock.now() < sliceEnd && this.#runAhead(thread)) {
          // Everything is done in the condition: most operations need no plan.
        }
        const arrived = this.#arrive(thread);
        if (arrived) return arrived;
        if (this.#clock.now() < sliceEnd) continue;
        await this.#clock.breathe();
        if (this.#pauseAsked) return this.#stop(thread, 'pause');
        sliceEnd = this.#clock.now() + SLICE_MS;
      }
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
    const dropped = this.#places.get('dma')?.plan ?? null;
    const plan = this.smmu.plan({ kind: 'transaction', transaction });
    const current = this.#places.put('dma', plan, 0);
    const findings = this.#lookout.judge(plan);
    if (step) return { plan, stop: this.#stop('dma', 'step'), findings, dropped };
    const hit = this.#lookout.find(plan, 0);
    if (hit) {
      this.#places.put('dma', plan, hit.step, hit.step);
      return { plan, stop: this.#hit('dma', hit), findings, dropped };
    }
    this.#finish('dma', current);
    return { plan, stop: null, findings, dropped };
  }

  /** Effects that take the SMMU back to the beginning of the history. */
  beginning(): readonly Effect[] {
    return this.#journal.inverse(this.history.at(0)?.mark ?? this.#journal.length);
  }

  /** What a transaction would come to. Changes nothing. */
  dryRun(transaction: Transaction): Plan {
    return this.smmu.plan({ kind: 'transaction', transaction });
  }

  /** The transaction that was completed last, on whatever thread. */
  get lastTransaction(): Plan | null {
    return this.#lastTransaction;
  }

  /**
   * Performs a software write (a register, memory), what becomes of a device, or what a PE broadcasts, as one operation
   * of the history. What the thread stands before, or else the last transaction, is planned again, and both results are
   * kept: see {@link variants}.
   */
  perform(thread: ThreadKey, operation: Performed, text: string): Plan {
    const looked = this.#places.latest(thread) ?? this.#lastTransaction;
    const plan = this.smmu.plan(operation);
    const findings = this.#lookout.judge(plan);
    if (isNoticed(operation) && findings.length > 0) this.#notice(findings, operation, this.history.length);
    this.#commit(thread, plan, { text, keepsPlace: true });
    if (looked) this.whatIf.changed(looked, text, this.smmu.plan(looked.operation));
    return plan;
  }

  /** What the operation before which a thread stands comes to, as it was and after each change that people made. */
  variants(thread: ThreadKey): readonly Variant[] {
    const operation = this.#places.get(thread)?.plan.operation ?? this.#lastTransaction?.operation;
    return operation ? this.whatIf.of(operation) : [];
  }

  /** The stop of a thread that stands where it is: what changed did not move it. */
  standing(thread: ThreadKey): Stop {
    const position = this.position(thread);
    return this.#stop(thread, 'pause', position.at === 'rest' ? position.why : '');
  }

  /** Makes every planned operation be planned again: somebody changed the SMMU from outside. */
  invalidate(): void {
    this.#places.changed();
  }

  /** Does what the thread does next, as a whole: an operation, or a statement that needs none; null at rest. */
  #advance(thread: ThreadKey): Advance | null {
    if (thread === 'program') {
      const advance = this.#advanceProgram();
      if (advance) return advance;
    }
    const current = this.#places.get(thread);
    if (!current) return null;
    const hit = this.#lookout.findFrom(current);
    if (!hit) return this.#finish(thread, current);
    this.#places.put(thread, current.plan, hit.step, hit.step);
    return { result: 'stopped', stop: this.#hit(thread, hit) };
  }

  /** What a program does without an operation of the SMMU; null when that is what comes next. */
  #advanceProgram(): Advance | null {
    const program = this.#program;
    const next = program?.next(this.#places.changes);
    if (!program || !next || next.kind === 'operation') return null;
    if (next.kind === 'end') return { result: 'ended' };
    if (next.kind === 'failed') return { result: 'stuck', why: next.why };
    const extra = program.save();
    const mark = this.#journal.length;
    const { length } = this.history;
    const text = (): string => program.textAt(extra);
    const done = { plan: null, findings: NO_FINDINGS, history: length + 1 };
    if (next.kind === 'revert') {
      this.#revert(next.to);
      this.#watch.reverted(next.to, length);
      program.advance(done);
    } else if (this.breakpoints.hasFilter(EXPECT_FAILED) && this.#shownStatement !== extra) {
      const failure = program.advanceUnlessFailing(done);
      if (failure) return { result: 'stopped', stop: this.#hit('program', failedHit(failure.text)) };
    } else program.advance(done);
    this.history.push({ thread: 'program', operation: null, mark, text, extra });
    this.#changed('program');
    return { result: 'committed' };
  }

  /** Takes the machine back to how it was after so many entries, as something that can be taken back itself. */
  #revert(to: number): void {
    const mark = this.history.at(to)?.mark ?? this.#journal.length;
    const effects = this.#journal.inverse(mark);
    this.smmu.commit(effects, this.#journal);
    const takenBack = batchesOf(this.smmu, effects, 'remove');
    this.smmu.notifiers.log.retire([...takenBack].reverse());
  }

  #finish(thread: ThreadKey, current: Place): Advance {
    const { plan } = current;
    const { result } = plan.outcome;
    const { kind } = plan.operation;
    if (kind === 'command' && result !== 'consumed' && result !== 'command-error') {
      return { result: 'stuck', why: stuckText(plan.outcome) };
    }
    const findings = this.#lookout.judge(plan);
    if (findings.length > 0) this.#notice(findings, plan.operation, this.history.length);
    const command = plan.frames[0]?.layout;
    const extra = thread === 'program' ? this.#program?.save() : undefined;
    if (kind === 'transaction') this.#lastTransaction = plan;
    this.#commit(
      thread,
      plan,
      extra === undefined
        ? { ...(command === undefined ? {} : { command }) }
        : { extra, text: () => this.#program?.textAt(extra) ?? '' },
    );
    if (thread === 'program') {
      this.#program?.advance({ plan, findings, history: this.history.length });
    }
    return { result: 'committed' };
  }

  /** Commits the next command of a queue without planning it; false when there is none, or it must be planned. */
  #runAhead(thread: ThreadKey): boolean {
    const world = worldOf(thread);
    const next = world === null ? null : this.smmu.nextCommand(world);
    if (next === null || !('operation' in next)) return false;
    const outline = outlineToRun(this.smmu, next.operation, this.breakpoints);
    if (outline === null || this.#watch.concerns(outline)) return false;
    const unseen = this.breakpoints.generation;
    this.#commit(thread, outline, { command: commandTitle(this.smmu, outline), unseen });
    return true;
  }

  #commit(
    thread: ThreadKey,
    { operation, effects }: Outline,
    of: {
      readonly command?: string;
      readonly text?: LazyText;
      readonly extra?: object;
      readonly unseen?: number;
      readonly keepsPlace?: true;
    },
  ): void {
    const { keepsPlace, ...entry } = of;
    const mark = this.#journal.length;
    this.smmu.commit(effects, this.#journal);
    this.history.push({ thread, operation, mark, ...entry });
    if (keepsPlace) this.#places.changed();
    else this.#changed(thread);
    this.#watch.committed(operation, effects, this.history.length - 1);
  }

  /** The thread has left its place. */
  #changed(thread: ThreadKey): void {
    this.#places.left(thread);
    this.#shownStatement = null;
  }

  /** Takes back the last committed operation; its thread then stands at its beginning. */
  #undoLast(): Committed | null {
    const last = this.history.pop();
    if (!last) return null;
    this.#journal.undo(this.smmu, last.mark);
    // What people change does not move a thread, neither when it is done nor when it is taken back.
    if (isEdit(last)) this.#places.changed();
    else this.#changed(last.thread);
    this.#watch.undone(this.history.length);
    if (last.thread === 'program' && typeof last.extra === 'object' && last.extra !== null) {
      this.#program?.restore(last.extra);
    } else if (last.operation?.kind === 'transaction') {
      this.#places.put(last.thread, this.smmu.plan(last.operation), 0);
    }
    return last;
  }

  #undoToStatement(): void {
    while (!this.#program?.atStatement(this.#places.changes) && this.history.last?.thread === 'program') {
      this.#undoLast();
    }
  }

  /**
   * Takes operations back until something stops.
   * @param end time on the clock after which it gives up
   * @returns the thread of the operation that was taken back last, when it gave up
   */
  #back(thread: ThreadKey, end: number): Stop | ThreadKey {
    let first: ThreadKey = thread;
    for (let undone = this.#undoLast(); undone; undone = this.#undoLast()) {
      first = undone.thread;
      const stop = this.#hitIn(undone);
      if (stop) return stop;
      if (this.#clock.now() >= end) return first;
    }
    return this.#atBeginning(first, 'entry', START);
  }

  #atBeginning(thread: ThreadKey, reason: StopReason, text = ''): Stop {
    this.#places.move(thread, 0);
    return this.#stop(thread, reason, text);
  }

  /** The last stop before the place where the thread stands, within its operation. */
  #hitBefore(thread: ThreadKey): Stop | null {
    const current = this.#places.get(thread);
    if (!current) return null;
    const { plan, cursor } = current;
    const hit = this.#lookout.before(plan, cursor);
    if (hit) {
      this.#places.put(thread, current.plan, hit.step, hit.step);
      return this.#hit(thread, hit);
    }
    return cursor > 0 ? this.#statementStop(thread) : null;
  }

  /** The last stop of an operation that was just taken back. */
  #hitIn(undone: Committed): Stop | null {
    const { thread } = undone;
    const current = this.#lookout.mayStop(undone) ? this.#places.get(thread) : null;
    const hit = current && this.#lookout.before(current.plan, current.plan.steps.length);
    if (!current || !hit) return this.#statementStop(thread);
    this.#places.put(thread, current.plan, hit.step, hit.step);
    return this.#hit(thread, hit);
  }

  /** A breakpoint on the line of the statement before which the program stands, looked at from behind. */
  #statementStop(thread: ThreadKey): Stop | null {
    if (thread !== 'program' || !this.#program?.atStatement(this.#places.changes)) return null;
    const hit = this.#lookout.arriveLooking(this.#program, () => this.#places.get(thread));
    if (!hit) return null;
    this.#places.move(thread, 0);
    return this.#hit(thread, hit);
  }

  /** A breakpoint on the line at which the program arrives. */
  #arrive(thread: ThreadKey): Stop | null {
    if (thread !== 'program' || !this.#program?.atStatement(this.#places.changes)) return null;
    const hit = this.#lookout.arrive(this.#program, () => this.#places.get(thread));
    return hit ? this.#hit(thread, hit) : null;
  }

  #operationOf(thread: ThreadKey, old: Plan | null): Operation | null {
    if (thread === 'dma') return old?.operation ?? null;
    const world = worldOf(thread);
    if (world === null) {
      const next = this.#program?.next(this.#places.changes);
      return next?.kind === 'operation' ? next.operation : null;
    }
    const next = this.smmu.nextCommand(world);
    return 'operation' in next ? next.operation : null;
  }

  #programPosition(): Position {
    const next = this.#program?.next(this.#places.changes);
    if (!next || next.kind === 'end') return { at: 'rest', why: PROGRAM_ENDED };
    return next.kind === 'failed' ? { at: 'rest', why: next.why } : { at: 'statement' };
  }

  /** The thread goes to a step; what stops there says so. */
  #standAt(thread: ThreadKey, { plan, judged }: Place, cursor: number): Stop {
    const isNew = cursor > judged;
    // What lies ahead of where it went back to is met again when it is reached again.
    this.#places.put(thread, plan, cursor, cursor);
    const hit = isNew ? this.#lookout.meetAt(plan, cursor) : this.#lookout.at(plan, cursor);
    return hit ? this.#hit(thread, hit) : this.#stop(thread, 'step');
  }

  #afterAdvance(thread: ThreadKey, advance: Advance): Stop {
    if (advance.result === 'stopped') return advance.stop;
    if (advance.result === 'stuck') return this.#stop(thread, 'pause', advance.why);
    if (advance.result === 'ended') return this.#stop(thread, 'end', PROGRAM_ENDED);
    const arrived = this.#arrive(thread);
    if (arrived) return arrived;
    const place = this.#places.get(thread);
    if (place?.cursor === 0) {
      const hit = this.#lookout.meetAt(place.plan, 0);
      this.#places.put(thread, place.plan, 0, 0);
      if (hit) return this.#hit(thread, hit);
    }
    const position = this.position(thread);
    if (thread === 'program' && position.at === 'rest' && position.why === PROGRAM_ENDED) {
      return this.#stop(thread, 'end', PROGRAM_ENDED);
    }
    return this.#stop(thread, 'step', position.at === 'rest' ? position.why : '');
  }

  #resting(thread: ThreadKey): Stop {
    const position = this.position(thread);
    const why = position.at === 'rest' ? position.why : '';
    return this.#stop(thread, 'pause', thread === 'dma' ? NOTHING_PENDING : why);
  }

  #hit(thread: ThreadKey, hit: Hit): Stop {
    this.#show(thread);
    return { thread, reason: hit.reason, text: hit.text, hit };
  }

  #stop(thread: ThreadKey, reason: StopReason, text = ''): Stop {
    this.#show(thread);
    return { thread, reason, text, hit: null };
  }

  /** People see where the thread stands. */
  #show(thread: ThreadKey): void {
    if (thread === 'program') this.#shownStatement = this.#program?.save() ?? null;
  }
}
