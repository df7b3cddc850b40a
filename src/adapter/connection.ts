/**
 * A client's connection over the Debug Adapter Protocol: takes requests in order, hands each to its handler
 * (`requests/`), and sends what comes back. It knows no files and no VS Code: the same class serves standard input
 * and output, a TCP connection, and VS Code's inline adapters.
 */

import { ProtocolServer } from '@vscode/debugadapter/lib/protocol.js';
import type { DebugProtocol } from '@vscode/debugprotocol';
import type { Args } from './args.ts';
import { Cancelled, errorMessage, NotNow } from './errors.ts';
import type { Host } from './host.ts';
import { HANDLERS, HURRY } from './requests/index.ts';
import { Session } from './session.ts';

export class Connection extends ProtocolServer {
  readonly session: Session;
  #queue: Promise<void> = Promise.resolve();
  #disposed = false;

  /** @param onEnd called once, after the client has disconnected and everything is closed */
  constructor(host: Host, onEnd: () => void = () => {}) {
    super();
    this.session = new Session(host, (event) => this.sendEvent(event), onEnd);
    // Without a listener a malformed message would end the process; it is skipped instead.
    this.on('error', () => {});
  }

  /** The connection is gone: closes everything at once, without waiting for a request. */
  override dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.session.closeNow();
    // What is being opened leaves nothing behind, but it has to get there.
    void this.#queue.then(() => this.session.end());
  }

  protected override dispatchRequest(request: DebugProtocol.Request): void {
    const args = argsOf(request);
    if (Object.hasOwn(HURRY, request.command)) HURRY[request.command]?.(this.session, args);
    this.session.waiting.add(request.seq);
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
    this.session.handling = request.seq;
    try {
      if (this.session.cancelled.has(request.seq)) throw new Cancelled();
      const handler = Object.hasOwn(HANDLERS, request.command) ? HANDLERS[request.command] : undefined;
      if (!handler) throw new NotNow(`${request.command} is not supported`);
      const body = await handler(this.session, args, request);
      if (body) response.body = body;
    } catch (error) {
      if (error instanceof Cancelled) {
        this.#forget(request);
        this.sendResponse({ ...response, success: false, message: 'cancelled' });
        return;
      }
      const message = errorMessage(request.command, error);
      response.success = false;
      response.message = message.format;
      response.body = { error: message };
    }
    this.#forget(request);
    this.sendResponse(response);
    this.#responded(request);
  }

  #forget({ seq }: DebugProtocol.Request): void {
    this.session.handling = null;
    this.session.waiting.delete(seq);
    this.session.cancelled.delete(seq);
  }

  /** Whatever fails after the response must not keep the next request from being handled. */
  #responded(request: DebugProtocol.Request): void {
    try {
      this.session.responded();
    } catch (error) {
      this.session.output(errorMessage(request.command, error).format, 'stderr');
    }
  }
}

function argsOf(request: DebugProtocol.Request): Args {
  const args: unknown = request.arguments;
  return typeof args === 'object' && args !== null ? (args as Args) : {};
}
