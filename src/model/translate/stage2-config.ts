/** Stage 2 of an STE, decoded: IHI 0070 5.2. Legality has been judged. */

import { STE } from '../../spec/ste.ts';
import { ADDRESS_BITS, S2_START_LEVELS, TG0_LOG2 } from '../../spec/translation.ts';
import type { WorldState } from '../state.ts';
import type { Stage2Config, TableFormat } from './configuration.ts';
import { indexBitsAt } from './descriptor.ts';

const f = STE.fields;

const LPAE_BITS = 40;
const LPAE_GRANULE_BITS = 12;
/** Shareability by S2SH0: 0b01 is reserved and acts as 0 (5.2). */
const SHAREABILITY = [0, 0, 2, 3];

/** S2T0SZ of VMSAv8-32 LPAE is a signed number of 4 bits: the input has 32 - S2T0SZ bits. */
function lpaeInputBits(t0sz: number): number {
  return 32 - (((t0sz & 0xf) ^ 8) - 8);
}

function formatOf(w: Uint32Array, state: WorldState): TableFormat {
  if (f.S2AA64.get(w, 0) === 1) return 'VMSAv8-64';
  return state.features.d128 ? 'VMSAv9-128' : 'VMSAv8-32';
}

function startLevelOf(w: Uint32Array, lpae: boolean, granuleBits: number, ds: boolean): number {
  const sl = f.S2SL0.get(w, 0);
  if (lpae) return sl === 0 ? 2 : 1;
  const index = granuleBits === 12 && ds && f.S2SL0_2.get(w, 0) === 1 ? sl | 4 : sl;
  const name = granuleBits === 12 ? '4KB' : granuleBits === 14 ? '16KB' : '64KB';
  return S2_START_LEVELS.find((row) => row.granule === name && row.sl === index)?.level ?? 0;
}

function declinedOf(w: Uint32Array, format: TableFormat, state: WorldState): string | null {
  const { features } = state;
  if (format === 'VMSAv9-128') return 'VMSAv9-128 tables';
  if (features.s2pi && f.S2PIE.get(w, 0) === 1) return 'stage-2 permission indirection (S2PIE)';
  if (features.s2po && f.S2POE.get(w, 0) === 1) return 'stage-2 permission overlays (S2POE)';
  if (features.the && f.AssuredOnly.get(w, 0) === 1) return 'AssuredOnly checks';
  return null;
}

/**
 * Decodes the stage 2 of a legal STE.
 * @param w 16 words
 */
export function decodeStage2(w: Uint32Array, state: WorldState): Stage2Config {
  const { features } = state;
  const format = formatOf(w, state);
  const lpae = format === 'VMSAv8-32';
  const granuleBits = lpae ? LPAE_GRANULE_BITS : (TG0_LOG2[f.S2TG.get(w, 0)] ?? LPAE_GRANULE_BITS);
  const ds = !lpae && features.ds && f.S2DS.get(w, 0) === 1;
  const t0sz = f.S2T0SZ.get(w, 0);
  const inputBits = lpae ? lpaeInputBits(t0sz) : Math.min(64 - t0sz, state.iasBits);
  const startLevel = startLevelOf(w, lpae, granuleBits, ds);
  const startBits = indexBitsAt(lpae ? inputBits : 64 - t0sz, startLevel, granuleBits);
  const outputBits = lpae
    ? LPAE_BITS
    : Math.min(ADDRESS_BITS[f.S2PS.get(w, 0)] ?? 0, state.oasBits, state.minorVersion === 0 ? 48 : 52);
  const align = Math.max(8 * 2 ** startBits, outputBits === 52 ? 64 : 8);
  const base = Math.floor(f.S2TTB.get(w, 0) / align) * align;
  const ha = !lpae && features.httu >= 1 && f.S2HA.get(w, 0) === 1;
  return {
    baseHi: Math.floor(base / 2 ** 32),
    baseLo: base >>> 0,
    granuleBits,
    inputBits,
    startLevel,
    startBits,
    wide: granuleBits === 16 ? !lpae && state.oasBits === 52 : ds,
    addressMask: lpae ? 0xff : 0xffff,
    sh: ds && granuleBits !== 16 ? (SHAREABILITY[f.S2SH0.get(w, 0)] ?? 0) : -1,
    format,
    bigEndian: f.S2ENDI.get(w, 0) === 1,
    outputBits,
    ha,
    hd: ha && features.httu >= 2 && f.S2HD.get(w, 0) === 1,
    haft: ha && features.httu === 3 && f.S2HAFT.get(w, 0) === 1,
    affd: f.S2AFFD.get(w, 0) === 1,
    vmid: f.S2VMID.get(w, 0),
    ptw: f.S2PTW.get(w, 0) === 1,
    fwb: features.fwb && f.S2FWB.get(w, 0) === 1,
    xnx: features.xnx,
    stall: f.S2S.get(w, 0) === 1,
    record: f.S2R.get(w, 0) === 1,
    cutBits: lpae ? Math.min(state.oasBits, LPAE_BITS) : state.oasBits,
    declined: declinedOf(w, format, state),
    space: null,
  };
}
