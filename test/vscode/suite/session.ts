import * as assert from 'node:assert/strict';
import path from 'node:path';
import type { DebugProtocol } from '@vscode/debugprotocol';
import * as vscode from 'vscode';

/** The open copy of the sample workspace. */
export function folder(): vscode.WorkspaceFolder {
  const first = vscode.workspace.workspaceFolders?.[0];
  assert.ok(first, 'no workspace is open');
  return first;
}

/** A configuration on one of the samples. */
export function sample(name: string, more: object = {}): vscode.DebugConfiguration {
  return {
    type: 'smmuv3',
    request: 'launch',
    name,
    capture: path.join(folder().uri.fsPath, name, 'small.elf.gz'),
    registers: path.join(folder().uri.fsPath, name, 'regs.json'),
    ...more,
  };
}

/** A memory of a workspace that begins empty. */
export function emptyMemento(): vscode.Memento {
  const values = new Map<string, unknown>();
  return {
    keys: () => [...values.keys()],
    get: <T>(key: string, byDefault?: T) => (values.get(key) as T | undefined) ?? byDefault,
    update: async (key: string, value: unknown) => void values.set(key, value),
  };
}

/** Waits until `read` gives something. */
export async function until<T>(
  what: string,
  read: () => T | undefined | null | false,
  ms = 15_000,
): Promise<T> {
  const end = Date.now() + ms;
  for (;;) {
    const value = read();
    if (value) return value;
    if (Date.now() > end) throw new Error(`waited ${ms / 1000} s for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** A running session with everything its adapter has sent. */
export class Running {
  readonly session: vscode.DebugSession;
  readonly messages: DebugProtocol.ProtocolMessage[];
  #seen = 0;
  #ended = false;

  constructor(session: vscode.DebugSession, messages: DebugProtocol.ProtocolMessage[]) {
    this.session = session;
    this.messages = messages;
  }

  get stops(): DebugProtocol.StoppedEvent[] {
    return this.messages.filter(
      (message): message is DebugProtocol.StoppedEvent =>
        message.type === 'event' && (message as DebugProtocol.Event).event === 'stopped',
    );
  }

  /** The next stop that nobody has asked for yet. */
  async stopped(): Promise<DebugProtocol.StoppedEvent['body']> {
    const index = this.#seen++;
    return (await until(`stop ${index + 1} of ${this.session.name}`, () => this.stops[index])).body;
  }

  async threads(): Promise<DebugProtocol.Thread[]> {
    const body: DebugProtocol.ThreadsResponse['body'] = await this.session.customRequest('threads');
    return body.threads;
  }

  async frames(threadId: number): Promise<DebugProtocol.StackFrame[]> {
    const body: DebugProtocol.StackTraceResponse['body'] = await this.session.customRequest('stackTrace', {
      threadId,
    });
    return body.stackFrames;
  }

  /** The variables along a path of names that begins with a scope of the innermost frame. */
  async variables(threadId: number, ...names: string[]): Promise<DebugProtocol.Variable[]> {
    const [frame] = await this.frames(threadId);
    const { scopes }: DebugProtocol.ScopesResponse['body'] = await this.session.customRequest('scopes', {
      frameId: frame?.id,
    });
    const [scope, ...rest] = names;
    const found = scopes.find(({ name }) => name === scope);
    assert.ok(found, `no scope ${scope} among ${scopes.map(({ name }) => name).join(', ')}`);
    let variables = await this.#children(found.variablesReference);
    for (const name of rest) {
      const next = variables.find((variable) => variable.name === name);
      assert.ok(next, `no ${name} among ${variables.map((variable) => variable.name).join(', ')}`);
      variables = await this.#children(next.variablesReference);
    }
    return variables;
  }

  async #children(variablesReference: number): Promise<DebugProtocol.Variable[]> {
    const body: DebugProtocol.VariablesResponse['body'] = await this.session.customRequest('variables', {
      variablesReference,
    });
    return body.variables;
  }

  async evaluate(expression: string): Promise<string> {
    const body: DebugProtocol.EvaluateResponse['body'] = await this.session.customRequest('evaluate', {
      expression,
    });
    return body.result;
  }

  /** Ends the session and waits until VS Code knows. */
  async end(): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    // VS Code fetches the call stack after a stop; a session that ends meanwhile keeps the focus for ever.
    await until('the focus', () => vscode.debug.activeStackItem?.session.id === this.session.id, 3000).catch(
      () => undefined,
    );
    const ended = new Promise<void>((resolve) => {
      const listener = vscode.debug.onDidTerminateDebugSession((session) => {
        if (session.id !== this.session.id) return;
        listener.dispose();
        resolve();
      });
    });
    await vscode.debug.stopDebugging(this.session);
    await ended;
    await until('no active session', () => vscode.debug.activeDebugSession === undefined);
  }
}

/** Starts a session as F5 would and waits until it stands at its entry. */
export function start(config: vscode.DebugConfiguration): Promise<Running> {
  return startBy(() => vscode.debug.startDebugging(folder(), config));
}

/** The session that `action` starts; the action answers whether it did. */
export async function startBy(action: () => Thenable<boolean>): Promise<Running> {
  const messages: DebugProtocol.ProtocolMessage[] = [];
  const tracker = vscode.debug.registerDebugAdapterTrackerFactory('smmuv3', {
    createDebugAdapterTracker: () => ({
      onDidSendMessage: (message: DebugProtocol.ProtocolMessage) => messages.push(message),
    }),
  });
  const started = new Promise<vscode.DebugSession>((resolve) => {
    const listener = vscode.debug.onDidStartDebugSession((session) => {
      listener.dispose();
      resolve(session);
    });
  });
  assert.equal(await action(), true, 'the session did not start');
  const session = await started;
  // Only this session's messages are wanted; the factory is asked once a session.
  tracker.dispose();
  return new Running(session, messages);
}
