import * as vscode from 'vscode';
import type { CustomRequests, NotifierRow } from '../../../src/adapter/custom-requests.ts';
import { decisionKind, notifierColumn, type RowOrigin } from '../../../src/adapter/notifier-words.ts';
import { VIEWS } from '../../manifest.ts';
import { request } from '../../requests.ts';
import type { Sessions } from '../../sessions.ts';
import { viewDescription, type WorldChoice } from '../../world-choice.ts';
import {
  SHOWN_WORLDS,
  type ShownWorld,
  shownWorldName,
  shownWorldOf,
  worldArgument,
} from '../world-words.ts';
import { DECISION_CHOICES, detailLines, GRID_COLUMNS, gridRow } from './cells.ts';
import { EVENTS_PAGE } from './events-page.ts';
import { rowsAsCsv, rowsAsJson } from './export.ts';
import type { FromPage, Selection, ToPage } from './messages.ts';
import { BY_TIME, NotifierRows, PAGE_ROWS } from './rows.ts';
import { fillWebview, saveAs } from './webview.ts';

const countWords = (count: number): string => count.toLocaleString('en');

type Answer = CustomRequests['smmu/notifiers']['body'];

const WORLDS = SHOWN_WORLDS.map((value) => ({ value, words: shownWorldName(value) }));

/**
 * The *Notifier events* view: every decision about every notifier of the shown session, in the order of time unless
 * sorted otherwise. The page draws what is in sight; rows are asked for page by page.
 */
export class NotifierEventsView implements vscode.WebviewViewProvider, vscode.Disposable {
  readonly #sessions: Sessions;
  readonly #choice: WorldChoice;
  readonly #extension: vscode.Uri;
  readonly #open: (row: NotifierRow) => Promise<void>;
  readonly #subscription: vscode.Disposable;
  #view: vscode.WebviewView | null = null;
  #rows: NotifierRows;
  #answer: Answer | null = null;
  #generation = 0;
  /** Called once the page listens. */
  #waiting: (() => void)[] = [];
  #isReady = false;

  /** @param open shows the command that a row is about */
  constructor(
    sessions: Sessions,
    choice: WorldChoice,
    extension: vscode.Uri,
    open: (row: NotifierRow) => Promise<void>,
  ) {
    this.#sessions = sessions;
    this.#choice = choice;
    this.#extension = extension;
    this.#open = open;
    this.#rows = this.#source();
    this.#subscription = vscode.Disposable.from(
      sessions.onDidChange(() => void this.refresh()),
      choice.onDidChange(() => void this.#restart(this.#rows.selection)),
    );
  }

