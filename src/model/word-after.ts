/** Registers as they will be once effects that are only planned have been applied. */

import type { RegisterBank } from './bank.ts';
import type { Effect } from './plan.ts';

/** A register word as it will be once effects are committed. */
export function wordAfter(bank: RegisterBank, effects: readonly Effect[], place: number): number {
  for (let i = effects.length - 1; i >= 0; i--) {
    const effect = effects[i] as Effect;
    if (effect.kind === 'register' && effect.offset === place) return effect.value;
  }
  return bank.peek(place);
}
