/** Physical memory behind granule protection checks: what accesses of the SMMU itself meet (IHI 0070 3.25.3). */

import { DATA, type ReadStatus, SparseMemory } from '../memory.ts';

/** The smallest granule, in bytes. */
const GRANULE = 2 ** 12;

/** A view of another memory; never written to. */
export class CheckedMemory extends SparseMemory {
  readonly #memory: SparseMemory;
  readonly #check: (pa: number) => ReadStatus;

  /** @param check what a check of an address says, as `GranuleProtection.check` does */
  constructor(memory: SparseMemory, check: (pa: number) => ReadStatus) {
    super(memory.source, { ram: memory.ram });
    this.#memory = memory;
    this.#check = check;
  }

  override get lo(): number {
    return this.#memory.lo;
  }

  override get hi(): number {
    return this.#memory.hi;
  }

  override load64(pa32: number, paLo: number): ReadStatus {
    const checked = this.#check((pa32 >>> 0) * 2 ** 32 + (paLo >>> 0));
    return checked === DATA ? this.#memory.load64(pa32, paLo) : checked;
  }

  /** Never: no access would be checked. */
  override plain(): Uint32Array | null {
    return null;
  }

  override load(pa: number, out: Uint32Array, at: number, count: number): ReadStatus {
    for (let page = pa - (pa % GRANULE); page < pa + count * 4; page += GRANULE) {
      const checked = this.#check(Math.max(page, pa));
      if (checked !== DATA) return checked;
    }
    return this.#memory.load(pa, out, at, count);
  }

  override holds(): boolean {
    return false;
  }

  override status(pa: number): ReadStatus {
    const checked = this.#check(pa);
    return checked === DATA ? this.#memory.status(pa) : checked;
  }

  override canStore(pa: number): boolean {
    return this.#check(pa) === DATA && this.#memory.canStore(pa);
  }

  override inRam(pa: number): boolean {
    return this.#memory.inRam(pa);
  }
}
