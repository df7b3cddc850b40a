/** What a CD says: 5.4. */

import { bit, bits, num } from './bits.ts';
import { type Features, granuleOfTg0, granuleOfTg1 } from './features.ts';
import type { StreamWorld } from './ste.ts';

/** Fields of a CD by position (5.4); those of both halves as pairs. */
export function cdFields(w: bigint) {
  return {
    TxSZ: [num(w, 5, 0), num(w, 21, 16)],
    TGx: [num(w, 7, 6), num(w, 23, 22)],
    SHx: [num(w, 13, 12), num(w, 29, 28)],
    EPDx: [bit(w, 14), bit(w, 30)],
    TBIx: [bit(w, 38), bit(w, 39)],
    HADx: [bit(w, 65), bit(w, 129)],
    E0PDx: [bit(w, 66), bit(w, 130)],
    TTBx: [bits(w, 115, 68) << 4n, bits(w, 179, 132) << 4n],
    ENDI: bit(w, 15),
    V: bit(w, 31),
    IPS: num(w, 34, 32),
    AFFD: bit(w, 35),
    WXN: bit(w, 36),
    UWXN: bit(w, 37),
    PAN: bit(w, 40),
    AA64: bit(w, 41),
    HD: bit(w, 42),
    HA: bit(w, 43),
    S: bit(w, 44),
    R: bit(w, 45),
    A: bit(w, 46),
    ASID: num(w, 63, 48),
    HAFT: bit(w, 67),
    EPAN: bit(w, 123),
    AIE: bit(w, 131),
    DS: bit(w, 186),
    PIE: bit(w, 187),
    MAIR: bits(w, 255, 192),
    PIIU: bits(w, 431, 384),
    PIIP: bits(w, 495, 448),
  } as const;
}

export type Cd = ReturnType<typeof cdFields>;

/** The effective EPDx: EL2 without E2H always walks TTB0 and never TTB1 (5.4). */
export function walks(cd: Cd, half: 0 | 1, world: StreamWorld): boolean {
  if (world === 'EL2') return half === 0;
  return !cd.EPDx[half];
}

/** log2 of the granule of a half; null: reserved. LPAE has 4 KiB alone. */
export function granuleOf(cd: Cd, half: 0 | 1): 12 | 14 | 16 | null {
  if (!cd.AA64) return 12;
  return half === 0 ? granuleOfTg0(cd.TGx[0]) : granuleOfTg1(cd.TGx[1]);
}

/** LPA2 is on for a half. */
export function lpa2(cd: Cd, half: 0 | 1, f: Features): boolean {
  return cd.AA64 && cd.DS && f.has('IDR5.DS') && granuleOf(cd, half) !== 16;
}
