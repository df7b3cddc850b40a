/** Contents of STEs and CDs as a driver of a general-purpose kernel makes them. */

import { encode } from '../../../src/bits/layout.ts';
import { CD } from '../../../src/spec/cd.ts';
import { STE } from '../../../src/spec/ste.ts';

/** ATS is on and the stall model off, or the other way round, or neither. */
export type Master = 'ats' | 'stall' | 'plain';

const S1DSS = { TERMINATE: 0, BYPASS: 1, SSID0: 2 } as const;
const INCOMING = 1;
const WBRA = 1;
const ISH = 3;

export const CDTAB = 0xf0f0f000;
export const OTHER_CDTAB = 0xa0a0a000;
const S2TTB = 0xdeadbee000;

export const abortSte = encode(STE, { V: 1, Config: 0 });
export const bypassSte = encode(STE, { V: 1, Config: 4, SHCFG: INCOMING });

function stage1Fields(s1dss: keyof typeof S1DSS, cdtab: number, master: Master) {
  return {
    S1Fmt: 2,
    S1ContextPtr: cdtab,
    S1CDMax: 16,
    S1DSS: S1DSS[s1dss],
    S1CIR: WBRA,
    S1COR: WBRA,
    S1CSH: ISH,
    S1STALLD: master === 'stall' ? 0 : 1,
    EATS: master === 'ats' ? 1 : 0,
    STRW: 0,
    ...(s1dss === 'BYPASS' && { SHCFG: INCOMING }),
  };
}

function stage2Fields(master: Master) {
  return {
    EATS: master === 'ats' ? 1 : 0,
    SHCFG: INCOMING,
    S2VMID: 0,
    S2T0SZ: 24,
    S2SL0: 1,
    S2IR0: 1,
    S2OR0: 1,
    S2SH0: ISH,
    S2TG: 0,
    S2PS: 4,
    S2AA64: 1,
    S2PTW: 1,
    S2R: 1,
    S2S: master === 'stall' ? 1 : 0,
    S2TTB,
  };
}

export function cdtableSte(
  s1dss: keyof typeof S1DSS,
  master: Master = 'ats',
  cdtab: number = CDTAB,
): Uint32Array {
  return encode(STE, { V: 1, Config: 5, ...stage1Fields(s1dss, cdtab, master) });
}

export function stage2Ste(master: Master = 'ats'): Uint32Array {
  return encode(STE, { V: 1, Config: 6, ...stage2Fields(master) });
}

export function nestedSte(s1dss: keyof typeof S1DSS, master: Master = 'ats'): Uint32Array {
  return encode(STE, {
    V: 1,
    Config: 7,
    ...stage1Fields(s1dss, CDTAB, master),
    ...stage2Fields(master),
    MEV: 1,
  });
}

export const emptyCd = new Uint32Array(CD.words);

const TABLES = { T0SZ: 16, TG0: 0, IR0: 1, OR0: 1, SH0: ISH, TTB0: 0x1234_5000 } as const;
const MEMORY = { MAIR0: 0x0404_44ff, MAIR1: 0x0c } as const;
const COMMON = { V: 1, EPD1: 1, AA64: 1, IPS: 4, R: 1, A: 1, ...MEMORY } as const;

/** A CD of a domain of the kernel. */
export function stage1Cd(asid: number): Uint32Array {
  return encode(CD, { ...COMMON, ...TABLES, ASET: 1, ASID: asid });
}

/** A CD that shares the tables of a process. */
export function sharedCd(asid: number): Uint32Array {
  return encode(CD, { ...COMMON, ...TABLES, ASET: 0, ASID: asid });
}

/** What is left of {@link sharedCd} when its process ends. */
export function releasedCd(asid: number): Uint32Array {
  return encode(CD, { ...COMMON, EPD0: 1, R: 0, A: 1, ASET: 0, ASID: asid });
}
