import * as vscode from 'vscode';
import { request } from '../requests.ts';
import type { Sessions } from '../sessions.ts';
import { entryWords, statements } from '../views/history-words.ts';

/** More are in the History view, which opens them group by group. */
const MOST_OFFERED = 1000;

/**
 * Takes back what the shown session did from an operation of its history on.
 * @param entry an operation, or a row of the History view that is one; else the user is asked
 */
export async function goBackTo(sessions: Sessions, entry: unknown): Promise<void> {
  const session = sessions.current;
  if (!session) {
    void vscode.window.showInformationMessage('Start an SMMU session first: there is nothing to go back to.');
    return;
  }
  const to = indexOf(entry) ?? (await ask(session));
  if (to !== undefined) await request(session, 'smmu/rewind', { to });
}

function indexOf(entry: unknown): number | undefined {
  if (typeof entry !== 'object' || entry === null) return undefined;
  if ('entry' in entry) return indexOf(entry.entry);
  return 'index' in entry && typeof entry.index === 'number' ? entry.index : undefined;
}

async function ask(session: vscode.DebugSession): Promise<number | undefined> {
  const { entries, total } = await request(session, 'smmu/history', { count: MOST_OFFERED });
  if (total === 0) {
    void vscode.window.showInformationMessage('Nothing has been done yet: there is nothing to go back to.');
    return undefined;
  }
  const items = statements(entries).map(({ entry }) => {
    const { label, where } = entryWords(entry);
    return { label: `${entry.index + 1}: ${label}`, description: where, to: entry.index };
  });
  const first = items.at(-1);
  if (first && first.to > 0)
    items.push({ label: '$(debug-restart) The beginning', description: 'everything is taken back', to: 0 });
  const choice = await vscode.window.showQuickPick(items, {
    title: 'Go Back to Before Which Operation?',
    placeHolder: 'It and what came after it are taken back',
    matchOnDescription: true,
  });
  return choice?.to;
}
