import * as vscode from 'vscode';
import { request } from '../requests.ts';
import type { Sessions } from '../sessions.ts';
import type { PoliciesView } from '../views/notifiers/policies-view.ts';

/** Runs the shown session again under each notifier policy, and shows what they make of it side by side. */
export async function comparePolicies(sessions: Sessions, view: PoliciesView): Promise<void> {
  const session = sessions.current;
  if (!session) {
    void vscode.window.showInformationMessage(
      'Start an SMMU session first: there is nothing to compare policies on.',
    );
    return;
  }
  const policies = await vscode.window.withProgress(
    { location: vscode.ProgressLocation.Notification, title: 'Running the session under each policy…' },
    () => request(session, 'smmu/policies', {}),
  );
  view.show(policies, session.name);
}
