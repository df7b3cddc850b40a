import { describe, expect, it } from 'vitest';
import { Debugger } from '../../src/control/debugger.ts';
import { stackAt } from '../../src/control/position.ts';
import { Breakpoints } from '../../src/control/stops/breakpoints.ts';
import type { Plan } from '../../src/model/plan.ts';
import { lineWith, openProgram, placeOf, SCRIPT } from '../kit/script-debugger.ts';
import { StateWatch } from '../kit/state-text.ts';
import { testClock } from './clock.ts';

const NESTED = `device vnic sid=0x20
map ns sid=0x20 stage=2 iova=0x80000000 pa=0x60000000 size=32M
map ns sid=0x20 stage=1 iova=0x1000 pa=0x80002000 size=8K
invalidate ns all
dma vnic write 0x1010 16
expect pa=0x60002010
`;

const SIMPLE = `device nic sid=8
map ns sid=8 iova=0x1000 pa=0x50000000 size=64K
invalidate ns sid=8 config
dma nic read 0x1040 64
expect pa=0x50000040
`;

function planOf(debug: Debugger, thread: 'program' | 'dma' | 'cmdq.ns' = 'program'): Plan {
  const position = debug.position(thread);
  if (position.at !== 'operation') throw new Error(`the thread stands at a ${position.at}`);
  return position.plan;
}

function setLines(debug: Debugger, ...lines: (number | { line: number; [wish: string]: unknown })[]): void {
  debug.breakpoints.setSource(
    SCRIPT,
    lines.map((one) => {
      const { line, ...wishes } = typeof one === 'number' ? { line: one } : one;
      return { ...wishes, asked: line, line, target: { kind: 'statement', file: SCRIPT, line } };
    }),
  );
}

/** Goes to the beginning of a line. */
function goTo(debug: Debugger, line: number): void {
  for (let i = 0; i < 1000 && debug.program?.stack()[0]?.line !== line; i++) debug.next('program');
  expect(placeOf(debug)).toMatch(new RegExp(`^${line}(/|$)`));
}

describe('stepping', () => {
  it('next goes from statement to statement, whatever operations each has', async () => {
    const { debug } = await openProgram(SIMPLE);
    expect(placeOf(debug)).toBe('1');
    const places: string[] = [];
    for (let stop = debug.next('program'); stop.reason === 'step'; stop = debug.next('program'))
      places.push(placeOf(debug));
    expect(places).toEqual(['2/memory+0', '3/memory+0', '4/transaction+0', '5']);
    expect(placeOf(debug)).toBe('end');
    expect(debug.position('program')).toEqual({ at: 'rest', why: 'the program has ended' });
    expect(debug.next('program')).toMatchObject({ reason: 'end' });
    expect(debug.program?.failures).toBe(0);
  });

  it('stepIn goes through each micro-step of each operation of a statement', async () => {
    const { debug } = await openProgram(SIMPLE);
    goTo(debug, lineWith(SIMPLE, 'dma'));
    const { steps } = planOf(debug);
    for (let at = 1; at < steps.length; at++) {
      expect(debug.stepIn('program')).toMatchObject({ reason: 'step', hit: null });
      expect(placeOf(debug)).toBe(`4/transaction+${at}`);
    }
    const done = debug.history.length;
    debug.stepIn('program');
    expect(placeOf(debug)).toBe('5');
    expect(debug.history).toHaveLength(done + 1);
  });

  it('stepIn at a statement without operations is one step over it', async () => {
    const { debug } = await openProgram('let a = 1\nlet b = 2');
    debug.stepIn('program');
    expect(placeOf(debug)).toBe('2');
    expect(debug.stepIn('program')).toMatchObject({ reason: 'end' });
  });

  it('the stage-2 walk for a stage-1 descriptor is a frame inside that descriptor', async () => {
    const { debug } = await openProgram(NESTED);
    goTo(debug, lineWith(NESTED, 'dma'));
    const plan = planOf(debug);
    const targets = debug.stepInTargets('program');
    const inner = targets.find(({ name }) => name === 'stage 2 level 3 for stage 1 level 1');
    expect(inner).toBeDefined();
    expect(debug.stepInto('program', inner?.step ?? 0)).toMatchObject({ reason: 'step' });
    const position = debug.position('program');
    expect(position).toMatchObject({ cursor: inner?.step });
    const stack = stackAt(plan, inner?.step ?? 0).map(({ frame }) => frame.name);
    expect(stack.slice(0, 2)).toEqual(['stage 2 level 3', 'stage 1 level 1']);
    expect(stack.slice(2, 4)).toEqual(['CD 0', 'STE 0x20']);
    // Each of four stage-1 descriptors lies at an IPA that four levels of stage 2 translate.
    const walks = targets.filter(({ name }) => / for stage 1 level/.test(name));
    expect(walks).toHaveLength(16);
    expect(debug.history.last?.operation?.kind).not.toBe('transaction');
    expect(debug.stepOut('program')).toMatchObject({ reason: 'step' });
    expect(placeOf(debug)).toBe('6');
  });

  it('a target that lies behind is stepped to no more: it is one step', async () => {
    const { debug } = await openProgram(SIMPLE);
    goTo(debug, 4);
    debug.stepIn('program');
    debug.stepIn('program');
    debug.stepInto('program', 1);
    expect(placeOf(debug)).toBe('4/transaction+3');
    expect(debug.stepInTargets('program').every(({ step }) => step > 3)).toBe(true);
  });

  it('a breakpoint on the way to a target stops before it', async () => {
    const { debug } = await openProgram('device nic sid=8\ndma nic read 0x1000 4');
    goTo(debug, 2);
    const last = planOf(debug).steps.length - 1;
    expect(debug.stepInto('program', last)).toMatchObject({ reason: 'exception', text: 'C_BAD_STREAMID' });
    expect(placeOf(debug)).not.toBe(`2/transaction+${last}`);
  });

  it('stepOut of an include goes to the line after it, from within an operation to the next statement', async () => {
    const files = { 'b.smmu': 'let b = 1\nste ns 8 Config=BYPASS V=1\nlet c = 2' };
    const { debug } = await openProgram('include "b.smmu"\nlet d = c', { files });
    debug.next('program');
    debug.next('program');
    expect(debug.program?.stack().map(({ file, line }) => `${file}:${line}`)).toEqual([
      'b.smmu:2',
      `${SCRIPT}:1`,
    ]);
    debug.stepIn('program');
    debug.stepOut('program');
    expect(debug.program?.stack()[0]).toMatchObject({ file: 'b.smmu', line: 3 });
    debug.stepBack('program');
    debug.stepOut('program');
    expect(debug.program?.stack()).toMatchObject([{ file: SCRIPT, line: 2 }]);
  });
});

