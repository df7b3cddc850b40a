import { UserError } from '../../bits/user-error.ts';
import { Journal } from '../../model/effects.ts';
import type { Operation, Plan } from '../../model/plan.ts';
import type { CachePolicy, Smmu } from '../../model/smmu.ts';
import type { NotifierPolicy } from '../../spec/notifiers.ts';
import type { Checker } from '../checker.ts';
import type { Finding } from '../finding.ts';
import { policyOperation, underPolicy } from '../isolation/run-again.ts';
import { lineText, type ProgramDone, type ProgramNote, type ProgramPlace } from '../program.ts';
import { Watch } from '../watch.ts';
import type { Allocation } from './build/allocation.ts';
import { ScriptProgram } from './execute/program.ts';
import { openScript, type Script, ScriptError, type ScriptFiles } from './execute/script.ts';
import { freeRam, type LoadWish, type MachineWish, makeMachine, tablesOf } from './machine.ts';

/** What a script needs from outside: other scripts, and captures. */
export interface ScriptRunFiles extends ScriptFiles {
  /**
   * Opens what `load` names; paths are relative to the script `from`.
   * @throws UserError when it cannot be read, or lies outside of the workspace
   */
  load(wish: LoadWish, from: string): Promise<LoadedMachine>;
}

/** A machine that was opened for a script. */
export interface LoadedMachine {
  readonly smmu: Smmu;
  close(): void;
}

export interface RunOptions {
  /** Name of the only test to run. */
  readonly only?: string | undefined;
  /** Default: `maximal`. */
  readonly caches?: CachePolicy | undefined;
  /** Instead of the preset of `machine`. */
  readonly preset?: string | undefined;
  /** Makes what watches the run. */
  readonly checkers?: ((smmu: Smmu, text: (entry: number) => string) => readonly Checker[]) | undefined;
  /** The policy of notifiers that holds whatever the script says. */
  readonly policy?: NotifierPolicy | undefined;
  /** Called now and then, so that others have their turn; an exception ends the run. */
  readonly breathe?: (() => Promise<void>) | undefined;
}

/** An expectation that did not come true, or a statement that could not be executed. */
export interface RunFailure {
  readonly file: string;
  readonly line: number;
  readonly text: string;
  readonly expected?: string;
  readonly actual?: string;
}

/** A test block; the script itself where it has none, or what stands outside of its tests and fails. */
export interface RunTest {
  readonly name: string;
  readonly line: number;
  readonly failures: readonly RunFailure[];
}

/** What a checker noticed, at the statement that did it. */
export interface RunWarning {
  readonly file: string;
  readonly line: number;
  readonly finding: Finding;
}

export interface RunResult {
  readonly tests: readonly RunTest[];
  /** What the script printed, one line each. */
  readonly output: string;
  readonly warnings: readonly RunWarning[];
  /** Why nothing ran, when nothing did. */
  readonly unreadable?: UserError;
}

/** Operations between two turns of others. */
const SLICE = 256;

/** The SMMU that a script asks for, with what its statements may take of RAM. The caller closes it. */
export async function machineFor(
  script: Script,
  files: Pick<ScriptRunFiles, 'load'>,
  options: Pick<RunOptions, 'caches' | 'preset'> = {},
): Promise<LoadedMachine & { readonly allocation: Allocation }> {
  const { machine, machineLine } = script;
  const at = machineLine?.statement;
  if (machine.kind === 'load') {
    const loaded = await files.load(machine, at?.file ?? script.file).catch((error: unknown) => {
      if (!(error instanceof UserError) || !at) throw error;
      throw new ScriptError(at.file, at.line, at.start, error.message);
    });
    return { smmu: loaded.smmu, close: () => loaded.close(), allocation: freeRam(loaded.smmu) };
  }
  const wish: MachineWish = options.preset === undefined ? machine : { ...machine, preset: options.preset };
  try {
    return { smmu: makeMachine(wish, options.caches), close: () => undefined, allocation: tablesOf(wish) };
  } catch (error) {
    if (!(error instanceof UserError) || !at) throw error;
    const todo = error.todo === undefined ? '' : `; ${error.todo}`;
    throw new ScriptError(at.file, at.line, at.start, `${error.what}${todo}`);
  }
}

/**
 * Runs a script as a test: each test block by itself, on what the statements before it made.
 * @param files how it finds other files
 * @returns what failed; a script that cannot be read at all is one failed test
 */
export async function runScript(
  text: string,
  file: string,
  files: ScriptRunFiles,
  options: RunOptions = {},
): Promise<RunResult> {
  try {
    const script = await openScript(text, file, files);
    const machine = await machineFor(script, files, options);
    try {
      return await new Run(script, machine.smmu, machine.allocation, options).run();
    } finally {
      machine.close();
    }
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    const [where, line] = error instanceof ScriptError ? [error.file, error.line] : [file, 1];
    return {
      tests: [{ name: file, line, failures: [{ file: where, line, text: error.what }] }],
      output: '',
      warnings: [],
      unreadable: error,
    };
  }
}

interface OpenTest {
  readonly name: string;
  readonly line: number;
  readonly failures: RunFailure[];
}

