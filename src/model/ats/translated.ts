/** ATS Translated transactions: IHI 0070 3.9.1.3. */

import { hex64 } from '../../bits/u64.ts';
import type { World } from '../../bits/world.ts';
import { feature } from '../../spec/features.ts';
import { EATS_DPT, STE } from '../../spec/ste.ts';
import type { ValidityRuleId } from '../../spec/validity.ts';
import type { Fault, Transaction } from '../plan.ts';
import type { WorldState } from '../state.ts';
import { configFault, silent, stage1Fault } from '../translate/answer.ts';
import type { StreamConfig } from '../translate/configuration.ts';
import { attributeSpace, namesSpace, statementOff } from '../translate/spaces.ts';
import { EATS_OFF, EATS_SPLIT, effectiveEats } from './stream.ts';

/** What becomes of a Translated transaction: it passes, is looked up further, goes through stage 2, or ends. */
export type PlainVerdict =
  | { readonly kind: 'pass'; readonly pa: number; readonly space: World }
  | { readonly kind: 'lookup' }
  | { readonly kind: 'stage2' }
  | { readonly kind: 'end'; readonly fault: Fault };

/** With `dpt`, the Device Permission Table is asked about the PA (STE.EATS=3). */
export type TranslatedVerdict = PlainVerdict | { readonly kind: 'dpt'; readonly pa: number };

function forbidden(reason: string, rule: string): PlainVerdict {
  return { kind: 'end', fault: configFault('F_TRANSL_FORBIDDEN', reason, rule) };
}

const { NSCFG, INSTCFG } = STE.fields;

/** The rule of an IPA that is too large for split-stage ATS. */
export const BEYOND_IAS: ValidityRuleId = 'ATS-TT-SPLIT';

/**
 * A transaction as the SMMU takes it: without a PASID a client of ATS has no say in privilege and execution (3.9.1.3,
 * 13.7.1), and with IDR3.PASIDTT=0 the PASID of a Translated transaction does not count either.
 */
export function presented(t: Transaction, state: WorldState): Transaction {
  if (t.kind !== 'translated' && t.kind !== 'request') return t;
  const pasid = t.ssid >= 0 && (t.kind === 'request' || feature(state.ids, 'IDR3.PASIDTT') === 1);
  return pasid ? t : { ...t, ssid: -1, privileged: false, instruction: false };
}

/**
 * The address of an access that passes. Bits above OAS: of the two things that 3.9.1.1 lets an implementation do, this
 * one terminates the transaction; it never cuts an address to one that was not asked for.
 */
function pass(t: Transaction, state: WorldState, stream: StreamConfig | null): PlainVerdict {
  if (t.vaHi >>> (state.oasBits - 32) !== 0) {
    const reason = `translated address ${hex64(t.vaHi, t.vaLo)} is beyond the ${state.oasBits}-bit OAS`;
    return { kind: 'end', fault: silent(reason, '3.9.1.1') };
  }
  const space = attributeSpace(t, stream === null ? NSCFG.names.INCOMING : stream.nsCfg, state);
  return { kind: 'pass', pa: t.vaHi * 2 ** 32 + t.vaLo, space };
}

/** INSTCFG counts of what comes with a PASID; without one an implementation chooses, and here it does not (13.1.4). */
function isFetch(t: Transaction, stream: StreamConfig | null): boolean {
  const instCfg = stream === null || t.ssid < 0 ? INSTCFG.names.INCOMING : stream.instCfg;
  if (t.write || instCfg === INSTCFG.names.DATA) return false;
  return t.instruction || instCfg === INSTCFG.names.INSTRUCTION;
}

/** Realm instruction fetches must not leave for Non-secure memory, whoever says that the address is there (3.9.1.3). */
export function refusedFetch(
  t: Transaction,
  space: World,
  state: WorldState,
  stream: StreamConfig | null,
): Fault | null {
  if (t.world !== 'realm' || space !== 'ns' || !isFetch(t, stream)) return null;
  if (statementOff(state, 'world:R-NS-EXEC')) return null;
  const reason = 'a Realm instruction fetch must not leave for Non-secure memory';
  return configFault('F_TRANSL_FORBIDDEN', reason, '3.9.1.3');
}

/** A transaction that passes, unless it fetches what it must not. */
function unlessRefused(
  passing: PlainVerdict,
  t: Transaction,
  state: WorldState,
  stream: StreamConfig | null,
): PlainVerdict {
  const fault = passing.kind === 'pass' ? refusedFetch(t, passing.space, state, stream) : null;
  return fault === null ? passing : { kind: 'end', fault };
}

/** What can be said of a Translated transaction before its STE is looked up. */
export function translatedBefore(t: Transaction, state: WorldState): PlainVerdict {
  const off = state.rulesOff;
  if (t.world === 's' && !off.has('ATS-TT-SECURE') && !off.has('world:S-ATS'))
    return forbidden('ATS does not exist on Secure streams', 'ATS-TT-SECURE');
  if (!state.smmuEnabled && !off.has('ATS-TT-SMMUEN0')) return forbidden('SMMUEN=0', 'ATS-TT-SMMUEN0');
  return state.atsChecked || off.has('ATS-TT-NOCHK')
    ? { kind: 'lookup' }
    : unlessRefused(pass(t, state, null), t, state, null);
}

/**
 * What the legal STE makes of a Translated transaction (ATSCHK=1).
 */
export function translatedAtStream(
  t: Transaction,
  state: WorldState,
  stream: StreamConfig,
): TranslatedVerdict {
  const off = state.rulesOff;
  if (stream.action === 'abort' && !off.has('ATS-TT-CFG0')) {
    return { kind: 'end', fault: silent('the STE terminates the traffic of its stream', 'ATS-TT-CFG0') };
  }
  if (stream.action === 'bypass' && !off.has('ATS-TT-BYPASS'))
    return forbidden('STE.Config=4: no stage translates', 'ATS-TT-BYPASS');
  const dpt = feature(state.ids, stream.world === 'realm' ? 'R_IDR3.DPT' : 'IDR3.DPT') === 1;
  const eats = effectiveEats(stream, state, dpt);
  if (eats === EATS_OFF && !off.has('ATS-TT-EATS0'))
    return forbidden('the effective STE.EATS is 0', 'ATS-TT-EATS0');
  if (stream.checksNs && !namesSpace(t))
    return forbidden('XT=0, and STE.NSCFG=1 asks for XT=1 of Translated transactions', '3.9.4.3');
  if (eats === EATS_SPLIT && !off.has('ATS-TT-SPLIT')) {
    if (t.vaHi >>> (state.iasBits - 32) === 0) return { kind: 'stage2' };
    const reason = `IPA ${hex64(t.vaHi, t.vaLo)} is beyond the ${state.iasBits}-bit IAS`;
    return {
      kind: 'end',
      fault: { ...stage1Fault('F_ADDR_SIZE', reason, BEYOND_IAS, 0), terminates: true },
    };
  }
  const passing = pass(t, state, stream);
  // The Device Permission Table says the space, not the NS attribute.
  if (eats !== EATS_DPT || passing.kind !== 'pass') return unlessRefused(passing, t, state, stream);
  return { kind: 'dpt', pa: passing.pa };
}
