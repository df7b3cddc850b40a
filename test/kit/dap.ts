/** A client of the Debug Adapter Protocol, small enough to be trusted by tests. */

import { type ChildProcess, spawn } from 'node:child_process';
import path from 'node:path';
import type { DebugProtocol } from '@vscode/debugprotocol';
import { buildSync } from 'esbuild';

const ROOT = path.resolve(import.meta.dirname, '../..');
const TIMEOUT_MS = 10_000;

type Body = Record<string, unknown>;
type Message = DebugProtocol.ProtocolMessage & Partial<DebugProtocol.Response & DebugProtocol.Event>;

/** How messages reach the adapter, and how it is told to go. */
export interface Wire {
  send(message: object): void;
  /** Of wires that carry bytes. */
  raw?(text: string): void;
  close(): void;
}

/** A running adapter and everything that it has sent. */
export class DapClient {
  readonly messages: Message[] = [];
  readonly #wire: Wire;
  #seq = 1;
  #read = 0;
  #waiting: (() => void)[] = [];

  constructor(connect: (receive: (message: Message) => void) => Wire) {
    this.#wire = connect((message) => {
      this.messages.push(message);
      for (const wake of this.#waiting.splice(0)) wake();
    });
  }

  /** How many requests were sent: their numbers are 1 to this. */
  get sent(): number {
    return this.#seq - 1;
  }

  /** Sends a request without waiting; returns its number. */
  post(command: string, args: Body = {}): number {
    const seq = this.#seq++;
    this.#wire.send({ seq, type: 'request', command, arguments: args });
    return seq;
  }

  /** Sends a request and returns the body of its response; a refusal is thrown with its message. */
  async ask<T = Body>(command: string, args: Body = {}): Promise<T> {
    const response = await this.response(this.post(command, args));
    if (response.success !== true) throw new Error(response.message);
    return (response.body ?? {}) as T;
  }

  /** The response to a request, refused or not. */
  response(seq: number): Promise<Message> {
    return this.#until(`response to request ${seq}`, () =>
      this.messages.find((m) => m.type === 'response' && m.request_seq === seq),
    );
  }

  /** The next event of that name that nobody has taken yet. */
  async event<T = Body>(name: string): Promise<T> {
    const found = await this.#until(`event ${name}`, () => {
      const at = this.messages.findIndex((m, i) => i >= this.#read && m.type === 'event' && m.event === name);
      if (at < 0) return undefined;
      this.#read = at + 1;
      return this.messages[at];
    });
    return (found.body ?? {}) as T;
  }

  /** Leaves out the events that came so far. */
  forgetEvents(): void {
    this.#read = this.messages.length;
  }

  stopped(): Promise<DebugProtocol.StoppedEvent['body']> {
    return this.event('stopped');
  }

  /** Moves a thread and returns where it stopped. */
  async move(
    command: string,
    threadId: number,
    args: Body = {},
  ): Promise<DebugProtocol.StoppedEvent['body']> {
    await this.ask(command, { threadId, ...args });
    return this.stopped();
  }

  /** From nothing to the first stop. */
  async launch(
    args: Body,
    options: { filters?: string[]; client?: Body } = {},
  ): Promise<DebugProtocol.StoppedEvent['body']> {
    await this.ask('initialize', { adapterID: 'smmuv3', ...options.client });
    const launch = this.ask('launch', args);
    await this.event('initialized');
    if (options.filters) await this.ask('setExceptionBreakpoints', { filters: options.filters });
    await this.ask('configurationDone');
    await launch;
    return this.stopped();
  }

  async frames(threadId: number): Promise<DebugProtocol.StackFrame[]> {
    return (await this.ask<DebugProtocol.StackTraceResponse['body']>('stackTrace', { threadId })).stackFrames;
  }

  /** The variables along a path of names that begins with a scope of the innermost frame. */
  async variables(threadId: number, ...names: string[]): Promise<DebugProtocol.Variable[]> {
    const [frame] = await this.frames(threadId);
    const { scopes } = await this.ask<DebugProtocol.ScopesResponse['body']>('scopes', { frameId: frame?.id });
    let list: readonly { name: string; variablesReference: number }[] = scopes;
    for (const name of names) {
      const found = list.find((item) => item.name === name);
      if (!found) throw new Error(`no ${name} among ${list.map((item) => item.name).join(', ')}`);
      list = await this.children(found.variablesReference);
    }
    return list as DebugProtocol.Variable[];
  }

  async children(variablesReference: number): Promise<DebugProtocol.Variable[]> {
    const body = await this.ask<DebugProtocol.VariablesResponse['body']>('variables', { variablesReference });
    return body.variables;
  }

  /** The value of one variable along such a path. */
  async value(threadId: number, ...names: string[]): Promise<string> {
    const last = names.pop();
    const found = (await this.variables(threadId, ...names)).find((v) => v.name === last);
    if (!found) throw new Error(`no ${last}`);
    return found.value;
  }

  async evaluate(expression: string, context = 'repl'): Promise<string> {
    return (await this.ask<DebugProtocol.EvaluateResponse['body']>('evaluate', { expression, context }))
      .result;
  }

  /** Sends bytes that may be no message. */
  raw(text: string): void {
    this.#wire.raw?.(text);
  }

  close(): void {
    this.#wire.close();
  }

  async #until<T>(what: string, find: () => T | undefined): Promise<T> {
    const end = Date.now() + TIMEOUT_MS;
    for (;;) {
      const found = find();
      if (found !== undefined) return found;
      const left = end - Date.now();
      if (left <= 0) throw new Error(`waited ${TIMEOUT_MS} ms for ${what}`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left);
        this.#waiting.push(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
  }
}

