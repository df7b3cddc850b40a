import { UserError } from '../../../bits/user-error.ts';
import type { Effect, Plan, Store } from '../../../model/plan.ts';
import { presentWorlds } from '../../../model/present-worlds.ts';
import { hasQueues } from '../../../model/queues/queue-id.ts';
import { ring } from '../../../model/queues/ring.ts';
import type { Smmu } from '../../../model/smmu.ts';
import type { QueueWorld } from '../../../spec/commands.ts';
import { EVENT_BYTES } from '../../../spec/events.ts';
import { parseTemplate } from '../../expression/template.ts';
import type { Scope, Value } from '../../expression/value.ts';
import type { Finding } from '../../finding.ts';
import {
  lineText,
  type Program,
  type ProgramDone,
  type ProgramNext,
  type ProgramNote,
  type ProgramPlace,
} from '../../program.ts';
import type { Allocation } from '../build/allocation.ts';
import { ACTIONS, type Action, type Context } from './actions.ts';
import { judge } from './expects.ts';
import { Named } from './named.ts';
import { evaluate, PlacedError, Reading } from './reading.ts';
import { scopeOf } from './scope.ts';
import { placeOf, type Script, type ScriptLine } from './script.ts';
import {
  type Device,
  type Environment,
  type FindingList,
  isGood,
  type Last,
  type LastEvent,
  MOST_KEPT,
  NOTHING_YET,
  type Unmet,
} from './state.ts';

/** An expectation that did not come true, for reports. */
export interface ScriptFailure extends Unmet {
  readonly file: string;
  readonly line: number;
}

/** A statement that is being executed. */
interface Running {
  readonly action: Action;
  /** Operations that are done. */
  readonly done: number;
  /** Commands that the SMMU consumed for it. */
  readonly consumed: number;
}

/** Where a test began. */
interface TestStart {
  readonly history: number;
  readonly environment: Environment;
}

/** All that the program remembers; immutable, and most of it shared with the states before. */
interface State {
  /** Index of the line that is executed next. */
  readonly at: number;
  readonly running: Running | null;
  readonly environment: Environment;
  readonly test: TestStart | null;
  readonly failures: number;
}

/** What a line comes to at a state. */
type Turn =
  | { readonly kind: 'act'; readonly action: Action }
  | {
      readonly kind: 'quiet';
      readonly environment: Environment;
      readonly notes: readonly ProgramNote[];
      readonly unmet: Unmet | null;
    }
  | { readonly kind: 'failed'; readonly why: string };

/** How a script runs. */
export interface ScriptProgramOptions {
  /** Name of the only test that runs; statements outside of tests run all the same. */
  readonly only?: string | undefined;
}

/** A script as a program of the debugger: it proposes the operations of its statements one by one. */
export class ScriptProgram implements Program {
  readonly files: readonly string[];
  readonly #script: Script;
  readonly #smmu: Smmu;
  readonly #only: string | undefined;
  readonly #failures: ScriptFailure[] = [];
  #state: State;
  /** What {@link next} proposed, and at which state: the SMMU is another when it is done. */
  #proposed: { readonly state: State; readonly turn: Turn } | null = null;

  /**
   * @param smmu the machine that {@link Script.machine} asks for
   * @param allocation what statements may take of its RAM
   */
  constructor(script: Script, smmu: Smmu, allocation: Allocation, options: ScriptProgramOptions = {}) {
    this.#script = script;
    this.#smmu = smmu;
    this.#only = options.only;
    this.files = script.files;
    const environment = {
      lets: Named.none<Value>(),
      devices: Named.none<Device>(),
      allocation,
      last: NOTHING_YET,
      findings: null,
    };
    this.#state = { at: this.#reachable(0), running: null, environment, test: null, failures: 0 };
  }

  get failures(): number {
    return this.#state.failures;
  }

  /** The expectations that did not come true, in their order. */
  get unmet(): readonly ScriptFailure[] {
    return this.#failures.slice(0, this.#state.failures);
  }

