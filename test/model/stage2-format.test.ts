import { describe, expect, test } from 'vitest';
import { encode } from '../../src/bits/layout.ts';
import { deriveState } from '../../src/model/state.ts';
import { decodeContext } from '../../src/model/translate/context.ts';
import {
  type Stage2Fields,
  stage2Format,
  stage2GranuleBits,
  stage2InputBits,
  stage2OutputBits,
  stage2StartLevel,
  stage2TableBase,
} from '../../src/model/translate/stage2-format.ts';
import { decodeStream } from '../../src/model/translate/stream.ts';
import { CD } from '../../src/spec/cd.ts';
import { STE } from '../../src/spec/ste.ts';
import { BASE_CD, BASE_STE, type Registers, SID, TestSmmu, type Values } from '../kit/smmu.ts';
import { NESTED_STE, S2_STE } from '../kit/stage2.ts';

const NONE: ReadonlySet<string> = new Set();

function stateOf(registers: Registers) {
  return deriveState(new TestSmmu({ registers }).smmu.bank, 'ns', NONE);
}

function fields(ste: Values, registers: Registers = {}): Stage2Fields {
  return { w: encode(STE, { ...BASE_STE, ...S2_STE, ...ste }), state: stateOf(registers) };
}

const OAS_BITS = [32, 36, 40, 42, 44, 48, 52];
const GRANULE_BITS = [12, 16, 14];

/** The start level that SL names (DDI 0487, VTCR_EL2.SL0 and SL2), or null where the granule and the OAS have none. */
function namedLevel(granule: number, sl: number, large: boolean, oas: number, small: boolean): number | null {
  if (granule === 12) {
    if (large && sl >= 4) return sl === 4 && oas >= 52 ? -1 : null;
    return [2, 1, oas >= 44 ? 0 : null, small ? 3 : null][sl & 3] ?? null;
  }
  if (granule === 14) return [3, 2, oas >= 42 ? 1 : null, large && oas >= 52 ? 0 : null][sl & 3] ?? null;
  return [3, 2, oas >= 44 ? 1 : null, null][sl & 3] ?? null;
}

/** Whether a walk from the level resolves the input: its tables, and at most 16 of the first ones side by side. */
function resolves(level: number, granule: number, bits: number): boolean {
  const least = (3 - level) * (granule - 3) + granule + 1;
  return bits >= least && bits <= least + (granule - 3) - 1 + 4;
}

describe('where stage 2 begins', () => {
  const machines = OAS_BITS.flatMap((_, oas) =>
    [0, 1].map((stt): Registers => ({ 'IDR5.OAS': oas, 'IDR3.STT': stt, 'IDR5.DS': 1 })),
  );

  test.each(machines)(
    '%o: as DDI 0487 has it, for every S2TG, S2SL0_2, S2SL0, S2DS and S2T0SZ',
    (registers) => {
      const state = stateOf(registers);
      const oas = OAS_BITS[Number(registers['IDR5.OAS'])] ?? 0;
      const small = registers['IDR3.STT'] === 1;
      let legal = 0;
      for (const S2TG of [0, 1, 2]) {
        for (const S2DS of [0, 1]) {
          for (let sl = 0; sl < 8; sl++) {
            const granule = GRANULE_BITS[S2TG] ?? 0;
            const level = namedLevel(granule, sl, S2DS === 1 && granule !== 16, oas, small);
            const w = encode(STE, { S2AA64: 1, S2TG, S2DS, S2SL0: sl & 3, S2SL0_2: sl >>> 2 });
            for (let t0sz = 12; t0sz <= 48; t0sz++) {
              STE.fields.S2T0SZ.set(w, 0, t0sz);
              const want = level !== null && resolves(level, granule, 64 - t0sz) ? level : null;
              expect([S2TG, S2DS, sl, t0sz, stage2StartLevel({ w, state })?.level ?? null]).toEqual([
                S2TG,
                S2DS,
                sl,
                t0sz,
                want,
              ]);
              if (want !== null) legal++;
            }
          }
        }
      }
      expect(legal).toBeGreaterThan(100);
    },
  );

  test('VMSAv8-32: level 2 or 1, by two values of S2SL0; S2T0SZ has a sign', () => {
    const state = stateOf({ 'IDR0.TTF': 3 });
    for (let t0sz = 0; t0sz < 64; t0sz++) {
      const bits = 32 - (((t0sz & 0xf) << 28) >> 28);
      const levels = [0, 1, 2, 3].map((S2SL0) => {
        const s = { w: encode(STE, { S2SL0, S2T0SZ: t0sz, S2TG: 3, S2SL0_2: 1, S2DS: 1 }), state };
        expect([stage2Format(s), stage2InputBits(s), stage2GranuleBits(s)]).toEqual(['VMSAv8-32', bits, 12]);
        return stage2StartLevel(s)?.level ?? null;
      });
      expect(levels).toEqual([
        resolves(2, 12, bits) ? 2 : null,
        resolves(1, 12, bits) ? 1 : null,
        null,
        null,
      ]);
    }
  });

  test('VMSAv9-128: the fewest levels that resolve the input, less S2SKL', () => {
    const state = stateOf({ 'IDR5.D128': 1 });
    for (const S2TG of [0, 1, 2]) {
      const granule = GRANULE_BITS[S2TG] ?? 0;
      for (let t0sz = 8; t0sz <= (granule === 16 ? 47 : 48); t0sz++) {
        const level = 4 - Math.ceil((64 - t0sz - granule) / (granule - 4));
        const levels = [0, 1, 2, 3].map((S2SKL) => {
          const s = { w: encode(STE, { S2TG, S2T0SZ: t0sz, S2SKL, S2SL0: 3 }), state };
          return stage2StartLevel(s)?.level ?? null;
        });
        expect(levels).toEqual([0, 1, 2, 3].map((skip) => (level + skip > 3 ? null : level + skip)));
      }
    }
  });
});

