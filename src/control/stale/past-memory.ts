/** Memory as it was at an earlier moment, or with some words replaced: what hardware may have read. */

import type { World } from '../../bits/world.ts';
import type { Version } from '../../model/caches/versions.ts';
import { DATA, type ReadStatus, SparseMemory } from '../../model/memory.ts';

/** What a doubleword holds instead of what stands in memory, or null where nothing else. */
export type Instead = (pa: number, space: World) => Pick<Version, 'hi' | 'lo'> | null;

const NOTHING: Instead = () => null;

/** A view of another memory; never written to. */
export class PastMemory extends SparseMemory {
  readonly #now: SparseMemory;
  readonly #space: World;
  readonly #pair = new Uint32Array(2);
  /** What is put over the memory, by doubleword. */
  instead: Instead = NOTHING;

  constructor(now: SparseMemory, space: World) {
    super(now.source, { ram: now.ram });
    this.#space = space;
    this.#now = now;
  }

  override get lo(): number {
    return this.#pair[0] as number;
  }

  override get hi(): number {
    return this.#pair[1] as number;
  }

  override load64(pa32: number, paLo: number): ReadStatus {
    const status = this.#now.load64(pa32, paLo);
    const other = status === DATA ? this.instead(pa32 * 2 ** 32 + (paLo >>> 0), this.#space) : null;
    this.#pair[0] = other === null ? this.#now.lo : other.lo;
    this.#pair[1] = other === null ? this.#now.hi : other.hi;
    return status;
  }

  /** Never: what lies over the memory would not be seen. */
  override plain(): Uint32Array | null {
    return null;
  }

  override load(pa: number, out: Uint32Array, at: number, count: number): ReadStatus {
    const status = this.#now.load(pa, out, at, count);
    if (status !== DATA) return status;
    for (let i = 0; i < count; i++) {
      const word = pa + i * 4;
      const upper = word % 8 !== 0;
      const other = this.instead(upper ? word - 4 : word, this.#space);
      if (other !== null) out[at + i] = upper ? other.hi : other.lo;
    }
    return DATA;
  }

  override holds(): boolean {
    return false;
  }

  override status(pa: number): ReadStatus {
    return this.#now.status(pa);
  }

  override canStore(pa: number): boolean {
    return this.#now.canStore(pa);
  }

  override inRam(pa: number): boolean {
    return this.#now.inRam(pa);
  }
}
