/** Taking entries out of caches: at once, or (policy `maximal`) at the next CMD_SYNC of the same queue. */

import type { ConfigEntry } from '../caches/config.ts';
import type { LeavingItem } from '../caches/leaving.ts';
import { completionOf, notedInvalidation, type Reading } from '../caches/noted.ts';
import type { StructureEntry } from '../caches/structures.ts';
import type { Tlb, TlbEntry } from '../caches/tlb.ts';
import { storeOf, type Used } from '../caches/used.ts';
import type { LazyText, Store } from '../plan.ts';
import type { CommandContext } from './context.ts';

const CMDQ = { ns: 'ns/CMDQ', s: 's/CMDQ', realm: 'realm/CMDQ' } as const;

/** The queue that a command came from, as {@link LeavingItem} names it. */
export function queueOf(c: CommandContext): string {
  if (c.broadcast) return 'broadcast';
  return c.queue === 'CMDQ' ? CMDQ[c.world] : `${c.world}/ECMDQ ${c.queue}`;
}

/** Removes an entry of the configuration cache. */
export function dropConfig(c: CommandContext, entry: ConfigEntry): void {
  c.recorder?.entry(
    'cache-remove',
    () => `configuration of StreamID 0x${entry.sid.toString(16)} leaves the cache`,
    { kind: 'config', entry },
  );
  c.effects.push({ kind: 'config', op: 'remove', entry });
}

/** Removes a TLB entry, or marks it as leaving. */
export function dropTlbEntry(c: CommandContext, tlb: Tlb, entry: TlbEntry, text: LazyText): void {
  if (c.machine.policy === 'maximal') {
    if (c.broadcast)
      c.effects.push({ kind: 'store', store: tlb, op: 'remove', entry, what: 'an entry is gone' });
    else leave(c, tlb, entry, text, { kind: 'tlb', store: storeOf(c.machine, tlb), entry });
    return;
  }
  c.recorder?.entry('cache-remove', text, { kind: 'tlb', store: storeOf(c.machine, tlb), entry });
  c.effects.push({ kind: 'tlb', op: 'remove', entry });
}

/** Marks a configuration structure as leaving. */
export function dropStructure(c: CommandContext, entry: StructureEntry): void {
  const which = entry.structure === 'CD' || entry.structure === 'L1CD' ? ` index ${entry.index}` : '';
  leave(
    c,
    c.machine.structures,
    entry,
    () => `the ${entry.structure} of StreamID 0x${entry.sid.toString(16)}${which}`,
    { kind: 'structure', entry },
  );
}

function leave(
  c: CommandContext,
  store: Store<unknown>,
  entry: { leaving: boolean },
  text: LazyText,
  used: Used,
): void {
  if (entry.leaving) return;
  const item: LeavingItem = { store, entry, queue: queueOf(c) };
  const what = (): string => (typeof text === 'string' ? text : text());
  c.recorder?.entry(
    'cache-remove',
    () => `${what()} is to leave: gone at the next CMD_SYNC of this queue`,
    used,
  );
  c.effects.push({
    kind: 'store',
    store: c.machine.leaving,
    op: 'insert',
    entry: item,
    what: c.recorder ? `${what()} is to leave` : 'an entry is to leave',
  });
}

/** Remembers an invalidation for what hardware may still hold (policy `maximal`). */
export function noteInvalidation(c: CommandContext, reading: Reading): void {
  const { versions } = c.machine;
  const { oldest } = versions;
  if (oldest !== null) {
    const what = 'the oldest invalidation is forgotten';
    c.effects.push({ kind: 'store', store: versions, op: 'remove', entry: oldest, what });
  }
  const queue = queueOf(c);
  const entry = notedInvalidation({ state: c.state, queue, name: c.name }, c.words, versions.now, reading);
  const what = `${entry.what} is consumed`;
  c.effects.push({ kind: 'store', store: versions, op: 'insert', entry, what });
  // A broadcast is complete at once here: the PE's DSB, which waits for it, is not ours.
  if (c.broadcast) complete(c);
}

function complete(c: CommandContext): void {
  const entry = completionOf(queueOf(c));
  const what = 'earlier invalidations are complete';
  c.effects.push({ kind: 'store', store: c.machine.versions, op: 'insert', entry, what });
}

/** CMD_SYNC: what earlier commands of the queue have named is gone (4.7.3). */
export function completeInvalidations(c: CommandContext): void {
  const { leaving, policy } = c.machine;
  if (policy !== 'maximal') return;
  complete(c);
  const items = leaving.of(queueOf(c));
  // The last first, so that taking it back leaves them in the order in which they were named.
  for (let i = items.length - 1; i >= 0; i--) {
    const item = items[i] as LeavingItem;
    const { store, entry } = item;
    c.effects.push({
      kind: 'store',
      store: leaving,
      op: 'remove',
      entry: item,
      what: 'an invalidation completes',
    });
    c.effects.push({ kind: 'store', store, op: 'remove', entry, what: 'an entry is gone' });
  }
  if (items.length > 0)
    c.recorder?.entry('cache-remove', `${items.length} entries are gone: their invalidations are complete`, {
      kind: 'completed',
      items,
    });
}