  /** The line where it stands, or null at the end. */
  get line(): ScriptLine | null {
    return this.#script.lines[this.#state.at] ?? null;
  }

  stack(): readonly ProgramPlace[] {
    const { line } = this;
    if (!line) return [];
    const places = [placeOf(line)];
    const test = this.#script.lines[line.test];
    if (test && test !== line) places.push(placeOf(test));
    return [...places, ...line.includes];
  }

  next(): ProgramNext {
    const { line } = this;
    if (!line) return { kind: 'end' };
    const { running, test } = this.#state;
    if (running) return this.#goOn(running, false);
    if (line.statement.keyword.text === 'end') return { kind: 'revert', to: test?.history ?? 0 };
    const turn = this.#turn(line);
    this.#proposed = { state: this.#state, turn };
    if (turn.kind === 'failed') return turn;
    if (turn.kind === 'quiet') return { kind: 'quiet' };
    return this.#goOn({ action: turn.action, done: 0, consumed: 0 }, true);
  }

  advance(done: ProgramDone): readonly ProgramNote[] {
    const { line } = this;
    const state = this.#state;
    if (!line) return [];
    if (state.running) {
      this.#didOperation(state.running, state.environment, done);
      return [];
    }
    if (line.statement.keyword.text === 'end') {
      const environment = state.test?.environment ?? state.environment;
      this.#state = { ...state, at: this.#reachable(state.at + 1), environment, test: null };
      return [];
    }
    const turn = this.#proposed?.state === state ? this.#proposed.turn : this.#turn(line);
    if (turn.kind === 'failed') return [];
    if (turn.kind === 'act') {
      const { allocation } = turn.action;
      const environment = { ...state.environment, allocation, last: NOTHING_YET };
      this.#didOperation({ action: turn.action, done: 0, consumed: 0 }, environment, done);
      return [];
    }
    return this.#didQuiet(line, turn, done);
  }

  save(): object {
    return this.#state;
  }

  restore(saved: object): void {
    this.#state = saved as State;
    this.#proposed = null;
  }

  scope(): Scope {
    return scopeOf(this.#smmu, this.#state.environment);
  }

  lines(file: string): readonly number[] {
    const found = new Set<number>();
    for (const { statement } of this.#script.lines) if (statement.file === file) found.add(statement.line);
    return [...found].sort((a, b) => a - b);
  }

  jump(file: string, line: number): boolean {
    const here = this.line ?? this.#script.lines.at(-1);
    // A test is entered by its first line, or it would have no state to go back to.
    const inTest = this.#state.test === null ? -1 : (this.line?.test ?? -1);
    const to = this.#script.lines.findIndex(
      (one) =>
        one.statement.file === file &&
        one.statement.line === line &&
        (one.statement.keyword.text === 'test' ? -1 : one.test) === inTest &&
        sameIncludes(one.includes, here?.includes ?? []),
    );
    if (to < 0) return false;
    this.#state = { ...this.#state, at: this.#reachable(to), running: null };
    return true;
  }

  /**
   * Leaves a test that cannot go on, and goes on after it.
   * @returns entries of the history that stay, or null when it stands outside of tests
   */
  leaveTest(): number | null {
    const { line } = this;
    const { test } = this.#state;
    if (!line || line.test < 0) return null;
    const end = this.#endOf(line.test);
    const environment = test?.environment ?? this.#state.environment;
    this.#state = { ...this.#state, at: this.#reachable(end + 1), running: null, environment, test: null };
    return test?.history ?? null;
  }

  /** The line of the `end` of a test. */
  #endOf(test: number): number {
    const { lines } = this.#script;
    let at = test;
    while (at < lines.length && lines[at]?.statement.keyword.text !== 'end') at++;
    return at;
  }

