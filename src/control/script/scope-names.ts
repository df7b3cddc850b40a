/** Names that every expression of a script knows. */

import { WORLDS } from '../../bits/world.ts';
import { EVENT_LIST } from '../../spec/events.ts';

/** A name that is always known. */
export interface ScopeName {
  readonly name: string;
  /** `text`: stands for itself, to be compared with. */
  readonly kind: 'value' | 'bag' | 'function' | 'text';
  /** As it is written. */
  readonly usage: string;
  readonly doc: string;
}

const RESULTS = [
  ['ok', 'The transaction went through.'],
  ['abort', 'The transaction was aborted.'],
  ['razwi', 'Terminated: reads as zero, and writes are ignored.'],
  ['stall', 'The transaction is stalled.'],
  ['absent', 'Something needed is RAM that the capture does not hold.'],
  ['consumed', 'A command was consumed.'],
  ['idle', 'There was nothing to do.'],
] as const;

const QUEUES = [
  ['cmdq', 'command'],
  ['eventq', 'event'],
  ['priq', 'page request'],
] as const;

/** Names that every expression knows, beside those of `let` and `device`. */
export const SCOPE_NAMES: readonly ScopeName[] = [
  {
    name: 'pa',
    kind: 'value',
    usage: 'pa',
    doc: 'Output address of the last dma, in bytes; of its first page.',
  },
  { name: 'result', kind: 'value', usage: 'result', doc: 'What the last dma came to: ok, abort, stall, …' },
  { name: 'event', kind: 'bag', usage: 'event.FIELD', doc: 'The last event; event.name is its name.' },
  { name: 'ste', kind: 'function', usage: 'ste(SID[, WORLD]).FIELD', doc: 'A Stream Table Entry in memory.' },
  {
    name: 'cd',
    kind: 'function',
    usage: 'cd(SID[, SSID[, WORLD]]).FIELD',
    doc: 'A Context Descriptor in memory.',
  },
  { name: 'reg', kind: 'bag', usage: 'reg.WORLD.NAME[.FIELD]', doc: 'A register.' },
  {
    name: 'mem',
    kind: 'function',
    usage: 'mem(ADDR[, SPACE])',
    doc: '64 bits of memory at a physical address.',
  },
  ...QUEUES.map(([name, called]) => ({
    name,
    kind: 'bag' as const,
    usage: `${name}[.WORLD].cons, ${name}[.WORLD].prod`,
    doc: `Where the ${called} queue of a security state stands: of ns unless given.`,
  })),
  ...RESULTS.map(([name, doc]) => ({ name, kind: 'text', usage: name, doc }) as const),
  ...WORLDS.map((name) => ({ name, kind: 'text', usage: name, doc: 'A security state.' }) as const),
  ...EVENT_LIST.map(({ name, doc }) => ({ name, kind: 'text', usage: name, doc }) as const),
];

const BY_NAME = new Map(SCOPE_NAMES.map((entry) => [entry.name, entry]));

/** What a name stands for in every expression, or undefined. */
export function scopeName(name: string): ScopeName | undefined {
  return BY_NAME.get(name);
}

/** The parts of a device in expressions. */
export const DEVICE_PARTS = ['sid', 'ssid', 'world', 'name'] as const;
