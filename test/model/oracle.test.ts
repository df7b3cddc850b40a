/** What the corpus has no case for: expectations are those of IHI 0070 and DDI 0487, by section. */

import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  DEFAULT_INPUT,
  device,
  fromMair,
  normal,
  override,
  throughStage1,
  throughStage2,
} from '../kit/oracle/attributes.ts';
import { swapBytes } from '../kit/oracle/bits.ts';
import type { Cacheability, MemoryAttributes, OracleResult } from '../kit/oracle/types.ts';
import { CD_AT, S1_TABLE, S2_TABLE } from '../kit/plain-machine.ts';
import { BothMachine } from '../property/both.ts';

const AF = 1n << 10n;
const USER = 1n << 6n;
const READ_ONLY = 1n << 7n;
const DBM = 1n << 51n;
const S2R = 1n << 6n;
const S2W = 1n << 7n;
/** MemAttr of Normal Write-Back, both levels. */
const WB = 15n << 2n;
const BLOCK = 1n;
const TABLE = 3n;
const PAGE = 3n;

/** Stage 1: level-1 table, one level-2 table behind it, a block at 0x200000 of the VA that leads to 0x400000. */
const L2 = S1_TABLE + 0x1000;
function stage1Block(m: BothMachine, leaf: bigint, table = 0n): void {
  m.put(S1_TABLE, BigInt(L2) | table | TABLE);
  m.put(L2 + 8, 0x400000n | leaf | BLOCK);
}
const VA = 0x200123n;

function nested(
  stage2: bigint,
  ste: Record<string, number> = {},
  cd: Record<string, number> = {},
): BothMachine {
  const m = new BothMachine({ Config: 7, ...ste }, cd);
  m.identity(stage2, 0, 1, 2);
  return m;
}

/** The parts of a fault that say what happened where. */
function fault(of: OracleResult): unknown {
  if (of.ok) return of.pa;
  const { S2, CLASS, IPA, TTRnW } = of.fields;
  return { event: of.event, S2, CLASS, IPA, TTRnW };
}

const updates = (of: OracleResult): unknown =>
  of.updates.map(({ pa, value, what, stage }) => ({ pa, value, what, stage }));

test('the second reading shares nothing with what it judges: it imports no file of src', () => {
  const folder = path.resolve(import.meta.dirname, '../kit/oracle');
  const imports = readdirSync(folder).flatMap((name) =>
    [...readFileSync(path.join(folder, name), 'utf8').matchAll(/from '([^']+)'/g)].map((found) => found[1]),
  );
  expect(imports.filter((from) => !from?.startsWith('./'))).toEqual([]);
  expect(imports.length).toBeGreaterThan(20);
});

