/** ATS Translated transactions: IHI 0070 3.9.1.3. */

import { hex64 } from '../../bits/u64.ts';
import { feature } from '../../spec/features.ts';
import { EATS_DPT, STE } from '../../spec/ste.ts';
import type { Fault, Transaction } from '../plan.ts';
import type { WorldState } from '../state.ts';
import { configFault, silent, stage1Fault } from '../translate/answer.ts';
import type { StreamConfig } from '../translate/configuration.ts';
import { EATS_OFF, EATS_SPLIT, effectiveEats } from './stream.ts';

/** What becomes of a Translated transaction: it passes, is looked up further, goes through stage 2, or ends. */
export type PlainVerdict =
  | { readonly kind: 'pass'; readonly pa: number; readonly toNonSecure: boolean }
  | { readonly kind: 'lookup' }
  | { readonly kind: 'stage2' }
  | { readonly kind: 'end'; readonly fault: Fault };

/** With `dpt`, the Device Permission Table is asked about the PA (STE.EATS=3). */
export type TranslatedVerdict = PlainVerdict | { readonly kind: 'dpt'; readonly pa: number };

function forbidden(reason: string, rule: string): PlainVerdict {
  return { kind: 'end', fault: configFault('F_TRANSL_FORBIDDEN', reason, rule) };
}

const { NSCFG } = STE.fields;

/** Whether a Realm stream's access leaves for the Non-secure space: its NS attribute, overridden by STE.NSCFG. */
function toNonSecure(t: Transaction, stream: StreamConfig | null): boolean {
  if (t.world !== 'realm') return true;
  const override = stream ? NSCFG.get(stream.words, 0) : NSCFG.names.INCOMING;
  if (override === NSCFG.names.REALM) return false;
  return override === NSCFG.names.NONSECURE || t.ns;
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
  const leaves = toNonSecure(t, stream);
  if (t.world === 'realm' && leaves && t.instruction && !t.write) {
    return forbidden('a Realm instruction fetch must not leave for Non-secure memory', '3.9.1.3');
  }
  return { kind: 'pass', pa: t.vaHi * 2 ** 32 + t.vaLo, toNonSecure: leaves };
}

/** What can be said of a Translated transaction before its STE is looked up. */
export function translatedBefore(t: Transaction, state: WorldState): PlainVerdict {
  if (t.world === 's') return forbidden('ATS does not exist on Secure streams', 'ATS-TT-SECURE');
  if (!state.smmuEnabled) return forbidden('SMMUEN=0', 'ATS-TT-SMMUEN0');
  return state.atsChecked ? { kind: 'lookup' } : pass(t, state, null);
}

/**
 * What the legal STE makes of a Translated transaction (ATSCHK=1).
 */
export function translatedAtStream(
  t: Transaction,
  state: WorldState,
  stream: StreamConfig,
): TranslatedVerdict {
  if (stream.action === 'abort') {
    return { kind: 'end', fault: silent('the STE terminates the traffic of its stream', 'ATS-TT-CFG0') };
  }
  if (stream.action === 'bypass') return forbidden('STE.Config=4: no stage translates', 'ATS-TT-BYPASS');
  const dpt = feature(state.ids, stream.world === 'realm' ? 'R_IDR3.DPT' : 'IDR3.DPT') === 1;
  const eats = effectiveEats(stream, state, dpt);
  if (eats === EATS_OFF) return forbidden('the effective STE.EATS is 0', 'ATS-TT-EATS0');
  if (eats === EATS_SPLIT) {
    if (t.vaHi >>> (state.iasBits - 32) === 0) return { kind: 'stage2' };
    const reason = `IPA ${hex64(t.vaHi, t.vaLo)} is beyond the ${state.iasBits}-bit IAS`;
    return {
      kind: 'end',
      fault: { ...stage1Fault('F_ADDR_SIZE', reason, 'ATS-TT-SPLIT', 0), terminates: true },
    };
  }
  const passing = pass(t, state, stream);
  if (eats !== EATS_DPT || passing.kind !== 'pass') return passing;
  return { kind: 'dpt', pa: passing.pa };
}
