import * as vscode from 'vscode';
import { DEBUG_TYPE } from '../manifest.ts';
import type { RunScriptTests, ScriptFailure } from './run.ts';

/** The configuration that runs a script, or one of its tests. */
export function scriptConfiguration(file: string, only?: string): vscode.DebugConfiguration {
  return {
    type: DEBUG_TYPE,
    request: 'launch',
    name: only === undefined ? `SMMU: ${vscode.workspace.asRelativePath(file)}` : `SMMU: ${only}`,
    program: file,
    ...(only === undefined ? {} : { only }),
    stopOnEntry: false,
  };
}

interface Message {
  readonly type: string;
  readonly event?: string;
  readonly body?: {
    readonly category?: string;
    readonly output?: string;
    readonly line?: number;
    readonly exitCode?: number;
  };
}

/**
 * Runs a script in a debug session that does not stop. Its expectations that did not come true are the outputs that
 * name a line; the exit code is their number.
 */
export const runInSession: RunScriptTests = async ({ file, only }, signal) => {
  const failures: ScriptFailure[] = [];
  let output = '';
  let exitCode: number | null = null;
  const mark = `${Date.now()}-${Math.random()}`;
  let end: () => void = () => {};
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  const isOurs = (session: vscode.DebugSession): boolean => session.configuration['mark'] === mark;
  const watching = vscode.Disposable.from(
    vscode.debug.registerDebugAdapterTrackerFactory(DEBUG_TYPE, {
      createDebugAdapterTracker: (session) =>
        isOurs(session) ? { onDidSendMessage: (message: Message) => heard(message) } : undefined,
    }),
    vscode.debug.onDidTerminateDebugSession((session) => {
      if (isOurs(session)) end();
    }),
    vscode.debug.onDidStartDebugSession((session) => {
      if (!isOurs(session)) return;
      signal.addEventListener('abort', () => void vscode.debug.stopDebugging(session));
      if (signal.aborted) void vscode.debug.stopDebugging(session);
    }),
  );
  function heard({ type, event, body }: Message): void {
    if (type !== 'event') return;
    if (event === 'exited') exitCode = body?.exitCode ?? null;
    if (event !== 'output' || body?.output === undefined || body.category === 'telemetry') return;
    output += body.output;
    if (body.category === 'stderr' && body.line !== undefined) {
      failures.push({ line: body.line, text: body.output.trim() });
    }
  }
  try {
    const folder = vscode.workspace.getWorkspaceFolder(vscode.Uri.file(file));
    const configuration = { ...scriptConfiguration(file, only), mark };
    const quiet = {
      noDebug: true,
      suppressDebugToolbar: true,
      suppressDebugStatusbar: true,
      suppressDebugView: true,
    };
    if (!(await vscode.debug.startDebugging(folder, configuration, quiet))) {
      throw new Error(`${file} could not be started`);
    }
    await ended;
  } finally {
    watching.dispose();
  }
  if (exitCode !== null && exitCode > 0 && failures.length === 0)
    failures.push({ line: 1, text: output.trim() });
  if (exitCode === null && !signal.aborted)
    throw new Error(output.trim() || `${file} ended before it was over`);
  return { tests: [{ name: only ?? file, line: 1, failures }], output };
};
