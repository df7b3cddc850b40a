import { ReferenceStack, WordStack } from '../model/chunked.ts';
import type { LazyText, Operation } from '../model/plan.ts';
import { isPerformed } from './performed.ts';
import type { ThreadKey } from './thread.ts';
import { commandText, operationText } from './words.ts';

type Command = Extract<Operation, { kind: 'command' }>;

/** An operation that was committed. */
export interface Committed {
  readonly thread: ThreadKey;
  /** Null: nothing of the SMMU changed, but what runs on the thread went on. */
  readonly operation: Operation | null;
  /** Length of the journal before the operation: where undoing it ends. */
  readonly mark: number;
  /** One line for people; made when somebody looks. */
  readonly text: string;
  /** What the thread's owner keeps with it: its state before, say. */
  readonly extra: unknown;
  /** See {@link NewEntry.unseen}; 0 when it was planned. */
  readonly unseen: number;
}

/** What {@link History.push} takes. */
export interface NewEntry {
  readonly thread: ThreadKey;
  readonly operation: Operation | null;
  readonly mark: number;
  /** Left out where the operation (and of a command its name) says it all. A function is called when somebody looks. */
  readonly text?: LazyText;
  /** Of a command: what it is called, as its frame's `layout` or `commandTitle` says. */
  readonly command?: string;
  /** Kept once for as many entries in a row as have the same. */
  readonly extra?: unknown;
  /** Of what was not planned, since nothing could stop in it: the breakpoints' `generation` by which that was judged. */
  readonly unseen?: number;
}

/** Words of an entry. */
const STRIDE = 6;
/** An origin, and above it what {@link NewEntry.unseen} says. */
const HEADER = 0;
const MARK = 1;
const EXTRA = 2;
/** Of a command: its place in the ring. Of others: their place among those. */
const INDEX = 3;
const PA_LO = 4;
const PA_HI = 5;

/** In the place of an origin: the entry is held by reference. */
const OTHER = 0xffff_ffff;
/** More threads, queues and names than there are; beyond it entries are held by reference. */
const ORIGIN_BITS = 12;
const MOST_ORIGINS = 2 ** ORIGIN_BITS;
/** Later generations are not told apart from what was planned. */
const MOST_GENERATIONS = 2 ** 19;
const TWO_32 = 2 ** 32;
const NO_EXTRA = 0;

/** A thread, the queue whose commands it consumes and the name of one: the same for very many entries. */
interface Origin {
  readonly thread: ThreadKey;
  readonly world: Command['world'];
  readonly queue: Command['queue'];
  readonly command: string;
}

interface Extra {
  readonly value: unknown;
  /** Number of the entry that brought it. */
  readonly since: number;
}

/** An entry that is not packed. */
type Other = Pick<NewEntry, 'thread' | 'operation' | 'text' | 'unseen'>;

/**
 * What was committed, in order, on whatever thread. Commands take 24 bytes each and no object; what is asked for is
 * made on demand, and is the asker's.
 */
