import { describe, expect, test } from 'vitest';
import { Journal } from '../../src/model/effects.ts';
import { SparseMemory } from '../../src/model/memory.ts';
import { record } from '../kit/records.ts';
import { type Access, RAM, type Registers, SID, TestSmmu, transaction, type Values } from '../kit/smmu.ts';
import { LEAF, type Mapping, map, type Path, TABLE, USER_PAGE } from '../kit/tables.ts';

/** IHI 0070 3.13: hardware update of access flag and dirty state. */

const IOVA = 0x1_2345_6000n;
const NUMBER = Number(IOVA);
const PA = 0x10000000n;
const HTTU: Registers = { 'IDR0.HTTU': 3 };

/** Bits of a stage-2 leaf. */
const S2 = { READ: 1n << 6n, WRITE: 1n << 7n, AF: 1n << 10n, DBM: 1n << 51n, NORMAL_WB: 0xfn << 2n } as const;
const S2TTB = 0x42000000;

function stage1(of: Partial<Mapping>, cd: Values, registers: Registers = HTTU): [TestSmmu, Path] {
  const m = new TestSmmu({ registers });
  m.ste();
  m.cd(cd);
  return [m, map(m, { iova: IOVA, pa: PA, ...of })];
}

/** The 64-bit descriptor at an address. */
function read(m: TestSmmu, at: number | undefined): bigint {
  const [lo, hi] = m.words(at as number, 2) as [number, number];
  return (BigInt(hi) << 32n) | BigInt(lo);
}

const leafOf = (m: TestSmmu, path: Path): bigint => read(m, path.get(3n));
const outcome = (m: TestSmmu, access: Access = {}): string => {
  const { result, fault } = m.dma(NUMBER, access).outcome;
  return fault?.event ?? result;
};

describe('the access flag of stage 1', () => {
  const noFlag = { attributes: USER_PAGE & ~LEAF.AF };

  test.each([0, 1])('HA=1 sets it in memory, and the access goes on (AFFD=%d is ignored)', (AFFD) => {
    const [m, path] = stage1(noFlag, { HA: 1, AFFD });
    const before = leafOf(m, path);
    m.smmu.plan({ kind: 'transaction', transaction: transaction(SID, NUMBER) });
    expect(leafOf(m, path)).toBe(before);
    expect(outcome(m)).toBe('ok');
    expect(leafOf(m, path)).toBe(before | LEAF.AF);
  });

  test('without HA it is F_ACCESS, and memory stays', () => {
    const [m, path] = stage1(noFlag, {});
    const before = leafOf(m, path);
    expect(outcome(m)).toBe('F_ACCESS');
    expect(leafOf(m, path)).toBe(before);
  });

  test('undo gives the old descriptor back', () => {
    const [m, path] = stage1(noFlag, { HA: 1 });
    const before = leafOf(m, path);
    const journal = new Journal();
    m.dma(NUMBER, {}, SID, journal);
    expect(leafOf(m, path)).not.toBe(before);
    journal.undo(m.smmu, 0);
    expect(leafOf(m, path)).toBe(before);
  });

  test('a permission fault leaves it as it was', () => {
    const [m, path] = stage1({ attributes: (USER_PAGE & ~LEAF.AF) | LEAF.READ_ONLY }, { HA: 1 });
    const before = leafOf(m, path);
    expect(outcome(m, { write: true })).toBe('F_PERMISSION');
    expect(leafOf(m, path)).toBe(before);
  });

  test('big-endian tables are updated in their byte order', () => {
    const [m, path] = stage1({ ...noFlag, bigEndian: true }, { HA: 1, ENDI: 1 });
    expect(outcome(m)).toBe('ok');
    const [lo, hi] = m.words(path.get(3n) as number, 2) as [number, number];
    const bytes = new DataView(new ArrayBuffer(8));
    bytes.setUint32(0, lo, true);
    bytes.setUint32(4, hi, true);
    expect(bytes.getBigUint64(0)).toBe(PA | USER_PAGE | 3n);
  });

  test('HAFT sets it in table descriptors too, without HAFT they stay', () => {
    for (const HAFT of [0, 1]) {
      const [m, path] = stage1({}, { HA: 1, HAFT });
      expect(outcome(m)).toBe('ok');
      for (const level of [0n, 1n, 2n]) expect((read(m, path.get(level)) & LEAF.AF) !== 0n).toBe(HAFT === 1);
    }
  });

  test('a write that aborts is F_WALK_EABT of stage 1, with the address of the descriptor', () => {
    const memory = new SparseMemory(
      { fill: () => 0xffff, ranges: [RAM] },
      { ram: [RAM], readOnly: [{ base: 0x41000000, size: 0x400000 }] },
    );
    const m = new TestSmmu({ registers: HTTU, memory });
    m.ste();
    m.cd({ HA: 1 });
    const path = map(m, { iova: IOVA, pa: PA, ...noFlag });
    m.dma(NUMBER);
    expect(m.drain()).toEqual([
      record('F_WALK_EABT', { sid: SID, address: IOVA, fetch: BigInt(path.get(3n) as number) }),
    ]);
  });
});

