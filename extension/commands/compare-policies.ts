import * as vscode from 'vscode';
import { request } from '../requests.ts';
import type { Sessions } from '../sessions.ts';
import { policiesAsCsv, policiesPage } from '../views/notifiers/policies-page.ts';
import type { FromTables } from '../views/notifiers/table-messages.ts';
import { fillWebview, saveAs } from '../views/notifiers/webview.ts';

/** Runs the shown session again under each notifier policy, and shows what they make of it side by side. */
export async function comparePolicies(sessions: Sessions, extension: vscode.Uri): Promise<void> {
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
  const panel = vscode.window.createWebviewPanel(
    'smmuPolicies',
    `Notifier Policies: ${session.name}`,
    vscode.ViewColumn.Active,
  );
  panel.webview.onDidReceiveMessage(async (message: FromTables) => {
    if (message.type !== 'export') return;
    const json = (): string => `${JSON.stringify(policies, null, 2)}\n`;
    await saveAs('notifier-policies', { csv: () => policiesAsCsv(policies), json });
  });
  fillWebview(panel.webview, extension, 'webview-tables.js', policiesPage(policies));
}
