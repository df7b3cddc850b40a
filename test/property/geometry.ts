/** Sizes, granules and table addresses that go together, from free choices. */

import { alignDown } from '../kit/oracle/bits.ts';
import type { Random } from '../kit/random.ts';
import { structureAddress } from './descriptors.ts';
import { type Fields, highRam, NOWHERE, sizeOf } from './spec.ts';

/** Numbers below 2^31 that the choices are taken from. */
export interface Choice {
  readonly granule: number;
  readonly size: number;
  readonly level: number;
}

const GRANULES = [12, 16, 14] as const;
const TG1 = { 12: 2, 14: 1, 16: 3 } as const;

const id = (idr: Fields, name: string): number => idr[name] ?? 0;

function granules(idr: Fields): (12 | 14 | 16)[] {
  const names = { 12: 'IDR5.GRAN4K', 14: 'IDR5.GRAN16K', 16: 'IDR5.GRAN64K' } as const;
  const there = GRANULES.filter((granule) => id(idr, names[granule]) === 1);
  return there.length > 0 ? there : [12];
}

const pick = <T>(of: readonly T[], by: number): T => of[by % of.length] as T;
const within = (low: number, high: number, by: number): number => low + (by % Math.max(1, high - low + 1));

/** TxSZ and TGx of a half of a CD. */
export function halfOf(idr: Fields, ds: boolean, half: 0 | 1, choice: Choice): Fields {
  const granule = pick(granules(idr), choice.granule);
  const large = id(idr, 'IDR5.VAX') > 0 && (granule === 16 || (ds && id(idr, 'IDR5.DS') === 1));
  const most = id(idr, 'IDR3.STT') === 1 ? (granule === 16 ? 47 : 48) : 39;
  const size = within(large ? 12 : 16, most, choice.size);
  return half === 0 ? { TG0: GRANULES.indexOf(granule), T0SZ: size } : { TG1: TG1[granule], T1SZ: size };
}

/** First levels of stage 2 by S2SL0 (with S2SL0_2 above it). */
const START: Readonly<Record<number, readonly number[]>> = {
  12: [2, 1, 0, 3, -1],
  14: [3, 2, 1, 0],
  16: [3, 2, 1],
};

/** S2TG, S2T0SZ and S2SL0. */
export function stage2Of(idr: Fields, ds: boolean, aa64: boolean, choice: Choice): Fields {
  if (!aa64) {
    const level = choice.level % 2;
    const size = level === 0 ? within(25, 34, choice.size) : within(31, 40, choice.size);
    return { S2T0SZ: (32 - size) & 15, S2SL0: level };
  }
  const granule = pick(granules(idr), choice.granule);
  const lpa2 = ds && granule !== 16 && id(idr, 'IDR5.DS') === 1;
  const oas = sizeOf(id(idr, 'IDR5.OAS'));
  const ias = Math.max(id(idr, 'IDR0.TTF') & 1 ? 40 : 0, oas);
  const largest = Math.min(ias, granule === 16 || lpa2 ? 52 : 48);
  const smallest = id(idr, 'IDR3.STT') === 1 ? (granule === 16 ? 17 : 16) : 25;
  const stride = granule - 3;
  const levels = (START[granule] as readonly number[])
    .map((level, code) => ({ level, code }))
    .map(({ level, code }) => ({ code, least: (3 - level) * stride + granule + 1 }))
    .map(({ code, least }) => ({
      code,
      low: Math.max(least, smallest),
      high: Math.min(least + stride + 3, largest),
    }))
    .filter(({ low, high }) => low <= high);
  const { code, low, high } = pick(levels, choice.level);
  return {
    S2TG: GRANULES.indexOf(granule),
    S2T0SZ: 64 - within(low, high, choice.size),
    S2SL0: code & 3,
    S2SL0_2: code >> 2,
  };
}

/** A table base that is not always aligned: hardware aligns it (5.2 S2TTB, 5.4 TTB0). */
export function tableBase(
  random: Random,
  spec: { ste: Fields; idr: Fields },
  stage: 1 | 2,
  size: number,
): number {
  const where = stage === 2 ? { ...spec, ste: {} } : spec;
  const page = structureAddress(random, where, 12);
  const base = Number(page) + (random.once(4) ? random.below(256) * 16 : 0);
  if (random.once(40)) return NOWHERE;
  const high = highRam(size);
  if (stage === 2 && high && random.once(10)) return high.base;
  return base < 2 ** size ? base : base % 2 ** Math.min(size, 32);
}

/** Where S1ContextPtr points: aligned to the table that S1CDMax and S1Fmt ask for (5.2, S1Fmt). */
export function contextPointer(random: Random, spec: { ste: Fields; idr: Fields }): number {
  const { ste } = spec;
  const max = ste['S1CDMax'] ?? 0;
  const twoLevels = ste['S1Fmt'] === 1 || ste['S1Fmt'] === 2;
  const bits = max === 0 ? 6 : twoLevels ? Math.max(6, max - 3) : max + 6;
  if (random.once(60)) return NOWHERE;
  return Number(alignDown(structureAddress(random, spec, 12), bits));
}
