/** S_INIT: IHI 0070 6.3.62. */

import { WORLDS } from '../../bits/world.ts';
import { REGISTERS, WORLD_PREFIX, worldRegister } from '../../spec/registers.ts';
import { invalidateAll } from '../invalidate-all.ts';
import { type Rule, store, type WordWrite } from './word-write.ts';

const INV_ALL = 2 ** REGISTERS.S_INIT.layout.fields.INV_ALL.lsb;

/** Enables of which each makes a write of INV_ALL CONSTRAINED UNPREDICTABLE while it is 1 or becomes 1. */
const ENABLES = [
  ...WORLDS.filter((world) => worldRegister(world, 'CR0')?.layout.fields['SMMUEN'] !== undefined).map(
    (world) => [`${WORLD_PREFIX[world]}CR0`, 'SMMUEN'] as const,
  ),
  ['ROOT_CR0', 'ACCESSEN'] as const,
];

function enabled({ bank }: WordWrite): string | null {
  const found = ENABLES.find(
    ([name, field]) => bank.field(name, field) === 1 || bank.field(`${name}ACK`, field) === 1,
  );
  return found === undefined ? null : found.join('.');
}

/** INV_ALL is done at once here, so it always reads 0. */
export const INIT_RULE: Rule = {
  guard: (w) => {
    const { rulesOff } = w.on.machine.state('s');
    if ((w.value & INV_ALL) === 0) return 'only a write of INV_ALL=1 starts something';
    if (rulesOff.has('world:S-INV-ALL')) return 'INV_ALL does nothing';
    const checked = w.bank.field('ROOT_CR0', 'GPCEN') === 1 && !rulesOff.has('world:CAN-S-INIT');
    return checked ? 'ROOT_CR0.GPCEN=1: INV_ALL has no effect (6.3.62)' : null;
  },
  write: (w) => {
    const { machine, effects, recorder } = w.on;
    const on = enabled(w);
    if (on !== null) {
      recorder?.step(
        'finding',
        `INV_ALL is written while ${on}=1: whether anything is invalidated is CONSTRAINED UNPREDICTABLE (6.3.62), here all of it is`,
        'INV_ALL',
      );
    }
    recorder?.step('decide', 'S_INIT.INV_ALL drops what is cached of every Security state', 'INV_ALL');
    invalidateAll({ machine, effects, recorder, cause: 'S_INIT.INV_ALL' });
    store(w, 0);
  },
};
