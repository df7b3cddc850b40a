/** What a run of a script's tests needs and tells, whoever runs them. */

/** An expectation that did not come true. */
export interface ScriptFailure {
  /** Path of the script that has it: an included one, perhaps. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
  readonly text: string;
  readonly expected?: string;
  readonly actual?: string;
}

export interface ScriptTestResult {
  readonly name: string;
  readonly line: number;
  readonly failures: readonly ScriptFailure[];
}

export interface ScriptRun {
  readonly tests: readonly ScriptTestResult[];
  readonly output: string;
}

export interface ScriptRequest {
  /** Path of the script. */
  readonly file: string;
  /** Folder that no path of the script may leave. */
  readonly workspace: string;
  /** Name of the one test to run; absent: the script itself. */
  readonly only?: string;
}

/** Runs a script, or one of its tests; `signal` takes it back. */
export type RunScriptTests = (request: ScriptRequest, signal: AbortSignal) => Promise<ScriptRun>;
