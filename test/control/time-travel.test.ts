import { describe, expect, it } from 'vitest';
import type { Debugger } from '../../src/control/debugger.ts';
import { offsetOf } from '../../src/model/bank.ts';
import { type Plan, transaction } from '../../src/model/plan.ts';
import { STE } from '../../src/spec/ste.ts';
import { lineWith, openProgram, placeOf, SCRIPT, type ScriptSession } from '../kit/script-debugger.ts';
import { StateWatch } from '../kit/state-text.ts';

function planOf(debug: Debugger, thread: 'program' | 'dma' | 'cmdq.ns' = 'program'): Plan {
  const position = debug.position(thread);
  if (position.at !== 'operation') throw new Error(`the thread stands at a ${position.at}`);
  return position.plan;
}

/** What must be the same whenever the history is as long: the SMMU, the program, what checkers remember. */
function recorder({ debug, smmu, checkers }: ScriptSession): { note(): void; check(): void } {
  const watch = new StateWatch(smmu);
  const states: string[][] = [];
  const now = (): string[] => [
    ...watch.lines(),
    `program ${JSON.stringify(debug.program?.stack())} ${debug.program?.failures}`,
    `updates ${JSON.stringify(checkers.updates.pending())}, ${checkers.updates.watched} watched`,
    `needless ${JSON.stringify(checkers.overInvalidation.tallies())}`,
  ];
  return {
    note() {
      states[debug.history.length] ??= now();
    },
    check() {
      expect({ length: debug.history.length, state: now() }).toEqual({
        length: debug.history.length,
        state: states[debug.history.length],
      });
    },
  };
}

/** Runs to the end one operation at a time, and notes each state. */
function runNoting({ debug }: ScriptSession, states: { note(): void }): void {
  debug.breakpoints.setFilters([]);
  for (states.note(); debug.position('program').at !== 'rest'; states.note()) {
    const { length } = debug.history;
    while (debug.history.length === length) debug.stepIn('program');
  }
}

const BLOCKS = `device nic sid=8
map ns sid=8 iova=0x1000 pa=0x50000000 size=4K
invalidate ns all
dma nic read 0x1000 4
test "one"
  let inner = 1
  unmap ns sid=8 iova=0x1000 size=4K
  dma nic read 0x1000 4
  invalidate ns sid=8 iova=0x1000 size=4K
  dma nic read 0x1000 4
end
test "two"
  dma nic read 0x1000 4
  expect pa=0x50000000
  ste ns 8 Config=ABORT
end
dma nic read 0x1000 4
expect pa=0x50000000
`;

describe('test blocks', () => {
  it('everything is after the end of one as it was before', async () => {
    const session = await openProgram(BLOCKS);
    const { debug, smmu } = session;
    debug.breakpoints.setFilters([]);
    const watch = new StateWatch(smmu);
    const seen = new Map<number, string>();
    for (; debug.position('program').at !== 'rest'; debug.next('program')) {
      const line = debug.program?.stack()[0]?.line ?? 0;
      seen.set(line, watch.text());
    }
    const [one, two] = [lineWith(BLOCKS, 'test "one"'), lineWith(BLOCKS, 'test "two"')];
    expect(seen.get(two)).toBe(seen.get(one));
    expect(seen.get(lineWith(BLOCKS, 'dma nic') + 13)).toBe(seen.get(one));
    expect(seen.get(two - 1)).not.toBe(seen.get(one));
    expect(debug.program?.failures).toBe(0);
  });

  it('stepping back enters a block again, and every state in it is what it was', async () => {
    const session = await openProgram(BLOCKS);
    const states = recorder(session);
    runNoting(session, states);
    const { debug } = session;
    const lines: number[] = [];
    while (debug.history.length > 0) {
      debug.stepBack('program');
      lines.push(debug.program?.stack()[0]?.line ?? 0);
      states.check();
    }
    expect(lines).toEqual([18, 17, 16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1]);
  });

  it('going on from inside a block that was stepped back into comes to the same end', async () => {
    const session = await openProgram(BLOCKS);
    const states = recorder(session);
    runNoting(session, states);
    const { debug } = session;
    const end = debug.history.length;
    for (const part of ['ste ns 8', 'unmap ns', 'let inner', 'end']) {
      while (debug.program?.stack()[0]?.line !== lineWith(BLOCKS, part)) debug.stepBack('program');
      states.check();
      await debug.continue('program');
      expect(debug.history).toHaveLength(end);
      states.check();
    }
  });

  it('a stale use in a block is found again when the block is run again, with its origins', async () => {
    const { debug, findings } = await openProgram(BLOCKS);
    debug.breakpoints.setFilters([]);
    await debug.continue('program');
    const first = [...findings];
    expect(first).toHaveLength(1);
    expect(first[0]).toContain('certain');
    findings.length = 0;
    debug.rewind('program', 0);
    await debug.continue('program');
    expect(findings).toEqual(first);
    findings.length = 0;
    while (debug.program?.stack()[0]?.line !== lineWith(BLOCKS, 'unmap')) debug.stepBack('program');
    await debug.continue('program');
    expect(findings).toEqual(first);
  });

  it('the history has one entry for an end, and rewinding into the block undoes it', async () => {
    const session = await openProgram(BLOCKS);
    const { debug } = session;
    debug.breakpoints.setFilters([]);
    await debug.continue('program');
    const ends = debug.history
      .page(0, debug.history.length)
      .flatMap(({ text }, at) => (/: end$/.test(text) ? [at] : []));
    expect(ends).toHaveLength(2);
    debug.rewind('program', ends[0] ?? 0);
    expect(debug.program?.stack()[0]?.line).toBe(lineWith(BLOCKS, 'end'));
    expect(debug.program?.scope?.().name('inner')).toBe(1n);
  });
});

