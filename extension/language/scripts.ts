import { readFileSync, realpathSync, statSync } from 'node:fs';
import path from 'node:path';
import * as vscode from 'vscode';
import type { IncludedScript } from '../../src/control/script/check.ts';
import type { Span } from '../../src/control/script/statement.ts';
import { analyse, type Script } from './service/analysis.ts';

/** Nobody includes more by hand, and reading happens while somebody types. */
const LARGEST_INCLUDE = 1 << 20;

/** The open scripts as the service needs them: each is read once a version. */
export class Scripts {
  readonly #known = new WeakMap<vscode.TextDocument, { readonly version: number; readonly script: Script }>();

  /** The document, read and checked; again only after it has changed. */
  of(document: vscode.TextDocument): Script {
    const before = this.#known.get(document);
    if (before?.version === document.version) return before.script;
    const resolveInclude = (name: string, from: string) => included(document, name, from);
    const script = analyse(document.getText(), document.uri.fsPath, { resolveInclude });
    this.#known.set(document, { version: document.version, script });
    return script;
  }

  /** Forgets what a document includes: another file has changed. */
  forget(document: vscode.TextDocument): void {
    this.#known.delete(document);
  }
}

/** An included script, from an editor that has it open or from the disk; only inside the workspace. */
function included(document: vscode.TextDocument, name: string, from: string): IncludedScript | null {
  const file = includedFile(document, name, from);
  if (file === null) return null;
  const open = vscode.workspace.textDocuments.find(({ uri }) => uri.scheme === 'file' && uri.fsPath === file);
  if (open) return { text: open.getText(), file };
  try {
    return statSync(file).size > LARGEST_INCLUDE ? null : { text: readFileSync(file, 'utf8'), file };
  } catch {
    // There is no such file, or it cannot be read: the problem of the statement says so.
    return null;
  }
}

/**
 * The path of an included script, links followed.
 * @returns null when there is none, or it lies outside of the workspace
 */
export function includedFile(document: vscode.TextDocument, name: string, from: string): string | null {
  if (document.uri.scheme !== 'file') return null;
  const folder =
    vscode.workspace.getWorkspaceFolder(document.uri)?.uri.fsPath ?? path.dirname(document.uri.fsPath);
  try {
    const file = realpathSync(path.resolve(path.dirname(from), name));
    const inside = path.relative(realpathSync(folder), file);
    return inside === '' || inside.startsWith('..') || path.isAbsolute(inside) ? null : file;
  } catch {
    // There is no such file.
    return null;
  }
}

/** Columns of scripts count from 1, those of VS Code from 0. */
export function rangeOf({ line, start, end }: Span): vscode.Range {
  return new vscode.Range(line - 1, start - 1, line - 1, end - 1);
}
