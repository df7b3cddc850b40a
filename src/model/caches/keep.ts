/** What the caches keep of a translation, and what goes to make room for it. */

import { hex } from '../../bits/u64.ts';
import type { Machine } from '../machine.ts';
import type { Effect, Recorder } from '../plan.ts';
import type { Answer, Fill } from '../translate/answer.ts';
import { paOf, type TlbEntry } from './tlb.ts';

/** More entries than any TLB has; beyond it an old one goes for each new one, which a cache may always do. */
const TLB_LIMIT = 65536;
const CONFIG_LIMIT = 65536;

/** Whether a translation changes more than what caches with room enough keep. */
export function changesMore({ tlb, config }: Machine, answer: Answer): boolean {
  return (
    answer.fault !== null ||
    answer.ats !== null ||
    answer.updates.length !== 0 ||
    answer.effects.length !== 0 ||
    tlb.size >= TLB_LIMIT ||
    config.size >= CONFIG_LIMIT
  );
}

/** Lets the caches, which have room enough, keep at once what an answer found: the fast path. */
export function keepAtOnce({ tlb, config }: Machine, { fillConfig, fills, fillTlb }: Answer): void {
  if (fillConfig !== null) config.insert(fillConfig);
  for (let i = 0; i < fills.length; i++) {
    const { store, entry } = fills[i] as Fill;
    store.insert(entry);
  }
  if (fillTlb !== null) tlb.insert(fillTlb);
}

/** The effects by which the caches keep what an answer found. */
export function keepFound(
  machine: Machine,
  answer: Answer,
  effects: Effect[],
  recorder: Recorder | null,
): void {
  const { config, tlb } = machine;
  const { fillConfig, fillTlb } = answer;
  if (fillConfig !== null) {
    const before = config.find(fillConfig.world, fillConfig.sid);
    const goes = before ?? (config.size >= CONFIG_LIMIT ? config.near(fillConfig) : undefined);
    if (goes) effects.push({ kind: 'config', op: 'remove', entry: goes });
    effects.push({ kind: 'config', op: 'insert', entry: fillConfig });
    recorder?.step('cache-fill', () => `configuration cache keeps StreamID ${hex(fillConfig.sid)}`);
  }
  for (const { store, entry, what: text } of answer.fills) {
    const what = text(entry);
    effects.push({ kind: 'store', store, op: 'insert', entry, what });
    recorder?.step('cache-fill', what);
  }
  if (fillTlb === null) return;
  const goes = tlb.displaced(fillTlb) ?? (tlb.size >= TLB_LIMIT ? someEntry(machine, fillTlb) : undefined);
  if (goes) effects.push({ kind: 'tlb', op: 'remove', entry: goes });
  effects.push({ kind: 'tlb', op: 'insert', entry: fillTlb });
  recorder?.step('cache-fill', () => `TLB keeps the translation to ${hex(paOf(fillTlb))}`);
}

/** Some TLB entry, to go for a new one. */
function someEntry({ tlb }: Machine, incoming: TlbEntry): TlbEntry | undefined {
  for (const space of tlb.spaces()) {
    for (const pages of space.byShift) {
      const entry = pages?.near(incoming);
      if (entry) return entry;
    }
  }
  return undefined;
}