describe('the dirty state of stage 1', () => {
  const clean = { attributes: USER_PAGE | LEAF.READ_ONLY | LEAF.DBM };
  const HD = { HA: 1, HD: 1 };

  test('a write to a writable-clean page clears AP[2]; reads leave it clean', () => {
    const [m, path] = stage1(clean, HD);
    const before = leafOf(m, path);
    expect(outcome(m)).toBe('ok');
    expect(leafOf(m, path)).toBe(before);
    expect(outcome(m, { write: true })).toBe('ok');
    expect(leafOf(m, path)).toBe(before & ~LEAF.READ_ONLY);
  });

  test('a write that hits a clean TLB entry reads the descriptor again and then replaces the entry', () => {
    const [m, path] = stage1(clean, HD);
    m.dma(NUMBER);
    expect(m.dma(NUMBER).outcome.tlbHit).toBe(true);
    expect(m.dma(NUMBER, { write: true }).outcome).toMatchObject({ result: 'ok', tlbHit: false });
    expect(m.dma(NUMBER, { write: true }).outcome).toMatchObject({ result: 'ok', tlbHit: true });
    expect(m.smmu.tlb.size).toBe(1);
    // Software has made the page read-only since: what is in memory counts.
    const [other, itsPath] = stage1(clean, HD);
    other.dma(NUMBER);
    other.descriptor(itsPath.get(3n) as number, PA | USER_PAGE | LEAF.READ_ONLY | 3n);
    expect(other.dma(NUMBER, { write: true }).outcome.fault?.event).toBe('F_PERMISSION');
    expect(path.size).toBe(4);
  });

  test('AF and AP[2] change in one update', () => {
    const [m, path] = stage1({ attributes: clean.attributes & ~LEAF.AF }, HD);
    expect(m.dma(NUMBER, { write: true }).effects.filter((e) => e.kind === 'memory')).toHaveLength(1);
    expect(leafOf(m, path)).toBe(PA | USER_PAGE | LEAF.DBM | 3n);
  });

  test("no update where it would not help: a table forbids writes, the page is not the user's, HD=0, DBM=0", () => {
    const write = { write: true };
    expect(outcome(stage1({ ...clean, tables: TABLE.READ_ONLY }, HD)[0], write)).toBe('F_PERMISSION');
    const kernel = { attributes: clean.attributes & ~LEAF.USER };
    expect(outcome(stage1(kernel, HD)[0], write)).toBe('F_PERMISSION');
    expect(outcome(stage1(kernel, HD)[0], { ...write, privileged: true })).toBe('ok');
    expect(outcome(stage1(clean, { HA: 1 })[0], write)).toBe('F_PERMISSION');
    expect(outcome(stage1({ attributes: clean.attributes & ~LEAF.DBM }, HD)[0], write)).toBe('F_PERMISSION');
    expect(outcome(stage1(clean, HD, { 'IDR0.HTTU': 2 })[0], write)).toBe('ok');
  });
});

/** IPA = PA for the pages that a walk touches: the CD, the tables, and the page that is translated. */
function nested(
  attributes: { cd?: bigint; tables?: bigint; page?: bigint },
  ste: Values = {},
  cd: Values = { HA: 1, HD: 1 },
  leafBits = USER_PAGE & ~LEAF.AF,
): { m: TestSmmu; path: Path; at: (pa: number) => number } {
  const m = new TestSmmu({ registers: HTTU });
  const all = S2.READ | S2.WRITE | S2.AF | S2.NORMAL_WB;
  m.ste({ Config: 7, S2T0SZ: 16, S2SL0: 2, S2AA64: 1, S2TTB, S2PS: 5, S2VMID: 5, S2R: 1, ...ste });
  m.cd(cd);
  const path = map(m, { iova: IOVA, pa: PA, attributes: leafBits });
  const leaves = new Map<number, number>();
  const identity = (pa: number, bits: bigint): void => {
    const page = BigInt(pa) & ~0xfffn;
    if (leaves.has(Number(page))) return;
    const of = map(m, { iova: page, pa: page, ttb: S2TTB, txsz: 16n, attributes: bits });
    leaves.set(Number(page), of.get(3n) as number);
  };
  identity(0x40400000, attributes.cd ?? all);
  for (const at of path.values()) identity(at, attributes.tables ?? all);
  identity(Number(PA), attributes.page ?? all);
  return { m, path, at: (pa) => leaves.get(pa - (pa % 4096)) as number };
}

