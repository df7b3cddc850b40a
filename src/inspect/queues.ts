/** The command, event and PRI queues as rows, and as documents of one line an entry. */

import { hex } from '../bits/u64.ts';
import type { World } from '../bits/world.ts';
import { DATA, type ReadStatus } from '../model/memory.ts';
import { presentWorlds } from '../model/present-worlds.ts';
import { entryAddress, type QueueName, type Ring, ring } from '../model/queues/ring.ts';
import type { Smmu } from '../model/smmu.ts';
import { cerrorName } from '../spec/cerror.ts';
import { PRIQ_ENTRY } from '../spec/priq.ts';
import { WORLD_PREFIX } from '../spec/registers.ts';
import { WORLD_FACTS } from '../spec/worlds.ts';
import { commandName, commandRows, commandText } from './command-text.ts';
import { queuePath } from './document-path.ts';
import { eventName, eventRows, eventText } from './event-text.ts';
import { type Row, rawWords, rows } from './rows.ts';
import { countText, worldName } from './text.ts';
import { statusText } from './tree/node.ts';

export type { QueueName } from '../model/queues/ring.ts';

/** Entries on the left of PROD and right of CONS wait; what lies before CONS was consumed but is still in memory. */
export type EntryState = 'pending' | 'consumed';

/** One entry of a queue. */
export interface QueueEntry {
  /** Place in the ring, without the wrap bit. */
  readonly index: number;
  readonly wrap: number;
  /** PA in hexadecimal. */
  readonly address: string;
  readonly state: EntryState;
  /** The command's or event's name. */
  readonly name: string;
  /** Everything on one line. */
  readonly text: string;
  /** 64-bit words in hexadecimal; empty when they could not be read. */
  readonly raw: readonly string[];
  readonly status: ReadStatus;
}

/** A queue's registers in words. */
export interface QueueSummary {
  readonly name: QueueName;
  readonly world: World;
  readonly base: string;
  readonly entries: number;
  readonly entryBytes: number;
  readonly prod: number;
  readonly prodWrap: number;
  readonly cons: number;
  readonly consWrap: number;
  readonly pending: number;
  readonly enabled: boolean;
  /** Why nothing moves, or what is wrong; null when all is well. */
  readonly remark: string | null;
}

/** A stretch of a queue: places in the ring counted with the wrap bit, so that order is plain. */
export interface QueueWindow {
  /** First place, 0 to 2 * entries - 1. */
  readonly first: number;
  readonly count: number;
}

export interface WindowOptions {
  /** Consumed entries to show before the pending ones. Default 64. */
  readonly consumed?: number;
  /** Pending entries to show at most. Default 4096. */
  readonly pending?: number;
}

const CONSUMED = 64;
const PENDING = 4096;

/** The queues that a world has (3.10). */
export function queuesOf(world: World): readonly QueueName[] {
  const { commandQueue, eventQueue, priQueue } = WORLD_FACTS[world];
  return [
    ...(commandQueue ? (['CMDQ'] as const) : []),
    ...(eventQueue ? (['EVENTQ'] as const) : []),
    ...(priQueue !== false ? (['PRIQ'] as const) : []),
  ];
}

/** Why a Security state has no queues here, or null when it has. */
export function whyNoQueues({ bank }: Smmu, world: World): string | null {
  const name = worldName(world);
  if (queuesOf(world).length === 0) return `the ${name} state has no queues (3.10)`;
  return presentWorlds(bank.ids()).includes(world) ? null : `this SMMU has no ${name} state (3.10)`;
}

/** What the registers say of a queue. */
export function queueSummary(smmu: Smmu, name: QueueName, world: World): QueueSummary {
  const q = ring(smmu.bank, name, world);
  return {
    name,
    world,
    base: hex(q.base),
    entries: 2 ** q.log2size,
    entryBytes: q.entryBytes,
    prod: q.prod,
    prodWrap: q.prodWrap,
    cons: q.cons,
    consWrap: q.consWrap,
    pending: Math.min(q.used, 2 ** q.log2size),
    enabled: q.enabled,
    remark: remarkOf(smmu, q),
  };
}

