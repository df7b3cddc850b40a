import { createHash } from 'node:crypto';
import { DATA, type SparseMemory } from '../../src/model/memory.ts';
import type { Smmu } from '../../src/model/smmu.ts';
import { cacheContents } from './machine.ts';

const REGISTER_BYTES = 0x20000;

/** Tells the state of an SMMU whose RAM holds zeros, in one short text that is the same for the same state. */
export class StateWatch {
  readonly #smmu: Smmu;
  /** Words that were ever written: the others hold zeros. */
  readonly #written = new Set<number>();

  /** To be made before anything is written. */
  constructor(smmu: Smmu) {
    this.#smmu = smmu;
    const memory: SparseMemory = smmu.memory('ns');
    const store = memory.store.bind(memory);
    memory.store = (pa, from, at, count) => {
      for (let i = 0; i < count; i++) this.#written.add(pa + i * 4);
      return store(pa, from, at, count);
    };
  }

  /** Memory, registers, caches, what leaves them, what hardware may hold beside them, stalls and endpoints. */
  text(): string {
    return createHash('sha256').update(this.lines().join('\n')).digest('hex');
  }

  /** The same as lines, for people. */
  lines(): string[] {
    const smmu = this.#smmu;
    const memory = smmu.memory('ns');
    const word = new Uint32Array(1);
    const lines: string[] = [];
    for (const pa of [...this.#written].sort((a, b) => a - b)) {
      const status = memory.load(pa, word, 0, 1);
      if (status !== DATA || word[0] !== 0) lines.push(`[${pa.toString(16)}] ${status} ${word[0]}`);
    }
    for (let offset = 0; offset < REGISTER_BYTES; offset += 4) {
      const value = smmu.bank.peek(offset);
      if (value !== 0) lines.push(`${offset.toString(16)}=${value.toString(16)}`);
    }
    const { now, size, invalidations, forgotten } = smmu.versions;
    const { leaving } = smmu;
    return [
      ...lines,
      ...cacheContents(smmu),
      ...leaving.entries().map(({ queue, entry }) => `${queue} ${JSON.stringify(plain(entry))} leaves`),
      `${now} moments, ${size} versions, ${invalidations} invalidations, ${forgotten} forgotten`,
    ];
  }
}

/** An entry without the space that it lies in, which holds all others. */
function plain(entry: object): object {
  return Object.fromEntries(Object.entries(entry).filter(([key]) => key !== 'space'));
}