describe('sizes of stage 2', () => {
  test('the output has S2PS bits, the OAS at most, and 40 with VMSAv8-32', () => {
    expect(stage2OutputBits(fields({ S2PS: 1 }))).toBe(36);
    expect(stage2OutputBits(fields({ S2PS: 6 }))).toBe(48);
    expect(stage2OutputBits(fields({ S2PS: 7 }, { 'IDR5.OAS': 4 }))).toBe(44);
    expect(stage2OutputBits(fields({ S2AA64: 0, S2PS: 0 }, { 'IDR0.TTF': 3 }))).toBe(40);
    expect(stage2OutputBits(fields({ S2AA64: 0, S2PS: 1 }, { 'IDR5.D128': 1 }))).toBe(36);
  });

  test.each([
    // Two tables of 4 KiB at level 1.
    [{ S2T0SZ: 24, S2SL0: 1 }, {}, 0x2000],
    // Sixteen.
    [{ S2T0SZ: 21, S2SL0: 1 }, {}, 0x10000],
    // Two descriptors of level 0; two of level 2 with 64 KiB.
    [{ S2T0SZ: 24, S2SL0: 2 }, {}, 0x10],
    [{ S2TG: 1, S2T0SZ: 34, S2SL0: 1 }, {}, 0x10],
    // 64 bytes at least when the output has 52 bits.
    [{ S2T0SZ: 24, S2SL0: 2, S2PS: 6 }, { 'IDR5.OAS': 6 }, 0x40],
    [{ S2T0SZ: 24, S2SL0: 2, S2PS: 5 }, { 'IDR5.OAS': 6 }, 0x10],
    // VMSAv9-128: 16 descriptors of 16 bytes at level 0 of 256 entries each; 32 bytes at least.
    [{ S2AA64: 0, S2T0SZ: 24 }, { 'IDR5.D128': 1 }, 0x100],
    [{ S2AA64: 0, S2T0SZ: 27 }, { 'IDR5.D128': 1 }, 0x20],
  ] as const)('%o, %o: the first tables are aligned to %i bytes', (ste, registers, alignment) => {
    const s = fields({ ...ste, S2TTB: 0x4c0ffff0 }, registers);
    const start = stage2StartLevel(s);
    expect(start && stage2TableBase(s, start)).toBe(Math.floor(0x4c0ffff0 / alignment) * alignment);
  });
});

describe('a CD before a stage 2', () => {
  /** How the CD is judged: the rule it breaks, or null. */
  function judged(ste: Values, cd: Values, registers: Registers): string | null {
    const state = stateOf(registers);
    const stream = decodeStream(encode(STE, { ...BASE_STE, ...ste }), 0, 0, 'ns', SID, state);
    if ('event' in stream) throw new Error(stream.reason);
    const context = decodeContext(encode(CD, { ...BASE_CD, ...cd }), 0, 0, 0, stream, state);
    return 'event' in context ? context.rule : null;
  }

  test('of VMSAv8-32 tables has such tables itself', () => {
    const both = { 'IDR0.TTF': 3 };
    const lpae = { ...NESTED_STE, S2AA64: 0 };
    expect(judged(lpae, { AA64: 1 }, both)).toBe('CD-AA64');
    expect(judged(lpae, { AA64: 0 }, both)).toBeNull();
    expect(judged(NESTED_STE, { AA64: 1 }, both)).toBeNull();
    expect(judged(NESTED_STE, { AA64: 0 }, both)).toBeNull();
    // Stage 2 is off: S2AA64 says nothing.
    expect(judged({ ...lpae, Config: 5 }, { AA64: 1 }, both)).toBeNull();
  });

  test('of VMSAv9-128 tables may have either kind', () => {
    const registers = { 'IDR5.D128': 1, 'IDR3.S1PI': 1 };
    const ste = { ...NESTED_STE, S2AA64: 0, S1PIE: 1 };
    expect(judged(ste, { AA64: 1 }, registers)).toBeNull();
    expect(judged(ste, { AA64: 0 }, registers)).toBeNull();
  });

  test('holds IPAs in TTB0: IPS and OAS limit them, neither S2T0SZ nor the IAS does', () => {
    // Stage 2 accepts 40 bits here; an address above gives a stage-2 Translation fault, not C_BAD_CD (3.4).
    expect(judged(NESTED_STE, { TTB0: 2 ** 47 }, {})).toBeNull();
    expect(judged(NESTED_STE, { TTB0: 2 ** 44, IPS: 4 }, {})).toBe('CD-TTB0');
    // VMSAv8-32 at both stages: 40 bits, above the OAS.
    const narrow = { 'IDR0.TTF': 3, 'IDR5.OAS': 0 };
    const lpae = { ...NESTED_STE, S2AA64: 0 };
    expect(judged(lpae, { AA64: 0, TTB0: 2 ** 39 }, narrow)).toBeNull();
    expect(judged(lpae, { AA64: 0, TTB0: 2 ** 40 }, narrow)).toBe('CD-TTB0');
  });
});
