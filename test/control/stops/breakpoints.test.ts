import { afterEach, beforeEach, expect, test } from 'vitest';
import { encode } from '../../../src/bits/layout.ts';
import type { OpenMachine } from '../../../src/capture/machine.ts';
import { parseExpression } from '../../../src/control/expression/parse.ts';
import type { Finding } from '../../../src/control/finding.ts';
import { findStructure } from '../../../src/control/stops/bags.ts';
import { Breakpoints } from '../../../src/control/stops/breakpoints.ts';
import { dataId, parseDataId, placeOfField } from '../../../src/control/stops/data-place.ts';
import { parseHitCondition } from '../../../src/control/stops/hit-condition.ts';
import { machineScope } from '../../../src/control/stops/scope.ts';
import { offsetOf } from '../../../src/model/bank.ts';
import { type Plan, transaction } from '../../../src/model/plan.ts';
import { entryAddress, ring } from '../../../src/model/queues/ring.ts';
import type { Smmu } from '../../../src/model/smmu.ts';
import { COMMANDS } from '../../../src/spec/commands.ts';
import { STE } from '../../../src/spec/ste.ts';
import { openFixture } from '../../kit/machine.ts';

let machine: OpenMachine;
let smmu: Smmu;
let logged: string[];
let breakpoints: Breakpoints;
beforeEach(async () => {
  machine = await openFixture('linux-basic');
  smmu = machine.smmu;
  logged = [];
  breakpoints = new Breakpoints((text) => logged.push(text));
  breakpoints.attach(smmu);
  breakpoints.setFilters([]);
});
afterEach(() => machine.close());

const MAPPED = 0xffffb204;
const UNMAPPED = 0x1000;
const dma = (iova: number, sid = 8): Plan =>
  smmu.plan({ kind: 'transaction', transaction: transaction({ sid, vaHi: 0, vaLo: iova }) });

/** The plan of a command at the place where the queue goes on. */
function command(words: Uint32Array): Plan {
  const { bank } = smmu;
  const q = ring(bank, 'CMDQ', 'ns');
  const pa = entryAddress(q, q.prod);
  smmu.commit(smmu.plan({ kind: 'memory', space: 'ns', pa, words }).effects);
  bank.poke(offsetOf('CMDQ_PROD'), (bank.lo('CMDQ_PROD') + 1) % (2 * 2 ** q.log2size));
  const next = smmu.nextCommand('ns');
  if (!('operation' in next)) throw new Error(next.idle);
  return smmu.plan(next.operation);
}

const { CMD_CFGI_STE, CMD_TLBI_NH_VA, CMD_CFGI_STE_RANGE } = COMMANDS;
const cfgiSte = (sid: number) =>
  encode(CMD_CFGI_STE.layout, { Opcode: CMD_CFGI_STE.opcode, StreamID: sid, Leaf: 1 });

test('a function breakpoint stops before the first step of the commands that its pattern names', () => {
  for (const name of ['CFGI_STE', 'cmd_cfgi_ste', 'CFGI_*', 'c?gi_ste']) {
    expect(breakpoints.setFunctions([{ name }])).toMatchObject([{ verified: true }]);
    const plan = command(cfgiSte(8));
    expect(breakpoints.find(smmu, plan, 0), name).toMatchObject({
      step: 0,
      reason: 'function breakpoint',
      filter: '',
      text: 'CFGI_STE',
    });
    smmu.commit(plan.effects);
  }
  breakpoints.setFunctions([{ name: 'TLBI_NH_*' }]);
  expect(breakpoints.find(smmu, command(cfgiSte(8)), 0)).toBeNull();
});

test('CFGI_ALL is a name of its own, though it shares an opcode', () => {
  const range = (Range: number): Plan =>
    command(encode(CMD_CFGI_STE_RANGE.layout, { Opcode: CMD_CFGI_STE_RANGE.opcode, Range }));
  breakpoints.setFunctions([{ name: 'CFGI_ALL' }]);
  const all = range(31);
  expect(breakpoints.find(smmu, all, 0)?.text).toBe('CFGI_ALL');
  smmu.commit(all.effects);
  expect(breakpoints.find(smmu, range(3), 0)).toBeNull();
});

test('an event is a function too: the stop is before its fault, once', () => {
  breakpoints.setFunctions([{ name: 'F_TRANS*' }]);
  const plan = dma(UNMAPPED);
  const hit = breakpoints.find(smmu, plan, 0);
  expect(hit).toMatchObject({ reason: 'function breakpoint', text: 'F_TRANSLATION' });
  expect(plan.steps[hit?.step ?? -1]?.kind).toBe('fault');
  expect(breakpoints.find(smmu, plan, (hit?.step ?? 0) + 1)).toBeNull();
});

