import { swapBytes } from './bits.ts';
import type { Format, Machine, Role, Update } from './types.ts';

/** Memory of one translation: what hardware update writes is read back by the rest of the walk. */
export class Memory {
  readonly updates: Update[] = [];
  readonly #machine: Machine;
  readonly #written = new Map<bigint, bigint>();

  constructor(machine: Machine) {
    this.#machine = machine;
  }

  word(pa: bigint, role: Role): bigint | 'abort' {
    return this.#written.get(pa) ?? this.#machine.read(pa, role);
  }

  /** 64 bytes as one number, bit 0 the least significant of the first byte. */
  structure(pa: bigint, kind: 'ste' | 'cd'): bigint | 'abort' {
    let all = 0n;
    for (let i = 0; i < 8; i++) {
      const word = this.word(pa + BigInt(i * 8), { kind, offset: i * 8 });
      if (word === 'abort') return 'abort';
      all |= word << BigInt(i * 64);
    }
    return all;
  }

  descriptor(pa: bigint, stage: 1 | 2, level: number, format: Format): bigint | 'abort' {
    const word = this.word(pa, { kind: 'descriptor', stage, level, format });
    return word !== 'abort' && format.bigEndian ? swapBytes(word) : word;
  }

  update(pa: bigint, descriptor: bigint, format: Format, stage: 1 | 2, what: 'leaf' | 'table'): void {
    const value = format.bigEndian ? swapBytes(descriptor) : descriptor;
    this.#written.set(pa, value);
    this.updates.push({ pa, value, what, stage });
  }
}
