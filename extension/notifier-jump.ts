import * as vscode from 'vscode';
import type { HistoryEntry, NotifierRow } from '../src/adapter/custom-requests.ts';
import type { RowOrigin } from '../src/adapter/notifier-words.ts';
import { isWorld, type World } from '../src/bits/world.ts';
import { queuePath } from '../src/inspect/document-path.ts';
import { QUEUE_LANGUAGE, SCHEME } from './manifest.ts';
import { request } from './requests.ts';
import type { Sessions } from './sessions.ts';

/** Entries of the history that are looked through for a place in a queue. */
const MOST_ENTRIES = 10_000;

/** `CMDQ[0x2c] TLBI_NH_VA`: an entry of the history that is a command. */
const COMMAND = /^CMDQ\[(0x[\da-f]+)\]/;

/** The place in the ring at the beginning of a line of a queue document. */
const ENTRY_LINE = /^\s*(0x[\da-f]+)\s/;

/** Shows the command, statement or line that a decision came from: the line of the program, else that of the queue. */
export async function openCause(sessions: Sessions, row: NotifierRow): Promise<void> {
  const session = sessions.current;
  if (!session) return;
  const program: unknown = session.configuration['program'];
  if (row.line !== undefined && typeof program === 'string')
    return showLine(vscode.Uri.file(row.file ?? program), row.line - 1);
  const place = await placeInQueue(session, row);
  if (place === null) {
    void vscode.window.showInformationMessage(`${row.cause} has no line: it is no command of a queue.`);
    return;
  }
  const { capture } = await request(session, 'smmu/state', {});
  const path = `/${capture}/${queuePath('CMDQ', place.world)}`;
  const uri = vscode.Uri.from({ scheme: SCHEME, path });
  const document = await vscode.workspace.openTextDocument(uri);
  const lines = document.getText().split('\n');
  await showLine(
    uri,
    Math.max(
      0,
      lines.findIndex((line) => ENTRY_LINE.exec(line)?.[1] === place.index),
    ),
  );
}

/** What decisions belong to: a row of the History view, or the line of the editor where the cursor is. */
export async function originOf(session: vscode.DebugSession, row: unknown): Promise<RowOrigin | null> {
  const span = spanOf(row);
  if (span) return span;
  const editor = vscode.window.activeTextEditor;
  if (!editor) return null;
  const at = editor.selection.active.line;
  if (editor.document.languageId !== QUEUE_LANGUAGE) {
    const { fsPath } = editor.document.uri;
    return fsPath === session.configuration['program'] ? { line: at + 1 } : { line: at + 1, file: fsPath };
  }
  const index = ENTRY_LINE.exec(editor.document.lineAt(at).text)?.[1];
  const world = editor.document.uri.path.split('/')[2] ?? '';
  if (index === undefined || !isWorld(world)) return null;
  const { entries } = await request(session, 'smmu/history', { count: MOST_ENTRIES, world });
  // A ring comes round: the last time that the place was consumed is meant.
  const entry = entries.findLast(
    (one) => one.worlds?.includes(world) && COMMAND.exec(one.text)?.[1] === index,
  );
  return entry ? { from: entry.index, to: entry.index + 1 } : null;
}

async function placeInQueue(
  session: vscode.DebugSession,
  { history, queue }: NotifierRow,
): Promise<{ readonly world: World; readonly index: string } | null> {
  if (history === null || queue === null) return null;
  const { entries } = await request(session, 'smmu/history', { start: history, count: 1 });
  const index = COMMAND.exec(entries[0]?.text ?? '')?.[1];
  return index === undefined ? null : { world: queue, index };
}

async function showLine(uri: vscode.Uri, line: number): Promise<void> {
  const selection = new vscode.Range(line, 0, line, 0);
  const editor = await vscode.window.showTextDocument(uri, { preview: false, selection });
  editor.revealRange(selection, vscode.TextEditorRevealType.InCenterIfOutsideViewport);
}

function spanOf(row: unknown): RowOrigin | null {
  if (!isEntryRow(row)) return null;
  return { from: row.entry.index, to: row.entry.index + row.count };
}

function isEntryRow(row: unknown): row is { readonly entry: HistoryEntry; readonly count: number } {
  return typeof row === 'object' && row !== null && 'entry' in row && 'count' in row;
}
