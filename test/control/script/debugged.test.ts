/** A script under the debugger: what breakpoints on its lines see, and where it stands when people change something. */

import { expect, it } from 'vitest';
import { Debugger } from '../../../src/control/debugger.ts';
import { ScriptProgram } from '../../../src/control/script/execute/program.ts';
import { DEFAULT_WISH, makeMachine, SMALLEST_RAM, tablesOf } from '../../../src/control/script/machine.ts';
import { Breakpoints } from '../../../src/control/stops/breakpoints.ts';
import { testClock } from '../clock.ts';
import { NAME, open } from './kit.ts';

const WISH = { ...DEFAULT_WISH, ram: { base: 0x40000000, size: SMALLEST_RAM } };
const TEXT = `device nic sid=8
map ns sid=8 iova=0x1000 pa=0x50000000 size=64K
invalidate ns all
dma nic read 0x1000 64
dma nic write 0x2000 64
dma nic read 0x3000 64`;

async function debugged(logged: string[] = []) {
  const smmu = makeMachine(WISH);
  const program = new ScriptProgram(await open(TEXT), smmu, tablesOf(WISH));
  const breakpoints = new Breakpoints((text) => logged.push(text));
  breakpoints.attach(smmu);
  const debug = new Debugger(smmu, testClock(), { program, breakpoints });
  const line = (): number | undefined => program.stack()[0]?.line;
  const at = (...lines: { line: number; condition?: string; logMessage?: string }[]) =>
    breakpoints.setSource(
      NAME,
      lines.map((one) => ({
        ...one,
        asked: one.line,
        target: { kind: 'statement', file: NAME, line: one.line },
      })),
    );
  return { smmu, debug, line, at };
}

it('a condition on a line sees the operation that the line will do, and the variables of the script', async () => {
  const { debug, line, at } = await debugged();
  at(...[4, 5, 6].map((one) => ({ line: one, condition: 'iova >= 0x2000 && rnw == 0 && sid == 8' })));
  expect(await debug.continue('program')).toMatchObject({ reason: 'breakpoint' });
  expect(line()).toBe(5);
  expect(await debug.continue('program')).toMatchObject({ reason: 'end' });
});

it('a message on a line tells of the operation that the line will do', async () => {
  const logged: string[] = [];
  const { debug, at } = await debugged(logged);
  at({ line: 5, logMessage: '{sid} at {iova}: {result}' });
  expect(await debug.continue('program')).toMatchObject({ reason: 'end' });
  expect(logged).toEqual(['0x8 at 0x2000: ok']);
});

it('backwards, a condition on a line sees the same', async () => {
  const { debug, line, at } = await debugged();
  await debug.continue('program');
  at(...[4, 5, 6].map((one) => ({ line: one, condition: 'rnw == 0' })));
  debug.reverseContinue('program');
  expect(line()).toBe(5);
});

it('a change of something else leaves the program at its step', async () => {
  const { debug, line, at } = await debugged();
  at({ line: 5 });
  await debug.continue('program');
  for (let i = 0; i < 3; i++) debug.stepIn('program');
  expect(debug.position('program')).toMatchObject({ at: 'operation', cursor: 3 });
  const words = new Uint32Array([1, 2]);
  debug.perform('program', { kind: 'memory', space: 'ns', pa: 0x40700000, words }, 'somewhere else');
  expect(debug.position('program')).toMatchObject({ at: 'operation', cursor: 3 });
  expect(line()).toBe(5);
});
