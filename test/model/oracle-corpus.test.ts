import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type OpenMachine, openMachine } from '../../src/capture/machine.ts';
import { DATA } from '../../src/model/memory.ts';
import { fixture, truthOf } from '../kit/capture.ts';
import { type Answer, answersOf, type Case, idFields, recordsOf } from '../kit/oracle/corpus.ts';
import { comparable, parseRecord, type Record4 } from '../kit/oracle/record.ts';
import { translate } from '../kit/oracle/translate.ts';
import type { Machine, OracleResult, Txn } from '../kit/oracle/types.ts';
import { sharedDir } from '../kit/shared.ts';

const dir = path.resolve(import.meta.dirname, '../vectors/corpus');
const cases = readdirSync(dir).flatMap((name) =>
  readFileSync(path.join(dir, name), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Case),
);

/** The corpus does not compare TTRnW. */
const TTRNW = 1n << 44n;

function shown(record: Record4): string {
  const [w0, w1, w2, w3] = comparable(record);
  return [w0, w1 & ~TTRNW, w2, w3].map((word) => word.toString(16)).join(' ');
}

/** What the oracle lacks: an event queue. Where the corpus has no record because of the queue, none is compared. */
function answer(got: OracleResult, withRecords: boolean): string {
  const records = withRecords ? recordsOf(got).map(shown) : [];
  return JSON.stringify([got.ok, got.ok ? got.pa.toString(16) : null, records]);
}

function expected({ ok, pa, ev }: Answer): string {
  return JSON.stringify([
    ok,
    ok ? BigInt(pa ?? '0').toString(16) : null,
    (ev ?? []).map(parseRecord).map(shown),
  ]);
}

/** What an answer of the corpus is taken from: the architecture's where that was worked out, never a stale one. */
function reference(of: Case, i: number): Answer | undefined {
  const said = of.expect?.steps[i];
  return of.arch_expect?.[i] ?? said?.fresh ?? said;
}

describe('the second reading answers the corpus', () => {
  const differing: string[] = [];
  const compared = new Map<string, number>();
  for (const of of cases) {
    const got = answersOf(of);
    got.forEach((result, i) => {
      const want = reference(of, i);
      if (result === null || !want) return;
      const lost = of.family === 'eventq' && (want.ev ?? []).length === 0;
      compared.set(of.family, (compared.get(of.family) ?? 0) + 1);
      if (answer(result, !lost) !== expected(want)) differing.push(`${of.name} step ${i}`);
    });
  }

  test('as the architecture has it, in every family', () => {
    // stream_table-0078 reads an address that is no RAM in the case, but a device in the machine that answered it.
    expect(differing).toEqual([
      'stream_table-0078 step 0',
      'stream_table-0078 step 1',
      'stream_table-0078 step 2',
    ]);
  });

  test('with many transactions of each kind', () => {
    const few = Object.entries({
      cd: 60,
      nested: 80,
      s1_both: 180,
      s1_walk: 120,
      s2_ste: 20,
      s2_walk: 90,
    }).filter(([family, least]) => (compared.get(family) ?? 0) < least);
    expect(few).toEqual([]);
    expect([...compared.values()].reduce((sum, n) => sum + n, 0)).toBeGreaterThan(1500);
  });
});

/** Registers and memory of a capture, for the oracle. */
function machineOf({ smmu }: OpenMachine): Machine {
  const { bank } = smmu;
  const memory = smmu.memory('ns');
  const word = new Uint32Array(2);
  const wide = (name: string): bigint => BigInt(bank.lo(name)) | (BigInt(bank.hi(name)) << 32n);
  return {
    idr: idFields(
      [0, 1, 2, 3, 4, 5].map((i) => BigInt(bank.lo(`IDR${i}`))),
      BigInt(bank.lo('AIDR')),
    ),
    registers: {
      CR0: BigInt(bank.lo('CR0')),
      CR2: BigInt(bank.lo('CR2')),
      GBPA: BigInt(bank.lo('GBPA')),
      STRTAB_BASE: wide('STRTAB_BASE'),
      STRTAB_BASE_CFG: BigInt(bank.lo('STRTAB_BASE_CFG')),
    },
    read: (pa) =>
      memory.load(Number(pa), word, 0, 2) === DATA
        ? BigInt(word[0] as number) | (BigInt(word[1] as number) << 32n)
        : 'abort',
  };
}

interface Dump {
  readonly name: string;
  readonly capture: string;
  readonly registers: string;
  readonly translations: () => readonly {
    readonly sid: number;
    readonly iova: string;
    readonly pa: string;
  }[];
}

const DUMPS: Dump[] = ['linux-basic', 'linux-mixed', 'linux-16k'].map((name) => ({
  name,
  capture: fixture(name, 'small.elf.gz'),
  registers: fixture(name, 'regs.json'),
  translations: () => truthOf(name).translations,
}));
const shared = sharedDir();
if (shared !== null) {
  const at = (name: string): string => path.join(shared, 'dumps/linux-s1s2-newqemu', name);
  DUMPS.push({
    name: 'linux-s1s2-newqemu',
    capture: at('small.elf.gz'),
    registers: at('regs.json'),
    translations: () => truthOf(path.relative(fixture(), at(''))).translations,
  });
}

describe.each(DUMPS)('the second reading translates $name', ({ capture, registers, translations }) => {
  let open: OpenMachine;
  beforeAll(async () => {
    open = await openMachine({ capture, registers });
  });
  afterAll(() => open?.close());

  test("as the emulator did on a real kernel's tables", () => {
    const machine = machineOf(open);
    const asked = translations();
    const read = (sid: number, iova: string): Txn => ({
      sid,
      ssid: null,
      va: BigInt(iova),
      write: false,
      privileged: false,
      instruction: false,
    });
    const found = asked.map(({ sid, iova }) => {
      const result = translate(machine, read(sid, iova));
      return { sid, iova, pa: result.ok ? `0x${result.pa.toString(16)}` : result.event };
    });
    expect(found).toEqual(asked.map(({ sid, iova, pa }) => ({ sid, iova, pa })));
    expect(found.length).toBeGreaterThan(20);
  });
});