const WALK = `device nic sid=8
map ns sid=8 iova=0x1000 pa=0x50000000 size=4K
invalidate ns all
dma nic read 0x1000 4
let after = 1
`;

/** PA of the STE, and its first words, as the plan shows them. */
function steIn(plan: Plan): { pa: number; words: Uint32Array } {
  const frame = plan.frames.find(({ kind }) => kind === 'ste');
  if (!frame || frame.pa === null) throw new Error('no STE');
  return { pa: frame.pa, words: frame.words };
}

/** Software writes the first doubleword of the STE with another Config. */
function setConfig(debug: Debugger, thread: 'program' | 'dma', config: number): void {
  const { pa, words } = steIn(
    debug.lastTransaction && thread === 'dma' ? debug.lastTransaction : planOf(debug, thread),
  );
  const first = words.slice(0, 2);
  STE.fields.Config.set(first, 0, config);
  debug.perform(thread, { kind: 'memory', space: 'ns', pa, words: first }, `STE.Config = ${config}`);
}

async function atDma(): Promise<ScriptSession & { readonly watch: StateWatch }> {
  const session = await openProgram(WALK);
  const watch = new StateWatch(session.smmu);
  const { debug } = session;
  while (debug.program?.stack()[0]?.line !== lineWith(WALK, 'dma')) debug.next('program');
  return { ...session, watch };
}

