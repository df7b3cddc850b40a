import * as vscode from 'vscode';
import { SCHEME } from '../manifest.ts';
import { request } from '../requests.ts';
import type { Sessions } from '../sessions.ts';

const QUEUES = [
  { queue: 'EVENTQ', title: 'Event Queue', pending: 'eventsPending' },
  { queue: 'CMDQ', title: 'Command Queue', pending: 'commandsPending' },
] as const;

/**
 * Opens the document of a queue of the shown session: one decoded entry a line.
 * @param wanted `CMDQ` or `EVENTQ`; otherwise the user is asked
 */
export async function openQueue(sessions: Sessions, wanted: unknown): Promise<void> {
  const session = sessions.current;
  if (!session) {
    void vscode.window.showInformationMessage('Start an SMMU session first: there is no queue to show.');
    return;
  }
  const { capture, worlds } = await request(session, 'smmu/state', {});
  const items = worlds.flatMap((state) =>
    QUEUES.map(({ queue, title, pending }) => ({
      label: `$(list-ordered) ${queue} ${state.world}`,
      description: `${title}, ${state[pending]} pending`,
      queue,
      path: `/${capture}/${state.world}/${queue.toLowerCase()}.smmuq`,
    })),
  );
  const choice =
    items.find(({ queue }) => queue === wanted) ??
    (await vscode.window.showQuickPick(items, { title: 'Open Queue', placeHolder: 'Which queue?' }));
  if (!choice) return;
  const uri = vscode.Uri.from({ scheme: SCHEME, path: choice.path });
  await vscode.window.showTextDocument(uri, { preview: false });
}
