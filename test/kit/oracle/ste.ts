/** What an STE says: 5.2. */

import { bit, bits, num } from './bits.ts';
import { type Features, granuleOfTg0 } from './features.ts';
import type { Format } from './types.ts';

/** Fields of an STE by position (5.2). */
export function steFields(w: bigint) {
  return {
    V: bit(w, 0),
    Config: num(w, 3, 1),
    S1Fmt: num(w, 5, 4),
    S1ContextPtr: bits(w, 55, 6) << 6n,
    S1CDMax: num(w, 63, 59),
    S1DSS: num(w, 65, 64),
    S2HWU: num(w, 75, 72),
    S1PIE: bit(w, 88),
    S2FWB: bit(w, 89),
    S1MPAM: bit(w, 90),
    S1STALLD: bit(w, 91),
    EATS: num(w, 93, 92),
    STRW: num(w, 95, 94),
    MemAttr: num(w, 99, 96),
    MTCFG: num(w, 100),
    ALLOCCFG: num(w, 104, 101),
    SHCFG: num(w, 109, 108),
    PRIVCFG: num(w, 113, 112),
    INSTCFG: num(w, 115, 114),
    S2VMID: num(w, 143, 128),
    S2T0SZ: num(w, 165, 160),
    S2SL0: num(w, 167, 166),
    S2SH0: num(w, 173, 172),
    S2TG: num(w, 175, 174),
    S2PS: num(w, 178, 176),
    S2AA64: bit(w, 179),
    S2ENDI: bit(w, 180),
    S2AFFD: bit(w, 181),
    S2PTW: bit(w, 182),
    S2HD: bit(w, 183),
    S2HA: bit(w, 184),
    S2S: bit(w, 185),
    S2R: bit(w, 186),
    S2HAFT: bit(w, 187),
    S2PIE: bit(w, 188),
    S2POE: bit(w, 189),
    S2SL0_2: num(w, 194),
    S2DS: bit(w, 195),
    S2TTB: bits(w, 243, 196) << 4n,
    VMSPtr: bits(w, 375, 332) << 12n,
    S2POI: bits(w, 511, 448),
  };
}

export type Ste = ReturnType<typeof steFields>;

export type StreamWorld = 'EL1' | 'EL2' | 'EL2-E2H';

/** STRW is looked at: a Non-secure STE with stage 1 alone, where there is an EL2 (5.2, STRW). */
export function strwUsed(ste: Ste, f: Features): boolean {
  return f.has('IDR0.S1P') && f.has('IDR0.Hyp') && ste.Config !== 4 && ste.Config < 6;
}

export function streamWorld(ste: Ste, f: Features, e2h: boolean): StreamWorld {
  if (!strwUsed(ste, f) || ste.STRW === 0) return 'EL1';
  return e2h ? 'EL2-E2H' : 'EL2';
}

export const hasStage1 = (ste: Ste): boolean => ste.Config === 5 || ste.Config === 7;
export const hasStage2 = (ste: Ste): boolean => ste.Config >= 6;

/** How stage-2 descriptors are read, and what decides about them. */
export function stage2Of(ste: Ste, f: Features) {
  const lpae = !ste.S2AA64;
  const granule = lpae ? 12 : granuleOfTg0(ste.S2TG);
  if (granule === null) throw new RangeError('an STE with a reserved granule is ILLEGAL');
  const ds = !lpae && granule !== 16 && ste.S2DS && f.has('IDR5.DS');
  const wide = granule === 16 && f.oas === 52;
  const size = lpae ? 40 : f.outputSize(ste.S2PS);
  const format: Format = {
    granule,
    lpae,
    ds,
    wide: !lpae && wide,
    bigEndian: ste.S2ENDI,
    outputBits: lpae || ds || granule === 16 ? size : Math.min(size, 48),
  };
  return { format, tableBits: size, ...stage2Start(ste, granule, lpae, ds) };
}

/** Input size and first level by S2T0SZ, S2SL0, S2TG. */
export function stage2Start(ste: Ste, granule: 12 | 14 | 16, lpae: boolean, ds: boolean) {
  if (lpae) {
    const signed = (ste.S2T0SZ & 15) >= 8 ? (ste.S2T0SZ & 15) - 16 : ste.S2T0SZ & 15;
    return { inputBits: 32 - signed, level: [2, 1, null, null][ste.S2SL0] ?? null };
  }
  const code = granule === 12 && ds ? ste.S2SL0_2 * 4 + ste.S2SL0 : ste.S2SL0;
  const levels = {
    12: [2, 1, 0, 3, -1, null, null, null],
    14: [3, 2, 1, 0],
    16: [3, 2, 1, null],
  } as const;
  return { inputBits: 64 - ste.S2T0SZ, level: levels[granule][code] ?? null };
}
