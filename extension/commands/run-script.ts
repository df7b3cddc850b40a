import * as vscode from 'vscode';
import { SCRIPT_LANGUAGE } from '../manifest.ts';
import { scriptConfiguration } from '../tests/configuration.ts';

/**
 * Runs or debugs a script in a session.
 * @param uri the script; else that of the editor
 * @param only name of the one test to run
 */
export async function runScript(uri: unknown, only: unknown, noDebug: boolean): Promise<void> {
  const document = vscode.window.activeTextEditor?.document;
  const own = document?.languageId === SCRIPT_LANGUAGE ? document.uri : undefined;
  const script = uri instanceof vscode.Uri ? uri : own;
  if (!script) throw new Error('Open a script (.smmu) first: there is none to run.');
  await vscode.workspace.textDocuments.find((one) => one.uri.toString() === script.toString())?.save();
  const configuration = scriptConfiguration(script.fsPath, typeof only === 'string' ? only : undefined);
  await vscode.debug.startDebugging(vscode.workspace.getWorkspaceFolder(script), configuration, { noDebug });
}
