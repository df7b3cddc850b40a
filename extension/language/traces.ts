import * as vscode from 'vscode';
import { TRACE_LANGUAGE } from '../manifest.ts';

/** Languages that VS Code gives to a trace by its name. */
const PLAIN = new Set(['log', 'plaintext']);
/** As much as decides; a trace may begin with what the emulator says of other things. */
const HEAD_LINES = 400;

/** Gives logs that are traces of an SMMU their own language, so that breakpoints can be set in them. */
export function registerTraces(): vscode.Disposable {
  const seen = (document: vscode.TextDocument): void => void recognise(document);
  const opening = vscode.workspace.onDidOpenTextDocument(seen);
  for (const document of vscode.workspace.textDocuments) seen(document);
  return opening;
}

async function recognise(document: vscode.TextDocument): Promise<void> {
  if (document.uri.scheme !== 'file' || !PLAIN.has(document.languageId)) return;
  const head = document.getText(new vscode.Range(0, 0, HEAD_LINES, 0));
  if (!head.includes('smmu')) return;
  const { isTraceFile } = await import('../launch/probe.ts');
  if (!document.isClosed && (await isTraceFile(document.uri.fsPath)))
    await vscode.languages.setTextDocumentLanguage(document, TRACE_LANGUAGE);
}
