import * as vscode from 'vscode';
import { request } from '../requests.ts';
import type { Sessions } from '../sessions.ts';

/** Sets CR0.CMDQEN in the model of the shown session, as an operation that can be stepped back over. */
export async function enableQueue(sessions: Sessions): Promise<void> {
  const session = sessions.current;
  if (!session) {
    void vscode.window.showInformationMessage(
      'Start an SMMU session first: there is no command queue to enable.',
    );
    return;
  }
  const { changed } = await request(session, 'smmu/enableQueue', {});
  if (!changed)
    void vscode.window.showInformationMessage('The command queue is enabled already (CR0.CMDQEN=1).');
}