test('a name that nothing bears is not verified, and near names are suggested', () => {
  const [near, none] = breakpoints.setFunctions([{ name: 'CFGI_STEE' }, { name: 'XYZ_*' }]);
  expect(near).toMatchObject({ verified: false, message: expect.stringContaining('CFGI_STE') });
  expect(none).toMatchObject({ verified: false, message: 'XYZ_* matches no command and no event' });
});

test('conditions see the operation, the fault, fields, registers, structures and memory', () => {
  const ste = findStructure(smmu, 'ste', 8, -1, 'ns');
  const holds = (condition: string): boolean => {
    const [set] = breakpoints.setFilters([{ id: 'F_TRANSLATION', condition }]);
    expect(set, condition).toMatchObject({ verified: true });
    return breakpoints.find(smmu, dma(UNMAPPED), 0) !== null;
  };
  for (const yes of [
    'sid == 8 && iova == 0x1000',
    'ssid < 0 && rnw == 1 && world == ns',
    'event == f_translation && class == IN && CLASS == 2',
    'stage == 1 && level == 1 && asid == cd(8).ASID',
    'StreamID == 8 && InputAddr == 4K',
    'reg.ns.CR0.SMMUEN == 1 && reg.CR0.value & 1',
    `ste(8).Config == 5 && mem(${ste?.pa}) & 1`,
    'Config == 5',
  ]) {
    expect(holds(yes), yes).toBe(true);
  }
  for (const no of ['sid == 9', 'opcode == 3', 'command == CFGI_STE', 'vmid == 77']) {
    expect(holds(no), no).toBe(false);
  }
});

test('a condition with a name that nobody knows is refused when it is set', () => {
  const [set] = breakpoints.setFilters([{ id: 'F_TRANSLATION', condition: 'sidd == 8' }]);
  expect(set).toMatchObject({ verified: false, message: expect.stringMatching(/sidd.*did you mean.*sid/) });
  expect(breakpoints.find(smmu, dma(UNMAPPED), 0)).toBeNull();
  expect(breakpoints.setFilters([{ id: 'F_TRANSLATION', condition: 'sid ==' }])[0]?.verified).toBe(false);
  expect(breakpoints.setFilters([{ id: 'F_TRANSLATON' }])[0]?.message).toContain('F_TRANSLATION');
});

test('a condition that cannot be evaluated stops once and says so', () => {
  breakpoints.setFilters([{ id: 'F_TRANSLATION', condition: 'sid / (level - level) == 1' }]);
  expect(breakpoints.find(smmu, dma(UNMAPPED), 0)?.text).toContain('divides by zero');
  expect(breakpoints.find(smmu, dma(UNMAPPED), 0)).toBeNull();
});

test('hit conditions count what their condition lets through; a bad one is refused', () => {
  const meets = (hitCondition: string): number[] => {
    breakpoints.setFilters([]);
    breakpoints.setFilters([{ id: 'F_TRANSLATION', hitCondition, condition: 'iova == 0x1000' }]);
    return [1, 2, 3, 4, 5, 6].filter(() => {
      breakpoints.find(smmu, dma(0x5000), 0);
      return breakpoints.find(smmu, dma(UNMAPPED), 0) !== null;
    });
  };
  expect(meets('5')).toEqual([5]);
  expect(meets('> 3')).toEqual([4, 5, 6]);
  expect(meets('>= 3')).toEqual([3, 4, 5, 6]);
  expect(meets('== 3')).toEqual([3]);
  expect(meets('%2')).toEqual([2, 4, 6]);
  for (const bad of ['% 0', 'often', '> x', '-1']) expect(typeof parseHitCondition(bad), bad).toBe('string');
  const [set] = breakpoints.setFunctions([{ name: 'F_*', hitCondition: 'often' }]);
  expect(set).toMatchObject({ verified: false, message: expect.stringContaining('often') });
});

test('looking and going back neither count nor log', () => {
  breakpoints.setFilters([{ id: 'F_TRANSLATION', hitCondition: '1' }]);
  const plan = dma(UNMAPPED);
  const { steps } = plan;
  const back = breakpoints.findBack(smmu, plan, steps.length);
  expect(back).toMatchObject({ filter: 'F_TRANSLATION' });
  expect(breakpoints.at(smmu, plan, back?.step ?? -1)).toEqual(back);
  expect(breakpoints.findBack(smmu, plan, back?.step ?? 0)).toBeNull();
  expect(breakpoints.find(smmu, plan, 0)).toEqual(back);
  expect(breakpoints.find(smmu, plan, 0)).toBeNull();
});

