import { createHash } from 'node:crypto';
import { WORLDS, type World } from '../../src/bits/world.ts';
import { offsetOf } from '../../src/model/bank.ts';
import { DATA, type SparseMemory } from '../../src/model/memory.ts';
import { FIXED_BYTES } from '../../src/model/places.ts';
import type { Smmu } from '../../src/model/smmu.ts';
import { REGISTER_LIST } from '../../src/spec/registers.ts';
import { cacheContents } from './machine.ts';

/** Words of registers that lie in no page of software's: those of Realm and Root, and of VATOS. */
const BEYOND = REGISTER_LIST.filter(({ array }) => !array)
  .flatMap(({ short, width }) => (width === 64 ? [0, 4] : [0]).map((at) => offsetOf(short) + at))
  .filter((place) => place >= FIXED_BYTES);

/** Tells the state of an SMMU whose RAM holds zeros, in one short text that is the same for the same state. */
export class StateWatch {
  readonly #smmu: Smmu;
  /** Words that were ever written: the others hold zeros. */
  readonly #written: Readonly<Record<World, Set<number>>> = {
    ns: new Set(),
    s: new Set(),
    realm: new Set(),
    root: new Set(),
  };

  /** To be made before anything is written. */
  constructor(smmu: Smmu) {
    this.#smmu = smmu;
    for (const world of WORLDS) {
      const memory: SparseMemory = smmu.memory(world);
      const store = memory.store.bind(memory);
      memory.store = (pa, from, at, count) => {
        for (let i = 0; i < count; i++) this.#written[world].add(pa + i * 4);
        return store(pa, from, at, count);
      };
    }
  }

  /** Memory, registers, caches, what leaves them, what hardware may hold beside them, stalls and endpoints. */
  text(): string {
    return createHash('sha256').update(this.lines().join('\n')).digest('hex');
  }

  /** The same as lines, for people. */
  lines(): string[] {
    const smmu = this.#smmu;
    const word = new Uint32Array(1);
    const lines: string[] = [];
    for (const world of WORLDS) {
      const memory = smmu.memory(world);
      for (const pa of [...this.#written[world]].sort((a, b) => a - b)) {
        const status = memory.load(pa, word, 0, 1);
        if (status !== DATA || word[0] !== 0)
          lines.push(`${world} [${pa.toString(16)}] ${status} ${word[0]}`);
      }
    }
    const register = (place: number): void => {
      const value = smmu.bank.peek(place);
      if (value !== 0) lines.push(`${place.toString(16)}=${value.toString(16)}`);
    };
    for (let place = 0; place < FIXED_BYTES; place += 4) register(place);
    for (const place of BEYOND) register(place);
    const { now, size, invalidations, forgotten } = smmu.versions;
    const { leaving } = smmu;
    return [
      ...lines,
      ...cacheContents(smmu),
      ...[...smmu.gpt.entries()].map((entry) => JSON.stringify(entry)),
      ...leaving.entries().map(({ queue, entry }) => `${queue} ${JSON.stringify(plain(entry))} leaves`),
      `${now} moments, ${size} versions, ${invalidations} invalidations, ${forgotten} forgotten`,
    ];
  }
}

/** An entry without the space that it lies in, which holds all others. */
function plain(entry: object): object {
  return Object.fromEntries(Object.entries(entry).filter(([key]) => key !== 'space'));
}
