import * as vscode from 'vscode';
import { type Policies, policiesAsCsv, policiesPage } from './policies-page.ts';
import type { FromTables } from './table-messages.ts';
import { fillWebview, saveAs } from './webview.ts';

/** The tab with the comparison of policies: there is one, which each comparison fills anew. */
export class PoliciesView implements vscode.Disposable {
  readonly #extension: vscode.Uri;
  #panel: vscode.WebviewPanel | null = null;
  #shown: Policies | null = null;

  constructor(extension: vscode.Uri) {
    this.#extension = extension;
  }

  /** Shows a comparison. @param of name of the session */
  show(policies: Policies, of: string): void {
    const panel = this.#panel ?? this.#open();
    this.#shown = policies;
    panel.title = `Notifier Policies: ${of}`;
    panel.reveal();
    fillWebview(panel.webview, this.#extension, 'webview-tables.js', policiesPage(policies));
  }

  dispose(): void {
    this.#panel?.dispose();
  }

  #open(): vscode.WebviewPanel {
    const panel = vscode.window.createWebviewPanel('smmuPolicies', '', vscode.ViewColumn.Active);
    panel.webview.onDidReceiveMessage(async (message: FromTables) => {
      if (message.type === 'export') await this.#export();
    });
    panel.onDidDispose(() => {
      this.#panel = null;
    });
    this.#panel = panel;
    return panel;
  }

  async #export(): Promise<void> {
    const policies = this.#shown;
    if (policies === null) return;
    const json = (): string => `${JSON.stringify(policies, null, 2)}\n`;
    await saveAs('notifier-policies', { csv: () => policiesAsCsv(policies), json });
  }
}
