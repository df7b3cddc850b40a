import * as vscode from 'vscode';
import { COMMANDS } from './manifest.ts';
import { request } from './requests.ts';
import type { Sessions } from './sessions.ts';
import {
  SHOWN_WORLDS,
  type ShownWorld,
  shownWorldName,
  shownWorldOf,
  worldArgument,
} from './views/world-words.ts';

const KEY = 'shownWorld';

/**
 * Which Security state all views show, VS Code's own of the debugger as well: one choice a workspace, on the status bar
 * while a session runs.
 */
export class WorldChoice implements vscode.Disposable {
  readonly #memento: vscode.Memento;
  readonly #changed = new vscode.EventEmitter<void>();
  readonly #item = vscode.window.createStatusBarItem('world', vscode.StatusBarAlignment.Left, 0);
  readonly #subscription: vscode.Disposable;
  readonly #sessions: Sessions;
  /** What each session was told last; nothing was said of all worlds to one that is new. */
  readonly #told = new WeakMap<vscode.DebugSession, ShownWorld>();
  #shown: ShownWorld;

  readonly onDidChange = this.#changed.event;

  constructor(memento: vscode.Memento, sessions: Sessions) {
    this.#memento = memento;
    this.#sessions = sessions;
    this.#shown = shownWorldOf(memento.get(KEY)) ?? 'all';
    this.#item.name = 'SMMU Security State';
    this.#item.command = COMMANDS.chooseWorld;
    this.#subscription = sessions.onDidChange(() => {
      this.#show(sessions.current !== undefined);
      void this.#tell();
    });
    this.#write();
  }

  get shown(): ShownWorld {
    return this.#shown;
  }

  /** Shows a state in all views, and remembers it. */
  async set(shown: ShownWorld): Promise<void> {
    if (shown === this.#shown) return;
    this.#shown = shown;
    this.#write();
    this.#changed.fire();
    await this.#tell();
    await this.#memento.update(KEY, shown);
  }

  /**
   * Asks which state the views shall show.
   * @param wanted a state or `all`; otherwise the user is asked
   */
  async choose(wanted: unknown): Promise<void> {
    const given = shownWorldOf(wanted);
    if (given) return this.set(given);
    const items = SHOWN_WORLDS.map((world) => ({
      label: shownWorldName(world),
      description: world === this.#shown ? 'shown now' : '',
      world,
    }));
    const choice = await vscode.window.showQuickPick(items, {
      title: 'Show Security State',
      placeHolder: 'Which state shall all SMMU views show?',
    });
    if (choice) await this.set(choice.world);
  }

  dispose(): void {
    this.#subscription.dispose();
    this.#item.dispose();
    this.#changed.dispose();
  }

  /** Scopes and threads are the adapter's to leave out. */
  async #tell(): Promise<void> {
    const shown = this.#shown;
    for (const session of this.#sessions.all) {
      if ((this.#told.get(session) ?? 'all') === shown) continue;
      this.#told.set(session, shown);
      try {
        await request(session, 'smmu/showWorld', worldArgument(shown));
      } catch {
        // A session that ends meanwhile shows nothing any more.
      }
    }
  }

  #write(): void {
    const words = shownWorldName(this.#shown);
    this.#item.text = `$(shield) SMMU: ${words}`;
    this.#item.tooltip = 'Which Security state the SMMU views show. Choose another.';
    this.#item.accessibilityInformation = { label: `SMMU views show: ${words}`, role: 'button' };
  }

  #show(isOn: boolean): void {
    if (isOn) this.#item.show();
    else this.#item.hide();
  }
}

/** What stands beside the title of a view: the session, the state where it is not all of them, and whose eyes see it. */
export function viewDescription(session: vscode.DebugSession | undefined, shown: ShownWorld): string {
  if (!session) return '';
  const viewer = shownWorldOf(session.configuration['viewerWorld']);
  // Root sees everything (6.2).
  const isMasked = viewer !== null && viewer !== 'all' && viewer !== 'root';
  return [
    session.name,
    ...(shown === 'all' ? [] : [shownWorldName(shown)]),
    ...(isMasked ? [`masked for ${shownWorldName(viewer)}`] : []),
  ].join(' · ');
}
