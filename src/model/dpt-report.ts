/** Reporting failed lookups of the Device Permission Table: IHI 0070 3.24.4. */

import { REGISTERS, WORLD_PREFIX } from '../spec/registers.ts';
import { offsetOf } from './bank.ts';
import type { DptConfig, DptFault } from './dpt-config.ts';
import { raiseGerror, type Signals } from './interrupts.ts';

const { FADDR, DPT_FAULTCODE, LEVEL, FAULT } = REGISTERS.DPT_CFG_FAR.layout.fields;

/**
 * Reports a failed lookup (3.24.4): in DPT_CFG_FAR, where the first fault stays until software clears it, and in
 * GERROR.DPT_ERR unless that is active, with its interrupt.
 */
export function reportDptFault(on: Signals, config: DptConfig, fault: DptFault): void {
  const { effects } = on;
  if (!config.faultHeld) {
    const far = new Uint32Array(2);
    FADDR.set(far, 0, fault.pa);
    DPT_FAULTCODE.set(far, 0, fault.code);
    LEVEL.set(far, 0, fault.level);
    FAULT.set(far, 0, 1);
    const name = `${WORLD_PREFIX[config.world]}DPT_CFG_FAR`;
    const what = `${name} holds the failed lookup`;
    effects.push({ kind: 'register', offset: offsetOf(name), value: far[0] as number, what });
    effects.push({ kind: 'register', offset: offsetOf(name) + 4, value: far[1] as number, what });
  }
  raiseGerror({ ...on, world: config.world }, 'DPT_ERR');
}
