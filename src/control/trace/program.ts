import type { Plan } from '../../model/plan.ts';
import type { Smmu } from '../../model/smmu.ts';
import type { Program, ProgramDone, ProgramNext, ProgramNote, ProgramPlace } from '../program.ts';
import { missingOf } from './compare.ts';
import type { TraceEvent } from './event.ts';
import { TraceLog } from './log.ts';
import { startOf, type TraceCounts, type TraceState } from './state.ts';
import { NEEDS_RUNNING, type Work, workOf } from './work.ts';

/** Longer lines are cut in a call stack. */
const NAME_LENGTH = 160;

/**
 * A QEMU trace as a program: each trace event is a statement. What a line quotes becomes known to the SMMU (an
 * operation `learned`, which is no write of software), and the line that ends a translation, names a command or tells
 * of an access to a register makes the SMMU do the same. The answers are compared; what differs is a failure.
 *
 * When a quoted descriptor was written is not known: after the invalidation that preceded its use as well as before it.
 * Learning it therefore leaves no older value that hardware might still hold, and a stale use is found on what the
 * commands left in the caches alone.
 *
 * Every translation is taken as privileged, since QEMU does not ask for the privilege; where a line does not say
 * whether it read or wrote, it reads what may be read.
 */
export class TraceProgram implements Program {
  readonly files: readonly string[];
  readonly #smmu: Smmu;
  readonly #log: TraceLog;
  #state: TraceState;
  #lines: readonly number[] | null = null;
  /** What the last {@link next} proposed, and at which state. */
  #work: { readonly of: TraceState; readonly work: Work } | null = null;

  /** @param smmu a machine of the trace's own: see `traceMachine` */
  constructor(smmu: Smmu, text: string, file: string) {
    this.#smmu = smmu;
    this.#log = new TraceLog(text, file);
    this.files = [file];
    this.#state = startOf(this.#log.statementFrom(0));
  }

  /** What was counted so far. */
  get counts(): TraceCounts {
    const { lines, operations, compared, differing, unchecked, lookups } = this.#state;
    return { lines, operations, compared, differing, unchecked, lookups };
  }

  get failures(): number {
    return this.#state.differing;
  }

  stack(): readonly ProgramPlace[] {
    const event = this.#log.event(this.#state.line);
    if (event === null) return [];
    const { unchecked } = workOf(this.#smmu, this.#log, this.#state);
    const remark = event.damage ?? unchecked;
    return [this.#place(event, remark === null ? '' : ` (not checked: ${remark})`)];
  }

  next(): ProgramNext {
    if (this.#state.line >= this.#log.count) return { kind: 'end' };
    this.#work = { of: this.#state, work: workOf(this.#smmu, this.#log, this.#state) };
    const { learn, operation } = this.#work.work;
    const begins = !this.#state.begun;
    const first = learn.operation ?? operation;
    return first === null ? { kind: 'quiet' } : { kind: 'operation', operation: first, begins };
  }

  advance({ plan }: ProgramDone): readonly ProgramNote[] {
    const state = this.#state;
    const event = this.#log.event(state.line);
    if (event === null) return [];
    if (event.damage !== null) {
      this.#step({});
      return [
        { kind: 'output', text: `skipped: ${event.damage}`, place: this.#place(event, '', state.line) },
      ];
    }
    if (plan?.operation.kind === 'learned') return this.#learned(event);
    const planned = this.#work?.of === state ? this.#work.work : workOf(this.#smmu, this.#log, state);
    return this.#done(event, plan, planned);
  }

  save(): object {
    return this.#state;
  }

  restore(saved: object): void {
    this.#state = saved as TraceState;
  }

  lines(file: string): readonly number[] {
    if (file !== this.#log.file) return [];
    if (this.#lines === null) {
      const lines: number[] = [];
      for (let at = this.#log.statementFrom(0); at < this.#log.count; at = this.#log.statementFrom(at + 1))
        lines.push(at + 1);
      this.#lines = lines;
    }
    return this.#lines;
  }

  /** Forward only: what lies between remains unknown to the SMMU, so that it may be able to check less. */
  jump(file: string, line: number): boolean {
    if (file !== this.#log.file || line - 1 < this.#state.line || !this.#log.isStatement(line - 1))
      return false;
    if (line - 1 > this.#state.line)
      this.#state = { ...this.#state, line: line - 1, begun: false, group: null, queue: null };
    return true;
  }

  /** What a line made known is committed; its operation, if it has one, is next. */
  #learned(event: TraceEvent): readonly ProgramNote[] {
    const state: TraceState = {
      ...this.#state,
      begun: true,
      assumed: this.#state.assumed || NEEDS_RUNNING.includes(event.name),
    };
    const work = workOf(this.#smmu, this.#log, state);
    if (work.learn.operation !== null || work.operation !== null) {
      this.#state = state;
      return [];
    }
    this.#state = state;
    return this.#done(event, null, work);
  }

  /** A line is done: counts, compares, goes on. */
  #done(event: TraceEvent, plan: Plan | null, work: Work): readonly ProgramNote[] {
    const state = this.#state;
    const missing = plan === null ? null : missingOf(plan);
    const unchecked = work.unchecked ?? (work.compare === null ? null : missing);
    const compares = plan !== null && work.compare !== null && missing === null;
    const difference = work.difference ?? (compares ? (work.compare?.(plan) ?? null) : null);
    const { hit } = state.group ?? { hit: null };
    const lookedUp = compares && event.name === 'smmuv3_translate_success' && hit !== null;
    const alike = plan?.outcome.tlbHit === hit;
    const { lookups } = state;
    const text = difference === null ? null : `differs from the model. ${difference}`;
    const place = text === null ? null : this.#place(event, '', state.line);
    this.#step({
      operations: state.operations + (plan === null ? 0 : 1),
      compared: state.compared + (compares ? 1 : 0),
      unchecked: state.unchecked + (unchecked === null ? 0 : 1),
      differing: state.differing + (difference === null ? 0 : 1),
      ...(lookedUp && {
        lookups: { alike: lookups.alike + (alike ? 1 : 0), other: lookups.other + (alike ? 0 : 1) },
      }),
      assumed: state.assumed || NEEDS_RUNNING.includes(event.name),
      ...work.after,
    });
    return text === null || place === null ? [] : [{ kind: 'failure', text, place }];
  }

  #step(change: Partial<TraceState>): void {
    const state = this.#state;
    this.#state = {
      ...state,
      ...change,
      lines: state.lines + 1,
      begun: false,
      line: this.#log.statementFrom(state.line + 1),
    };
  }

  #place({ name, text }: TraceEvent, remark: string, line = this.#state.line): ProgramPlace {
    const said = `${name.replace(/^smmu(v3)?_/, '')} ${text}`.trim();
    const short = said.length > NAME_LENGTH ? `${said.slice(0, NAME_LENGTH)}…` : said;
    return { file: this.#log.file, line: line + 1, name: `${short}${remark}` };
  }
}
