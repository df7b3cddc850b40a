/** Stall records that wait until the event queue can take them: IHI 0070 7.2.1. They are never lost. */

import type { World } from '../../bits/world.ts';
import type { Effect, Store } from '../plan.ts';

/** A stall record without a place in the queue yet. */
export interface WaitingRecord {
  readonly world: World;
  /** The record as it will be written, 8 words. */
  readonly words: Uint32Array;
  /** Smaller ones came earlier. */
  readonly sequence: number;
}

/** The waiting records, oldest first. */
export class WaitingRecords implements Store<WaitingRecord> {
  readonly #records: WaitingRecord[] = [];

  /** Puts a record at its place in the order, so that undoing a removal restores the order. */
  insert(record: WaitingRecord): void {
    let at = this.#records.length;
    while (at > 0 && (this.#records[at - 1] as WaitingRecord).sequence > record.sequence) at--;
    this.#records.splice(at, 0, record);
  }

  remove(record: WaitingRecord): void {
    const at = this.#records.indexOf(record);
    if (at >= 0) this.#records.splice(at, 1);
  }

  /** The records of a world, oldest first. */
  of(world: World): WaitingRecord[] {
    return this.#records.filter((record) => record.world === world);
  }

  get size(): number {
    return this.#records.length;
  }

  /** The sequence number of the next record. */
  get next(): number {
    return (this.#records[this.#records.length - 1]?.sequence ?? 0) + 1;
  }
}

/** A record starts to wait. */
export function waitEffect(waiting: WaitingRecords, world: World, words: Uint32Array): Effect {
  const entry: WaitingRecord = { world, words, sequence: waiting.next };
  return {
    kind: 'store',
    store: waiting,
    op: 'insert',
    entry,
    what: 'the stall record waits for the event queue',
  };
}

/**
 * Records that will never be written, because their stalls have ended: CMD_STALL_TERM (4.7.2), CR0.SMMUEN going to 0.
 * @param ended which of the world's
 */
export function dropEffects(
  waiting: WaitingRecords,
  world: World,
  ended: (record: WaitingRecord) => boolean = () => true,
): Effect[] {
  return waiting
    .of(world)
    .filter(ended)
    .map((entry) => ({
      kind: 'store',
      store: waiting,
      op: 'remove',
      entry,
      what: 'a waiting stall record is dropped: its stall has ended',
    }));
}
