/** The STE, decoded: IHI 0070 5.2. */

import type { World } from '../../bits/world.ts';
import { STE } from '../../spec/ste.ts';
import { countingWords } from '../field-bits.ts';
import type { Fault } from '../plan.ts';
import type { WorldState } from '../state.ts';
import { configFault } from './answer.ts';
import type { StreamConfig } from './configuration.ts';
import { reservedFault } from './reserved.ts';
import { firstBroken } from './rules.ts';
import { STE_RULES, type SteSubject, streamWorldOf } from './ste-rules.ts';

const { V, Config, S1Fmt, S1ContextPtr, S1CDMax, S1DSS, S1STALLD, MEV, PRIVCFG, INSTCFG, S2VMID } =
  STE.fields;

/** The rule by which an STE terminates its stream: Config 0b000 says so, 0b001 to 0b011 are reserved and act alike. */
export function abortRule(config: number): string {
  return config === 0 ? 'STE-ABORT' : 'STE-RES-CFG';
}

/**
 * Decodes an STE.
 * @param words 16 words at index `at`; copied
 * @param pa where it lay (PA in bytes)
 * @returns the configuration, or the fault that use of the STE raises
 */
export function decodeStream(
  words: Uint32Array,
  at: number,
  pa: number,
  world: World,
  sid: number,
  state: WorldState,
): StreamConfig | Fault {
  const bits = state.bits.of(STE);
  const w = countingWords(bits, words, at);
  const config = Config.get(w, 0);
  const subject: SteSubject = { w, state, config };
  // Config 0b0xx terminates silently, whatever else the STE holds, once it is valid (5.2).
  const silentAbort = V.get(w, 0) === 1 && (config & 4) === 0 && !state.rulesOff.has(abortRule(config));
  if (!silentAbort) {
    const rule = firstBroken(STE_RULES, subject, state.rulesOff);
    if (rule) return { ...configFault('C_BAD_STE', `STE.${rule.why(subject)}`, rule.id), field: rule.field };
    const reserved = state.strict ? reservedFault('C_BAD_STE', STE, bits, words, at) : null;
    if (reserved) return reserved;
  }
  const streamWorld = streamWorldOf(subject);
  const { features } = state;
  return {
    world,
    sid,
    pa,
    words: w,
    action: silentAbort ? 'abort' : config === 4 ? 'bypass' : config === 5 ? 'stage1' : 'stage2',
    s1ContextPtr: S1ContextPtr.get(w, 0) % 2 ** state.oasBits,
    s1Fmt: S1Fmt.get(w, 0),
    s1CDMax: state.ssidBits === 0 ? 0 : S1CDMax.get(w, 0),
    s1DSS: S1DSS.get(w, 0),
    s1StallD: S1STALLD.get(w, 0) === 1,
    mev: MEV.get(w, 0) === 1,
    streamWorld,
    vmid: features.s2p && streamWorld === 'NS-EL1' ? S2VMID.get(w, 0) : -1,
    privCfg: features.attrPermsOvr ? PRIVCFG.get(w, 0) : 0,
    instCfg: features.attrPermsOvr ? INSTCFG.get(w, 0) : 0,
  };
}
