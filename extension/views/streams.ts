import * as vscode from 'vscode';
import type { TreeNode } from '../../src/adapter/custom-requests.ts';
import { request } from '../requests.ts';
import type { Sessions } from '../sessions.ts';
import { viewDescription, type WorldChoice } from '../world-choice.ts';
import { type ShownWorld, shownWorldName, worldArgument } from './world-words.ts';

/**
 * The *Streams* view: stream table, STEs, CDs, translation tables and pages of the shown session. Every level is
 * asked of the adapter when it is opened; ids are the same after each stop, so what is open stays open.
 */
export class StreamsTree implements vscode.TreeDataProvider<TreeNode>, vscode.Disposable {
  readonly #sessions: Sessions;
  readonly #choice: WorldChoice;
  readonly #changed = new vscode.EventEmitter<void>();
  readonly #subscription: vscode.Disposable;
  #view: vscode.TreeView<TreeNode> | null = null;

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
  attach(view: vscode.TreeView<TreeNode>): void {
    this.#view = view;
  }

  /** Asks for everything that is visible again. */
  refresh(): void {
    if (this.#view) this.#view.description = viewDescription(this.#sessions.current, this.#choice.shown);
    this.#changed.fire();
  }

  async getChildren(node?: TreeNode): Promise<TreeNode[]> {
    const session = this.#sessions.current;
    if (!session) return [];
    try {
      const { shown } = this.#choice;
      const asked = { id: node?.id ?? null, ...(node ? {} : worldArgument(shown)) };
      const { nodes } = await request(session, 'smmu/tree', asked);
      return nodes.length === 0 && !node && shown !== 'all' ? [noSuchWorld(shown)] : [...nodes];
    } catch (error) {
      return [unreadable(node, error)];
    }
  }

  getTreeItem(node: TreeNode): vscode.TreeItem {
    const item = new vscode.TreeItem(node.label, STATES[node.collapsible]);
    item.id = node.id;
    item.iconPath = new vscode.ThemeIcon(node.icon, colour(node));
    item.contextValue = contextValue(node);
    if (node.description) item.description = node.description;
    item.accessibilityInformation = {
      label: node.description ? `${node.label}, ${node.description}` : node.label,
    };
    return item;
  }

  resolveTreeItem(item: vscode.TreeItem, node: TreeNode): vscode.TreeItem {
    if (node.tooltip) {
      const text = new vscode.MarkdownString(node.tooltip, false);
      text.isTrusted = false;
      text.supportHtml = false;
      item.tooltip = text;
    }
    return item;
  }

  dispose(): void {
    this.#subscription.dispose();
    this.#changed.dispose();
  }
}

const STATES = {
  none: vscode.TreeItemCollapsibleState.None,
  collapsed: vscode.TreeItemCollapsibleState.Collapsed,
  expanded: vscode.TreeItemCollapsibleState.Expanded,
} as const;

/** What the context menu's `when` clauses look for. */
function contextValue(node: TreeNode): string {
  return [node.kind, node.sid === undefined ? '' : 'stream', node.address ? 'address' : '']
    .filter((part) => part !== '')
    .join(';');
}

/** Colours of the themes for the icons that want attention, and for those that want none. */
const COLOURS: Readonly<Record<string, string>> = {
  warning: 'list.warningForeground',
  question: 'list.warningForeground',
  error: 'list.errorForeground',
  'circle-slash': 'disabledForeground',
  'circle-outline': 'disabledForeground',
};

function colour(node: TreeNode): vscode.ThemeColor | undefined {
  const name = COLOURS[node.icon];
  return name === undefined ? undefined : new vscode.ThemeColor(name);
}

function noSuchWorld(shown: ShownWorld): TreeNode {
  return note('!', `This SMMU has no ${shownWorldName(shown)} state`, 'info');
}

function unreadable(parent: TreeNode | undefined, error: unknown): TreeNode {
  return note(`${parent?.id ?? ''}!`, error instanceof Error ? error.message : String(error), 'warning');
}

function note(id: string, label: string, icon: string): TreeNode {
  return { id, label, description: '', tooltip: '', icon, kind: 'note', collapsible: 'none' };
}