test('what is set again keeps its id and count; another text is another breakpoint; a restart counts anew', () => {
  const wish = { id: 'F_TRANSLATION', hitCondition: '2' };
  const [first] = breakpoints.setFilters([wish]);
  expect(breakpoints.find(smmu, dma(UNMAPPED), 0)).toBeNull();
  expect(breakpoints.setFilters([{ id: 'C_BAD_STE' }, wish])[1]).toEqual(first);
  expect(breakpoints.find(smmu, dma(UNMAPPED), 0)?.ids).toEqual([first?.id]);
  breakpoints.attach(smmu);
  expect(breakpoints.find(smmu, dma(UNMAPPED), 0)).toBeNull();
  expect(breakpoints.setFilters([{ ...wish, condition: 'sid == 8' }])[0]?.id).not.toBe(first?.id);
});

test('an instruction breakpoint stops at the command of that address, and elsewhere says where rings are', () => {
  const plan = command(cfgiSte(8));
  const { operation } = plan;
  if (operation.kind !== 'command') throw new Error('no command');
  const { pa } = operation;
  const [good, crooked, outside] = breakpoints.setInstructions([
    { space: 'ns', pa },
    { space: 'ns', pa: pa + 4 },
    { space: 'ns', pa: 0x10 },
  ]);
  expect(good?.verified).toBe(true);
  expect(crooked?.message).toContain(`0x${pa.toString(16)}`);
  expect(outside?.message).toContain(`0x${ring(smmu.bank, 'CMDQ', 'ns').base.toString(16)}`);
  expect(breakpoints.find(smmu, plan, 0)).toMatchObject({
    step: 0,
    reason: 'instruction breakpoint',
    ids: [good?.id],
  });
  smmu.commit(plan.effects);
  expect(breakpoints.find(smmu, command(cfgiSte(8)), 0)).toBeNull();
});

test('a data breakpoint on a field stops at writes that change its bits, and at no other', () => {
  const ste = findStructure(smmu, 'ste', 8, -1, 'ns');
  if (!ste) throw new Error('no STE');
  const place = placeOfField('ns', ste.pa, STE.fields.S1CDMax);
  breakpoints.setData([{ ...place, access: 'write', name: 'S1CDMax' }]);
  const write = (change: (words: Uint32Array) => void): Plan => {
    const words = ste.words.slice();
    change(words);
    return smmu.plan({ kind: 'memory', space: 'ns', pa: ste.pa, words });
  };
  const hit = breakpoints.find(
    smmu,
    write((w) => STE.fields.S1CDMax.set(w, 0, 3)),
    0,
  );
  expect(hit).toMatchObject({ reason: 'data breakpoint', text: 'write of S1CDMax' });
  expect(
    breakpoints.find(
      smmu,
      write((w) => STE.fields.S1DSS.set(w, 0, STE.fields.S1DSS.get(w, 0) ^ 1)),
      0,
    ),
  ).toBeNull();
  expect(
    breakpoints.find(
      smmu,
      write(() => {}),
      0,
    ),
  ).toBeNull();
});

test('a data breakpoint on use stops at the fetch, and at a hit of what was cached from there', () => {
  const plan = dma(MAPPED);
  const leaf = plan.frames.findLast(({ kind }) => kind === 'descriptor');
  if (!leaf || leaf.pa === null) throw new Error('no descriptor');
  breakpoints.setData([{ space: 'ns', pa: leaf.pa, bytes: 8, access: 'read' }]);
  const fetched = breakpoints.find(smmu, plan, 0);
  expect(plan.steps[fetched?.step ?? -1]).toMatchObject({ kind: 'fetch' });
  smmu.commit(plan.effects);
  const again = dma(MAPPED);
  const hit = breakpoints.find(smmu, again, 0);
  expect(again.steps[hit?.step ?? -1]).toMatchObject({ kind: 'cache-hit' });
  expect(breakpoints.find(smmu, command(cfgiSte(8)), 0)).toBeNull();
});

test('a register can be watched for writes, not for use', () => {
  const place = { space: 'reg', pa: offsetOf('CMDQ_CONS'), bytes: 4 } as const;
  const [write, use] = breakpoints.setData([
    { ...place, access: 'write' },
    { ...place, access: 'read' },
  ]);
  expect([write?.verified, use?.verified]).toEqual([true, false]);
  const plan = command(cfgiSte(8));
  const hit = breakpoints.find(smmu, plan, 0);
  expect(plan.steps[hit?.step ?? -1]).toMatchObject({ kind: 'register' });
});