describe('running', () => {
  it('stops at lines, and nothing of the line has happened', async () => {
    const { debug, smmu } = await openProgram(SIMPLE);
    setLines(debug, 3, 5);
    expect(await debug.continue('program')).toMatchObject({
      thread: 'program',
      reason: 'breakpoint',
      text: `${SCRIPT}:3`,
    });
    expect(placeOf(debug)).toBe('3/memory+0');
    expect(smmu.bank.lo('CMDQ_PROD')).toBe(0);
    expect(await debug.continue('program')).toMatchObject({ text: `${SCRIPT}:5` });
    expect(await debug.continue('program')).toMatchObject({ reason: 'end' });
  });

  it('a condition sees the names that let has made, a hit count counts, a logpoint says', async () => {
    const log: string[] = [];
    const text = 'let a = 1\nlet b = 2\nlet a = 3\nlet b = 4\nlet c = 5';
    const breakpoints = new Breakpoints((said) => log.push(said));
    const { debug, smmu } = await openProgram(text, { options: { breakpoints } });
    breakpoints.attach(smmu);
    setLines(
      debug,
      { line: 2, condition: 'a == 7' },
      { line: 4, condition: 'a == 3' },
      { line: 3, logMessage: 'a is {a}, b is {b}' },
      { line: 5, hitCondition: '1' },
    );
    expect(await debug.continue('program')).toMatchObject({ reason: 'breakpoint', text: `${SCRIPT}:4` });
    expect(log).toEqual(['a is 0x1, b is 0x2']);
    expect(await debug.continue('program')).toMatchObject({ reason: 'breakpoint', text: `${SCRIPT}:5` });
    debug.rewind('program', 0);
    expect(await debug.continue('program')).toMatchObject({ text: `${SCRIPT}:4` });
    expect(await debug.continue('program')).toMatchObject({ reason: 'breakpoint', text: `${SCRIPT}:5` });
  });

  it('a function breakpoint stops within a statement, before the command', async () => {
    const { debug } = await openProgram(SIMPLE);
    debug.breakpoints.setFunctions([{ name: 'CFGI_STE*' }]);
    expect(await debug.continue('program')).toMatchObject({ reason: 'function breakpoint' });
    expect(placeOf(debug)).toBe('3/command+0');
  });

  it('an expectation that fails stops before it if the filter is on; going on counts it', async () => {
    const text = 'let a = 1\nexpect a == 2\nlet b = 3';
    const { debug, notes } = await openProgram(text);
    debug.breakpoints.setFilters([{ id: 'expect-failed' }]);
    const stop = await debug.continue('program');
    expect(stop).toMatchObject({ reason: 'exception', hit: { filter: 'expect-failed', step: -1 } });
    expect(stop.text).toContain('expected a == 2');
    expect(placeOf(debug)).toBe('2');
    expect(debug.program?.failures).toBe(0);
    expect(notes).toEqual([]);
    expect(await debug.continue('program')).toMatchObject({ reason: 'end' });
    expect(debug.program?.failures).toBe(1);
    expect(notes).toMatchObject([{ kind: 'failure', place: { line: 2 } }]);
    debug.rewind('program', 0);
    expect(debug.program?.failures).toBe(0);
    expect(await debug.continue('program')).toMatchObject({ hit: { filter: 'expect-failed' } });
  });

  it('without the filter an expectation that fails is told, and the program goes on', async () => {
    const { debug, notes } = await openProgram('expect 1 == 2\nlet a = 1');
    debug.breakpoints.setFilters([]);
    expect(await debug.continue('program')).toMatchObject({ reason: 'end' });
    expect(notes).toHaveLength(1);
    expect(debug.program?.failures).toBe(1);
  });

  it('a statement that cannot be executed keeps the program where it is, and says why', async () => {
    const { debug } = await openProgram('device d sid=8\nresume d retry\nlet b = 1');
    const why = /^line 2, column 1: no transaction of d is stalled/;
    expect(await debug.continue('program')).toMatchObject({
      reason: 'pause',
      text: expect.stringMatching(why),
    });
    expect(placeOf(debug)).toBe('2');
    expect(debug.next('program').text).toMatch(why);
    expect(debug.stepIn('program').text).toMatch(why);
    expect(debug.jump(SCRIPT, 3)).toMatchObject({ reason: 'goto' });
    expect(await debug.continue('program')).toMatchObject({ reason: 'end' });
    debug.stepBack('program');
    debug.stepBack('program');
    expect(placeOf(debug)).toBe('2');
  });

  it('a pause stops a long script between two statements', async () => {
    const text = Array.from({ length: 3000 }, (_, i) => `let a = ${i}`).join('\n');
    const { debug } = await openProgram(text);
    // Another clock: a slice ends after some questions for the time.
    const slow = new Debugger(debug.smmu, testClock(50), { program: debug.program });
    const run = slow.continue('program');
    slow.pause();
    expect(await run).toMatchObject({ reason: 'pause', text: '' });
    expect(slow.history.length).toBeGreaterThan(0);
    expect(slow.history.length).toBeLessThan(3000);
    expect(await slow.continue('program')).toMatchObject({ reason: 'end' });
    expect(slow.history).toHaveLength(3000);
  });

  it('a jump goes on elsewhere without running what lies between, and is taken back', async () => {
    const { debug } = await openProgram('let a = 1\nlet a = 2\nlet b = a');
    debug.next('program');
    expect(debug.jump(SCRIPT, 3)).toMatchObject({ reason: 'goto' });
    debug.next('program');
    expect(debug.program?.scope?.().name('b')).toBe(1n);
    debug.stepBack('program');
    debug.stepBack('program');
    expect(placeOf(debug)).toBe('2');
    expect(debug.jump(SCRIPT, 9)).toBeNull();
    expect(debug.jump('other.smmu', 1)).toBeNull();
  });
});

