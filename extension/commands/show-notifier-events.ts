import * as vscode from 'vscode';
import { originOf } from '../notifier-jump.ts';
import type { Sessions } from '../sessions.ts';
import type { NotifierEventsView } from '../views/notifiers/events-view.ts';

/**
 * Shows the first notifier event of an operation.
 * @param row a row of the History view; else the line of the editor where the cursor is
 */
export async function showNotifierEvents(
  sessions: Sessions,
  events: NotifierEventsView,
  row: unknown,
): Promise<void> {
  const session = sessions.current;
  if (!session) {
    void vscode.window.showInformationMessage('Start an SMMU session first: there are no notifier events.');
    return;
  }
  const origin = await originOf(session, row);
  if (origin && (await events.reveal(origin))) return;
  void vscode.window.showInformationMessage('No notifier was asked by this: nothing was invalidated here.');
}
