import * as vscode from 'vscode';
import { queuePath } from '../../src/inspect/document-path.ts';
import { SCHEME } from '../manifest.ts';
import { request } from '../requests.ts';
import type { Sessions } from '../sessions.ts';
import { shownWorldName } from '../views/world-words.ts';
import type { WorldChoice } from '../world-choice.ts';

const QUEUES = [
  { queue: 'EVENTQ', title: 'Event Queue', pending: 'eventsPending' },
  { queue: 'CMDQ', title: 'Command Queue', pending: 'commandsPending' },
] as const;

/**
 * Opens the document of a queue of the shown session, of the state that the views show: one decoded entry a line.
 * @param wanted `CMDQ` or `EVENTQ`; otherwise the user is asked
 */
export async function openQueue(sessions: Sessions, choice: WorldChoice, wanted: unknown): Promise<void> {
  const session = sessions.current;
  if (!session) {
    void vscode.window.showInformationMessage('Start an SMMU session first: there is no queue to show.');
    return;
  }
  const { capture, worlds } = await request(session, 'smmu/state', {});
  const { shown } = choice;
  const seen = worlds.filter(({ world }) => shown === 'all' || world === shown);
  if (seen.length === 0) {
    void vscode.window.showInformationMessage(
      `This SMMU has no queues of the ${shownWorldName(shown)} state.`,
    );
    return;
  }
  const items = seen.flatMap((state) =>
    QUEUES.map(({ queue, title, pending }) => ({
      label: `$(list-ordered) ${queue} ${state.world}`,
      description: `${worlds.length > 1 ? `${shownWorldName(state.world)}, ` : ''}${title}, ${state[pending]} pending`,
      queue,
      path: `/${capture}/${queuePath(queue, state.world)}`,
    })),
  );
  const picked =
    items.find(({ queue }) => queue === wanted) ??
    (await vscode.window.showQuickPick(items, { title: 'Open Queue', placeHolder: 'Which queue?' }));
  if (!picked) return;
  const uri = vscode.Uri.from({ scheme: SCHEME, path: picked.path });
  const document = await vscode.workspace.openTextDocument(uri);
  const line = firstPending(document.getText().split('\n'));
  const editor = await vscode.window.showTextDocument(document, {
    preview: false,
    selection: new vscode.Range(line, 0, line, 0),
  });
  editor.revealRange(new vscode.Range(line, 0, line, 0), vscode.TextEditorRevealType.AtTop);
}

/** The line of the oldest entry that nobody has consumed, or 0 when there is none. */
function firstPending(lines: readonly string[]): number {
  return Math.max(
    0,
    lines.findIndex((line) => /^\s*0x\w+ +0x\w+ +pending\b/.test(line)),
  );
}