  /** The first line from `at` on that runs: tests that are not asked for are left out. */
  #reachable(at: number): number {
    const { lines } = this.#script;
    let line = lines[at];
    while (
      this.#only !== undefined &&
      line?.statement.keyword.text === 'test' &&
      testName(line) !== this.#only
    ) {
      at = this.#endOf(at) + 1;
      line = lines[at];
    }
    return at;
  }

  #turn(line: ScriptLine): Turn {
    const { environment } = this.#state;
    const { statement, bound } = line;
    const scope = scopeOf(this.#smmu, environment);
    const reading = new Reading(bound, scope, statement, presentWorlds(this.#smmu.bank.ids()));
    const of: Context = {
      smmu: this.#smmu,
      environment,
      reading,
      rest: statement.rest,
      scene: line.test < 0,
    };
    try {
      const act = ACTIONS[statement.keyword.text];
      if (!act) return this.#quiet(line, of);
      const action = act(of);
      if (action.operations.length > 0 || (action.consume !== null && !this.#idle(action.consume.world)))
        return { kind: 'act', action };
      return {
        kind: 'quiet',
        environment: { ...environment, allocation: action.allocation, last: NOTHING_YET },
        notes: this.#note(line, action),
        unmet: null,
      };
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      const at = error instanceof PlacedError ? error.at : statement;
      return { kind: 'failed', why: `line ${at.line}, column ${at.start}: ${error.message}` };
    }
  }

  #note(line: ScriptLine, { consume }: Action): ProgramNote[] {
    if (consume === null)
      return [{ kind: 'output', text: `${lineText(placeOf(line))}: nothing changes`, place: placeOf(line) }];
    const next = this.#smmu.nextCommand(consume.world);
    const why = 'idle' in next ? next.idle : 'nothing is consumed';
    return [{ kind: 'output', text: why, place: placeOf(line) }];
  }

  #quiet(line: ScriptLine, of: Context): Turn {
    const { environment, reading, rest } = of;
    const quiet = (changed: Partial<Environment> = {}, notes: readonly ProgramNote[] = []): Turn => ({
      kind: 'quiet',
      environment: { ...environment, ...changed },
      notes,
      unmet: null,
    });
    switch (line.statement.keyword.text) {
      case 'let': {
        if (!rest) return reading.fail('the value is missing');
        const value = evaluate(rest, reading.scope);
        return quiet({ lets: environment.lets.with(reading.word('name').text, value) });
      }
      case 'device': {
        const device = deviceOf(reading);
        return quiet({ devices: environment.devices.with(device.name, device) });
      }
      case 'print': {
        const text = parseTemplate(reading.word('text').text).fill(reading.scope);
        return quiet({}, [{ kind: 'output', text, place: placeOf(line) }]);
      }
      case 'expect':
        return { kind: 'quiet', environment, notes: [], unmet: judge(of) };
      default:
        return quiet();
    }
  }

  #didQuiet(line: ScriptLine, turn: Turn & { kind: 'quiet' }, done: ProgramDone): readonly ProgramNote[] {
    const state = this.#state;
    const begins = line.statement.keyword.text === 'test';
    const test = begins ? { history: done.history, environment: state.environment } : state.test;
    const environment = begins ? { ...turn.environment, findings: null } : turn.environment;
    const failures = state.failures + (turn.unmet === null ? 0 : 1);
    this.#state = { ...state, at: this.#reachable(state.at + 1), environment, test, failures };
    if (turn.unmet === null) return turn.notes;
    const place = placeOf(line);
    this.#failures[state.failures] = { ...turn.unmet, file: place.file, line: place.line };
    const text = `expected ${turn.unmet.expected}, got ${turn.unmet.actual}`;
    return [...turn.notes, { kind: 'failure', text, place }];
  }

  /** The next operation of a statement. */
  #goOn({ action, done }: Running, begins: boolean): ProgramNext {
    const operation = action.operations[done];
    if (operation) return { kind: 'operation', operation, begins };
    const next = action.consume === null ? null : this.#smmu.nextCommand(action.consume.world);
    // Somebody else has consumed what this statement waited for.
    return next !== null && 'operation' in next
      ? { kind: 'operation', operation: next.operation, begins }
      : { kind: 'quiet' };
  }

  #didOperation(running: Running, before: Environment, done: ProgramDone): void {
    const { action } = running;
    const { plan } = done;
    const environment = plan === null ? before : this.#learnt(before, plan, done.findings);
    const writes = running.done < action.operations.length;
    const after: Running = {
      action,
      done: running.done + (writes ? 1 : 0),
      consumed: running.consumed + (writes || plan === null ? 0 : 1),
    };
    const stuck = !writes && plan?.outcome.result !== 'consumed';
    const ended = after.done >= action.operations.length && (stuck || this.#hasConsumed(after));
    const state = this.#state;
    this.#state = ended
      ? { ...state, at: this.#reachable(state.at + 1), running: null, environment }
      : { ...state, running: after, environment };
  }

  #hasConsumed({ action, consumed }: Running): boolean {
    const { consume } = action;
    return consume === null || consumed >= consume.most || this.#idle(consume.world);
  }

  #idle(world: QueueWorld): boolean {
    return 'idle' in this.#smmu.nextCommand(world);
  }

  #learnt(environment: Environment, plan: Plan, found: readonly Finding[]): Environment {
    const { last } = environment;
    const { outcome, operation } = plan;
    const isTransaction = operation.kind === 'transaction';
    const events = last.events.length < MOST_KEPT ? recordsOf(this.#smmu, plan.effects) : [];
    let findings: FindingList | null = environment.findings;
    for (const finding of found) findings = { finding, before: findings };
    const next: Last = {
      first: isTransaction ? (last.first ?? outcome) : last.first,
      bad: last.bad ?? (isGood(outcome) ? null : outcome),
      transactions: last.transactions + (isTransaction ? 1 : 0),
      events: events.length === 0 ? last.events : [...last.events, ...events],
      findings:
        found.length === 0 || last.findings.length >= MOST_KEPT
          ? last.findings
          : [...last.findings, ...found],
      decisions: added(last.decisions, plan.effects, this.#smmu.notifiers.log),
      refused: added(last.refused, plan.effects, this.#smmu.notifiers.refused),
    };
    return { ...environment, last: next, findings };
  }
}

function testName({ bound }: ScriptLine): string {
  return bound.words.get('name')?.text ?? '';
}

function sameIncludes(a: readonly ProgramPlace[], b: readonly ProgramPlace[]): boolean {
  return (
    a.length === b.length && a.every((place, i) => place.file === b[i]?.file && place.line === b[i]?.line)
  );
}

function deviceOf(reading: Reading): Device {
  const ssid = reading.number('ssid', 1n << 20n);
  if (reading.argument('world') !== null && reading.argument('worlds') !== null)
    reading.fail('world= and worlds= say the same; leave one out');
  return {
    name: reading.word('name').text,
    sid: Number(reading.required('sid', 1n << 32n)),
    ssid: ssid === null ? -1 : Number(ssid),
    worlds: reading.worlds('worlds') ?? [reading.world()],
  };
}

/** What effects put into a store, after what was put there before. */
function added<Entry>(
  before: readonly Entry[],
  effects: readonly Effect[],
  to: Store<Entry>,
): readonly Entry[] {
  if (before.length >= MOST_KEPT) return before;
  const more = effects.flatMap((effect) =>
    effect.kind === 'store' && effect.op === 'insert' && effect.store === to ? [effect.entry as Entry] : [],
  );
  return more.length === 0 ? before : [...before, ...more];
}

/** The records that effects write to the event queues. */
function recordsOf(smmu: Smmu, effects: readonly Effect[]): LastEvent[] {
  return effects.flatMap((effect) => {
    if (effect.kind !== 'memory' || effect.words.length * 4 !== EVENT_BYTES) return [];
    const { space: world, pa, words } = effect;
    if (!hasQueues(world)) return [];
    const queue = ring(smmu.bank, 'EVENTQ', world);
    return pa >= queue.base && pa < queue.base + 2 ** queue.log2size * queue.entryBytes
      ? [{ world, words }]
      : [];
  });
}
