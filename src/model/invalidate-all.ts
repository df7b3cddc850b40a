/** Dropping all that is cached of every Security state at once: IHI 0070 6.3.62. */

import { hex } from '../bits/u64.ts';
import { WORLDS } from '../bits/world.ts';
import { dptEntryText } from './caches/dpt.ts';
import { completionOf, notedInvalidation } from './caches/noted.ts';
import { paOf, type Tlb, tagText } from './caches/tlb.ts';
import { invalidateGpt } from './gpc/invalidate.ts';
import type { QueueMachine } from './machine.ts';
import { tellOfEverything } from './notifiers/causes.ts';
import type { Effect, Recorder, Store } from './plan.ts';

/** Where an invalidation of everything goes, and what asked for it. */
export interface GlobalInvalidation {
  readonly machine: QueueMachine;
  readonly effects: Effect[];
  readonly recorder: Recorder | null;
  /** What asked for it, for people: `S_INIT.INV_ALL`. */
  readonly cause: string;
}

const NO_WORDS = new Uint32Array(4);
const everything = (): null => null;

/** Drops every entry of every cache: configuration and translations of all states, DPT, PARTID maps and GPT. */
export function invalidateAll(to: GlobalInvalidation): void {
  const { machine, effects, recorder } = to;
  const { config, structures, dpt, partidMaps, leaving } = machine;
  tellOfEverything(to, to.cause);
  const drop = <Entry>(store: Store<Entry>, entry: Entry, what: string): void => {
    recorder?.step('cache-remove', what);
    effects.push({ kind: 'store', store, op: 'remove', entry, what });
  };
  if (machine.policy === 'maximal') forgetOverwritten(to);
  for (const item of [...leaving.entries()].reverse()) {
    effects.push({
      kind: 'store',
      store: leaving,
      op: 'remove',
      entry: item,
      what: 'an invalidation completes',
    });
  }
  for (const entry of config.entries()) {
    const what = `configuration of ${entry.world} StreamID ${hex(entry.sid)} leaves the cache`;
    recorder?.entry('cache-remove', what, { kind: 'config', entry });
    effects.push({ kind: 'config', op: 'remove', entry });
  }
  for (const entry of structures.entries()) {
    const what = `the ${entry.structure} of ${entry.world} StreamID ${hex(entry.sid)} leaves the cache`;
    recorder?.entry('cache-remove', what, { kind: 'structure', entry });
    effects.push({ kind: 'store', store: structures, op: 'remove', entry, what });
  }
  for (const name of ['tlb', 'partial', 'walks'] as const) dropTlb(to, name, machine[name]);
  for (const world of WORLDS) {
    for (const entry of dpt.entries(world)) drop(dpt, entry, `${dptEntryText(entry)} leaves the DPT TLB`);
  }
  for (const entry of partidMaps.entries()) {
    drop(partidMaps, entry, `PARTID map ${hex(entry.key)} of ${entry.world} leaves the cache`);
  }
  const { rulesOff } = machine.state('ns');
  invalidateGpt(machine, rulesOff, { range: null, lastLevel: false }, effects, recorder);
}

function dropTlb(
  { effects, recorder }: GlobalInvalidation,
  name: 'tlb' | 'partial' | 'walks',
  tlb: Tlb,
): void {
  for (const entry of tlb.entries()) {
    const what = `the entry for ${hex(paOf(entry))} (${tagText(entry)}) leaves the TLB`;
    recorder?.entry('cache-remove', what, { kind: 'tlb', store: name, entry });
    effects.push(
      name === 'tlb'
        ? { kind: 'tlb', op: 'remove', entry }
        : { kind: 'store', store: tlb, op: 'remove', entry, what },
    );
  }
}

/** What software has overwritten is held no longer either: the invalidation covers everything, and is complete. */
function forgetOverwritten({ machine, effects, cause }: GlobalInvalidation): void {
  const { versions } = machine;
  const { oldest } = versions;
  if (oldest !== null) {
    const what = 'the oldest invalidation is forgotten';
    effects.push({ kind: 'store', store: versions, op: 'remove', entry: oldest, what });
  }
  const state = machine.state('ns');
  const entry = notedInvalidation(
    { state, queue: cause, name: cause },
    NO_WORDS,
    versions.now,
    () => everything,
  );
  effects.push({ kind: 'store', store: versions, op: 'insert', entry, what: `${cause} is written` });
  const completion = completionOf(cause);
  effects.push({
    kind: 'store',
    store: versions,
    op: 'insert',
    entry: completion,
    what: `${cause} is complete`,
  });
}
