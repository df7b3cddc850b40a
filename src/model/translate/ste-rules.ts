/** What makes an STE ILLEGAL (C_BAD_STE): IHI 0070 5.2.2. */

import { hex } from '../../bits/u64.ts';
import type { World } from '../../bits/world.ts';
import { feature } from '../../spec/features.ts';
import { EATS_DPT, STE } from '../../spec/ste.ts';
import type { WorldState } from '../state.ts';
import { beyond } from './descriptor.ts';
import { needsVms } from './mpam.ts';
import { hasAts, inWorld, type SteSubject, stage2On, streamWorldOf, strwUsed, vmidOf } from './regimes.ts';
import type { Rule } from './rules.ts';
import { statementOff } from './spaces.ts';
import { stage2Format } from './stage2-format.ts';
import { STAGE2_RULES } from './stage2-rules.ts';

const { V, S1Fmt, S1ContextPtr, S1CDMax, S1STALLD, EATS, STRW, S2VMID, S2S, VMSPtr } = STE.fields;
const { DPT_VMATCH } = STE.fields;
const { EL3, EL2 } = STRW.names;

const stage1On = (s: SteSubject): boolean => (s.config & 5) === 5;
const eatsUsed = (s: SteSubject): boolean =>
  (hasAts(s.state) && (s.config & 3) !== 0) || s.state.rulesOff.has('STE-EATS-IGN');
const dptUsed = (s: SteSubject): boolean =>
  eatsUsed(s) &&
  EATS.get(s.w, 0) === EATS_DPT &&
  feature(s.state.ids, inWorld(s, 'realm') ? 'R_IDR3.DPT' : 'IDR3.DPT') === 1;
const ssidsOn = (s: SteSubject): boolean => s.state.ssidBits !== 0 && S1CDMax.get(s.w, 0) !== 0;

/**
 * Bits of the address that S1ContextPtr and L1CD.L2Ptr hold: an IPA when stage 2 is on, else a PA (5.2, 3.4.3). What
 * lies beyond is C_BAD_STE or C_BAD_SUBSTREAMID; with stage 2 a Translation fault of it would be allowed as well.
 */
export function contextAddressBits(config: number, state: WorldState): number {
  return (config & 2) !== 0 ? state.iasBits : state.oasBits;
}

/** S1STALLD needs the stall model of the stream's state that lets software choose. */
function stallRule({ id, world }: { readonly id: string; readonly world: World }): Rule<SteSubject> {
  return {
    id,
    field: 'S1STALLD',
    broken: (s) => inWorld(s, world) && stage1On(s) && S1STALLD.get(s.w, 0) === 1 && s.state.stallModel !== 0,
    why: (s) => `S1STALLD=1, but the stall model is ${s.state.stallModel}: only model 0 lets software choose`,
  };
}