export class History {
  readonly #words = new WordStack();
  readonly #others = new ReferenceStack<Other>();
  readonly #extras: Extra[] = [{ value: undefined, since: -1 }];
  readonly #origins: Origin[] = [];
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** The newest entry, or null. */
  get last(): Committed | null {
    return this.at(this.#length - 1);
  }

  /** Entry `index`, the oldest being 0; null where there is none. */
  at(index: number): Committed | null {
    if (!(index >= 0 && index < this.#length)) return null;
    const words = this.#words;
    const at = index * STRIDE;
    const header = words.at(at + HEADER);
    const mark = words.at(at + MARK);
    const extra = this.#extras[words.at(at + EXTRA)]?.value;
    const origin = header === OTHER ? undefined : this.#origins[header % MOST_ORIGINS];
    if (!origin) {
      return new HeldEntry(this.#others.at(words.at(at + INDEX)), mark, extra);
    }
    const { thread, world, queue, command } = origin;
    const pa = words.at(at + PA_HI) * TWO_32 + words.at(at + PA_LO);
    const operation: Command = {
      kind: 'command',
      world,
      ...(queue === undefined ? {} : { queue }),
      index: words.at(at + INDEX),
      pa,
    };
    return new CommandEntry(thread, operation, mark, extra, command, header >>> ORIGIN_BITS);
  }

  /** At most `count` entries from entry `start` on, the oldest first. */
  page(start: number, count: number): Committed[] {
    const entries: Committed[] = [];
    for (let i = Math.max(0, start); i < Math.min(start + count, this.#length); i++) {
      const entry = this.at(i);
      if (entry) entries.push(entry);
    }
    return entries;
  }

  push(entry: NewEntry): void {
    const { operation, mark, command, text } = entry;
    const extra = this.#extraIndex(entry.extra);
    const isPacked = operation?.kind === 'command' && command !== undefined && text === undefined;
    const origin = isPacked ? this.#originIndex(entry.thread, operation, command) : OTHER;
    const words = this.#words;
    if (isPacked && origin !== OTHER) {
      const { unseen = 0 } = entry;
      words.push(origin + (unseen < MOST_GENERATIONS ? unseen : 0) * MOST_ORIGINS);
      words.push(mark);
      words.push(extra);
      words.push(operation.index);
      words.push(operation.pa >>> 0);
      words.push(Math.floor(operation.pa / TWO_32));
    } else {
      words.push(OTHER);
      words.push(mark);
      words.push(extra);
      words.push(this.#others.length);
      words.push(0);
      words.push(0);
      this.#others.push({
        thread: entry.thread,
        operation,
        text: text ?? textOf(operation),
        ...(entry.unseen === undefined ? {} : { unseen: entry.unseen }),
      });
    }
    this.#length++;
  }

  /** Takes the newest entry. */
  pop(): Committed | null {
    const entry = this.last;
    if (entry === null) return null;
    const words = this.#words;
    const at = --this.#length * STRIDE;
    if (words.at(at + HEADER) === OTHER) this.#others.pop();
    const extra = words.at(at + EXTRA);
    if (extra !== NO_EXTRA && this.#extras[extra]?.since === this.#length) this.#extras.length = extra;
    words.truncate(at);
    return entry;
  }

  /** Index of an entry's extra; the newest one is taken again as long as it is the same. */
  #extraIndex(value: unknown): number {
    if (value === undefined) return NO_EXTRA;
    const newest = this.#extras.length - 1;
    if (newest !== NO_EXTRA && this.#extras[newest]?.value === value) return newest;
    return this.#extras.push({ value, since: this.#length }) - 1;
  }

  /** Index of an origin, or OTHER when there are too many. */
  #originIndex(thread: ThreadKey, { world, queue }: Command, command: string): number {
    const origins = this.#origins;
    for (let i = 0; i < origins.length; i++) {
      const known = origins[i] as Origin;
      if (
        known.command === command &&
        known.thread === thread &&
        known.world === world &&
        known.queue === queue
      )
        return i;
    }
    return origins.length < MOST_ORIGINS ? origins.push({ thread, world, queue, command }) - 1 : OTHER;
  }
}

/** The text of an entry that has none of its own; of the operation and nothing else, which is kept anyhow. */
function textOf(operation: Operation | null): LazyText {
  return operation === null ? '' : () => operationText({ operation, frames: [] });
}

class HeldEntry implements Committed {
  readonly thread: ThreadKey;
  readonly operation: Operation | null;
  readonly mark: number;
  readonly extra: unknown;
  readonly unseen: number;
  readonly #text: LazyText;

  constructor({ thread, operation, text = '', unseen = 0 }: Other, mark: number, extra: unknown) {
    this.thread = thread;
    this.operation = operation;
    this.mark = mark;
    this.extra = extra;
    this.unseen = unseen;
    this.#text = text;
  }

  get text(): string {
    return typeof this.#text === 'string' ? this.#text : this.#text();
  }
}

class CommandEntry implements Committed {
  readonly thread: ThreadKey;
  readonly operation: Command;
  readonly mark: number;
  readonly extra: unknown;
  readonly unseen: number;
  readonly #command: string;

  constructor(
    thread: ThreadKey,
    operation: Command,
    mark: number,
    extra: unknown,
    command: string,
    unseen: number,
  ) {
    this.thread = thread;
    this.operation = operation;
    this.mark = mark;
    this.extra = extra;
    this.unseen = unseen;
    this.#command = command;
  }

  get text(): string {
    return commandText(this.operation, this.#command);
  }
}

/** Whether it was a write that people made: neither the program nor the SMMU. */
export function isEdit({ operation, extra }: Committed): boolean {
  return extra === undefined && operation !== undefined && operation !== null && isPerformed(operation);
}