test('the id of data is a text that says it all', () => {
  for (const text of ['ns:0x80001000+8', 'realm:0x40+4&0xff00', 'reg:0x20+4&0x1']) {
    const place = parseDataId(text);
    expect(place && dataId(place)).toBe(text);
  }
  for (const bad of ['', 'ns:0x1+0', 'moon:0x0+4', 'ns:0x0+4&0x1ffffffff', 'ns:0x2+4&0x1', 'ns:5+4']) {
    expect(parseDataId(bad), bad).toBeNull();
  }
});

test('a finding of stale use stops at its step, by its filter and conditions', () => {
  const finding: Finding = {
    kind: 'stale-use',
    certainty: 'certain',
    class: 'unsafe',
    text: 'the entry is old',
    more: [],
    rule: '3.21',
    step: 2,
  };
  const find = (condition?: string) => {
    breakpoints.setFilters([{ id: 'stale-use', ...(condition === undefined ? {} : { condition }) }]);
    return breakpoints.find(smmu, dma(MAPPED), 0, [finding]);
  };
  expect(find()).toMatchObject({ filter: 'stale-use', step: 2, reason: 'exception' });
  expect(find('certainty == certain && class == unsafe')).not.toBeNull();
  expect(find('certainty == possible')).toBeNull();
  expect(breakpoints.find(smmu, dma(MAPPED), 0)).toBeNull();
});

test('a logpoint says its message and lets the program go on', () => {
  breakpoints.setSource('a.smmu', [
    {
      asked: 3,
      line: 3,
      target: { kind: 'statement', file: 'a.smmu', line: 3 },
      logMessage: 'size {size}',
    },
    { asked: 4, line: 4, target: { kind: 'statement', file: 'a.smmu', line: 4 }, condition: 'size > 4' },
  ]);
  const scope = (size: bigint) => ({ name: (name: string) => (name === 'size' ? size : undefined) });
  expect(breakpoints.arrive('a.smmu', 3, scope(5n))).toBeNull();
  expect(logged).toEqual(['size 0x5']);
  expect(breakpoints.arriveLooking('a.smmu', 4, scope(5n))).toMatchObject({ text: 'a.smmu:4', step: -1 });
  expect(breakpoints.arrive('a.smmu', 4, scope(4n))).toBeNull();
  expect(breakpoints.arrive('b.smmu', 4, scope(5n))).toBeNull();
});

test('a line of a structure stops where its field decides; the heading at the fetch', () => {
  const plan = dma(UNMAPPED);
  const at = plan.steps.findIndex(({ kind }) => kind === 'fault');
  const frame = plan.frames[plan.steps[at]?.frame ?? -1];
  if (!frame || frame.pa === null) throw new Error('no frame');
  const place = { kind: 'structure', space: 'ns', pa: frame.pa, bytes: 8, layout: frame.layout } as const;
  const set = (field: string | null) =>
    breakpoints.setSource('d', [{ asked: 1, line: 1, target: { ...place, field } }]);
  set('Valid');
  const decided = breakpoints.find(smmu, plan, 0);
  expect(plan.steps[decided?.step ?? -1]).toMatchObject({ field: 'Valid' });
  set(null);
  const fetched = breakpoints.find(smmu, plan, 0);
  expect(plan.steps[fetched?.step ?? -1]).toMatchObject({ kind: 'fetch' });
});

test('what interests nobody has no stop in its plan, and commands that no breakpoint names are denied', () => {
  breakpoints.setFunctions([{ name: 'TLBI_NH_*' }]);
  const may = (plan: Plan): boolean => breakpoints.interest(plan, smmu);
  const plan = command(cfgiSte(8));
  expect(may(plan)).toBe(false);
  smmu.commit(plan.effects);
  expect(may(command(encode(CMD_TLBI_NH_VA.layout, { Opcode: CMD_TLBI_NH_VA.opcode, ASID: 1 })))).toBe(true);
  expect(may(dma(MAPPED))).toBe(false);
});

test('registers, structures and names of events mean the same without an operation', () => {
  const scope = machineScope(smmu);
  const value = (text: string) => parseExpression(text).evaluate(scope);
  expect(value('reg.ns.CR0.SMMUEN')).toBe(1n);
  expect(value('ste(8).Config')).toBe(5n);
  expect(value('tlbi_nh_va')).toBe('TLBI_NH_VA');
  expect(() => value('sid')).toThrow('sid is not known here');
});