describe('hardware update (3.13)', () => {
  test('sets the Access flag of a stage-1 leaf', () => {
    const m = new BothMachine({}, { HA: 1 });
    stage1Block(m, USER);
    const got = m.ask(VA);
    expect(fault(got)).toBe(0x400123n);
    expect(updates(got)).toEqual([
      { pa: BigInt(L2 + 8), value: 0x400000n | USER | AF | BLOCK, what: 'leaf', stage: 1 },
    ]);
  });

  test('makes a writable-clean page dirty by a write, not by a read, in one update with the Access flag', () => {
    const m = new BothMachine({}, { HA: 1, HD: 1 });
    stage1Block(m, USER | READ_ONLY | DBM);
    const flagOnly = { pa: BigInt(L2 + 8), what: 'leaf', stage: 1 };
    const clean = 0x400000n | USER | READ_ONLY | DBM | AF | BLOCK;
    expect(updates(m.ask(VA))).toEqual([{ ...flagOnly, value: clean }]);
    expect(updates(m.ask(VA, { write: true }))).toEqual([{ ...flagOnly, value: clean & ~READ_ONLY }]);
  });

  test('is not applicable where APTable has taken the write: F_PERMISSION (3.13.3.1)', () => {
    const m = new BothMachine({}, { HA: 1, HD: 1 });
    stage1Block(m, USER | READ_ONLY | DBM | AF, 1n << 62n);
    expect(fault(m.ask(VA, { write: true }))).toMatchObject({ event: 'F_PERMISSION', S2: false });
  });

  test('sets the flag of table descriptors with HAFT, above before below', () => {
    const m = new BothMachine({}, { HA: 1, HAFT: 1 });
    stage1Block(m, USER);
    expect(updates(m.ask(VA))).toMatchObject([
      { pa: BigInt(S1_TABLE), value: BigInt(L2) | AF | TABLE, what: 'table' },
      { pa: BigInt(L2 + 8), what: 'leaf' },
    ]);
  });

  test('writes big-endian descriptors big-endian', () => {
    const m = new BothMachine({}, { HA: 1, ENDI: 1 });
    m.put(S1_TABLE, swapBytes(BigInt(L2) | TABLE));
    m.put(L2 + 8, swapBytes(0x400000n | USER | BLOCK));
    expect(updates(m.ask(VA))).toMatchObject([{ value: swapBytes(0x400000n | USER | AF | BLOCK) }]);
  });

  test('of stage 1 needs write permission at stage 2: F_PERMISSION, CLASS=TT, TTRnW=0 (3.13.5, 7.3.16)', () => {
    const m = nested(S2R | AF | WB, {}, { HA: 1 });
    stage1Block(m, USER);
    expect(fault(m.ask(VA))).toEqual({
      event: 'F_PERMISSION',
      S2: true,
      CLASS: 1,
      IPA: BigInt(L2) & ~0xfffn,
      TTRnW: false,
    });
  });

  test('of stage 1 makes the stage-2 page of the table dirty first, where that is managed', () => {
    const m = nested(S2R | AF | WB | DBM, { S2HA: 1, S2HD: 1 }, { HA: 1 });
    stage1Block(m, USER);
    expect(updates(m.ask(VA))).toMatchObject([
      { pa: BigInt(S2_TABLE), value: S2R | S2W | AF | WB | DBM | BLOCK, stage: 2 },
      { pa: BigInt(L2 + 8), stage: 1 },
    ]);
  });

  test('of stage 2 for a CD fetch sets the Access flag and never dirties (3.13.2, 3.13.3.1)', () => {
    const m = nested(S2R | WB | DBM, { S2HA: 1, S2HD: 1 });
    m.put(CD_AT, 0n);
    const got = m.ask(VA);
    expect(got).toMatchObject({ event: 'C_BAD_CD' });
    expect(updates(got)).toEqual([
      { pa: BigInt(S2_TABLE), value: S2R | WB | DBM | AF | BLOCK, what: 'leaf', stage: 2 },
    ]);
  });

  test('AFFD without HA takes a clear flag for set; without either it is F_ACCESS', () => {
    const lenient = new BothMachine({}, { AFFD: 1 });
    const strict = new BothMachine();
    for (const m of [lenient, strict]) stage1Block(m, USER);
    expect(fault(lenient.ask(VA))).toBe(0x400123n);
    expect(fault(strict.ask(VA))).toMatchObject({ event: 'F_ACCESS', S2: false, CLASS: 2 });
  });
});

test('a page that hardware may mark dirty counts as writable for execution (3.13.8)', () => {
  const fetch = { instruction: true, privileged: true };
  const managed = new BothMachine({}, { HA: 1, HD: 1 });
  const unmanaged = new BothMachine({}, { HA: 1 });
  for (const m of [managed, unmanaged]) stage1Block(m, USER | READ_ONLY | DBM | AF);
  expect(fault(managed.ask(VA, fetch))).toMatchObject({ event: 'F_PERMISSION' });
  expect(fault(unmanaged.ask(VA, fetch))).toBe(0x400123n);
});

