/** Stalled transactions: IHI 0070 3.12.2, 7.2.1 and the commands of 4.7. */

import { hex, hex64 } from '../bits/u64.ts';
import type { World } from '../bits/world.ts';
import type { Delivery, Effect, Fault, Result, Store, Transaction } from './plan.ts';

/**
 * Where a stalled transaction stands:
 * `recorded`: its record is in the event queue (or was), and CMD_RESUME can name it;
 * `waiting`: its record could not be written, so it is tried again once one can be (7.2.1);
 * `suppressed`: the record of another stall of the same page stands for it (3.12.2.1);
 * `resumed`: CMD_RESUME asked for a retry that has not happened yet;
 * `retried`: an early retry let it go, but its record still wants an answer, so its tag stays taken (3.12.2.2).
 */
export type StallPhase = 'recorded' | 'waiting' | 'suppressed' | 'resumed' | 'retried';

/** One stalled transaction. */
export interface Stall {
  /** Grows with each stall: who came first. */
  readonly order: number;
  readonly phase: StallPhase;
  /** STAG while the record is unanswered, else -1. */
  readonly stag: number;
  readonly transaction: Transaction;
  readonly fault: Fault;
  /** The `order` of the stall whose record stands for this one, or -1. */
  readonly behind: number;
}

/** What the architecture leaves open; the defaults do none of it. */
export interface StallPolicy {
  /** Whether a stall of the same page, privilege, kind and SubstreamID gets a record of its own (3.12.2.1). */
  readonly duplicates: 'record' | 'suppress';
  /** Whether stalled transactions are tried again without CMD_RESUME: never, or at each CMD_SYNC (3.12.2.2). */
  readonly earlyRetry: 'never' | 'sync';
}

export const STALL_POLICY: StallPolicy = { duplicates: 'record', earlyRetry: 'never' };

/** STAG has 16 bits (7.3.13). */
const TAGS = 2 ** 16;

/** The stalled transactions of an SMMU, in the order in which they stalled. */
export class Stalls implements Store<Stall> {
  readonly #entries: Stall[] = [];
  readonly #tags = new Set<number>();
  /** No tag below is free. */
  #lowest = 0;

  insert(entry: Stall): void {
    const last = this.#entries.at(-1);
    if (last === undefined || last.order < entry.order) this.#entries.push(entry);
    else {
      const at = this.#entries.findIndex((other) => other.order > entry.order);
      this.#entries.splice(at, 0, entry);
    }
    if (entry.stag >= 0) this.#tags.add(entry.stag);
  }

  remove(entry: Stall): void {
    const at = this.#entries.indexOf(entry);
    if (at < 0) return;
    this.#entries.splice(at, 1);
    if (entry.stag < 0) return;
    this.#tags.delete(entry.stag);
    this.#lowest = Math.min(this.#lowest, entry.stag);
  }

  entries(): readonly Stall[] {
    return this.#entries;
  }

  get size(): number {
    return this.#entries.length;
  }

  /** The stall that CMD_RESUME names: StreamID and tag must both match, and its record must be visible (4.7.1). */
  find(world: World, sid: number, stag: number): Stall | undefined {
    return this.#entries.find((s) => s.stag === stag && ofStream(s, world, sid) && isOutstanding(s));
  }

  /** Every stall of a stream, whether recorded or not. */
  ofStream(world: World, sid: number): Stall[] {
    return this.#entries.filter((s) => ofStream(s, world, sid));
  }

  /** Records of stalls that nobody has answered yet; IDR5.STALL_MAX bounds them (6.3.6). */
  get outstanding(): number {
    return this.#tags.size;
  }

  /** The smallest tag that no outstanding stall has, or -1 when all are taken. */
  freeTag(): number {
    while (this.#tags.has(this.#lowest)) this.#lowest++;
    return this.#lowest < TAGS ? this.#lowest : -1;
  }

  /** The `order` of a stall that comes now. */
  get nextOrder(): number {
    return (this.#entries.at(-1)?.order ?? -1) + 1;
  }

  /**
   * The recorded stall whose record may stand for that of another: same stream, page of 4 KiB, privilege, kind of
   * access and SubstreamID (3.12.2.1).
   */
  twinOf(t: Transaction): Stall | undefined {
    return this.#entries.find(({ phase, transaction: other }) => {
      const sameStream = other.world === t.world && other.sid === t.sid && other.ssid === t.ssid;
      const samePage = other.vaHi === t.vaHi && other.vaLo >>> 12 === t.vaLo >>> 12;
      const sameAccess =
        other.write === t.write && other.instruction === t.instruction && other.privileged === t.privileged;
      return phase === 'recorded' && sameStream && samePage && sameAccess && other.kind === t.kind;
    });
  }

