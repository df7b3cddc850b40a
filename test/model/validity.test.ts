import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { Result } from '../../src/model/plan.ts';
import { EVENT, type RecordedEvent, record } from '../kit/records.ts';
import { SID, TestSmmu } from '../kit/smmu.ts';
import { map } from '../kit/tables.ts';
import { type Gives, joined, type RuleCase, type SetUp } from './validity/case.ts';
import { CD_CASES } from './validity/cd-cases.ts';
import { TESTED_IN } from './validity/elsewhere.ts';
import { STAGE2_CASES } from './validity/stage2-cases.ts';
import { STAGE2_WALK_CASES } from './validity/stage2-walk-cases.ts';
import { STE_CASES } from './validity/ste-cases.ts';
import { DISABLED_CASES, STREAM_ID_CASES } from './validity/stream-cases.ts';
import { SUBSTREAM_CASES } from './validity/substream-cases.ts';
import { WORLD_CASES } from './validity/world-cases.ts';

const IOVA = 0x12345000;
const PA = 0x48000000;

const CASES = [
  ...STREAM_ID_CASES,
  ...DISABLED_CASES,
  ...STE_CASES,
  ...STAGE2_CASES,
  ...STAGE2_WALK_CASES,
  ...SUBSTREAM_CASES,
  ...CD_CASES,
  ...WORLD_CASES,
];

/** One transaction through a configuration: how it ended, and every record that it left. */
function outcomeOf(base: SetUp | undefined, change: SetUp, off: readonly string[] = []) {
  const setUp = joined(base, change);
  const { worlds, world = 'ns' } = setUp;
  const all = new TestSmmu({
    registers: setUp.registers ?? {},
    rulesOff: new Set(off),
    ...(worlds && { worlds }),
  });
  const m = all.in(world);
  m.ste(setUp.ste);
  m.cd(setUp.cd);
  map(m, { iova: BigInt(IOVA), pa: BigInt(PA) });
  setUp.prepare?.(m);
  const { outcome } = m.dma(setUp.iova ?? IOVA, setUp.access, setUp.sid);
  return { result: outcome.result, rule: outcome.fault?.rule, events: m.drain() };
}

type Got = Omit<ReturnType<typeof outcomeOf>, 'rule'>;

function recordOf(gives: Gives, of: RuleCase, change: SetUp, fetch?: bigint): number[] {
  const { sid = SID, access, iova = IOVA } = joined(of.base, change);
  const parts = { sid, ...access, address: BigInt(iova), ...(fetch !== undefined && { fetch }) };
  if (gives !== null && typeof gives === 'object') return record(gives.event, { ...parts, stage2: gives });
  return record(gives as RecordedEvent, parts);
}

/** The event numbers of records. */
const numbersOf = (records: readonly (readonly number[])[]) => records.map(([word]) => (word ?? 0) & 0xff);

/** A legal STE whose stage 2 is on: what the tables behind it say. */
const THROUGH_STAGE2: readonly Result[] = ['ok'];

/** Judges what a configuration gave: the result, and exactly which records. */
function expectGiven(got: Got, of: RuleCase, change: SetUp, gives: Gives, fetch?: bigint): void {
  if (gives === 'legal') {
    expect(numbersOf(got.events)).not.toContain(EVENT.C_BAD_STE);
  } else if (gives === 'translates') {
    expect(THROUGH_STAGE2).toContain(got.result);
    expect(got.events).toEqual([]);
  } else if (gives === 'ok' || gives === 'not-modelled') {
    expect(got).toEqual({ result: gives, events: [] });
  } else {
    const events = gives === null ? [] : [recordOf(gives, of, change, fetch)];
    expect(got).toEqual({ result: 'abort', events });
  }
}

const numbered = CASES.map((of, i) => ({
  ...of,
  of,
  name: `${of.id} #${CASES.slice(0, i).filter((c) => c.id === of.id).length + 1}`,
}));

describe('each rule, by the smallest configuration that breaks it', () => {
  test.each(numbered)('$name gives $gives', ({ of }) => {
    const { rule, ...got } = outcomeOf(of.base, of.breaks);
    expectGiven(got, of, of.breaks, of.gives, of.fetch);
    if (of.gives !== 'ok' && of.gives !== 'translates') expect(rule).toBe(of.id);
  });

  test.each(numbered)('$name: the neighbour that holds it gives something else', ({ of }) => {
    const { rule, ...got } = outcomeOf(of.base, of.holds);
    const otherwise = of.otherwise === undefined ? 'ok' : of.otherwise;
    expect(rule).not.toBe(of.id);
    if (otherwise === 'F_WALK_EABT' || otherwise === 'F_CD_FETCH') {
      expect([got.result, numbersOf(got.events)]).toEqual(['abort', [EVENT[otherwise]]]);
    } else expectGiven(got, of, of.holds, otherwise);
  });

  test.each(numbered)('$name decides: switched off, the outcome is another', ({ of }) => {
    const with_ = outcomeOf(of.base, of.breaks);
    const others = of.alsoCaughtBy ?? [];
    const without = outcomeOf(of.base, of.breaks, [of.id, ...others]);
    expect({ ...without, rule: '' }).not.toEqual({ ...with_, rule: '' });
    if (others.length > 0) expect(outcomeOf(of.base, of.breaks, [of.id]).rule).not.toBe(of.id);
  });
});

test('every rule of the table is tested here or elsewhere', () => {
  const text = readFileSync(new URL('../vectors/spec/validity.json', import.meta.url), 'utf8');
  const { rules } = JSON.parse(text) as { rules: { id: string }[] };
  const elsewhere = Object.values(TESTED_IN).flat();
  const tested = CASES.map((of) => of.id);
  expect(elsewhere.filter((id) => tested.includes(id))).toEqual([]);
  expect([...new Set([...tested, ...elsewhere])].sort()).toEqual(rules.map((rule) => rule.id).sort());
});