  resolveWebviewView(view: vscode.WebviewView): void {
    this.#view = view;
    this.#isReady = false;
    view.webview.onDidReceiveMessage((message: FromPage) => this.#take(message));
    view.onDidChangeVisibility(() => void this.refresh());
    view.onDidDispose(() => {
      this.#view = null;
    });
    fillWebview(view.webview, this.#extension, 'webview-events.js', EVENTS_PAGE);
  }

  /** Looks at the session again. */
  async refresh(): Promise<void> {
    if (!this.#view?.visible) return;
    this.#view.description = viewDescription(this.#sessions.current, this.#choice.shown);
    try {
      if (!this.#sessions.current) this.#rows = this.#source();
      else if (!(await this.#rows.refresh())) return;
      this.#state('');
    } catch (error) {
      this.#state(error instanceof Error ? error.message : String(error));
    }
  }

  /**
   * Shows the first decision of an operation or line.
   * @returns false when there is none
   */
  async reveal(origin: RowOrigin): Promise<boolean> {
    await this.#focus();
    let position = await this.#rows.positionOf(origin);
    if (position < 0) {
      // What a filter hides is shown all the same: it was asked for.
      await this.#choice.set('all');
      await this.#restart(BY_TIME);
      position = await this.#rows.positionOf(origin);
    }
    if (position < 0) return false;
    this.#post({ type: 'reveal', position });
    return true;
  }

  /** Lists the events of one device and state. */
  async showDevice(device: string, world: ShownWorld): Promise<void> {
    await this.#focus();
    await this.#choice.set(world);
    await this.#restart({ ...BY_TIME, text: device });
  }

  /** Saves the rows of the selection, in its order, as CSV or JSON. */
  async exportRows(): Promise<void> {
    const rows: NotifierRow[] = [];
    for (let start = 0; start < this.#rows.matching; start += PAGE_ROWS)
      rows.push(...(await this.#rows.window(start, PAGE_ROWS)));
    if (rows.length === 0) {
      void vscode.window.showInformationMessage('No notifier event is listed: there is nothing to export.');
      return;
    }
    await saveAs('notifier-events', { csv: () => rowsAsCsv(rows), json: () => rowsAsJson(rows) });
  }

  dispose(): void {
    this.#subscription.dispose();
  }

  /** Shows the view, and waits until its page can be talked to. */
  async #focus(): Promise<void> {
    await vscode.commands.executeCommand(`${VIEWS.notifierEvents}.focus`);
    if (!this.#isReady) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    await this.refresh();
  }

  #source(): NotifierRows {
    const world = worldArgument(this.#choice.shown);
    return new NotifierRows({
      rows: async (of) => {
        const session = this.#sessions.current;
        if (!session) return { rows: [], total: 0 };
        this.#answer = await request(session, 'smmu/notifiers', { ...of, ...world });
        return this.#answer;
      },
      order: async ({ sort, ...what }) => {
        const session = this.#sessions.current;
        if (!session) return { order: [], total: 0 };
        return request(session, 'smmu/notifierOrder', { ...what, ...sort, ...world });
      },
    });
  }

  async #restart(selection: Selection): Promise<void> {
    if (this.#view) this.#view.description = viewDescription(this.#sessions.current, this.#choice.shown);
    this.#rows = this.#source();
    await this.#select(selection);
  }

  async #select(selection: Selection): Promise<void> {
    try {
      if (await this.#rows.select(selection)) this.#state('');
    } catch (error) {
      this.#state(error instanceof Error ? error.message : String(error));
    }
  }

  async #take(message: FromPage): Promise<void> {
    const { selection } = this.#rows;
    if (message.type === 'ready') {
      this.#isReady = true;
      await this.refresh();
      for (const go of this.#waiting.splice(0)) go();
    } else if (message.type === 'window') await this.#window(message);
    else if (message.type === 'world') await this.#choice.set(shownWorldOf(message.world) ?? 'all');
    else if (message.type === 'filter') {
      const decision = decisionKind(message.decision);
      await this.#select({ ...selection, text: message.text, decision });
    } else if (message.type === 'sort') {
      const column = notifierColumn(message.column);
      const descending = selection.sort.column === column && !selection.sort.descending;
      await this.#select({ ...selection, sort: { column, descending } });
    } else if (message.type === 'export') await this.exportRows();
    else {
      const [row] = await this.#rows.window(message.position, 1);
      if (!row) return;
      if (message.type === 'open') await this.#open(row);
      else this.#post({ type: 'details', position: message.position, lines: detailLines(row) });
    }
  }

  async #window({ generation, start, count }: Extract<FromPage, { type: 'window' }>): Promise<void> {
    if (generation !== this.#generation) return;
    const rows = await this.#rows.window(start, count);
    this.#post({ type: 'rows', generation, start, rows: rows.map(gridRow) });
  }

  #state(trouble: string): void {
    const { matching, total, selection } = this.#rows;
    this.#post({
      type: 'state',
      generation: ++this.#generation,
      columns: GRID_COLUMNS,
      selection,
      decisions: DECISION_CHOICES,
      world: this.#choice.shown,
      worlds: WORLDS,
      matching,
      total,
      summary: this.#summary(),
      nothing: trouble || this.#nothing(),
    });
  }

  #summary(): string {
    const { matching, total } = this.#rows;
    if (!this.#answer || !this.#sessions.current) return '';
    const { policy, accepts, dropped } = this.#answer;
    const all = `${countWords(total)} events`;
    const count = matching === total ? all : `${countWords(matching)} of ${all}`;
    const older = dropped > 0 ? `, ${countWords(dropped)} older ones are no longer kept` : '';
    return `${count}${older} · policy ${policy}, accepts ${accepts}`;
  }

  #nothing(): string {
    if (!this.#sessions.current)
      return 'Who is told of an invalidation appears here while a session runs: one row for each device and notifier.';
    if (this.#rows.matching > 0) return '';
    if (this.#rows.total > 0) return 'No event matches the filter.';
    return this.#choice.shown === 'all'
      ? 'No notifier was asked yet. Devices and their notifiers come from a script or from “devices” of launch.json; each invalidation then makes rows here.'
      : `No invalidation of the ${shownWorldName(this.#choice.shown)} state was decided yet.`;
  }

  #post(message: ToPage): void {
    void this.#view?.webview.postMessage(message);
  }
}
