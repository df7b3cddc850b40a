/** What makes the stage-2 part of an STE ILLEGAL (C_BAD_STE): IHI 0070 5.2.2, in its order. */

import { hex } from '../../bits/u64.ts';
import { S2_OVERLAY } from '../../spec/encodings.ts';
import { feature } from '../../spec/features.ts';
import { TO_15 } from '../../spec/indexed.ts';
import { STE } from '../../spec/ste.ts';
import { GRANULES, NARROW_ADDRESS_BITS, S2T0SZ } from '../../spec/translation.ts';
import { beyond } from './descriptor.ts';
import { granuleSupported } from './granule.ts';
import type { Rule } from './rules.ts';
import {
  type Stage2Fields,
  stage2Format,
  stage2GranuleBits,
  stage2InputBits,
  stage2LargeAddresses,
  stage2OutputBits,
  stage2StartLevel,
  tableFields,
} from './stage2-format.ts';

const f = STE.fields;

const lpae = (s: Stage2Fields): boolean => stage2Format(s) === 'VMSAv8-32';

/** The range that S2TTB must lie in: the effective S2PS, and 48 bits where the descriptors have no more. */
function tableAddressBits(s: Stage2Fields): number {
  const bits = stage2OutputBits(s);
  const large = stage2GranuleBits(s) === GRANULES['64KB'].log2 || stage2LargeAddresses(s);
  return stage2Format(s) === 'VMSAv8-64' && !large ? Math.min(bits, NARROW_ADDRESS_BITS) : bits;
}

/** The smallest S2T0SZ that 5.2 allows: nothing above the IAS. v3.0 knows no other limit. */
function smallestT0sz(s: Stage2Fields): number {
  const ias = 64 - s.state.iasBits;
  if (s.state.minorVersion === 0) return ias;
  if (stage2Format(s) === 'VMSAv9-128') return Math.max(S2T0SZ.min['VMSAv9-128'], ias);
  const large = stage2GranuleBits(s) === GRANULES['64KB'].log2 || stage2LargeAddresses(s);
  return Math.max(large ? S2T0SZ.min.wide : S2T0SZ.min.narrow, ias);
}

/** The largest one: small tables (STT) allow more, and VMSAv9-128 always has them. */
function largestT0sz(s: Stage2Fields): number {
  const small = s.state.features.stt || stage2Format(s) === 'VMSAv9-128';
  if (!small) return S2T0SZ.max['STT==0'];
  return stage2GranuleBits(s) === GRANULES['64KB'].log2
    ? S2T0SZ.max['STT==1 64K']
    : S2T0SZ.max['STT==1 4K/16K'];
}

const overlayOn = (s: Stage2Fields): boolean =>
  f.S2POE.get(s.w, 0) === 1 && feature(s.state.ids, 'IDR3.S2PO') === 1;

const OVERLAYS = TO_15.map((i) => STE.fields[`S2POI${i}`]);
const OVERLAY_CODES: ReadonlySet<number> = new Set(Object.values(S2_OVERLAY.names));

/** Rules about the tables alone: of those for Secure IPAs they hold as well. */
const TABLE_RULES: readonly Rule<Stage2Fields>[] = [
  {
    id: 'STE-S2TG',
    field: 'S2TG',
    broken: (s) => !lpae(s) && !granuleSupported(s.state.features, stage2GranuleBits(s)),
    why: (s) => `S2TG=${tableFields(s).TG.get(s.w, 0)} is reserved, or IDR5 lacks this granule`,
  },
  {
    id: 'STE-S2TTB',
    field: 'S2TTB',
    broken: (s) => beyond(tableFields(s).TTB.hi(s.w, 0), tableAddressBits(s)),
    why: (s) =>
      `S2TTB=${hex(tableFields(s).TTB.get(s.w, 0))} is beyond the ${tableAddressBits(s)}-bit output range`,
  },
  {
    // SMMUv3.0 may use the nearest legal value instead (5.2, S2T0SZ); the model refuses there too.
    id: 'STE-S2T0SZ',
    field: 'S2T0SZ',
    broken: (s) => {
      const t0sz = tableFields(s).T0SZ.get(s.w, 0);
      return !lpae(s) && (t0sz < smallestT0sz(s) || t0sz > largestT0sz(s));
    },
    why: (s) =>
      `S2T0SZ=${tableFields(s).T0SZ.get(s.w, 0)} is outside ${smallestT0sz(s)} to ${largestT0sz(s)}`,
  },
  {
    id: 'STE-S2WALK',
    field: 'S2SL0',
    broken: (s) => stage2StartLevel(s) === null,
    why: (s) => {
      const bits = `the ${stage2InputBits(s)}-bit input of S2T0SZ=${tableFields(s).T0SZ.get(s.w, 0)}`;
      if (stage2Format(s) === 'VMSAv9-128')
        return `S2SKL=${tableFields(s).SKL.get(s.w, 0)} skips past level 3 with ${bits}`;
      const high = stage2LargeAddresses(s) ? ` S2SL0_2=${tableFields(s).SL0_2.get(s.w, 0)}` : '';
      return `S2SL0=${tableFields(s).SL0.get(s.w, 0)}${high} does not go with ${bits}, the granule and the OAS`;
    },
  },
];

/** What is wrong with the tables for Secure IPAs, or null. */
function secureTablesBroken(s: Stage2Fields): string | null {
  if (s.state.world !== 's' || feature(s.state.ids, 'S_IDR1.SEL2') === 0) return null;
  const secure = { ...s, secure: true };
  const broken = TABLE_RULES.find((rule) => rule.broken(secure));
  return broken === undefined ? null : `S_${broken.why(secure)}`;
}