/** Rules that do not need stage 2, in the order of 5.2.2. */
const FRONT_RULES: readonly Rule<SteSubject>[] = [
  { id: 'STE-V', field: 'V', broken: (s) => V.get(s.w, 0) === 0, why: () => 'V=0: the STE is not valid' },
  {
    id: 'STE-S1-UNSUP',
    field: 'Config',
    broken: (s) => stage1On(s) && !s.state.features.s1p,
    why: (s) => `Config=${s.config} asks for stage 1, but IDR0.S1P=0`,
  },
  {
    id: 'STE-S2-UNSUP',
    field: 'Config',
    broken: (s) => stage2On(s) && !s.state.features.s2p,
    why: (s) => `Config=${s.config} asks for stage 2, but IDR0.S2P=0`,
  },
  {
    id: 'STE-S-S2-UNSUP',
    field: 'Config',
    broken: (s) =>
      inWorld(s, 's') &&
      stage2On(s) &&
      feature(s.state.ids, 'S_IDR1.SEL2') === 0 &&
      !statementOff(s.state, 'world:S-STAGE2'),
    why: (s) => `Config=${s.config} asks for Secure stage 2, but S_IDR1.SEL2=0`,
  },
  {
    id: 'STE-SR-AA32',
    field: 'S2AA64',
    broken: (s) =>
      !inWorld(s, 'ns') &&
      stage2On(s) &&
      stage2Format(s) === 'VMSAv8-32' &&
      !statementOff(s.state, inWorld(s, 's') ? 'world:S-STAGE2' : 'world:R-LPAE'),
    why: (s) => `S2AA64=0 asks for VMSAv8-32 tables, which streams of world ${s.state.world} do not have`,
  },
  {
    id: 'STE-S1FMT',
    field: 'S1Fmt',
    broken: (s) => {
      const fmt = S1Fmt.get(s.w, 0);
      return stage1On(s) && ssidsOn(s) && !s.state.features.cd2l && (fmt === 1 || fmt === 2);
    },
    why: (s) => `S1Fmt=${S1Fmt.get(s.w, 0)} is a two-level CD table, but IDR0.CD2L=0`,
  },
  {
    id: 'STE-S1CDMAX',
    field: 'S1CDMax',
    broken: (s) => stage1On(s) && s.state.ssidBits !== 0 && S1CDMax.get(s.w, 0) > s.state.ssidBits,
    why: (s) => `S1CDMax=${S1CDMax.get(s.w, 0)} is more than IDR1.SSIDSIZE=${s.state.ssidBits}`,
  },
  {
    // SMMUv3.0 may truncate instead (3.4.3); the model truncates there.
    id: 'STE-S1CTXPTR',
    field: 'S1ContextPtr',
    broken: (s) =>
      stage1On(s) &&
      s.state.minorVersion >= 1 &&
      beyond(S1ContextPtr.hi(s.w, 0), contextAddressBits(s.config, s.state)),
    why: (s) => {
      const range = `${contextAddressBits(s.config, s.state)}-bit ${stage2On(s) ? 'IAS' : 'OAS'}`;
      return `S1ContextPtr=${hex(S1ContextPtr.get(s.w, 0))} is beyond the ${range}`;
    },
  },
  {
    id: 'STE-STRW-NSR',
    field: 'STRW',
    broken: (s) => !inWorld(s, 's') && strwUsed(s) && (STRW.get(s.w, 0) & 1) === 1,
    why: (s) => `STRW=${STRW.get(s.w, 0)} does not exist for this Security state`,
  },
  {
    id: 'STE-STRW-S3',
    field: 'STRW',
    broken: (s) => inWorld(s, 's') && strwUsed(s) && STRW.get(s.w, 0) === 3,
    why: () => 'STRW=3 does not exist for Secure streams',
  },
  {
    id: 'STE-STRW-EL3-RME',
    field: 'STRW',
    broken: (s) =>
      inWorld(s, 's') &&
      strwUsed(s) &&
      STRW.get(s.w, 0) === EL3 &&
      feature(s.state.ids, 'IDR0.RME_IMPL') === 1,
    why: () => 'STRW=1 selects EL3, which an SMMU with RME does not have (IDR0.RME_IMPL=1)',
  },
  {
    id: 'STE-STRW-SEL2',
    field: 'STRW',
    broken: (s) =>
      inWorld(s, 's') &&
      s.config === 5 &&
      STRW.get(s.w, 0) === EL2 &&
      feature(s.state.ids, 'S_IDR1.SEL2') === 0,
    why: () => 'STRW=2 selects Secure EL2, but S_IDR1.SEL2=0',
  },
  {
    id: 'STE-EATS-SPLIT',
    field: 'EATS',
    broken: (s) =>
      eatsUsed(s) &&
      EATS.get(s.w, 0) === 2 &&
      (s.config !== 7 || S2S.get(s.w, 0) === 1 || s.state.features.ns1ats),
    why: () => 'EATS=2 (split-stage ATS) needs both stages, S2S=0 and IDR0.NS1ATS=0',
  },
  {
    id: 'STE-EATS-FULL-S2S',
    field: 'EATS',
    // SMMUv3.0 may ask for S2S=0 where stage 2 is off as well (5.2, EATS); that is not recommended.
    broken: (s) => eatsUsed(s) && EATS.get(s.w, 0) === 1 && stage2On(s) && S2S.get(s.w, 0) === 1,
    why: () => 'EATS=1 with S2S=1: full ATS excludes stage-2 stalls',
  },
  {
    id: 'STE-EATS-DPT-S2S',
    field: 'EATS',
    broken: (s) => dptUsed(s) && stage2On(s) && S2S.get(s.w, 0) === 1,
    why: () => 'EATS=3 (Device Permission Table) with S2S=1: full ATS excludes stage-2 stalls',
  },
  {
    id: 'STE-EATS-DPT-SW',
    field: 'EATS',
    broken: (s) => dptUsed(s) && strwUsed(s) && STRW.get(s.w, 0) !== 0,
    why: (s) => `EATS=3 (Device Permission Table) with STRW=${STRW.get(s.w, 0)}: it serves EL1 streams only`,
  },
  {
    id: 'STE-DPT-VMATCH-R',
    field: 'DPT_VMATCH',
    broken: (s) => inWorld(s, 'realm') && dptUsed(s) && DPT_VMATCH.get(s.w, 0) !== 0,
    why: (s) => `DPT_VMATCH=${DPT_VMATCH.get(s.w, 0)}, but the VMID of a Realm stream must match`,
  },
  stallRule({ id: 'STE-S1STALLD-NS', world: 'ns' }),
  stallRule({ id: 'STE-S1STALLD-S', world: 's' }),
  stallRule({ id: 'STE-S1STALLD-R', world: 'realm' }),
];

/** Rules that come after those of stage 2. */
const BACK_RULES: readonly Rule<SteSubject>[] = [
  {
    id: 'STE-VMID8',
    field: 'S2VMID',
    broken: (s) => (s.config & 3) !== 0 && !s.state.features.vmid16 && vmidOf(s, streamWorldOf(s)) > 0xff,
    why: (s) => `S2VMID=${S2VMID.get(s.w, 0)} does not fit 8 bits (IDR0.VMID16=0)`,
  },
  {
    id: 'STE-VMSPTR',
    field: 'VMSPtr',
    broken: (s) => needsVms(s.w, s.state) && beyond(VMSPtr.hi(s.w, 0), s.state.oasBits),
    why: (s) => `VMSPtr=${hex(VMSPtr.get(s.w, 0))} is beyond the ${s.state.oasBits}-bit OAS`,
  },
];

const WITHOUT_STAGE2: readonly Rule<SteSubject>[] = [...FRONT_RULES, ...BACK_RULES];
const WITH_STAGE2: readonly Rule<SteSubject>[] = [...FRONT_RULES, ...STAGE2_RULES, ...BACK_RULES];

/** What makes an STE with this Config ILLEGAL (C_BAD_STE); the first rule broken is the one that is named. */
export function steRules(config: number): readonly Rule<SteSubject>[] {
  return (config & 6) === 6 ? WITH_STAGE2 : WITHOUT_STAGE2;
}