/** A DAP client with the adapter's process. */
export interface SpawnedAdapter {
  readonly client: DapClient;
  readonly process: ChildProcess;
  /** What it wrote to standard error. */
  stderr(): string;
  /** Resolves with the exit code. */
  readonly exit: Promise<number | null>;
}

let bundled = false;

/** The adapter as it is shipped, in one file: bundled from the present sources, once for each worker of the tests. */
export function adapterBundle(): string {
  const worker = process.env['VITEST_POOL_ID'] ?? '0';
  const outfile = path.join(ROOT, 'out/test-adapter', `adapter-${worker}.cjs`);
  if (bundled) return outfile;
  buildSync({
    absWorkingDir: ROOT,
    entryPoints: ['src/adapter/main.ts'],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'es2022',
    logLevel: 'warning',
  });
  bundled = true;
  return outfile;
}

/** Starts the adapter as its own process on standard input and output. */
export function spawnAdapter(env: Record<string, string> = {}): SpawnedAdapter {
  const child = spawn(process.execPath, [adapterBundle()], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  });
  let errors = '';
  child.stderr.on('data', (data: Buffer) => {
    errors += data.toString();
  });
  child.stdin.on('error', () => {});
  const client = new DapClient((receive) => {
    readMessages(child.stdout, receive);
    return {
      send: (message) => child.stdin.write(frame(message)),
      raw: (text) => child.stdin.write(text),
      close: () => child.stdin.end(),
    };
  });
  const exit = new Promise<number | null>((resolve) => child.on('exit', resolve));
  return { client, process: child, stderr: () => errors, exit };
}

/** A message in the protocol's framing. */
export function frame(message: object): string {
  const json = JSON.stringify(message);
  return `Content-Length: ${Buffer.byteLength(json)}\r\n\r\n${json}`;
}

/** Takes a stream apart into messages. */
export function readMessages(stream: NodeJS.ReadableStream, receive: (message: Message) => void): void {
  let data = Buffer.alloc(0);
  stream.on('data', (more: Buffer) => {
    data = Buffer.concat([data, more]);
    for (;;) {
      const head = data.indexOf('\r\n\r\n');
      const length = Number(/Content-Length: (\d+)/.exec(data.toString('latin1', 0, Math.max(head, 0)))?.[1]);
      if (head < 0 || data.length < head + 4 + length) return;
      receive(JSON.parse(data.toString('utf8', head + 4, head + 4 + length)) as Message);
      data = data.subarray(head + 4 + length);
    }
  });
}
