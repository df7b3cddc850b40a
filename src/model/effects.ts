/** Applying effects, each time yielding the effect that takes it back; and the journal of those. */

import type { QueueMachine } from './machine.ts';
import { ABSENT, DATA, MISS, type SparseMemory } from './memory.ts';
import type { Effect } from './plan.ts';

/** What effects act on. */
export type Changeable = QueueMachine;

const one = new Uint32Array(1);

function applyMemory(memory: SparseMemory, effect: Effect & { kind: 'memory' }): Effect {
  const count = effect.words.length;
  const words = new Uint32Array(count);
  const absent: boolean[] = [];
  for (let i = 0; i < count; i++) {
    const pa = effect.pa + i * 4;
    const status = memory.load(pa, words, i, 1);
    absent.push(status === ABSENT || status === MISS);
    if (effect.absent?.[i]) memory.forget(pa);
    else {
      one[0] = effect.words[i] as number;
      memory.store(pa, one, 0, 1);
    }
  }
  const inverse = { ...effect, words };
  return absent.includes(true) ? { ...inverse, absent } : withoutAbsent(inverse);
}

function withoutAbsent(effect: Effect & { kind: 'memory' }): Effect {
  const { kind, space, pa, words, what } = effect;
  return { kind, space, pa, words, what };
}

/**
 * Applies an effect.
 * @returns the effect that takes it back
 */
export function applyEffect(on: Changeable, effect: Effect): Effect {
  switch (effect.kind) {
    case 'memory':
      return applyMemory(on.memory(effect.space), effect);
    case 'register': {
      const value = on.bank.peek(effect.offset);
      on.bank.poke(effect.offset, effect.value);
      return { ...effect, value };
    }
    case 'config':
      if (effect.op === 'insert') on.config.insert(effect.entry);
      else on.config.remove(effect.entry);
      return { ...effect, op: effect.op === 'insert' ? 'remove' : 'insert' };
    case 'tlb':
      if (effect.op === 'insert') on.tlb.insert(effect.entry);
      else on.tlb.remove(effect.entry);
      return { ...effect, op: effect.op === 'insert' ? 'remove' : 'insert' };
    case 'store':
      if (effect.op === 'insert') effect.store.insert(effect.entry);
      else effect.store.remove(effect.entry);
      return { ...effect, op: effect.op === 'insert' ? 'remove' : 'insert' };
    case 'signal':
      return effect;
  }
}

/** Whether a memory effect can be applied: its words lie in RAM. */
export function isWritable(memory: SparseMemory, pa: number): boolean {
  const status = memory.status(pa);
  return status === DATA || status === ABSENT;
}

/** Everything that was committed, so that it can be taken back exactly. */
export class Journal {
  readonly #inverse: Effect[] = [];

  /** Mark of the present moment, for {@link undo}. */
  get length(): number {
    return this.#inverse.length;
  }

  record(inverse: Effect): void {
    this.#inverse.push(inverse);
  }

  /** Takes back everything after a mark, newest first. */
  undo(on: Changeable, mark: number): void {
    while (this.#inverse.length > mark) {
      const inverse = this.#inverse.pop();
      if (inverse) applyEffect(on, inverse);
    }
  }
}
