/** State of an SMMU to compare: all that an operation may change. */

import { DATA, type ReadStatus, SparseMemory } from '../../src/model/memory.ts';
import type { Smmu } from '../../src/model/smmu.ts';
import { cacheContents } from '../kit/machine.ts';

interface Cell {
  readonly status: ReadStatus;
  readonly value: number;
}

/** A memory that remembers what every word was before it was first written. */
export class WatchedMemory extends SparseMemory {
  readonly #first = new Map<number, Cell>();
  readonly #word = new Uint32Array(1);

  #now(pa: number): Cell {
    const status = this.load(pa, this.#word, 0, 1);
    return { status, value: status === DATA ? (this.#word[0] as number) : 0 };
  }

  override store(pa: number, from: Uint32Array, at: number, count: number): ReadStatus {
    for (let i = 0; i < count; i++) this.#remember(pa + i * 4);
    return super.store(pa, from, at, count);
  }

  override forget(pa: number): void {
    this.#remember(pa);
    super.forget(pa);
  }

  #remember(pa: number): void {
    if (!this.#first.has(pa)) this.#first.set(pa, this.#now(pa));
  }

  /** From here on anew. */
  mark(): void {
    this.#first.clear();
  }

  /** Words that are not as they were at the mark. */
  changed(): string[] {
    const found: string[] = [];
    for (const [pa, before] of this.#first) {
      const now = this.#now(pa);
      if (now.status !== before.status || now.value !== before.value) {
        found.push(`${pa.toString(16)}: ${JSON.stringify(before)} became ${JSON.stringify(now)}`);
      }
    }
    return found;
  }
}

const REGISTER_BYTES = 0x20000;

/** Registers and cache entries as text; memory is watched apart. */
export function snapshot(smmu: Smmu): string[] {
  const lines: string[] = [];
  for (let offset = 0; offset < REGISTER_BYTES; offset += 4) {
    const value = smmu.bank.peek(offset);
    if (value !== 0) lines.push(`${offset.toString(16)}=${value.toString(16)}`);
  }
  return [...lines, ...cacheContents(smmu)];
}
