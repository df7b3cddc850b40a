/** Programs: scripts and trace logs, found in the editor and in the workspace. */

import path from 'node:path';
import * as vscode from 'vscode';
import { DEBUG_TYPE, SCRIPT_GLOB, SCRIPT_LANGUAGE } from '../manifest.ts';

const TRACE_GLOB = '**/*.{log,log.gz,trace,trace.gz}';
const EXCLUDED = '**/node_modules/**';
const MOST_SCRIPTS = 100;
/** Each of them is opened to see whether it is a trace. */
const MOST_LOGS = 20;

/** The script or trace in the editor: F5 without a launch.json runs it. */
export async function openProgram(): Promise<string | undefined> {
  const document = vscode.window.activeTextEditor?.document;
  if (document?.uri.scheme !== 'file') return undefined;
  const { fsPath } = document.uri;
  if (document.languageId === SCRIPT_LANGUAGE) return fsPath;
  return (await isTrace(fsPath)) ? fsPath : undefined;
}

/** A ready configuration for each script and each trace of a folder. */
export async function programConfigurations(
  folder: vscode.WorkspaceFolder,
): Promise<vscode.DebugConfiguration[]> {
  const find = (glob: string, most: number) =>
    vscode.workspace.findFiles(new vscode.RelativePattern(folder, glob), EXCLUDED, most);
  const [scripts, logs] = await Promise.all([find(SCRIPT_GLOB, MOST_SCRIPTS), find(TRACE_GLOB, MOST_LOGS)]);
  const are = await Promise.all(logs.map(({ fsPath }) => isTrace(fsPath)));
  return [...scripts, ...logs.filter((_, at) => are[at])]
    .map(({ fsPath }) => path.relative(folder.uri.fsPath, fsPath).split(path.sep).join('/'))
    .sort()
    .map((file) => ({
      type: DEBUG_TYPE,
      request: 'launch',
      name: `SMMU: ${file}`,
      program: `\${workspaceFolder}/${file}`,
    }));
}

async function isTrace(file: string): Promise<boolean> {
  const { isTraceFile } = await import('./probe.ts');
  return isTraceFile(file);
}
