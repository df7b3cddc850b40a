import { hiOf, loOf, type U64 } from '../../bits/u64.ts';
import { DATA } from '../../model/memory.ts';
import type { Learned } from '../../model/plan.ts';
import type { Smmu } from '../../model/smmu.ts';

/** Gathers what a line makes known, as far as the SMMU holds something else: one operation for all of it. */
export class Learner {
  readonly smmu: Smmu;
  readonly #memory: Learned['memory'][number][] = [];
  readonly #registers: Learned['registers'][number][] = [];

  constructor(smmu: Smmu) {
    this.smmu = smmu;
  }

  /** The words at a PA as they will be once this is learned, or null where nothing is known. */
  read(pa: number, count: number): Uint32Array | null {
    const learned = this.#memory.find((piece) => piece.pa === pa && piece.words.length === count);
    if (learned) return learned.words;
    const words = new Uint32Array(count);
    return this.smmu.memory('ns').load(pa, words, 0, count) === DATA ? words : null;
  }

  /**
   * Words lie at a PA.
   * @param what for people: `STE 8, assumed`
   * @param guessed tells of what was taken to lie there whether it was a guess
   */
  memory(
    pa: number,
    words: Uint32Array,
    what: string,
    guessed: (old: Uint32Array) => boolean = () => false,
  ): void {
    const old = this.read(pa, words.length);
    if (old?.every((word, i) => word === words[i])) return;
    const guessedBefore = old !== null && guessed(old);
    this.#memory.push({ pa, words, what, ...(guessedBefore ? { guessedBefore } : {}) });
  }

  /** A doubleword lies at a PA. */
  doubleword(pa: number, { hi, lo }: U64, what: string): void {
    const memory = this.smmu.memory('ns');
    if (memory.load64(hiOf(pa), loOf(pa)) === DATA && memory.hi === hi && memory.lo === lo) return;
    this.#memory.push({ pa, words: Uint32Array.of(lo, hi), what });
  }

  /** A register's word is this. */
  register(offset: number, value: number, what: string): void {
    if (this.smmu.bank.peek(offset) !== value) this.#registers.push({ offset, value, what });
  }

  /** What there is to learn, or null when the SMMU holds all of it. */
  get operation(): Learned | null {
    if (this.#memory.length === 0 && this.#registers.length === 0) return null;
    return { kind: 'learned', space: 'ns', memory: this.#memory, registers: this.#registers };
  }
}
