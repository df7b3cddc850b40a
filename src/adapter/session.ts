import type { DebugProtocol } from '@vscode/debugprotocol';
import type { World } from '../bits/world.ts';
import type { Finding } from '../control/finding.ts';
import { Breakpoints } from '../control/stops/breakpoints.ts';
import type { Args } from './args.ts';
import { coloured } from './colour.ts';
import type { Debuggee } from './debuggee.ts';
import { NotNow } from './errors.ts';
import type { Host } from './host.ts';

/** What the client said about itself in `initialize`. */
export interface Client {
  readonly id: string;
  readonly linesStartAt1: boolean;
  readonly columnsStartAt1: boolean;
  readonly progress: boolean;
  readonly invalidated: boolean;
  readonly memoryReferences: boolean;
  readonly memoryEvent: boolean;
  /** Texts may be coloured. */
  readonly ansi: boolean;
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
  memoryEvent: false,
  ansi: false,
};

/**
 * One debug session as its requests see it: what is known of the client, what is being debugged, and the ways to
 * tell the client something. It knows no connection and none of the requests.
 */
export class Session {
  readonly host: Host;
  client: Client = PLAIN_CLIENT;
  /** They outlive what is debugged. */
  readonly breakpoints = new Breakpoints((text) => this.output(text));
  /** Breakpoints on lines as the client asked for them, by document. */
  readonly sources = new Map<string, readonly Args[]>();
  /** What data breakpoints are called, by their ids. */
  readonly dataNames = new Map<string, string>();
  /** Lines of a program's file at which a statement begins; null for other files. Without a program there is nobody to ask. */
  programLines: ((file: string) => readonly number[] | null) | null = null;
  configured = false;
  /** Arguments of the launch, for a restart. */
  launchArgs: Args | null = null;
  /** What is being opened, while it is. */
  opening: Opening | null = null;
  /** The Security state whose scopes and threads the client shows; null: all of them. A restart keeps it. */
  shownWorld: World | null = null;
  /** Kinds of findings of which one was told as important; a restart keeps them. */
  readonly toldKinds = new Set<Finding['kind']>();
  /** Requests that have arrived and are not answered. */
  readonly waiting = new Set<number>();
  /** The one of them that is being handled. */
  handling: number | null = null;
  /** Those of them that the client does not want any more. */
  readonly cancelled = new Set<number>();
  readonly #send: (event: DebugProtocol.Event) => void;
  readonly #onEnd: () => void;
  #debuggee: Debuggee | null = null;
  #after: (() => void)[] = [];
  #ended = false;
  #gone = false;

  /**
   * @param send brings an event to the client
   * @param onEnd called once, after the client has disconnected and everything is closed
   */
  constructor(host: Host, send: (event: DebugProtocol.Event) => void, onEnd: () => void) {
    this.host = host;
    this.#send = send;
    this.#onEnd = onEnd;
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
    if (this.#gone) debuggee.closeNow();
    else this.#debuggee = debuggee;
  }

  /** Does something right after the response of the request that is being handled. */
  afterResponse(action: () => void): void {
    this.#after.push(action);
  }

  /** The response of the request that was being handled is on its way. */
  responded(): void {
    for (const action of this.#after.splice(0)) action();
  }

  event(name: string, body?: object): void {
    const event: DebugProtocol.Event = { seq: 0, type: 'event', event: name };
    if (body) event.body = body;
    this.#send(event);
  }

  /** A line in the debug console. */
  output(text: string, category: 'console' | 'important' | 'stderr' = 'console'): void {
    // What is important stands in a notification as well, which shows no colours.
    const ansi = this.client.ansi && category !== 'important';
    this.event('output', { category, output: `${coloured(text, ansi)}\n` });
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

  /** The client is gone: closes what is open at once; what is still being opened will be closed too. */
  closeNow(): void {
    this.#gone = true;
    this.opening?.abort();
    this.#debuggee?.closeNow();
    this.#debuggee = null;
  }

  /** The session is over. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#onEnd();
  }
}
