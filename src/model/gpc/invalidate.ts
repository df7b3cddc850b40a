/** Invalidation of what is kept of the granule protection table, by physical address: IHI 0070 6.3.118. */

import { hex } from '../../bits/u64.ts';
import { GPT_BROADCASTS } from '../../spec/broadcast.ts';
import { GPT_TLBI_LOG2 } from '../../spec/gpc.ts';
import { type GptEntry, gptEntryText } from '../caches/gpt.ts';
import type { Machine, QueueMachine } from '../machine.ts';
import { tellOfBroadcastPa } from '../notifiers/causes.ts';
import type { Effect, GptBroadcast, Recorder } from '../plan.ts';

/** What an invalidation names. */
export interface GptInvalidation {
  /** Physical addresses in bytes; null: all of them. */
  readonly range: { readonly base: number; readonly bytes: number } | null;
  /** Level-0 Table entries stay. */
  readonly lastLevel: boolean;
}

/** All that is kept of the table. */
export const EVERYTHING: GptInvalidation = { range: null, lastLevel: false };

/** `0x40000000 + 0x1000 bytes, last level`, for people. */
export function gptInvalidationText({ range, lastLevel }: GptInvalidation): string {
  if (range === null) return 'everything';
  return `${hex(range.base)} + ${hex(range.bytes)} bytes${lastLevel ? ', last level' : ''}`;
}

/**
 * What a base and a SIZE name, or why they name nothing (6.3.118).
 * @param address PA in bytes
 */
export function gptRange(
  { options }: Machine,
  address: number,
  size: number,
  lastLevel: boolean,
): GptInvalidation | string {
  const log2 = GPT_TLBI_LOG2[size];
  if (log2 === undefined) return `SIZE=${size} is reserved`;
  const bytes = 2 ** log2;
  if (address % bytes !== 0 && options.misalignedRange === 'nothing')
    return `${hex(address)} is not aligned to the ${hex(bytes)} bytes of SIZE, so nothing is guaranteed`;
  return { range: { base: address, bytes }, lastLevel };
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
    recorder?.entry('cache-remove', what, { kind: 'gpt', entry });
    effects.push({ kind: 'store', store: gpt, op: 'remove', entry, what });
  }
}

/**
 * An invalidation that a PE at EL3 broadcasts; IDR0.BTM and PTM do not matter to it (3.17.7).
 * @returns why it does nothing, or null
 */
export function broadcastGpt(
  machine: QueueMachine,
  { name, address, size }: GptBroadcast,
  effects: Effect[],
  recorder: Recorder | null,
): string | null {
  if (machine.bank.field('ROOT_IDR0', 'BGPTM') === 0)
    return 'ROOT_IDR0.BGPTM=0: this SMMU takes no part in broadcasts by physical address';
  const { all, lastLevel } = GPT_BROADCASTS[name];
  const of = all ? EVERYTHING : gptRange(machine, address, size, lastLevel);
  if (typeof of === 'string') return of;
  tellOfBroadcastPa({ machine, effects, recorder }, `TLBI ${name}`, of.range);
  invalidateGpt(machine, machine.state('ns').rulesOff, of, effects, recorder);
  return null;
}
