/**
 * One debug session over the Debug Adapter Protocol: takes requests in order, hands each to its handler
 * (`requests/`), and sends what comes back. It knows no files and no VS Code: the same class serves standard input
 * and output, a TCP connection, and VS Code's inline adapters.
 */

import { ProtocolServer } from '@vscode/debugadapter/lib/protocol.js';
import type { DebugProtocol } from '@vscode/debugprotocol';
import type { Debuggee } from './debuggee.ts';
import { errorMessage, NotNow } from './errors.ts';
import type { Args } from './handler.ts';
import type { Host } from './host.ts';
import { HANDLERS, HURRY } from './requests/index.ts';

/** What the client said about itself in `initialize`. */
export interface Client {
  readonly id: string;
  readonly linesStartAt1: boolean;
  readonly columnsStartAt1: boolean;
  readonly progress: boolean;
  readonly invalidated: boolean;
  readonly memoryReferences: boolean;
}

/** A capture that is being opened. */
export interface Opening {
  /** Sequence number of the request that opens it. */
  readonly requestId: number;
  readonly progressId: string;
  abort(): void;
}

const PLAIN_CLIENT: Client = {
  id: '',
  linesStartAt1: true,
  columnsStartAt1: true,
  progress: false,
  invalidated: false,
  memoryReferences: false,
};

export class Session extends ProtocolServer {
  readonly host: Host;
  client: Client = PLAIN_CLIENT;
  /** Filters chosen before there is a debuggee; null until somebody chooses. */
  filters: readonly string[] | null = null;
  configured = false;
  /** Arguments of the launch, for a restart. */
  launchArgs: Args | null = null;
  /** What is being opened, while it is. */
  opening: Opening | null = null;
  /** Called once, after the client has disconnected and everything is closed. */
  onEnd: () => void = () => {};
  #debuggee: Debuggee | null = null;
  #queue: Promise<void> = Promise.resolve();
  #after: (() => void)[] = [];
  #ended = false;
  #disposed = false;

  constructor(host: Host) {
    super();
    this.host = host;
    // Without a listener a malformed message would end the process; it is skipped instead.
    this.on('error', () => {});
  }

  /** What is being debugged. Throws when nothing is. */
  get debuggee(): Debuggee {
    if (!this.#debuggee) throw new NotNow('no capture is open');
    return this.#debuggee;
  }

  get launched(): boolean {
    return this.#debuggee !== null;
  }

  attach(debuggee: Debuggee): void {
    if (this.#disposed) debuggee.closeNow();
    else this.#debuggee = debuggee;
  }

  /** Does something right after the response of the request that is being handled. */
  afterResponse(action: () => void): void {
    this.#after.push(action);
  }

  event(name: string, body?: object): void {
    const event: DebugProtocol.Event = { seq: 0, type: 'event', event: name };
    if (body) event.body = body;
    this.sendEvent(event);
  }

  /** A line in the debug console. */
  output(text: string, category: 'console' | 'important' | 'stderr' = 'console'): void {
    this.event('output', { category, output: `${text}\n` });
  }

  /** Something changed without a stop: what the client shows is old. */
  changed(): void {
    if (this.client.invalidated) this.event('invalidated', { areas: ['all'] });
  }

  /** A column number as the client counts. */
  column(fromOne: number): number {
    return this.client.columnsStartAt1 ? fromOne : fromOne - 1;
  }

  /** A line number as the client counts. */
  line(fromOne: number): number {
    return this.client.linesStartAt1 ? fromOne : fromOne - 1;
  }

  /** Closes what is open; the session can launch again. */
  async close(): Promise<void> {
    this.opening?.abort();
    const debuggee = this.#debuggee;
    this.#debuggee = null;
    await debuggee?.close();
  }

  /** The connection is gone: closes everything at once, without waiting for a request. */
  override dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.opening?.abort();
    this.#debuggee?.closeNow();
    this.#debuggee = null;
    // What is being opened leaves nothing behind, but it has to get there.
    void this.#queue.then(() => this.end());
  }

  /** The session is over. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.onEnd();
  }

  protected override dispatchRequest(request: DebugProtocol.Request): void {
    const args = argsOf(request);
    if (Object.hasOwn(HURRY, request.command)) HURRY[request.command]?.(this, args);
    this.#queue = this.#queue.then(() => this.#handle(request, args));
  }

  async #handle(request: DebugProtocol.Request, args: Args): Promise<void> {
    const response: DebugProtocol.Response = {
      seq: 0,
      type: 'response',
      request_seq: request.seq,
      command: request.command,
      success: true,
    };
    try {
      const handler = Object.hasOwn(HANDLERS, request.command) ? HANDLERS[request.command] : undefined;
      if (!handler) throw new NotNow(`${request.command} is not supported`);
      const body = await handler(this, args, request);
      if (body) response.body = body;
    } catch (error) {
      const message = errorMessage(request.command, error);
      response.success = false;
      response.message = message.format;
      response.body = { error: message };
    }
    this.sendResponse(response);
    for (const action of this.#after.splice(0)) action();
  }
}

function argsOf(request: DebugProtocol.Request): Args {
  const args: unknown = request.arguments;
  return typeof args === 'object' && args !== null ? (args as Args) : {};
}