const ENABLE: Readonly<Record<QueueName, string>> = { CMDQ: 'CMDQEN', EVENTQ: 'EVENTQEN', PRIQ: 'PRIQEN' };

function remarkOf(smmu: Smmu, q: Ring): string | null {
  if (q.inconsistent) return `PROD and CONS are ${q.used} entries apart, more than the queue has`;
  const state = smmu.state(q.world);
  if (q.name === 'CMDQ' && state.cmdqError !== 0) {
    return `stopped by ${cerrorName(state.cmdqError) ?? `error ${state.cmdqError}`}`;
  }
  if (!q.enabled) return `disabled (${WORLD_PREFIX[q.world]}CR0.${ENABLE[q.name]}=0)`;
  if (q.name === 'EVENTQ' && state.eventqAborted) return 'stopped: a write to the queue was aborted';
  return q.full ? 'full' : null;
}

/**
 * The stretch that is worth showing: what is pending, and the last entries before it. It begins at a multiple of 64,
 * so that it stays where it is while a few commands are consumed; hold on to it where lines must not move at all.
 */
export function queueWindow(
  smmu: Smmu,
  name: QueueName,
  world: World,
  options: WindowOptions = {},
): QueueWindow {
  const q = ring(smmu.bank, name, world);
  const size = 2 ** q.log2size;
  const cons = q.cons + q.consWrap * size;
  const pending = Math.min(q.used, size, options.pending ?? PENDING);
  // Without a wrap on record, what lies below index 0 was probably never written.
  const before = cons < size && q.prod >= q.cons && q.prodWrap === 0 ? cons : size;
  const wanted = Math.min(options.consumed ?? CONSUMED, before, size - Math.min(q.used, size));
  const aligned = options.consumed === undefined ? wanted + ((cons - wanted) % CONSUMED) : wanted;
  const consumed = Math.min(aligned, before, size - Math.min(q.used, size));
  return { first: (cons - consumed + 2 * size) % (2 * size), count: consumed + pending };
}

/** The entries of a stretch, oldest first. */
export function queueEntries(smmu: Smmu, name: QueueName, world: World, window: QueueWindow): QueueEntry[] {
  const q = ring(smmu.bank, name, world);
  const entries: QueueEntry[] = [];
  for (let i = 0; i < window.count; i++) entries.push(entryAt(smmu, q, window.first + i));
  return entries;
}

function entryAt(smmu: Smmu, q: Ring, place: number): QueueEntry {
  const size = 2 ** q.log2size;
  const at = place % (2 * size);
  const index = at % size;
  const pa = entryAddress(q, index);
  const words = new Uint32Array(q.entryBytes / 4);
  const status = smmu.memory(q.world).load(pa, words, 0, words.length);
  const fromCons = (index - q.cons + size) % size;
  const unread = status === DATA ? null : `${statusText(status)} (${hex(pa)})`;
  return {
    index,
    wrap: Math.floor(at / size),
    address: hex(pa),
    state: fromCons < Math.min(q.used, size) ? 'pending' : 'consumed',
    name: unread ?? entryName(q.name, words),
    text: unread ?? entryText(q.name, words),
    raw: unread === null ? rawWords(words) : [],
    status,
  };
}

function entryName(name: QueueName, words: Uint32Array): string {
  return name === 'CMDQ' ? commandName(words) : name === 'EVENTQ' ? eventName(words) : 'page request';
}

/** An entry on one line. */
function entryText(name: QueueName, words: Uint32Array): string {
  if (name === 'CMDQ') return commandText(words);
  if (name === 'EVENTQ') return eventText(words);
  const set = rows(PRIQ_ENTRY, words).filter((r) => r.set || r.name === 'StreamID');
  return `page request ${set.map((r) => `${r.name}=${r.value}`).join(' ')}`;
}