describe('nested: the update of a stage-1 descriptor is a write that stage 2 must permit', () => {
  const readOnly = S2.READ | S2.AF | S2.NORMAL_WB;

  test('stage 2 permits it: the descriptor has its flag, stage 2 is untouched', () => {
    const { m, path } = nested({});
    expect(outcome(m)).toBe('ok');
    expect(leafOf(m, path)).toBe(PA | USER_PAGE | 3n);
  });

  test('stage 2 is read-only: F_PERMISSION, S2, CLASS=TT, TTRnW=0, IPA of the descriptor; a read is enough to get it', () => {
    const { m, path } = nested({ tables: readOnly });
    const plan = m.dma(NUMBER);
    const at = path.get(3n) as number;
    expect(plan.outcome.fault).toMatchObject({ event: 'F_PERMISSION', stage: 2, class: 1, ipa: at });
    const [words] = m.drain() as [number[]];
    expect(words[3]).toBe((1 << 3) | (1 << 7) | (1 << 8));
    expect(words[6]).toBe(at & ~0xfff);
    expect(leafOf(m, path)).toBe(PA | (USER_PAGE & ~LEAF.AF) | 3n);
  });

  test('nothing to update: stage 2 may be read-only, and a refused read has TTRnW=1', () => {
    const { m } = nested({ tables: readOnly }, {}, { HA: 1 }, USER_PAGE);
    expect(outcome(m)).toBe('ok');
    const refused = nested({ tables: S2.WRITE | S2.AF | S2.NORMAL_WB }, {}, {}, USER_PAGE).m;
    expect(outcome(refused)).toBe('F_PERMISSION');
    const [words] = refused.drain() as [number[]];
    expect(words[3]).toBe((1 << 3) | (1 << 7) | (1 << 8) | (1 << 12));
  });

  test('stage 2 is writable-clean with S2HD: the update marks it dirty', () => {
    const { m, path, at } = nested({ tables: readOnly | S2.DBM }, { S2HA: 1, S2HD: 1 });
    expect(outcome(m)).toBe('ok');
    const own = at(path.get(3n) as number);
    expect(read(m, own) & S2.WRITE).toBe(S2.WRITE);
    // Tables that were only read stay clean.
    expect(read(m, at(path.get(0n) as number)) & S2.WRITE).toBe(0n);
  });

  test('a CD fetch sets the access flag of stage 2, and never makes its page dirty', () => {
    const bits = S2.READ | S2.NORMAL_WB | S2.DBM;
    const { m, at } = nested({ cd: bits }, { S2HA: 1, S2HD: 1 });
    expect(outcome(m)).toBe('ok');
    expect(read(m, at(0x40400000)) & (S2.AF | S2.WRITE)).toBe(S2.AF);
    expect(outcome(nested({ cd: bits }).m)).toBe('F_ACCESS');
  });

  test('the flag and the dirty state of one stage-2 leaf add up within a transaction', () => {
    const { m, path, at } = nested({ tables: S2.READ | S2.NORMAL_WB | S2.DBM }, { S2HA: 1, S2HD: 1 });
    expect(outcome(m)).toBe('ok');
    const own = at(path.get(3n) as number);
    expect(read(m, own) & (S2.AF | S2.WRITE)).toBe(S2.AF | S2.WRITE);
  });

  test('a write marks the final page dirty in both stages', () => {
    const page = S2.READ | S2.AF | S2.NORMAL_WB | S2.DBM;
    const clean = USER_PAGE | LEAF.READ_ONLY | LEAF.DBM;
    const { m, path, at } = nested({ page }, { S2HA: 1, S2HD: 1 }, { HA: 1, HD: 1 }, clean);
    expect(outcome(m, { write: true })).toBe('ok');
    expect(leafOf(m, path) & LEAF.READ_ONLY).toBe(0n);
    expect(read(m, at(Number(PA))) & S2.WRITE).toBe(S2.WRITE);
  });
});
