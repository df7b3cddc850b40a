/** CMD_SYNC: IHI 0070 4.7.3. Everything before it has taken effect already, so only its signal is left. */

import { CS_SIG_IRQ, CS_SIG_SEV } from '../../spec/commands.ts';
import { hasMsi, sendMsi } from '../interrupts.ts';
import { msiSpace } from '../queues/world-queues.ts';
import { argument, type CommandContext } from './context.ts';
import { completeInvalidations } from './drop.ts';

/** CMD_SYNC: what was consumed before it is done already, so it only signals (4.7.3); CONS has passed it by now. */
export function synchronise(c: CommandContext): void {
  completeInvalidations(c);
  const signal = c.read.CS(c.words, 0);
  if (signal === CS_SIG_IRQ) interrupt(c);
  else if (signal !== CS_SIG_SEV) c.recorder?.step('decide', 'completion is not signalled', 'CS');
  else if (c.state.features.sev) {
    c.recorder?.step('interrupt', 'completion is signalled by an event (SEV)', 'CS');
    c.effects.push({ kind: 'signal', what: 'CMD_SYNC: event to the PEs' });
  } else c.recorder?.step('decide', 'SIG_SEV without IDR0.SEV: completion is not signalled', 'CS');
}

/** The wired interrupt is asserted whatever MSIAddress says; there is no enable bit for either. */
function interrupt(c: CommandContext): void {
  c.effects.push({ kind: 'signal', what: 'CMD_SYNC: interrupt' });
  const pa = argument(c, 'MSIAddress');
  // The whole field is asked, bits beyond OAS too.
  if (pa === 0 || !hasMsi(c.machine, c.world)) {
    c.recorder?.step('interrupt', 'completion is signalled by the wired interrupt', 'CS');
    return;
  }
  const msi = {
    pa,
    data: argument(c, 'MSIData'),
    sh: argument(c, 'MSH'),
    memAttr: argument(c, 'MSIAttr'),
    space: msiSpace(c.state.rulesOff, c.world, argument(c, 'MSI_NS') === 1),
  };
  sendMsi(c, msi, 'CMDQ', 'MSIAddress');
}
