/** Invalidation of what is kept of the granule protection table, by physical address: IHI 0070 6.3.118. */

import { hex } from '../../bits/u64.ts';
import { type GptEntry, gptEntryText } from '../caches/gpt.ts';
import type { Machine } from '../machine.ts';
import type { Effect, Recorder } from '../plan.ts';

/** What an invalidation names. */
export interface GptInvalidation {
  /** Physical addresses in bytes; null: all of them. */
  readonly range: { readonly base: number; readonly bytes: number } | null;
  /** Level-0 Table entries stay. */
  readonly lastLevel: boolean;
}

/** `0x40000000 + 0x1000 bytes, last level`, for people. */
export function gptInvalidationText({ range, lastLevel }: GptInvalidation): string {
  if (range === null) return 'everything';
  return `${hex(range.base)} + ${hex(range.bytes)} bytes${lastLevel ? ', last level' : ''}`;
}

function names(of: GptInvalidation, entry: GptEntry): boolean {
  if (of.range === null) return true;
  if (of.lastLevel && entry.gpi < 0) return false;
  const { base, bytes } = of.range;
  return entry.base < base + bytes && entry.base + 2 ** entry.shift > base;
}

/** Adds what an invalidation removes. */
export function invalidateGpt(
  machine: Machine,
  rulesOff: ReadonlySet<string>,
  of: GptInvalidation,
  effects: Effect[],
  recorder: Recorder | null,
): void {
  const { gpt } = machine;
  if (rulesOff.has('world:ROOT-ROLE-TLBI')) return;
  const onlyNs = rulesOff.has('world:CAN-ROOT-TLBI');
  for (const entry of gpt.entries()) {
    if (!names(of, entry) || (onlyNs && entry.readFor !== 'ns')) continue;
    const what = `GPT cache drops ${gptEntryText(entry)}`;
    recorder?.step('cache-remove', what);
    effects.push({ kind: 'store', store: gpt, op: 'remove', entry, what });
  }
}