describe('two stages', () => {
  test('name what was fetched: the CD, a stage-1 table, the output (7.3.13)', () => {
    const cd = nested(S2W | AF | WB);
    expect(fault(cd.ask(VA))).toMatchObject({
      event: 'F_PERMISSION',
      S2: true,
      CLASS: 0,
      IPA: BigInt(CD_AT),
    });

    const table = new BothMachine({ Config: 7 }, { TTB0: 0x230000 });
    table.identity(S2R | AF | WB, 0);
    expect(fault(table.ask(VA))).toMatchObject({ event: 'F_TRANSLATION', CLASS: 1, IPA: 0x230000n });

    const output = new BothMachine({ Config: 7 });
    output.identity(S2R | AF | WB, 0);
    stage1Block(output, USER | AF);
    expect(fault(output.ask(VA))).toMatchObject({ event: 'F_TRANSLATION', CLASS: 2, IPA: 0x400000n });
  });

  test('with S2PTW end a table walk or CD fetch in Device memory (5.2, S2PTW)', () => {
    const deviceType = 1n << 2n;
    for (const [S2PTW, want] of [
      [0, 'ok'],
      [1, { event: 'F_PERMISSION', S2: true, CLASS: 0 }],
    ] as const) {
      const m = nested(S2R | AF | deviceType, { S2PTW });
      stage1Block(m, USER | AF);
      const got = m.ask(VA);
      if (want === 'ok') expect(fault(got)).toBe(0x400123n);
      else expect(fault(got)).toMatchObject(want);
    }
  });

  test('report the stage-1 permission before the stage-2 translation of the output (7.3.22)', () => {
    const m = new BothMachine({ Config: 7 });
    m.identity(S2R | AF | WB, 0);
    stage1Block(m, AF);
    expect(fault(m.ask(VA))).toMatchObject({ event: 'F_PERMISSION', S2: false });
  });

  test('execute by privilege with XNX: 0b01 is for unprivileged accesses alone', () => {
    const m = new BothMachine({ Config: 6 });
    m.identity(S2R | AF | WB | (1n << 53n), 0);
    const fetch = { instruction: true };
    expect(fault(m.ask(0x40n, fetch))).toBe(0x40n);
    expect(fault(m.ask(0x40n, { ...fetch, privileged: true }))).toMatchObject({
      event: 'F_PERMISSION',
      S2: true,
    });
  });
});

describe('VMSAv8-32 LPAE (3.4.1, DDI 0487 G5)', () => {
  const TTB1 = S1_TABLE + 0x8000;
  function lpae(T0SZ: number, T1SZ: number): BothMachine {
    const m = new BothMachine({}, { AA64: 0, T0SZ, T1SZ, EPD1: 0, TTB1 });
    // Level 1 below 1 GiB, or level 2 where a half is small.
    for (let i = 0; i < 512; i++) {
      m.put(S1_TABLE + i * 8, 0x200000n | USER | AF | BLOCK);
      m.put(TTB1 + i * 8, 0x40000000n | USER | AF | BLOCK);
    }
    return m;
  }

  test('TTB0 has the bottom, TTB1 the top, and what lies between neither', () => {
    const m = lpae(2, 2);
    expect(fault(m.ask(0x12345n))).toBe(0x212345n);
    expect(fault(m.ask(0xc0012345n))).toBe(0x40012345n);
    expect(fault(m.ask(0x80000000n))).toMatchObject({ event: 'F_TRANSLATION', S2: false });
  });

  test('with T1SZ=0 everything that is not of TTB0 goes through TTB1', () => {
    expect(fault(lpae(1, 0).ask(0x80012345n))).toBe(0x40012345n);
  });

  test('no address has more than 32 bits', () => {
    expect(fault(lpae(0, 0).ask(0x100000000n))).toMatchObject({ event: 'F_TRANSLATION' });
  });

  test('outputs of more than 40 bits are F_ADDR_SIZE whatever IPS says', () => {
    const m = lpae(2, 2);
    m.put(S1_TABLE, (1n << 40n) | USER | AF | BLOCK);
    expect(fault(m.ask(0n))).toMatchObject({ event: 'F_ADDR_SIZE' });
  });

  test('an instruction fetch also needs read permission', () => {
    const m = lpae(2, 2);
    m.put(S1_TABLE, 0x200000n | AF | BLOCK);
    expect(fault(m.ask(0n, { instruction: true }))).toMatchObject({ event: 'F_PERMISSION' });
    expect(fault(m.ask(0n, { instruction: true, privileged: true }))).toBe(0x200000n);
  });

  test('a privileged fetch from what users write is refused by UWXN alone', () => {
    const fetch = { instruction: true, privileged: true };
    const plain = new BothMachine({}, { AA64: 0, T0SZ: 2 });
    const strict = new BothMachine({}, { AA64: 0, T0SZ: 2, UWXN: 1 });
    for (const m of [plain, strict]) m.put(S1_TABLE, 0x200000n | USER | AF | BLOCK);
    expect(fault(plain.ask(0n, fetch))).toBe(0x200000n);
    expect(fault(strict.ask(0n, fetch))).toMatchObject({ event: 'F_PERMISSION' });
  });

  test('stage 2 takes up to 40 bits (S2T0SZ=-8) and knows no execute-only page', () => {
    const m = new BothMachine({ Config: 6, S2AA64: 0, S2T0SZ: 8, S2SL0: 1 });
    m.put(S2_TABLE + 1023 * 8, 0x40000000n | S2W | AF | WB | BLOCK);
    m.put(S2_TABLE + 1022 * 8, 0x40000000n | S2R | AF | WB | BLOCK);
    const fetch = { instruction: true };
    expect(fault(m.ask(0xff80000000n, fetch))).toBe(0x40000000n);
    expect(fault(m.ask(0xffc0000000n, fetch))).toMatchObject({ event: 'F_PERMISSION', S2: true });
    expect(fault(m.ask(1n << 40n))).toMatchObject({ event: 'F_TRANSLATION', S2: true });
  });
});

