import * as vscode from 'vscode';
import { SCRIPT_LANGUAGE } from '../manifest.ts';

/** Loads what the editor knows of scripts, with all tables of the architecture, when the first script is opened. */
export function registerScriptLanguage(): vscode.Disposable {
  let isLoaded = false;
  let isOver = false;
  const registered: vscode.Disposable[] = [];
  const load = async (): Promise<void> => {
    isLoaded = true;
    const { scriptProviders } = await import('./script-language.ts');
    if (!isOver) registered.push(...scriptProviders());
  };
  const seen = ({ languageId }: vscode.TextDocument): void => {
    if (!isLoaded && languageId === SCRIPT_LANGUAGE) void load();
  };
  const opening = vscode.workspace.onDidOpenTextDocument(seen);
  for (const document of vscode.workspace.textDocuments) seen(document);
  return new vscode.Disposable(() => {
    isOver = true;
    opening.dispose();
    for (const one of registered) one.dispose();
  });
}
