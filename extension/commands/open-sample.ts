import path from 'node:path';
import * as vscode from 'vscode';

/**
 * Opens a copy of the bundled sample workspace: the installed extension's own files stay as they are, and the copy
 * is the user's to change. An earlier copy is opened again as it is.
 */
export async function openSample(context: vscode.ExtensionContext): Promise<void> {
  const target = vscode.Uri.joinPath(context.globalStorageUri, 'SMMU samples');
  const source = vscode.Uri.file(context.asAbsolutePath(path.join('extension', 'samples')));
  await vscode.workspace.fs.createDirectory(context.globalStorageUri);
  if (!(await exists(vscode.Uri.joinPath(target, '.vscode', 'launch.json'))))
    await vscode.workspace.fs.copy(source, target, { overwrite: true });
  await vscode.commands.executeCommand('vscode.openFolder', target, {
    forceNewWindow: (vscode.workspace.workspaceFolders?.length ?? 0) > 0,
  });
}

async function exists(uri: vscode.Uri): Promise<boolean> {
  return vscode.workspace.fs.stat(uri).then(
    () => true,
    () => false,
  );
}