  /**
   * The first stall before `until` that would be tried again just now: one that CMD_RESUME let go, one whose record
   * can now be written, or one whose twin is gone.
   * @param recordable whether the record of a new stall of that world could be written
   */
  next(recordable: (world: World) => boolean, until: number): Stall | undefined {
    return this.#entries.find((s) => {
      if (s.order >= until) return false;
      if (s.phase === 'resumed') return true;
      if (s.phase === 'waiting') return recordable(s.transaction.world);
      return s.phase === 'suppressed' && !this.#entries.some((other) => other.order === s.behind);
    });
  }

  /** Another store that holds the same. */
  copy(): Stalls {
    const other = new Stalls();
    for (const entry of this.#entries) other.insert(entry);
    return other;
  }

  /** Whether any of them waits for something other than a command. */
  get waits(): boolean {
    return this.#entries.some(({ phase }) => phase !== 'recorded' && phase !== 'retried');
  }

  clear(): void {
    this.#entries.length = 0;
    this.#tags.clear();
    this.#lowest = 0;
  }
}

function ofStream(s: Stall, world: World, sid: number): boolean {
  return s.transaction.world === world && s.transaction.sid === sid;
}

function isOutstanding(s: Stall): boolean {
  return s.phase === 'recorded' || s.phase === 'retried';
}

/** Whether one more stall may be recorded: IDR5.STALL_MAX bounds them, where it says anything (6.3.6). */
export function belowLimit(stalls: Stalls, stallMax: number): boolean {
  const { outstanding } = stalls;
  return outstanding < TAGS && (stallMax === 0 || outstanding < stallMax);
}

/** `read 0x1000 by StreamID 0x8`, for people. */
export function stalledText(t: Transaction): string {
  return `${t.write ? 'write' : t.instruction ? 'instruction fetch' : 'read'} ${hex64(t.vaHi, t.vaLo)} by StreamID ${hex(t.sid)}`;
}

export function insertStall(stalls: Stalls, entry: Stall): Effect {
  const tag = entry.stag >= 0 ? `, STAG ${hex(entry.stag)}` : '';
  const what = `${stalledText(entry.transaction)} is stalled (${entry.phase}${tag})`;
  return { kind: 'store', store: stalls, op: 'insert', entry, what };
}

export function removeStall(stalls: Stalls, entry: Stall): Effect {
  const what = `${stalledText(entry.transaction)} is no longer stalled`;
  return { kind: 'store', store: stalls, op: 'remove', entry, what };
}

/** Moves a stall to another phase. */
export function changePhase(stalls: Stalls, entry: Stall, phase: StallPhase): Effect[] {
  // CMD_RESUME gives the tag back (4.7.1).
  const stag = phase === 'resumed' ? -1 : entry.stag;
  return [removeStall(stalls, entry), insertStall(stalls, { ...entry, phase, stag })];
}

/** Tells the client how its stalled transaction ended. */
export function stallEnds(transaction: Transaction, result: Result, pa = 0): Effect {
  const to: Delivery = { kind: 'stall-ends', transaction, result, pa };
  const how =
    result === 'ok'
      ? `goes on to ${hex(pa)}`
      : result === 'razwi'
        ? 'is terminated: reads give zero, writes are ignored'
        : 'is terminated with an abort';
  return { kind: 'signal', what: `the stalled ${stalledText(transaction)} ${how}`, to };
}

/** Terminates a stall. One that an early retry has let go already only gives its tag back. */
export function terminateStall(stalls: Stalls, entry: Stall, result: 'abort' | 'razwi'): Effect[] {
  const gone = removeStall(stalls, entry);
  return entry.phase === 'retried' ? [gone] : [gone, stallEnds(entry.transaction, result)];
}

/** CR0.SMMUEN goes from 1 to 0: every stall of the Security state is terminated with an abort (6.3.9.6). */
export function terminateAll(stalls: Stalls, world: World): Effect[] {
  return stalls
    .entries()
    .filter(({ transaction }) => transaction.world === world)
    .flatMap((entry) => terminateStall(stalls, entry, 'abort'));
}
