import * as vscode from 'vscode';
import { CONTEXTS, DEBUG_TYPE } from './manifest.ts';

interface Message {
  readonly type?: string;
  readonly command?: string;
  readonly success?: boolean;
  readonly event?: string;
}

/** Events after which what a view shows may be old. */
const CHANGES = new Set(['stopped', 'invalidated', 'memory']);

/** Quick steps come in bursts; a view needs only the last of them. */
const SETTLE_MS = 40;

/**
 * Knows which SMMU sessions are ready to be asked, and which of them the views show: the active one, or else the one
 * that became ready last (the user may look at another debugger's session in between).
 */
export class Sessions implements vscode.DebugAdapterTrackerFactory, vscode.Disposable {
  readonly #ready = new Map<string, vscode.DebugSession>();
  readonly #changed = new vscode.EventEmitter<void>();
  readonly #subscriptions: vscode.Disposable[];
  #timer: NodeJS.Timeout | null = null;

  /** Fires when another session is shown, or when the state of the shown one has changed. */
  readonly onDidChange = this.#changed.event;

  constructor() {
    this.#subscriptions = [
      vscode.debug.onDidTerminateDebugSession((session) => this.#gone(session)),
      vscode.debug.onDidChangeActiveDebugSession(() => this.#settle()),
    ];
  }

  /** The session to show, or undefined when there is none. */
  get current(): vscode.DebugSession | undefined {
    const active = vscode.debug.activeDebugSession;
    if (active && this.#ready.has(active.id)) return active;
    return [...this.#ready.values()].at(-1);
  }

  /** All sessions that can be asked, the shown one first. */
  get all(): readonly vscode.DebugSession[] {
    const current = this.current;
    if (!current) return [];
    return [current, ...[...this.#ready.values()].filter((session) => session.id !== current.id)];
  }

  createDebugAdapterTracker(session: vscode.DebugSession): vscode.DebugAdapterTracker {
    return {
      onDidSendMessage: (message: Message) => {
        if (message.type === 'response' && message.command === 'launch' && message.success) {
          this.#ready.set(session.id, session);
          this.#settle();
        } else if (message.type === 'event' && CHANGES.has(message.event ?? '')) this.#settle();
      },
      onExit: () => this.#gone(session),
    };
  }

  #gone(session: vscode.DebugSession): void {
    if (session.type === DEBUG_TYPE && this.#ready.delete(session.id)) this.#settle();
  }

  #settle(): void {
    if (this.#timer) return;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      void vscode.commands.executeCommand('setContext', CONTEXTS.session, this.#ready.size > 0);
      this.#changed.fire();
    }, SETTLE_MS);
  }

  dispose(): void {
    if (this.#timer) clearTimeout(this.#timer);
    for (const subscription of this.#subscriptions) subscription.dispose();
    this.#changed.dispose();
  }
}
