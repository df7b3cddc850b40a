/** What an STE says about ATS: IHI 0070 5.2, EATS, and what ATS makes of configuration errors (3.9.1). */

import { EATS_DPT, STE } from '../../spec/ste.ts';
import type { ValidityRuleId } from '../../spec/validity.ts';
import type { Fault } from '../plan.ts';
import type { WorldState } from '../state.ts';
import { silent } from '../translate/answer.ts';
import type { StreamConfig } from '../translate/configuration.ts';
import { hasAts } from '../translate/regimes.ts';

const { EATS, Config } = STE.fields;

export const EATS_OFF = EATS.names.OFF;
export const EATS_SPLIT = EATS.names.SPLIT;

/**
 * The value of STE.EATS that counts, of an STE that is legal.
 * @param dpt whether the Security state has a Device Permission Table ((R_)IDR3.DPT)
 */
export function effectiveEats(
  stream: Pick<StreamConfig, 'words' | 'world'>,
  state: Pick<WorldState, 'world' | 'atsChecked' | 'features' | 'rulesOff'>,
  dpt: boolean,
): number {
  if (!hasAts(state)) return EATS_OFF;
  if ((Config.get(stream.words, 0) & 3) === 0) return EATS_OFF;
  const eats = EATS.get(stream.words, 0);
  if (eats === EATS_SPLIT) return state.atsChecked ? eats : EATS_OFF;
  if (eats === EATS_DPT) {
    // Realm streams are always checked: R_CR0.ATSCHK is RES1.
    return dpt && (state.atsChecked || stream.world === 'realm') ? eats : EATS_OFF;
  }
  return eats;
}

/** The rule of a bad StreamID that CR2.RECINVSID=0 keeps from being recorded. */
const UNRECORDED_STREAMID: ValidityRuleId = 'SID-RECINVSID0';

/** Events of the configuration lookup and of fetches that abort: those that CR2.REC_CFG_ATS is about (3.9.1.2). */
const CONFIGURATION: ReadonlySet<Fault['event']> = new Set([
  'C_BAD_STREAMID',
  'F_STE_FETCH',
  'C_BAD_STE',
  'F_VMS_FETCH',
  'F_CFG_CONFLICT',
  'F_TLB_CONFLICT',
  'C_BAD_SUBSTREAMID',
  'F_STREAM_DISABLED',
  'F_WALK_EABT',
  'F_CD_FETCH',
  'C_BAD_CD',
]);

/** The same termination without its event. */
function withoutEvent(fault: Fault, why: string): Fault {
  return fault.event === null ? fault : silent(`${fault.event}: ${fault.reason}; ${why}`, fault.rule);
}

/** A configuration error of a request: recorded only if CR2.REC_CFG_ATS=1, C_BAD_STREAMID if RECINVSID=1 too. */
export function requestError(fault: Fault, state: Pick<WorldState, 'recCfgAts'>): Fault {
  return state.recCfgAts
    ? fault
    : withoutEvent(fault, 'not recorded for a Translation Request (CR2.REC_CFG_ATS=0)');
}

/**
 * A configuration error of a Translated transaction: recorded only if CR2.REC_CFG_ATS=1. CR2.RECINVSID does not matter
 * to these (3.9.1.3). A translation fault of stage 2 is left as it is.
 */
export function translatedError(fault: Fault, state: Pick<WorldState, 'recCfgAts' | 'rulesOff'>): Fault {
  if (state.rulesOff.has('ATS-TT-INVSTE')) return fault;
  if (fault.event === null) {
    if (fault.rule !== UNRECORDED_STREAMID || !state.recCfgAts) return fault;
    const [reason = ''] = fault.reason.split(';');
    return { ...fault, event: 'C_BAD_STREAMID', reason };
  }
  if (!CONFIGURATION.has(fault.event) || fault.stage !== 0 || state.recCfgAts) return fault;
  return withoutEvent(fault, 'not recorded for a Translated transaction (CR2.REC_CFG_ATS=0)');
}

/** Whether the event ends a request with Completer Abort; otherwise it denies access (3.9.1.2). */
export function isConfigurationError(fault: Fault): boolean {
  return fault.event === null || CONFIGURATION.has(fault.event);
}
