import type { Plan } from '../model/plan.ts';
import type { Smmu } from '../model/smmu.ts';
import type { Finding } from './finding.ts';
import { type Committed, type History, isEdit } from './history.ts';
import type { Viewed } from './options.ts';
import type { Place } from './places.ts';
import type { ProgramThread } from './program-thread.ts';
import type { Breakpoints } from './stops/breakpoints.ts';
import type { Hit, View } from './stops/stop.ts';
import type { Watch } from './watch.ts';

/** Where something stops: breakpoints and what checkers say, asked of places in the operation that comes next. */
export class Lookout {
  readonly #smmu: Smmu;
  readonly #breakpoints: Breakpoints;
  readonly #watch: Watch;
  readonly #history: History;
  readonly #viewed: Viewed | null;

  constructor(
    smmu: Smmu,
    breakpoints: Breakpoints,
    watch: Watch,
    history: History,
    viewed: Viewed | null = null,
  ) {
    this.#viewed = viewed;
    this.#smmu = smmu;
    this.#breakpoints = breakpoints;
    this.#watch = watch;
    this.#history = history;
  }

  /**
   * The place of the next operation in the history, by which breakpoints tell their hits apart: writes of people before
   * it do not make it another one.
   */
  get #entry(): number {
    let entry = this.#history.length;
    for (let last = this.#history.last; last && isEdit(last); last = this.#history.at(entry - 1)) entry--;
    return entry;
  }

  /** What checkers say of an operation that would be the next entry of the history. */
  judge(plan: Plan): readonly Finding[] {
    return this.#watch.judge(plan, this.#history.length);
  }

  /** The next stop in an operation at or after step `from`; what is met on the way counts and logs. */
  find(plan: Plan, from: number): Hit | null {
    const seen = this.#seen(plan);
    return seen && this.#breakpoints.find(this.#reads, seen, from, this.judge(plan), this.#entry);
  }

  /** The next stop from where a thread stands; what was met there does not stop again. */
  findFrom({ plan, cursor, judged }: Place): Hit | null {
    return this.find(plan, Math.max(cursor, judged + 1));
  }

  /** What stops exactly at a step; nothing counts or logs. */
  at(plan: Plan, step: number): Hit | null {
    const seen = this.#seen(plan);
    return seen && this.#breakpoints.at(this.#reads, seen, step, this.judge(plan), this.#entry);
  }

  /** What stops exactly at a step that is reached for the first time. */
  meetAt(plan: Plan, step: number): Hit | null {
    const seen = this.#seen(plan);
    return seen && this.#breakpoints.meetAt(this.#reads, seen, step, this.judge(plan), this.#entry);
  }

  /** Going backwards: the last stop before a step; nothing counts or logs. */
  before(plan: Plan, step: number): Hit | null {
    const seen = this.#seen(plan);
    return seen && this.#breakpoints.findBack(this.#reads, seen, step, this.judge(plan), this.#entry);
  }

  /** A breakpoint on the line of the statement at which a program arrives. @param place where it stands then */
  arrive(program: ProgramThread, place: () => Place | null): Hit | null {
    return this.#onLine(program, place, (...where) => this.#breakpoints.arrive(...where));
  }

  /** The same, looked at from behind: nothing counts or logs. */
  arriveLooking(program: ProgramThread, place: () => Place | null): Hit | null {
    return this.#onLine(program, place, (...where) => this.#breakpoints.arriveLooking(...where));
  }

  /** Whether something may stop in an operation that was just taken back; false is a promise. */
  mayStop({ operation, unseen }: Committed): boolean {
    // What nothing could stop in needs no second look, unless breakpoints have changed since.
    if (operation === null || unseen === this.#breakpoints.generation) return false;
    if (this.#viewed?.hides(operation) != null) return false;
    const outline = this.#smmu.outline(operation);
    return this.#watch.concerns(outline) || this.#breakpoints.interest(outline, this.#smmu);
  }

  /** What conditions and messages read. */
  get #reads(): Smmu {
    return this.#viewed?.smmu ?? this.#smmu;
  }

  /** What there is to see of a plan; null when it is hidden. */
  #seen(plan: Plan): Plan | null {
    if (this.#viewed === null) return plan;
    return this.#viewed.hides(plan.operation) === null ? this.#viewed.plan(plan) : null;
  }

  #onLine(
    program: ProgramThread,
    place: () => Place | null,
    ask: (...where: Parameters<Breakpoints['arrive']>) => Hit | null,
  ): Hit | null {
    // To tell where a program stands is dear: the log of a trace is read for it.
    const at = this.#breakpoints.hasLines ? program.place() : null;
    if (at === null) return null;
    const view = (): View | null => {
      const current = place();
      const plan = current && this.#seen(current.plan);
      return plan && { smmu: this.#reads, plan, findings: this.judge(current.plan) };
    };
    return ask(at.file, at.line, program.program.scope?.() ?? null, view, this.#entry);
  }
}
