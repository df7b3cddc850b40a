/** The STE, decoded: IHI 0070 5.2. */

import type { World } from '../../bits/world.ts';
import { STE } from '../../spec/ste.ts';
import { countingWords } from '../field-bits.ts';
import type { Fault } from '../plan.ts';
import type { Features, WorldState } from '../state.ts';
import { configFault } from './answer.ts';
import { NO_OVERRIDES, steOverrides } from './attribute-sources.ts';
import type { Overrides } from './attributes.ts';
import type { StreamAction, StreamConfig } from './configuration.ts';
import { needsVms } from './mpam.ts';
import { checksNs, type SteSubject, streamWorldOf, tagsOf, vmidOf } from './regimes.ts';
import { reservedInSte } from './reserved.ts';
import { firstBroken } from './rules.ts';
import { decodeStage2 } from './stage2-config.ts';
import { contextAddressBits, steRules } from './ste-rules.ts';

const { V, Config, S1Fmt, S1ContextPtr, S1CDMax, S1DSS, S1STALLD, MEV } = STE.fields;
const { PRIVCFG, INSTCFG, NSCFG, STRW } = STE.fields;
/** By Config[1:0] of a stream that passes. */
const ACTIONS: readonly StreamAction[] = ['bypass', 'stage1', 'stage2', 'nested'];
/** ALLOCCFG from here on forces the hints; below it they are as they come. */
const FORCED_HINTS = 8;

/** STE.Config. */
export function configOf(w: Uint32Array): number {
  return Config.get(w, 0);
}

/** The rule by which an STE terminates its stream: Config 0b000 says so, 0b001 to 0b011 are reserved and act alike. */
export function abortRule(config: number): string {
  return config === 0 ? 'STE-ABORT' : 'STE-RES-CFG';
}

/** The attribute overrides that the STE asks for and the SMMU offers (13.1.4); null when they change nothing. */
function overrideOf(w: Uint32Array, features: Features): Overrides | null {
  const by = steOverrides(w, features.attrTypesOvr);
  const { mtcfg, shcfg } = NO_OVERRIDES;
  return by.mtcfg === mtcfg && by.shcfg === shcfg && by.alloccfg < FORCED_HINTS ? null : by;
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
  // These need a feature on Non-secure streams only, and NSCFG on Secure ones (5.2, STRW and NSCFG).
  if (world !== 'ns') STRW.set(w, 0, STRW.get(words, at));
  if (world === 'realm') NSCFG.set(w, 0, NSCFG.get(words, at));
  const config = Config.get(w, 0);
  const subject: SteSubject = { w, state, config };
  // Config 0b0xx terminates silently, whatever else the STE holds, once it is valid (5.2).
  const silentAbort = V.get(w, 0) === 1 && (config & 4) === 0 && !state.rulesOff.has(abortRule(config));
  if (!silentAbort) {
    const rule = firstBroken(steRules(config), subject, state.rulesOff);
    if (rule) return { ...configFault('C_BAD_STE', `STE.${rule.why(subject)}`, rule.id), field: rule.field };
    const reserved = state.strict ? reservedInSte(bits, words, at, world) : null;
    if (reserved) return reserved;
  }
  const streamWorld = streamWorldOf(subject);
  const { features } = state;
  return {
    world,
    sid,
    pa,
    raw: words.slice(at, at + STE.words),
    words: w,
    action: silentAbort ? 'abort' : (ACTIONS[config & 3] as StreamAction),
    translates1: !silentAbort && (config & 1) === 1,
    s1ContextPtr: S1ContextPtr.get(w, 0) % 2 ** contextAddressBits(config, state),
    s1Fmt: S1Fmt.get(w, 0),
    s1CDMax: state.ssidBits === 0 ? 0 : S1CDMax.get(w, 0),
    s1DSS: S1DSS.get(w, 0),
    s1StallD: S1STALLD.get(w, 0) === 1,
    mev: MEV.get(w, 0) === 1,
    streamWorld,
    tags: tagsOf(subject, streamWorld),
    vmid: vmidOf(subject, streamWorld),
    checksNs: checksNs(subject),
    nsCfg: NSCFG.get(w, 0),
    plain: world === 'ns' && state.rulesOff.size === 0,
    override: overrideOf(w, features),
    stage2: !silentAbort && (config & 6) === 6 ? decodeStage2(w, state) : null,
    vms: needsVms(w, state),
    privCfg: features.attrPermsOvr ? PRIVCFG.get(w, 0) : 0,
    instCfg: features.attrPermsOvr ? INSTCFG.get(w, 0) : 0,
  };
}
