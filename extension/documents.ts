import * as vscode from 'vscode';
import { SCHEME } from './manifest.ts';
import { request } from './requests.ts';
import type { Sessions } from './sessions.ts';

/**
 * The virtual documents `smmu:/<capture>/…`: their text comes from the session that knows the capture. The URIs stay
 * the same from one session to the next, so an open document fills again when a session on its capture starts.
 */
export class QueueDocuments implements vscode.TextDocumentContentProvider, vscode.Disposable {
  readonly #sessions: Sessions;
  readonly #changed = new vscode.EventEmitter<vscode.Uri>();
  readonly #subscription: vscode.Disposable;
  /** The last text of each document: shown on when its session is over. */
  readonly #texts = new Map<string, string>();

  readonly onDidChange = this.#changed.event;

  constructor(sessions: Sessions) {
    this.#sessions = sessions;
    this.#subscription = vscode.Disposable.from(
      sessions.onDidChange(() => {
        for (const document of vscode.workspace.textDocuments)
          if (document.uri.scheme === SCHEME) this.#changed.fire(document.uri);
      }),
      vscode.workspace.onDidCloseTextDocument((document) => this.#texts.delete(document.uri.toString())),
    );
  }

  async provideTextDocumentContent(uri: vscode.Uri): Promise<string> {
    const key = uri.toString();
    for (const session of this.#sessions.all) {
      const text = await textOf(session, uri);
      if (text === null) continue;
      this.#texts.set(key, text);
      return text;
    }
    return (
      this.#texts.get(key) ??
      `No running SMMU session knows ${uri.path}. Start the session of this capture to see it.\n`
    );
  }

  dispose(): void {
    this.#subscription.dispose();
    this.#changed.dispose();
  }
}

/** The text of a document, or null when the session is on another capture or not ready. */
async function textOf(session: vscode.DebugSession, uri: vscode.Uri): Promise<string | null> {
  try {
    const { capture } = await request(session, 'smmu/state', {});
    if (uri.path.split('/')[1] !== capture) return null;
    return (await request(session, 'smmu/document', { uri: uri.toString() })).text;
  } catch {
    return null;
  }
}