class Run {
  readonly #script: Script;
  readonly #smmu: Smmu;
  readonly #program: ScriptProgram;
  readonly #watch: Watch;
  readonly #options: RunOptions;
  readonly #journal = new Journal();
  /** Length of the journal, which has the operations of tests, before each operation. */
  readonly #marks: number[] = [];
  /** Where each operation stands in the script. */
  readonly #places: (ProgramPlace | null)[] = [];
  readonly #output: string[] = [];
  readonly #warnings: RunWarning[] = [];
  readonly #tests: OpenTest[] = [];
  readonly #outside: OpenTest;
  #operations = 0;

  constructor(script: Script, smmu: Smmu, allocation: Allocation, options: RunOptions) {
    this.#script = script;
    this.#smmu = smmu;
    this.#options = options;
    this.#program = new ScriptProgram(script, smmu, allocation, { only: options.only });
    const place = (entry: number): string => lineText(this.#places[entry]);
    this.#watch = new Watch(smmu, options.checkers?.(smmu, place) ?? []);
    this.#outside = { name: script.file, line: 1, failures: [] };
    const { policy } = options;
    if (policy !== undefined) smmu.commit(smmu.plan(policyOperation(smmu, policy)).effects);
  }

  async run(): Promise<RunResult> {
    for (;;) {
      const { line } = this.#program;
      const next = this.#program.next();
      if (next.kind === 'end') break;
      if (next.kind === 'failed') {
        if (this.#leave(next.why)) continue;
        break;
      }
      if (line?.statement.keyword.text === 'test')
        this.#tests.push({
          name: line.bound.words.get('name')?.text ?? '',
          line: line.statement.line,
          failures: [],
        });
      const done =
        next.kind === 'operation'
          ? this.#operate(this.#smmu.plan(this.#underPolicy(next.operation)))
          : this.#done(next.kind === 'revert' ? next.to : null);
      this.#take(this.#program.advance(done));
      if (++this.#operations % SLICE === 0) await this.#options.breathe?.();
    }
    return this.#result();
  }

  #underPolicy(operation: Operation): Operation {
    const { policy } = this.#options;
    return policy === undefined ? operation : underPolicy(operation, policy);
  }

  #operate(plan: Plan): ProgramDone {
    const entry = this.#marks.length;
    this.#places.length = entry;
    this.#places.push(this.#program.stack()[0] ?? null);
    const findings = this.#watch.judge(plan, entry);
    const place = this.#program.line?.statement;
    for (const finding of findings)
      this.#warnings.push({ file: place?.file ?? '', line: place?.line ?? 0, finding });
    this.#marks.push(this.#journal.length);
    // Only tests are taken back: what stands outside of them need not be kept.
    const isTest = (this.#program.line?.test ?? -1) >= 0;
    this.#smmu.commit(plan.effects, isTest ? this.#journal : undefined);
    this.#watch.committed(plan.operation, plan.effects, entry);
    return { plan, findings, history: this.#marks.length };
  }

  #done(revert: number | null): ProgramDone {
    if (revert !== null) this.#revert(revert);
    return { plan: null, findings: [], history: this.#marks.length };
  }

  #revert(to: number): void {
    const mark = this.#marks[to];
    if (mark === undefined) return;
    this.#journal.undo(this.#smmu, mark);
    this.#marks.length = to;
    this.#watch.undone(to);
  }

  #take(notes: readonly ProgramNote[]): void {
    for (const { kind, text, place } of notes) {
      if (kind === 'output') {
        this.#output.push(text);
        continue;
      }
      const { expected, actual } = this.#program.unmet.at(-1) ?? {};
      const failure: RunFailure = { file: place.file, line: place.line, text };
      this.#failing().failures.push(
        expected === undefined || actual === undefined ? failure : { ...failure, expected, actual },
      );
    }
  }

  /** The test that the program stands in, or what stands outside. */
  #failing(): OpenTest {
    const at = this.#program.line?.test ?? -1;
    return at < 0 ? this.#outside : (this.#tests.at(-1) ?? this.#outside);
  }

  /** A statement cannot be executed: its test has failed. @returns whether the program goes on after it */
  #leave(why: string): boolean {
    const place = this.#program.line?.statement;
    const failure = { file: place?.file ?? this.#script.file, line: place?.line ?? 1, text: why };
    this.#failing().failures.push(failure);
    const to = this.#program.leaveTest();
    if (to !== null) {
      this.#revert(to);
      return true;
    }
    // Without what stands before them, the other tests would test something else.
    for (const { statement, bound } of this.#script.lines) {
      const name = bound.words.get('name')?.text ?? '';
      if (statement.keyword.text !== 'test' || this.#tests.some((one) => one.line === statement.line))
        continue;
      if (this.#options.only !== undefined && name !== this.#options.only) continue;
      const text = `not run: line ${failure.line} before it failed`;
      this.#tests.push({
        name,
        line: statement.line,
        failures: [{ file: statement.file, line: statement.line, text }],
      });
    }
    return false;
  }

  #result(): RunResult {
    const { only } = this.#options;
    const tests: RunTest[] = [...this.#tests];
    if (only !== undefined && tests.length === 0 && only !== this.#script.file) {
      const text = `there is no test ${JSON.stringify(only)}`;
      this.#outside.failures.push({ file: this.#script.file, line: 1, text });
    }
    if (tests.length === 0 || this.#outside.failures.length > 0) tests.unshift(this.#outside);
    const output = this.#output.map((line) => `${line}\n`).join('');
    return { tests, output, warnings: this.#warnings };
  }
}