describe('what if', () => {
  it('a field that is set in the middle of a walk plans it anew, and both results are kept', async () => {
    const { debug } = await atDma();
    const inCd = planOf(debug).steps.findIndex(({ text }) => text.startsWith('read CD'));
    debug.stepInto('program', inCd);
    expect(placeOf(debug)).toBe(`4/transaction+${inCd}`);
    setConfig(debug, 'program', 4);
    expect(planOf(debug).outcome).toMatchObject({ result: 'ok', pa: 0x1000 });
    expect(debug.variants('program').map(({ text, plan }) => [text, plan.outcome.pa])).toEqual([
      ['as it was', 0x5000_0000],
      ['STE.Config = 4', 0x1000],
    ]);
    const position = debug.position('program');
    const cursor = position.at === 'operation' ? position.cursor : -1;
    expect(planOf(debug).steps[cursor]?.text).toMatch(/Config=4/);
    expect(debug.history.last?.text).toBe('STE.Config = 4');
    setConfig(debug, 'program', 0);
    expect(debug.variants('program').map(({ text, plan }) => [text, plan.outcome.result])).toEqual([
      ['as it was', 'ok'],
      ['STE.Config = 4', 'ok'],
      ['STE.Config = 0', 'abort'],
    ]);
  });

  it('taking an edit back keeps the transaction in flight, at its step', async () => {
    const { debug, watch } = await atDma();
    debug.stepInto('program', 2);
    const [before, entries] = [watch.text(), debug.history.length];
    setConfig(debug, 'program', 4);
    expect(placeOf(debug)).toBe('4/transaction+2');
    expect(debug.history).toHaveLength(entries + 1);
    debug.rewind('program', entries);
    expect(watch.text()).toBe(before);
    expect(placeOf(debug)).toBe('4/transaction+2');
    expect(planOf(debug).outcome.pa).toBe(0x5000_0000);
    expect(debug.history).toHaveLength(entries);
  });

  it('at rest the last transaction is compared', async () => {
    const { debug } = await atDma();
    debug.transact(transaction({ sid: 8, vaHi: 0, vaLo: 0x1000 }));
    expect(debug.lastTransaction?.outcome.pa).toBe(0x5000_0000);
    const { pa } = steIn(debug.lastTransaction as Plan);
    debug.perform('dma', { kind: 'memory', space: 'ns', pa, words: Uint32Array.of(0, 0) }, 'STE.V = 0');
    const variants = debug.variants('dma');
    expect(variants.map(({ text }) => text)).toEqual(['as it was', 'STE.V = 0']);
    expect(variants[0]?.plan.outcome.result).toBe('ok');
    // The STE is cached: what memory says is not asked.
    expect(variants[1]?.plan.outcome.tlbHit).toBe(true);
  });

  it('restartFrame goes back to the first step of a frame, and nothing was committed', async () => {
    const { debug } = await atDma();
    const plan = planOf(debug);
    const cd = plan.frames.findIndex(({ kind }) => kind === 'cd');
    const first = plan.steps.findIndex(({ frame }) => frame === cd);
    debug.stepInto('program', plan.steps.length - 1);
    const { length } = debug.history;
    expect(debug.restartFrame('program', cd)).toMatchObject({ reason: 'restart' });
    expect(placeOf(debug)).toBe(`4/transaction+${first}`);
    expect(debug.restartFrame('program', 0)).toMatchObject({ reason: 'restart' });
    expect(placeOf(debug)).toBe('4/transaction+0');
    expect(debug.restartFrame('program', 999)).toBeNull();
    expect(debug.history).toHaveLength(length);
  });
});

it('operations of the program, of a queue and of people come back in the reverse of their order', async () => {
  const text = `device nic sid=8
map ns sid=8 iova=0x1000 pa=0x50000000 size=4K
cmd ns CFGI_STE StreamID=8 Leaf hold
cmd ns SYNC hold
dma nic read 0x1000 4
let done = 1
`;
  const session = await openProgram(text);
  const { debug, smmu } = session;
  debug.breakpoints.setFilters([]);
  const states = recorder(session);
  const noted = (): void => states.note();
  noted();
  const threads: string[] = [];
  const step = (thread: 'program' | 'cmdq.ns'): void => {
    const { length } = debug.history;
    while (debug.history.length === length) debug.stepIn(thread);
    threads.push(thread);
    noted();
  };
  while (debug.program?.stack()[0]?.line !== 5) step('program');
  step('cmdq.ns');
  debug.transact(transaction({ sid: 8, vaHi: 0, vaLo: 0x1004 }));
  threads.push('dma');
  noted();
  step('program');
  step('cmdq.ns');
  debug.perform(
    'dma',
    { kind: 'register', offset: offsetOf('CR0'), value: 0, valueHi: 0, bytes: 4 },
    'CR0 = 0',
  );
  threads.push('dma');
  noted();
  step('program');
  expect(debug.history.page(0, 100).map(({ thread }) => thread)).toEqual(threads);
  expect(smmu.bank.lo('CMDQ_CONS')).toBe(2);
  for (const thread of threads.reverse()) {
    debug.stepBack('cmdq.ns', true);
    const position = debug.position(thread as 'dma');
    if (position.at === 'operation' && position.cursor > 0) debug.restartFrame(thread as 'dma', 0);
    states.check();
  }
  expect(debug.history).toHaveLength(0);
  expect(placeOf(debug)).toBe('1');
  expect(debug.program?.stack()[0]?.file).toBe(SCRIPT);
});
