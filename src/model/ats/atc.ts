/** Address translation caches of endpoints: IHI 0070 3.9.1 and CMD_ATC_INV (4.5.1). */

import { hex, hex64 } from '../../bits/u64.ts';
import type { World } from '../../bits/world.ts';
import type { Effect, Store, Transaction } from '../plan.ts';
import type { AtcEntry, AtsCompletion } from './completion.ts';

/** An invalidation that was sent and not answered; a CMD_SYNC of the same queue cannot complete (3.9.1.4). */
export interface PendingInvalidation {
  /** Name of the command queue. */
  readonly queue: string;
  readonly scope: AtcScope;
}

/** What an invalidation names: `4096 * 2^size` bytes, aligned (4.5.1). */
export interface AtcScope {
  readonly world: World;
  readonly sid: number;
  /** -1: entries without PASID. */
  readonly ssid: number;
  /** With a PASID: those of every PASID. */
  readonly everyPasid: boolean;
  readonly addressHi: number;
  readonly addressLo: number;
  /** log2 of the bytes; 64 is everything. */
  readonly shift: number;
}

const key = (world: World, sid: number): string => `${world}/${sid}`;

/** Whether two ranges of 2^a and 2^b bytes, each aligned to its size, have an address in common. */
function overlap(aHi: number, aLo: number, bHi: number, bLo: number, shift: number): boolean {
  if (shift >= 64) return true;
  if (shift >= 32) return shift === 32 ? aHi === bHi : aHi >>> (shift - 32) === bHi >>> (shift - 32);
  return aHi === bHi && aLo >>> shift === bLo >>> shift;
}

/** The ATCs of all endpoints: what they were granted. Nothing in the SMMU asks them. */
export class Atc implements Store<AtcEntry> {
  readonly #entries = new Map<string, AtcEntry[]>();
  readonly #silent = new Set<string>();
  /** Invalidations without an answer. */
  readonly pending: PendingInvalidations = new PendingInvalidations();

  insert(entry: AtcEntry): void {
    const of = key(entry.world, entry.sid);
    const list = this.#entries.get(of) ?? [];
    list.push(entry);
    list.sort(byAddress);
    this.#entries.set(of, list);
  }

  remove(entry: AtcEntry): void {
    const list = this.#entries.get(key(entry.world, entry.sid));
    const at = list?.indexOf(entry) ?? -1;
    if (at >= 0) list?.splice(at, 1);
  }

  entries(): AtcEntry[] {
    return [...this.#entries.values()].flat();
  }

  /** What an endpoint keeps for an untranslated address, or null. */
  lookup(t: Pick<Transaction, 'world' | 'sid' | 'ssid' | 'vaHi' | 'vaLo' | 'privileged'>): AtcEntry | null {
    const found = this.#entries
      .get(key(t.world, t.sid))
      ?.find(
        (e) =>
          e.ssid === t.ssid &&
          (t.ssid < 0 || e.completion.privileged === t.privileged) &&
          overlap(e.addressHi, e.addressLo, t.vaHi, t.vaLo, e.completion.shift),
      );
    return found ?? null;
  }

  /** The entries that an invalidation must remove. */
  matching(scope: AtcScope): AtcEntry[] {
    const list = this.#entries.get(key(scope.world, scope.sid)) ?? [];
    return list.filter((e) => {
      const pasid = scope.everyPasid && scope.ssid >= 0 ? e.ssid >= 0 : e.ssid === scope.ssid;
      const shift = Math.max(scope.shift, e.completion.shift);
      return pasid && overlap(e.addressHi, e.addressLo, scope.addressHi, scope.addressLo, shift);
    });
  }

  /** Whether an endpoint answers invalidations; one that does not makes CMD_SYNC fail (3.9.1.4). */
  answers(world: World, sid: number): boolean {
    return !this.#silent.has(key(world, sid));
  }

  /** Makes an endpoint stop answering invalidations, or answer again: what the system is like, so no effect. */
  setAnswers(world: World, sid: number, answers: boolean): void {
    if (answers) this.#silent.delete(key(world, sid));
    else this.#silent.add(key(world, sid));
  }

  clear(): void {
    this.#entries.clear();
    this.pending.clear();
  }
}

function byAddress(a: AtcEntry, b: AtcEntry): number {
  return (
    a.ssid - b.ssid ||
    a.addressHi - b.addressHi ||
    a.addressLo - b.addressLo ||
    Number(a.completion.privileged) - Number(b.completion.privileged)
  );
}

/** ATS invalidations without an answer. */
class PendingInvalidations implements Store<PendingInvalidation> {
  readonly #entries = new Set<PendingInvalidation>();

  insert(entry: PendingInvalidation): void {
    this.#entries.add(entry);
  }

  remove(entry: PendingInvalidation): void {
    this.#entries.delete(entry);
  }

  get size(): number {
    return this.#entries.size;
  }

  entries(): PendingInvalidation[] {
    return [...this.#entries];
  }

  ofQueue(queue: string): PendingInvalidation[] {
    return [...this.#entries].filter((entry) => entry.queue === queue);
  }

  clear(): void {
    this.#entries.clear();
  }
}

/** `0x1000 + 0x1000 bytes -> 0x80000000 r-x`, for people. */
export function atcText({ addressHi, addressLo, ssid, completion: c }: AtcEntry): string {
  const rights = `${c.read ? 'r' : '-'}${c.write ? 'w' : '-'}${c.execute ? 'x' : '-'}`;
  const pasid = ssid >= 0 ? ` (PASID ${hex(ssid)}${c.privileged ? ', privileged' : ''})` : '';
  return `${hex64(addressHi, addressLo)} + ${hex(2 ** c.shift)} bytes -> ${hex(c.address)} ${rights}${pasid}`;
}

/** What an endpoint does with a completion: it keeps one that grants anything, in place of an older one. */
export function keepCompletion(atc: Atc, t: Transaction, completion: AtsCompletion): Effect[] {
  if (completion.status !== 'success' || !(completion.read || completion.write)) return [];
  const { shift } = completion;
  const entry: AtcEntry = {
    world: t.world,
    sid: t.sid,
    ssid: t.ssid,
    addressHi: shift >= 32 ? ((t.vaHi >>> (shift - 32)) << (shift - 32)) >>> 0 : t.vaHi,
    addressLo: shift >= 32 ? 0 : ((t.vaLo >>> shift) << shift) >>> 0,
    completion,
  };
  const before = atc.lookup(t);
  const effects: Effect[] = [];
  if (before) {
    effects.push({
      kind: 'store',
      store: atc,
      op: 'remove',
      entry: before,
      what: `ATC drops ${atcText(before)}`,
    });
  }
  effects.push({ kind: 'store', store: atc, op: 'insert', entry, what: `ATC keeps ${atcText(entry)}` });
  return effects;
}
