/** A client of the Debug Adapter Protocol that waits for one thing at a time and keeps nothing: what it costs is little. */

import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import type { DebugProtocol } from '@vscode/debugprotocol';

type Message = DebugProtocol.ProtocolMessage & Partial<DebugProtocol.Response & DebugProtocol.Event>;

const HEAD_END = '\r\n\r\n';

/** An adapter's process on standard input and output. */
export class BenchClient {
  readonly #process: ChildProcessByStdio<Writable, Readable, null>;
  readonly #responses = new Map<number, (message: Message) => void>();
  readonly #events = new Map<string, () => void>();
  #data: Buffer = Buffer.alloc(0);
  #seq = 1;

  /** @param script what Node runs */
  constructor(script: string) {
    this.#process = spawn(process.execPath, [script], { stdio: ['pipe', 'pipe', 'ignore'] });
    this.#process.stdout.on('data', (data: Buffer) => this.#receive(data));
    this.#process.stdin.on('error', () => {});
  }

  /** Sends a request and returns the body of its response; a refusal is thrown. */
  async ask<Body>(command: string, args: object = {}): Promise<Body> {
    const seq = this.#seq++;
    const answer = new Promise<Message>((resolve) => this.#responses.set(seq, resolve));
    const json = JSON.stringify({ seq, type: 'request', command, arguments: args });
    this.#process.stdin.write(`Content-Length: ${Buffer.byteLength(json)}${HEAD_END}${json}`);
    const { success, message, body } = await answer;
    if (success !== true) throw new Error(`${command}: ${message}`);
    return body as Body;
  }

  /** The next event of a name from now on. */
  event(name: string): Promise<void> {
    return new Promise((resolve) => this.#events.set(name, resolve));
  }

  /** From nothing to the first stop. */
  async launch(args: object): Promise<void> {
    const initialized = this.event('initialized');
    const stopped = this.event('stopped');
    await this.ask('initialize', { adapterID: 'bench', pathFormat: 'path' });
    const launched = this.ask('launch', args);
    await initialized;
    await this.ask('configurationDone');
    await launched;
    await stopped;
  }

  /** Moves a thread, and waits until it has stopped. */
  async move(command: string, threadId: number): Promise<void> {
    const stopped = this.event('stopped');
    await this.ask(command, { threadId });
    await stopped;
  }

  close(): void {
    this.#process.stdin.end();
    this.#process.kill();
  }

  #receive(more: Buffer): void {
    this.#data = this.#data.length === 0 ? more : Buffer.concat([this.#data, more]);
    for (;;) {
      const head = this.#data.indexOf(HEAD_END);
      if (head < 0) return;
      const from = head + HEAD_END.length;
      const to = from + Number(/Content-Length: (\d+)/.exec(this.#data.toString('latin1', 0, head))?.[1]);
      if (!(this.#data.length >= to)) return;
      this.#take(JSON.parse(this.#data.toString('utf8', from, to)) as Message);
      this.#data = this.#data.subarray(to);
    }
  }

  #take(message: Message): void {
    if (message.type === 'response') {
      const seq = message.request_seq ?? 0;
      this.#responses.get(seq)?.(message);
      this.#responses.delete(seq);
    } else if (message.type === 'event') {
      const name = message.event ?? '';
      this.#events.get(name)?.();
      this.#events.delete(name);
    }
  }
}
