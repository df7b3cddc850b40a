import * as vscode from 'vscode';
import type { Problem } from '../../src/control/script/statement.ts';
import { SCRIPT_LANGUAGE } from '../manifest.ts';
import { rangeOf, type Scripts } from './scripts.ts';

/** How long somebody must pause before problems are told anew. */
const PAUSE_MS = 250;

/** A problem of a script as VS Code shows it. */
export function diagnosticOf(problem: Problem): vscode.Diagnostic {
  const severity =
    problem.severity === 'error' ? vscode.DiagnosticSeverity.Error : vscode.DiagnosticSeverity.Warning;
  const diagnostic = new vscode.Diagnostic(rangeOf(problem), problem.message, severity);
  diagnostic.source = 'SMMU';
  return diagnostic;
}

/** Tells the problems of open scripts while they are written. */
export function registerDiagnostics(scripts: Scripts): vscode.Disposable {
  const collection = vscode.languages.createDiagnosticCollection(SCRIPT_LANGUAGE);
  const waiting = new Map<vscode.TextDocument, NodeJS.Timeout>();
  const stopWaiting = (document: vscode.TextDocument): void => {
    clearTimeout(waiting.get(document));
    waiting.delete(document);
  };
  const tell = (document: vscode.TextDocument): void => {
    stopWaiting(document);
    if (document.languageId !== SCRIPT_LANGUAGE || document.isClosed) return;
    collection.set(document.uri, scripts.of(document).problems.map(diagnosticOf));
  };
  const later = (document: vscode.TextDocument): void => {
    stopWaiting(document);
    waiting.set(
      document,
      setTimeout(() => tell(document), PAUSE_MS),
    );
  };
  const tellOthers = (changed: vscode.TextDocument): void => {
    if (changed.languageId !== SCRIPT_LANGUAGE) return;
    for (const document of vscode.workspace.textDocuments) {
      if (document === changed || document.languageId !== SCRIPT_LANGUAGE) continue;
      scripts.forget(document);
      later(document);
    }
  };
  for (const document of vscode.workspace.textDocuments) tell(document);
  return vscode.Disposable.from(
    collection,
    vscode.workspace.onDidOpenTextDocument(tell),
    vscode.workspace.onDidChangeTextDocument(({ document }) => {
      if (document.languageId === SCRIPT_LANGUAGE) later(document);
    }),
    vscode.workspace.onDidSaveTextDocument(tellOthers),
    vscode.workspace.onDidCloseTextDocument((document) => {
      stopWaiting(document);
      collection.delete(document.uri);
    }),
    new vscode.Disposable(() => {
      for (const timer of waiting.values()) clearTimeout(timer);
    }),
  );
}
