import * as vscode from 'vscode';
import type { HistoryEntry } from '../../src/adapter/custom-requests.ts';
import { COMMANDS, CONTEXTS } from '../manifest.ts';
import { request } from '../requests.ts';
import type { Sessions } from '../sessions.ts';
import { viewDescription, type WorldChoice } from '../world-choice.ts';
import { newest, type Part, type Span, within } from './history-groups.ts';
import { entryWords, statements } from './history-words.ts';
import { type ShownWorld, shownWorldName, worldArgument } from './world-words.ts';

/** A row: where the session stands, an operation that was committed, older ones, or why there is nothing. */
export type HistoryRow =
  | { readonly kind: 'here'; readonly total: number }
  | { readonly kind: 'entry'; readonly entry: HistoryEntry; readonly count: number; readonly total: number }
  | { readonly kind: 'group'; readonly span: Span; readonly total: number }
  | { readonly kind: 'note'; readonly text: string };

/**
 * The *History* view: what the shown session committed, the newest first. A choice goes back to the moment before the
 * operation. Groups of older ones are asked for when they are opened.
 */
export class HistoryTree implements vscode.TreeDataProvider<HistoryRow>, vscode.Disposable {
  readonly #sessions: Sessions;
  readonly #choice: WorldChoice;
  readonly #changed = new vscode.EventEmitter<void>();
  readonly #subscription: vscode.Disposable;
  #view: vscode.TreeView<HistoryRow> | null = null;

  readonly onDidChangeTreeData = this.#changed.event;

  constructor(sessions: Sessions, choice: WorldChoice) {
    this.#sessions = sessions;
    this.#choice = choice;
    this.#subscription = vscode.Disposable.from(
      sessions.onDidChange(() => this.refresh()),
      choice.onDidChange(() => this.refresh()),
    );
  }

  /** The view that shows this tree, for its title. */
  attach(view: vscode.TreeView<HistoryRow>): void {
    this.#view = view;
  }

  /** Asks for everything that is visible again. */
  refresh(): void {
    if (this.#view) this.#view.description = viewDescription(this.#sessions.current, this.#choice.shown);
    this.#changed.fire();
  }

  async getChildren(row?: HistoryRow): Promise<HistoryRow[]> {
    const session = this.#sessions.current;
    if (!session) return [];
    const { shown } = this.#choice;
    try {
      if (row) return row.kind === 'group' ? await rowsOf(session, within(row.span), shown) : [];
      // What is asked for at the end of the history is nothing, and its length.
      const { total } = await request(session, 'smmu/history', { start: 0, count: 0 });
      await vscode.commands.executeCommand('setContext', CONTEXTS.history, total > 0);
      return total === 0 ? [] : [{ kind: 'here', total }, ...(await rowsOf(session, newest(total), shown))];
    } catch (error) {
      return [{ kind: 'note', text: error instanceof Error ? error.message : String(error) }];
    }
  }

  getTreeItem(row: HistoryRow): vscode.TreeItem {
    if (row.kind === 'entry') return entryItem(row);
    if (row.kind === 'group') return groupItem(row);
    if (row.kind === 'here') return hereItem(row.total);
    const item = new vscode.TreeItem(row.text);
    item.iconPath = new vscode.ThemeIcon('warning', new vscode.ThemeColor('list.warningForeground'));
    return item;
  }

  dispose(): void {
    this.#subscription.dispose();
    this.#changed.dispose();
  }
}

async function rowsOf(
  session: vscode.DebugSession,
  parts: readonly Part[],
  shown: ShownWorld,
): Promise<HistoryRow[]> {
  const rows: HistoryRow[] = [];
  for (const { kind, span } of parts) {
    if (kind === 'group') {
      rows.push({ kind, span, total: 0 });
      continue;
    }
    const { start, end } = span;
    const { entries, total } = await request(session, 'smmu/history', {
      ...{ start, count: end - start },
      ...worldArgument(shown),
    });
    const found = statements(entries);
    rows.push(...found.map((row): HistoryRow => ({ kind: 'entry', ...row, total })));
    if (found.length === 0 && end > start)
      rows.push({
        kind: 'note',
        text: `None of these ${end - start} is of the ${shownWorldName(shown)} state.`,
      });
  }
  return rows;
}

function hereItem(total: number): vscode.TreeItem {
  const item = new vscode.TreeItem('Now');
  item.id = 'now';
  item.description = total === 1 ? 'after 1 operation' : `after ${total} operations`;
  item.iconPath = new vscode.ThemeIcon(
    'debug-stackframe',
    new vscode.ThemeColor('debugIcon.continueForeground'),
  );
  item.tooltip = 'Where the session stands. What is below has been done, the newest first.';
  item.contextValue = 'now';
  item.accessibilityInformation = { label: `The session stands here, ${item.description}` };
  return item;
}

const ICONS = { program: 'file-code', dma: 'arrow-swap' } as const;

function entryItem({ entry, count, total }: Extract<HistoryRow, { kind: 'entry' }>): vscode.TreeItem {
  const { label, where } = entryWords(entry);
  const item = new vscode.TreeItem(label);
  item.id = `entry ${entry.index}`;
  item.description = count === 1 ? where : `${where}, ${count} operations`;
  const icon = entry.thread === 'program' || entry.thread === 'dma' ? ICONS[entry.thread] : 'list-ordered';
  item.iconPath = new vscode.ThemeIcon(icon);
  item.contextValue = 'entry';
  const taken = total - entry.index;
  const back = `Go back to before this: ${taken === 1 ? 'this operation is' : `${taken} operations are`} taken back.`;
  item.tooltip = `${entry.index + 1}. ${label} (${item.description})\n${back}`;
  item.accessibilityInformation = { label: `${entry.index + 1}, ${label}, ${item.description}` };
  item.command = { command: COMMANDS.goBackTo, title: 'Go Back to Before This', arguments: [entry] };
  return item;
}

function groupItem({ span }: { readonly span: Span }): vscode.TreeItem {
  const { start, end } = span;
  const item = new vscode.TreeItem(
    `Operations ${end} to ${start + 1}`,
    vscode.TreeItemCollapsibleState.Collapsed,
  );
  item.id = `group ${start} ${end}`;
  item.iconPath = new vscode.ThemeIcon('ellipsis');
  item.description = `${end - start}`;
  item.accessibilityInformation = { label: `${end - start} older operations, ${end} to ${start + 1}` };
  return item;
}