describe('going back', () => {
  it('stepBack undoes a statement as a whole, finely its last micro-step', async () => {
    const { debug } = await openProgram(SIMPLE);
    goTo(debug, 4);
    expect(debug.stepBack('program')).toMatchObject({ thread: 'program', reason: 'step' });
    expect(placeOf(debug)).toBe('3/memory+0');
    debug.next('program');
    debug.stepBack('program', true);
    const plan = planOf(debug);
    expect(plan.outcome.command).toBe('CMD_SYNC');
    expect(placeOf(debug)).toBe(`3/command+${plan.steps.length - 1}`);
    debug.stepBack('program');
    expect(placeOf(debug)).toBe(`3/command+${plan.steps.length - 2}`);
  });

  it('stepBack within an operation moves the cursor, and at the beginning of everything says so', async () => {
    const { debug } = await openProgram(SIMPLE);
    goTo(debug, 4);
    debug.stepIn('program');
    debug.stepIn('program');
    const before = debug.history.length;
    debug.stepBack('program');
    expect(placeOf(debug)).toBe('4/transaction+1');
    expect(debug.history).toHaveLength(before);
    debug.rewind('program', 0);
    expect(debug.stepBack('program')).toMatchObject({ reason: 'entry' });
    expect(placeOf(debug)).toBe('1');
  });

  it('rewinding to any length of the history gives the state that was there, and going on the same again', async () => {
    const { debug, smmu, checkers } = await openProgram(NESTED);
    debug.breakpoints.setFilters([]);
    const watch = new StateWatch(smmu);
    const states: string[] = [];
    const state = (): string => `${watch.text()} ${JSON.stringify(checkers.updates.pending())}`;
    const program: object[] = [];
    for (;;) {
      states[debug.history.length] = state();
      program[debug.history.length] = debug.program?.save() ?? {};
      if (debug.position('program').at === 'rest') break;
      const length = debug.history.length;
      while (debug.history.length === length) debug.stepIn('program');
    }
    const end = debug.history.length;
    for (let n = end; n >= 0; n--) {
      expect(debug.rewind('program', n)).toMatchObject({ reason: 'goto', thread: 'program' });
      expect([n, state()]).toEqual([n, states[n]]);
      expect(debug.program?.save()).toBe(program[n]);
    }
    expect(debug.rewind('program', 1)).toBeNull();
    expect(debug.rewind('program', -1)).toBeNull();
    await debug.continue('program');
    expect(debug.history).toHaveLength(end);
    expect(state()).toBe(states[end]);
    for (const n of [end - 1, Math.floor(end / 2), 3]) {
      debug.rewind('program', n);
      expect(state()).toBe(states[n]);
    }
  });

  it('reverseContinue stops at the last breakpoint of each kind, then at the beginning', async () => {
    const text = `device nic sid=8
map ns sid=8 iova=0x1000 pa=0x50000000 size=64K
invalidate ns sid=8 config
dma nic read 0x1040 64
dma nic read 0x90000 64
let a = 1`;
    const { debug, smmu } = await openProgram(text);
    debug.breakpoints.setFilters([]);
    await debug.continue('program');
    const end = debug.history.length;
    const back = async (): Promise<string> => {
      const stop = debug.reverseContinue('program');
      return `${stop.reason} ${placeOf(debug).replace(/\+.*/, '')}`;
    };
    debug.breakpoints.setFilters([{ id: 'F_TRANSLATION' }]);
    expect(await back()).toBe('exception 5/transaction');
    expect(await back()).toBe('entry 1');
    debug.breakpoints.setFilters([]);
    await debug.continue('program');
    expect(debug.history).toHaveLength(end);
    setLines(debug, 4, 6);
    expect(await back()).toBe('breakpoint 6');
    expect(await back()).toBe('breakpoint 4/transaction');
    expect(await back()).toBe('entry 1');
    setLines(debug);
    await debug.continue('program');
    debug.breakpoints.setFunctions([{ name: 'SYNC' }, { name: 'CFGI_STE' }]);
    expect(await back()).toBe('function breakpoint 3/command');
    expect(planOf(debug).outcome.command).toBe('CMD_SYNC');
    expect(await back()).toBe('function breakpoint 3/command');
    debug.breakpoints.setFunctions([]);
    await debug.continue('program');
    const queue = smmu.bank.field('CMDQ_BASE', 'ADDR');
    debug.breakpoints.setData([{ space: 'ns', pa: queue, bytes: 8, access: 'write' }]);
    expect(await back()).toBe('data breakpoint 3/memory');
    expect(await back()).toBe('entry 1');
    expect(debug.history).toHaveLength(0);
  });

  it('reverseContinue from within an operation stops at what lies before the cursor in it', async () => {
    const { debug } = await openProgram('device nic sid=8\ndma nic read 0x1000 4');
    goTo(debug, 2);
    const at = planOf(debug).steps.findIndex(({ kind }) => kind === 'fault');
    debug.breakpoints.setFilters([]);
    while (placeOf(debug) !== `2/transaction+${at + 1}`) debug.stepIn('program');
    debug.breakpoints.setFilters([{ id: 'C_BAD_STREAMID' }]);
    expect(debug.reverseContinue('program')).toMatchObject({ reason: 'exception' });
    expect(placeOf(debug)).toBe(`2/transaction+${at}`);
    setLines(debug, 2);
    expect(debug.reverseContinue('program')).toMatchObject({ reason: 'breakpoint', text: `${SCRIPT}:2` });
    expect(placeOf(debug)).toBe('2/transaction+0');
  });

  it('going back neither counts nor logs', async () => {
    const log: string[] = [];
    const breakpoints = new Breakpoints((said) => log.push(said));
    const { debug } = await openProgram('let a = 1\nlet b = 2', { options: { breakpoints } });
    setLines(debug, { line: 2, logMessage: 'here' });
    await debug.continue('program');
    expect(log).toEqual(['here']);
    expect(debug.reverseContinue('program')).toMatchObject({ reason: 'entry' });
    expect(log).toEqual(['here']);
  });
});
