/** Descriptors that hardware updates for a Secure stream, and the records of faults on the way to them: IHI 0070 3.13, 7.3. */

import { describe, expect, test } from 'vitest';
import { CLASS_CD, CLASS_IN, CLASS_TT } from '../../../src/spec/events.ts';
import { CDTAB, TestSmmu, type Values } from '../../kit/smmu.ts';
import { SPACE_BITS } from '../../kit/spaces.ts';
import { identity, mapStage2, NONSECURE_S2TTB, S2_LEAF, S2_PAGE, SECURE_S2_STE } from '../../kit/stage2.ts';
import { LEAF, map, type Path, USER_PAGE } from '../../kit/tables.ts';
import { endOf } from './statement-case.ts';
import { copyTables, IOVA, PA, through } from './translation-cases.ts';

const NSIPA = 1 << 6;
const GIB = 0x40000000;

/** A nested Secure stream whose level-3 table is in the Non-secure IPA space, its page too; AF=0 in the leaf. */
function arranged(
  ste: Values = {},
  caches: 'combined' | 'maximal' = 'combined',
): { m: TestSmmu; path: Path } {
  const all = new TestSmmu({ worlds: 'secure', caches, registers: { 'IDR0.HTTU': 2 } });
  const m = all.in('s');
  m.ste({ ...SECURE_S2_STE, Config: 7, ...ste });
  m.cd({ HA: 1, HD: 1 });
  const attributes = USER_PAGE & ~LEAF.AF;
  const path = map(m, { iova: BigInt(IOVA), pa: BigInt(PA), attributes, tables: SPACE_BITS.NS_TABLE });
  copyTables(all, 's', 'ns');
  identity(m);
  identity(m, { ttb: NONSECURE_S2TTB });
  return { m, path };
}

/** What memory would hold, by space and address. */
function written(m: TestSmmu): unknown[] {
  return through(m).effects.flatMap((effect) =>
    effect.kind === 'memory' && effect.space !== undefined ? [`${effect.space}:${effect.pa}`] : [],
  );
}

describe('the access flag', () => {
  test.each([
    [{}, 's'],
    [{ S2NSA: 1 }, 'ns'],
    [{ S2SA: 1 }, 'ns'],
  ] as const)('of stage 1 is set where stage 2 puts the table: %o', (ste, space) => {
    for (const caches of ['combined', 'maximal'] as const) {
      const { m, path } = arranged(ste, caches);
      expect(written(m)).toContain(`${space}:${path.get(3n)}`);
    }
  });

  test.each([
    [0, 's'],
    [1, 'ns'],
  ] as const)('of stage 2 is set in the space of the walk (S2NSW=%s)', (S2NSW, space) => {
    const all = new TestSmmu({ worlds: 'secure', registers: { 'IDR0.HTTU': 1 } });
    const m = all.in('s');
    m.ste({ ...SECURE_S2_STE, S2NSW, S2HA: 1 });
    const on = S2NSW === 1 ? all.in('ns') : m;
    const attributes = S2_PAGE & ~S2_LEAF.AF;
    const path = mapStage2(on, { ipa: BigInt(IOVA), pa: BigInt(PA), ttb: NONSECURE_S2TTB, attributes });
    const plan = through(m, { ns: true });
    expect(endOf(plan)).toBe(`ok ${S2NSW === 1 ? 'ns' : 's'}:0x48000000`);
    const writes = plan.effects.filter((effect) => effect.kind === 'memory');
    expect(writes).toMatchObject([{ space, pa: path.get(3n) }]);
  });
});

describe('a record of the Secure event queue', () => {
  const nsOf = (m: TestSmmu): boolean => ((m.drain()[0]?.[3] ?? 0) & NSIPA) !== 0;
  const block = (m: TestSmmu, ttb: number | undefined, attributes: bigint): void => {
    const at = BigInt(GIB);
    mapStage2(m, { ipa: at, pa: at, level: 1n, attributes, ...(ttb !== undefined && { ttb }) });
  };

  test('says of which space the IPA of a CD is: always Secure', () => {
    const { m } = arranged();
    block(m, undefined, S2_PAGE & ~S2_LEAF.READ);
    const { outcome } = through(m);
    expect(outcome.fault).toMatchObject({ event: 'F_PERMISSION', class: CLASS_CD, ipa: CDTAB });
    expect(nsOf(m)).toBe(false);
  });

  test('says it of a table, whose read or update stage 2 refuses', () => {
    for (const [attributes, tableWrite] of [
      [S2_PAGE & ~S2_LEAF.READ, undefined],
      [S2_PAGE & ~S2_LEAF.WRITE, true],
    ] as const) {
      const { m } = arranged();
      block(m, NONSECURE_S2TTB, attributes);
      const { outcome } = through(m);
      expect(outcome.fault).toMatchObject({ event: 'F_PERMISSION', class: CLASS_TT, ipaNs: true });
      expect(outcome.fault?.tableWrite).toBe(tableWrite);
      expect(nsOf(m)).toBe(true);
    }
  });

  test('says it of the page', () => {
    const { m } = arranged();
    m.cd({ AFFD: 1 });
    block(m, NONSECURE_S2TTB, S2_PAGE & ~S2_LEAF.WRITE);
    const { outcome } = through(m, { write: true });
    expect(outcome.fault).toMatchObject({ event: 'F_PERMISSION', class: CLASS_IN, ipaNs: true, ipa: PA });
    expect(nsOf(m)).toBe(true);
  });
});
