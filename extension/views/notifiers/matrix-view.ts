import * as vscode from 'vscode';
import { request } from '../../requests.ts';
import type { Sessions } from '../../sessions.ts';
import { viewDescription, type WorldChoice } from '../../world-choice.ts';
import { type ShownWorld, shownWorldOf } from '../world-words.ts';
import { matrixPage, sentencePage } from './matrix-page.ts';
import type { Page } from './page.ts';
import type { FromTables } from './table-messages.ts';
import { fillWebview } from './webview.ts';

const TITLE = 'Notifier matrix';

/** The *Notifier matrix* view: which consumer of which device is registered in which state, and what it was told. */
export class NotifierMatrixView implements vscode.WebviewViewProvider, vscode.Disposable {
  readonly #sessions: Sessions;
  readonly #choice: WorldChoice;
  readonly #extension: vscode.Uri;
  readonly #events: (device: string, world: ShownWorld) => Promise<void>;
  readonly #subscription: vscode.Disposable;
  #view: vscode.WebviewView | null = null;
  #shown = '';

  /** @param events shows the events of a device */
  constructor(
    sessions: Sessions,
    choice: WorldChoice,
    extension: vscode.Uri,
    events: (device: string, world: ShownWorld) => Promise<void>,
  ) {
    this.#sessions = sessions;
    this.#choice = choice;
    this.#extension = extension;
    this.#events = events;
    this.#subscription = vscode.Disposable.from(
      sessions.onDidChange(() => void this.refresh()),
      choice.onDidChange(() => void this.refresh()),
    );
  }

  resolveWebviewView(view: vscode.WebviewView): void {
    this.#view = view;
    this.#shown = '';
    view.webview.onDidReceiveMessage(async (message: FromTables) => {
      if (message.type === 'events') await this.#events(message.device, shownWorldOf(message.world) ?? 'all');
    });
    view.onDidChangeVisibility(() => void this.refresh());
    view.onDidDispose(() => {
      this.#view = null;
    });
    void this.refresh();
  }

  /** Asks for the matrix again. */
  async refresh(): Promise<void> {
    const view = this.#view;
    if (!view?.visible) return;
    view.description = viewDescription(this.#sessions.current, this.#choice.shown);
    const page = await this.#page();
    // A page that says the same is left alone: the focus and the place that was scrolled to stay.
    if (page.body === this.#shown || view !== this.#view) return;
    this.#shown = page.body;
    fillWebview(view.webview, this.#extension, 'webview-tables.js', page);
  }

  dispose(): void {
    this.#subscription.dispose();
  }

  async #page(): Promise<Page> {
    const session = this.#sessions.current;
    if (!session)
      return sentencePage(
        TITLE,
        'Devices, their notifiers and what these were told appear here while a session runs.',
      );
    try {
      const { rows } = await request(session, 'smmu/notifierMatrix', {});
      return matrixPage(rows, this.#choice.shown);
    } catch (error) {
      return sentencePage(TITLE, error instanceof Error ? error.message : String(error));
    }
  }
}
