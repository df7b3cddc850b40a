/** CMD_SYNC: IHI 0070 4.7.3. Everything before it has taken effect already, so only its signal is left. */

import { hex } from '../../bits/u64.ts';
import { CS_SIG_IRQ, CS_SIG_SEV } from '../../spec/commands.ts';
import { gerrorMask } from '../../spec/gerror.ts';
import { offsetOf } from '../bank.ts';
import { isWritable } from '../effects.ts';
import { completeInvalidations as completeAtsInvalidations } from './ats.ts';
import { argument, type CommandContext, type CommandFailure } from './context.ts';
import { completeInvalidations } from './drop.ts';

const MSI_CMDQ_ABT_ERR = gerrorMask('MSI_CMDQ_ABT_ERR');

/** CMD_SYNC: what was consumed before it is done already, but for ATS invalidations without an answer (4.7.3). */
export function synchronise(c: CommandContext): CommandFailure | undefined {
  const failure = completeAtsInvalidations(c);
  if (failure) return failure;
  completeInvalidations(c);
  signalCompletion(c);
  return undefined;
}

function signalCompletion(c: CommandContext): void {
  const signal = argument(c, 'CS');
  if (signal === CS_SIG_SEV) {
    c.recorder?.step('interrupt', 'completion is signalled by an event (SEV)', 'CS');
    if (c.state.features.sev) c.effects.push({ kind: 'signal', what: 'CMD_SYNC: event to the PEs' });
    return;
  }
  if (signal !== CS_SIG_IRQ) {
    c.recorder?.step('decide', 'completion is not signalled', 'CS');
    return;
  }
  c.effects.push({ kind: 'signal', what: 'CMD_SYNC: interrupt' });
  // An address beyond OAS is cut to it (3.4.3).
  const pa = argument(c, 'MSIAddress') % 2 ** c.state.oasBits;
  if (!c.state.features.msi || pa === 0) {
    c.recorder?.step('interrupt', 'completion is signalled by the wired interrupt', 'CS');
    return;
  }
  const data = argument(c, 'MSIData');
  if (isWritable(c.machine.memory(c.world), pa)) {
    c.recorder?.step(
      'interrupt',
      `completion is signalled by writing ${hex(data)} to ${hex(pa)}`,
      'MSIAddress',
    );
    c.effects.push({ kind: 'memory', space: c.world, pa, words: Uint32Array.of(data), what: 'CMD_SYNC MSI' });
    return;
  }
  c.recorder?.step('interrupt', `the MSI write to ${hex(pa)} aborts`, 'MSIAddress');
  const gerror = c.bank.lo('GERROR');
  const active = ((gerror ^ c.bank.lo('GERRORN')) & MSI_CMDQ_ABT_ERR) !== 0;
  if (active) return;
  c.effects.push({
    kind: 'register',
    offset: offsetOf('GERROR'),
    value: (gerror ^ MSI_CMDQ_ABT_ERR) >>> 0,
    what: 'GERROR.MSI_CMDQ_ABT_ERR toggles',
  });
}