describe('VMSAv8-32 LPAE has not what VMSAv8-64 has', () => {
  test('E0PD (5.4)', () => {
    const cd = { T0SZ: 2, E0PD0: 1 };
    for (const [AA64, want] of [
      [0, 0x200000n],
      [1, { event: 'F_TRANSLATION' }],
    ] as const) {
      const m = new BothMachine({}, { ...cd, AA64, T0SZ: AA64 === 1 ? 25 : 2 }, { 'IDR3.E0PD': 1 });
      m.put(S1_TABLE, 0x200000n | USER | AF | BLOCK);
      const got = fault(m.ask(0n));
      if (typeof want === 'bigint') expect(got).toBe(want);
      else expect(got).toMatchObject(want);
    }
  });

  test('AttrIndx[3] (5.4, MAIR0)', () => {
    const m = new BothMachine({}, { AA64: 0, T0SZ: 2, AIE: 1, MAIR1: 0x44000000 }, { 'IDR3.AIE': 1 });
    m.put(S1_TABLE, 0x200000n | USER | AF | (1n << 59n) | BLOCK);
    expect(m.ask(0n)).toMatchObject({ attributes: { inner: { policy: 'WT' } } });
  });

  test('more than 40 bits: where a PA has fewer, tables and outputs of stage 1 are cut (3.4)', () => {
    const m = new BothMachine({}, { AA64: 0, T0SZ: 2, TTB0: S1_TABLE + 2 ** 36 }, { 'IDR5.OAS': 0 });
    m.put(S1_TABLE, (1n << 39n) | BigInt(L2) | TABLE);
    m.put(L2, (1n << 38n) | 0x345000n | USER | AF | PAGE);
    expect(fault(m.ask(0x678n))).toBe(0x345678n);
  });
});