/** Rules of an STE whose Config enables stage 2; they need not ask for that. */
export const STAGE2_RULES: readonly Rule<Stage2Fields>[] = [
  {
    id: 'STE-S2FWB-AA32',
    field: 'S2FWB',
    broken: (s) => f.S2FWB.get(s.w, 0) === 1 && lpae(s) && feature(s.state.ids, 'IDR3.FWB') === 1,
    why: () => 'S2FWB=1, but S2AA64=0 selects VMSAv8-32 tables',
  },
  {
    id: 'STE-S2S-NOSTALL',
    field: 'S2S',
    broken: (s) => s.state.world !== 'realm' && f.S2S.get(s.w, 0) === 1 && s.state.stallModel === 1,
    why: () => 'S2S=1, but the stall model is 1: stalls are not supported',
  },
  {
    id: 'STE-S2S-R',
    field: 'S2S',
    broken: (s) => s.state.world === 'realm' && f.S2S.get(s.w, 0) === 1 && s.state.stallModel === 1,
    why: () => 'S2S=1, but R_IDR0.STALL_MODEL=1: Realm streams never stall',
  },
  {
    id: 'STE-S2S-FORCE',
    field: 'S2S',
    broken: (s) => f.S2S.get(s.w, 0) === 0 && s.state.stallModel === 2,
    why: () => 'S2S=0, but the stall model is 2: stalls are forced',
  },
  {
    id: 'STE-S2AA64-32',
    field: 'S2AA64',
    broken: (s) => lpae(s) && (s.state.features.ttf & 1) === 0,
    why: (s) => `S2AA64=0 asks for VMSAv8-32 tables, but IDR0.TTF=${s.state.features.ttf}`,
  },
  {
    id: 'STE-S2AA64-64',
    field: 'S2AA64',
    broken: (s) => f.S2AA64.get(s.w, 0) === 1 && (s.state.features.ttf & 2) === 0,
    why: (s) => `S2AA64=1 asks for VMSAv8-64 tables, but IDR0.TTF=${s.state.features.ttf}`,
  },
  {
    id: 'STE-HTTU',
    field: 'S2HA',
    broken: (s) =>
      (f.S2HA.get(s.w, 0) === 1 || f.S2HD.get(s.w, 0) === 1) && (lpae(s) || s.state.features.httu === 0),
    why: (s) => {
      const bits = `S2HA=${f.S2HA.get(s.w, 0)} S2HD=${f.S2HD.get(s.w, 0)}`;
      return lpae(s) ? `${bits}, but VMSAv8-32 tables are never updated` : `${bits}, but IDR0.HTTU=0`;
    },
  },
  {
    id: 'STE-HTTU-HD',
    field: 'S2HD',
    broken: (s) => f.S2HD.get(s.w, 0) === 1 && s.state.features.httu === 1,
    why: () => 'S2HD=1, but IDR0.HTTU=1 has no update of dirty state',
  },
  {
    id: 'STE-HAFT',
    field: 'S2HAFT',
    broken: (s) => f.S2HAFT.get(s.w, 0) === 1 && f.S2HA.get(s.w, 0) === 0 && s.state.features.httu === 3,
    why: () => 'S2HAFT=1 needs S2HA=1',
  },
  ...TABLE_RULES,
  {
    id: 'STE-S-S2TTB',
    field: 'S_S2TTB',
    broken: (s) => secureTablesBroken(s) !== null,
    why: (s) => secureTablesBroken(s) ?? 'S_S2TTB',
  },
  {
    id: 'STE-S2ENDI',
    field: 'S2ENDI',
    broken: (s) => {
      const big = f.S2ENDI.get(s.w, 0) === 1;
      const { ttEndian } = s.state.features;
      return (ttEndian === 2 && big) || (ttEndian === 3 && !big);
    },
    why: (s) =>
      `S2ENDI=${f.S2ENDI.get(s.w, 0)}, but IDR0.TTENDIAN=${s.state.features.ttEndian} fixes the byte order`,
  },
  {
    id: 'STE-S2PIE-AA32',
    field: 'S2PIE',
    broken: (s) => f.S2PIE.get(s.w, 0) === 1 && lpae(s) && feature(s.state.ids, 'IDR3.S2PI') === 1,
    why: () => 'S2PIE=1, but S2AA64=0 selects VMSAv8-32 tables',
  },
  {
    id: 'STE-S2POE-DIRECT',
    field: 'S2POE',
    broken: (s) => overlayOn(s) && f.S2PIE.get(s.w, 0) === 0 && stage2Format(s) !== 'VMSAv9-128',
    why: () => 'S2POE=1 needs indirect permissions, but S2PIE=0',
  },
  {
    id: 'STE-S2POE-PBHA',
    field: 'S2POE',
    broken: (s) =>
      overlayOn(s) &&
      feature(s.state.ids, 'IDR3.PBHA') === 1 &&
      [f.S2HWU59, f.S2HWU60, f.S2HWU61, f.S2HWU62].some((bit) => bit.get(s.w, 0) === 1),
    why: () => 'S2POE=1 uses the descriptor bits that S2HWU59 to S2HWU62 give to the hardware',
  },
  {
    id: 'STE-S2POI',
    field: 'S2POI0',
    broken: (s) => overlayOn(s) && OVERLAYS.some((field) => !OVERLAY_CODES.has(field.get(s.w, 0))),
    why: (s) => {
      const bad = OVERLAYS.find((field) => !OVERLAY_CODES.has(field.get(s.w, 0)));
      return `${bad?.name}=${bad?.get(s.w, 0)} is a reserved overlay`;
    },
  },
];