/** The fields of an entry. */
export function entryRows(name: QueueName, words: Uint32Array, world: World): Row[] {
  if (name === 'CMDQ') return commandRows(words, 0, world);
  if (name === 'EVENTQ') return eventRows(words, 0, world);
  return rows(PRIQ_ENTRY, words, 0, { world });
}

/** The words of an entry, and whether they could be read. */
export function entryWords(
  smmu: Smmu,
  name: QueueName,
  world: World,
  index: number,
): { readonly words: Uint32Array; readonly pa: number; readonly status: ReadStatus } {
  const q = ring(smmu.bank, name, world);
  const words = new Uint32Array(q.entryBytes / 4);
  const pa = entryAddress(q, index % 2 ** q.log2size);
  return { words, pa, status: smmu.memory(world).load(pa, words, 0, words.length) };
}

/** A queue as a text. Entries stand one a line, from line {@link firstLine} on. */
export interface QueueDocument {
  readonly text: string;
  /** Path of the document: `ns/cmdq.smmuq`. */
  readonly path: string;
  readonly window: QueueWindow;
  /** Line of the first entry, counted from 1. */
  readonly firstLine: number;
  /** Number of places in the ring. */
  readonly entries: number;
}

/** Line of the first entry of a document, counted from 1: a heading stands above. */
const FIRST_LINE = 5;

/**
 * A queue as a text: what the queue is, what is left out, then one line an entry.
 * @param window the stretch to show; keep it from one stop to the next and no line moves
 */
export function queueDocument(
  smmu: Smmu,
  name: QueueName,
  world: World,
  window: QueueWindow = queueWindow(smmu, name, world),
): QueueDocument {
  const s = queueSummary(smmu, name, world);
  const lines = [
    `# ${name} ${world} (${worldName(world)}): ${countText(s.entries)} entries of ${s.entryBytes} bytes at ${s.base}`,
    `# PROD ${hex(s.prod)} wrap ${s.prodWrap}, CONS ${hex(s.cons)} wrap ${s.consWrap}: ${countText(s.pending)} pending${s.remark === null ? '' : `; ${s.remark}`}`,
    `# ${leftOut(s, window)}`,
    '',
  ];
  const width = Math.max(hex(s.entries - 1).length, 5);
  for (const entry of queueEntries(smmu, name, world, window)) {
    lines.push(
      `${hex(entry.index).padStart(width)}  ${entry.address}  ${entry.state.padEnd(8)}  ${entry.text}`,
    );
  }
  if (window.count === 0) lines.push('# no entries');
  return {
    text: `${lines.join('\n')}\n`,
    path: queuePath(name, world),
    window,
    firstLine: FIRST_LINE,
    entries: s.entries,
  };
}

function leftOut(s: QueueSummary, window: QueueWindow): string {
  const rest = s.entries - window.count;
  if (rest === 0) return 'The whole ring is shown, oldest entry first.';
  const size = s.entries;
  const cons = s.cons + s.consWrap * size;
  const shownOf = (cons - window.first + 2 * size) % (2 * size);
  const pendingShown = Math.max(0, window.count - (shownOf <= window.count ? shownOf : 0));
  const hidden = s.pending - Math.min(s.pending, pendingShown);
  const more = hidden > 0 ? ` ${countText(hidden)} pending entries are left out.` : '';
  return `Shown: ${countText(window.count)} entries, oldest first; ${countText(rest)} of the ring are left out.${more}`;
}

/**
 * Line (from 1) of the entry with this index, or null when the document leaves it out. The document need not be made:
 * its window and the number of places in the ring say it.
 */
export function lineOf(
  { window, entries }: Pick<QueueDocument, 'window' | 'entries'>,
  index: number,
): number | null {
  const from = (index - (window.first % entries) + entries) % entries;
  return from < window.count ? FIRST_LINE + from : null;
}

/** Place of the entry on a line (from 1), with the wrap bit; null for other lines. */
export function entryAtLine({ window, entries }: QueueDocument, line: number): number | null {
  const i = line - FIRST_LINE;
  if (i < 0 || i >= window.count) return null;
  return (window.first + i) % (2 * entries);
}