describe('memory attributes (chapter 13)', () => {
  const wb = (hints: string): Cacheability => hinted('WB', hints);
  const wt = (hints: string): Cacheability => hinted('WT', hints);
  const NC = hinted('NC', '');
  function hinted(policy: Cacheability['policy'], hints: string): Cacheability {
    return { policy, ra: hints.includes('R'), wa: hints.includes('W'), tr: hints.includes('T') };
  }
  const s2 = (memAttr: number, sh: 0 | 2 | 3, fwb = false) => ({ memAttr, sh, fwb, mtePerm: false });

  test('combine as the examples of 13.1.5.1', () => {
    const a = normal(wb('RW'), NC, 3);
    expect(throughStage2(a, s2(1, 0))).toEqual(device(1));
    expect(throughStage2(device(1), s2(0, 0))).toEqual(device(0));
    expect(throughStage2(a, s2(10, 2))).toEqual(normal(wt('RW'), NC, 2));
  });

  test.each<[string, number, MemoryAttributes, MemoryAttributes]>([
    ['Device', 1, normal(wb('RW'), wb('RW'), 3), device(1)],
    ['the stricter Device', 3, device(0), device(0)],
    ['Non-cacheable', 5, normal(wb('RW'), wb('RW'), 3), normal(NC, NC, 2)],
    ['Device where stage 1 says so', 5, device(2), device(2)],
    ['Write-Back, with the hints of stage 1', 6, normal(wt('R'), NC, 3), normal(wb('R'), wb('RW'), 3)],
    ['Write-Back instead of Device', 6, device(0), normal(wb('RW'), wb('RW'), 2)],
    ['what stage 1 says', 7, normal(wt('W'), NC, 3), normal(wt('W'), NC, 3)],
  ])('with S2FWB become %s', (_, memAttr, stage1, want) => {
    expect(throughStage2(stage1, s2(memAttr, 0, true))).toEqual(want);
  });

  test('of MAIR: reserved encodings are those of 5.4', () => {
    expect(fromMair(0x00, 0)).toEqual(device(0));
    expect(fromMair(0x0d, 0)).toEqual(device(3));
    expect(fromMair(0xf0, 3)).toEqual(normal(wt('RWT'), wb('RW'), 3));
    expect(fromMair(0x44, 0)).toEqual(normal(NC, NC, 2));
    expect(fromMair(0x17, 0)).toEqual(normal(wb('RWT'), wt('WT'), 0));
  });

  test('of the input: only hints of a cacheable one survive stage 1, the weaker of each (13.4.2)', () => {
    const s1 = normal(wt('RW'), wb('R'), 3);
    expect(throughStage1(normal(wb('W'), wb('RWT'), 0), s1)).toEqual(normal(wt('W'), wb('RT'), 3));
    expect(throughStage1(device(0), s1)).toEqual(s1);
    expect(throughStage1(normal(wb(''), wb(''), 0), device(2))).toEqual(device(2));
  });

  test('of the STE: a type that becomes cacheable allocates, unless ALLOCCFG says otherwise (13.1.3, 13.1.4)', () => {
    const use = { MTCFG: 1, MemAttr: 15, SHCFG: 3, ALLOCCFG: 0 };
    expect(override(device(0), use)).toEqual(normal(wb('RW'), wb('RW'), 3));
    expect(override(device(0), { ...use, ALLOCCFG: 0b1010 })).toEqual(normal(wb('W'), wb('W'), 3));
    expect(override(DEFAULT_INPUT, { ...use, MemAttr: 4 })).toEqual(device(0));
    expect(override(DEFAULT_INPUT, { ...use, MTCFG: 0 })).toEqual({ ...DEFAULT_INPUT, sh: 3 });
    expect(override(normal(NC, NC, 2), { ...use, MTCFG: 0, SHCFG: 0 })).toEqual(normal(NC, NC, 2));
  });

  test('of a whole walk: MAIR, combined with stage 2', () => {
    const m = nested(S2R | AF | (10n << 2n) | (3n << 8n));
    stage1Block(m, USER | AF | (2n << 2n));
    const got = m.ask(VA);
    expect(got).toMatchObject({ ok: true, attributes: normal(wt('RW'), wt('RW'), 3) });
  });
});

describe('atomic transactions (13.1.1)', () => {
  function writeOnly(stage2: bigint): BothMachine {
    const m = new BothMachine({ Config: 6 });
    m.identity(stage2, 0);
    return m;
  }
  const atomic = { write: true, atomic: true };

  test('need read and write; what lacks only the read is recorded as a read', () => {
    expect(fault(writeOnly(S2R | S2W | AF | WB).ask(0x40n, atomic))).toBe(0x40n);
    expect(writeOnly(S2W | AF | WB).ask(0x40n, atomic)).toMatchObject({
      event: 'F_PERMISSION',
      fields: { RnW: true },
    });
    expect(writeOnly(S2R | AF | WB).ask(0x40n, atomic)).toMatchObject({
      event: 'F_PERMISSION',
      fields: { RnW: false },
    });
  });

  test('are data, whatever INSTCFG says', () => {
    const m = new BothMachine({ Config: 6, INSTCFG: 3 });
    m.identity(S2R | S2W | AF | WB | (1n << 54n), 0);
    expect(fault(m.ask(0x40n, atomic))).toBe(0x40n);
    expect(fault(m.ask(0x40n))).toMatchObject({ event: 'F_PERMISSION' });
  });
});

test('a page of level 3 is reached through three levels of stage 1, each through stage 2', () => {
  const m = nested(S2R | AF | WB);
  const l3 = L2 + 0x1000;
  m.put(S1_TABLE, BigInt(L2) | TABLE);
  m.put(L2, BigInt(l3) | TABLE);
  m.put(l3 + 5 * 8, 0x345000n | USER | AF | PAGE);
  expect(fault(m.ask(0x5678n))).toBe(0x345678n);
});
