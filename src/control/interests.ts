/** The interests that most breakpoints need; see `run-ahead.ts`. */

import type { World } from '../bits/world.ts';
import type { Effect } from '../model/plan.ts';
import type { Smmu } from '../model/smmu.ts';
import type { CommandName } from '../spec/commands.ts';
import type { Interest } from './run-ahead.ts';

/** Commands by name. */
export function inCommands(names: ReadonlySet<CommandName>): Interest {
  return ({ outcome }) => outcome.command !== null && names.has(outcome.command);
}

/**
 * Commands by where they lie in memory.
 * @param places PA in bytes
 */
export function inCommandsAt(space: World, places: ReadonlySet<number>): Interest {
  return ({ operation }) =>
    operation.kind === 'command' && operation.world === space && places.has(operation.pa);
}

/**
 * Writes to memory, by software or the SMMU.
 * @param from first PA in bytes
 * @param to PA in bytes behind the last
 */
export function inWrites(space: World, from: number, to: number): Interest {
  const touches = (effect: Effect): boolean =>
    effect.kind === 'memory' &&
    effect.space === space &&
    effect.pa < to &&
    effect.pa + effect.words.length * 4 > from;
  return ({ effects }) => effects.some(touches);
}

/**
 * Changes of a register.
 * @param place its place in the bank, in bytes; of a 64-bit register both words count with `bytes` 8
 */
export function inRegister(place: number, bytes: 4 | 8 = 4): Interest {
  return ({ effects }) =>
    effects.some(
      (effect) => effect.kind === 'register' && effect.offset >= place && effect.offset < place + bytes,
    );
}

/**
 * Whatever may consult structures or translations: transactions, registers that ask for a translation (9), and commands
 * in whose course stalled transactions go on or something is fetched. What they use only their steps tell.
 */
export function inUses(smmu: Smmu): Interest {
  const bookkeeping: ReadonlySet<unknown> = new Set([smmu.versions, smmu.leaving]);
  /** Kept entries and answers to clients: what a look-up leaves behind. */
  const isUse = (effect: Effect): boolean => {
    if (effect.kind === 'signal') return effect.to !== undefined;
    if (effect.kind === 'register' || effect.kind === 'memory' || effect.op === 'remove') return false;
    return effect.kind !== 'store' || !bookkeeping.has(effect.store);
  };
  return ({ operation, effects }) =>
    operation.kind === 'command' ? effects.some(isUse) : operation.kind !== 'memory';
}
