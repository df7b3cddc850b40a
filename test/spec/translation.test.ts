import { describe, expect, test } from 'vitest';
import { ARS } from '../../src/spec/event-rules.ts';
import {
  GPC_GERROR_FAULTCODES,
  GPC_TRANSLATION_FAULTCODES,
  L0GPTSZ_LOG2,
  PGS_LOG2,
  PPS_BITS,
} from '../../src/spec/gpc.ts';
import { S1_AP } from '../../src/spec/permissions.ts';
import { STE } from '../../src/spec/ste.ts';
import type { GranuleName, StartLevel } from '../../src/spec/translation.ts';
import * as translation from '../../src/spec/translation.ts';
import { vectors } from './vectors.ts';

interface Start {
  readonly granule: string;
  readonly txsz_min: number;
  readonly txsz_max: number;
  readonly level: number;
}

interface S2Start {
  readonly granule: string;
  readonly sl: number;
  readonly start_level: number;
  readonly ia_min: number;
  readonly ia_max: number;
  readonly t0sz_min: number;
  readonly t0sz_max: number;
  readonly condition: string;
  readonly concat: string;
}

interface Translation {
  readonly granules: Readonly<
    Record<
      string,
      { bits: number; stride: number; entries: number; leaf_sizes: Readonly<Record<string, string>> }
    >
  >;
  readonly contiguous: Readonly<Record<string, Readonly<Record<string, string>> | string>>;
  readonly input_range: {
    readonly txsz_limits: unknown;
    readonly s2t0sz_limits: unknown;
    readonly ias: string;
  };
  readonly s1_start_level: readonly Start[];
  readonly s1_start_level_d128: readonly Start[];
  readonly s2_start_level: readonly S2Start[];
  readonly s1_permissions_direct: { readonly 'AP[2:1] two-priv': Readonly<Record<string, string>> };
  readonly gpc: {
    readonly params: Readonly<Record<'PPS' | 'PGS' | 'L0GPTSZ', Readonly<Record<string, number | string>>>>;
    readonly far: Readonly<Record<string, Readonly<Record<string, string>>>>;
  };
}

const facts = vectors<Translation>('translation');
const UNITS: Readonly<Record<string, number>> = { KB: 10, MB: 20, GB: 30, TB: 40 };

/** log2 of a size such as `32MB (DS=1 only)`. */
function log2Of(size: string): number {
  const [, number, unit] = /^(\d+)(KB|MB|GB|TB)/.exec(size) ?? [];
  return Math.log2(Number(number)) + (UNITS[unit ?? ''] ?? Number.NaN);
}

describe('granules', () => {
  test.each(Object.entries(facts.granules))('%s', (name, want) => {
    const granule = translation.GRANULES[name as GranuleName];
    expect([granule.log2, granule.stride, granule.entries]).toEqual([want.bits, want.stride, want.entries]);
    const leaves = Object.entries(want.leaf_sizes).map(([level, size]) => [level.slice(1), log2Of(size)]);
    expect(granule.leafLog2).toEqual(Object.fromEntries(leaves));
    const limited = Object.entries(want.leaf_sizes).filter(([, size]) => size.includes('only'));
    expect(Object.keys(granule.leafNeeds)).toEqual(limited.map(([level]) => level.slice(1)));
    const spans = facts.contiguous[name];
    const counts = Object.entries(typeof spans === 'object' ? spans : {}).map(([level, text]) => [
      level.slice(1),
      Number.parseInt(text, 10),
    ]);
    expect(granule.contiguous).toEqual(Object.fromEntries(counts));
  });

  test('a granule and its stride fit: a table is one granule of 8-byte descriptors', () => {
    for (const g of Object.values(translation.GRANULES))
      expect([2 ** g.stride, g.log2 - 3]).toEqual([g.entries, g.stride]);
  });

  test('codes of granules and sizes agree with the names of the fields', () => {
    const { S2TG, S2PS } = STE.fields;
    for (const [name, value] of Object.entries(S2TG.names)) {
      expect(translation.TG0_LOG2[value]).toBe(translation.GRANULES[name as GranuleName].log2);
    }
    for (const [name, value] of Object.entries(S2PS.names)) {
      expect(translation.ADDRESS_BITS[value]).toBe(Number.parseInt(name, 10));
    }
  });
});

describe('start levels', () => {
  const rows = (list: readonly StartLevel[]) => list.map((r) => [r.granule, r.txszMin, r.txszMax, r.level]);
  const wanted = (list: readonly Start[]) => list.map((r) => [r.granule, r.txsz_min, r.txsz_max, r.level]);

  test('of stage 1', () => {
    expect(rows(translation.S1_START_LEVELS)).toEqual(wanted(facts.s1_start_level));
    expect(rows(translation.S1_START_LEVELS_D128)).toEqual(wanted(facts.s1_start_level_d128));
  });

  test('of stage 1 follow their formula', () => {
    for (const row of translation.S1_START_LEVELS) {
      const { log2 } = translation.GRANULES[row.granule];
      for (let txsz = row.txszMin; txsz <= row.txszMax; txsz++) {
        expect(3 - Math.floor((64 - txsz - 1 - log2) / (log2 - 3))).toBe(row.level);
      }
    }
  });

  test('of stage 2', () => {
    const table = translation.S2_START_LEVELS.map((r) => ({
      granule: r.granule,
      sl: r.sl,
      start_level: r.level,
      ia_min: r.iaMin,
      ia_max: r.iaMax,
      t0sz_min: r.t0szMin,
      t0sz_max: r.t0szMax,
      condition: r.condition ?? 'none',
      concat: `number of concatenated tables = 2^max(0, IA - ${r.concatenateAbove})`,
    }));
    expect(table).toEqual(facts.s2_start_level);
  });

  test('limits of the input size', () => {
    expect(translation.TXSZ_LIMITS).toEqual(facts.input_range.txsz_limits);
    expect(translation.S2T0SZ_LIMITS).toEqual(facts.input_range.s2t0sz_limits);
    expect(translation.RANGES.ias).toBe(facts.input_range.ias);
  });
});

describe('permissions', () => {
  test('of AP[2:1]', () => {
    const say = (p: string) => (p === '' ? 'none' : p.toUpperCase());
    const table = S1_AP.map((ap) => `priv ${say(ap.priv)}, user ${say(ap.user)}`);
    expect(table).toEqual(Object.values(facts.s1_permissions_direct['AP[2:1] two-priv']));
    expect(Object.keys(ARS)).toHaveLength(5);
  });
});

describe('granule protection', () => {
  test('parameters', () => {
    const { PPS, PGS, L0GPTSZ } = facts.gpc.params;
    for (const [value, bits] of Object.entries(PPS)) expect(PPS_BITS[Number(value)]).toBe(bits);
    for (const [value, size] of Object.entries(PGS)) {
      expect(PGS_LOG2[Number(value)]).toBe(size === 'reserved' ? undefined : log2Of(String(size)));
    }
    expect(L0GPTSZ_LOG2).toEqual(L0GPTSZ);
  });

  test('fault codes', () => {
    const { far } = facts.gpc;
    const byNumber = (codes: Readonly<Record<string, string>> = {}) =>
      Object.fromEntries(Object.entries(codes).map(([code, what]) => [Number(code), what]));
    expect(GPC_TRANSLATION_FAULTCODES).toEqual(byNumber(far['FAULTCODE TRANSLATION']));
    expect(GPC_GERROR_FAULTCODES).toEqual(byNumber(far['FAULTCODE GERROR']));
  });
});
