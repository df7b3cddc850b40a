/** Very many decisions in a session: what is kept of them, forwards, backwards and forwards again. */

import { expect, it } from 'vitest';
import { Breakpoints } from '../../../src/control/stops/breakpoints.ts';
import { openProgram } from '../../kit/script-debugger.ts';

const DEVICES = 500;
const COMMANDS = 300;
const FIRST_COMMAND = 2 + 2 * DEVICES;

const SCRIPT = [
  'machine preset=architecture-rme',
  ...Array.from({ length: DEVICES }, (_, i) => `device net${i} sid=8`),
  ...Array.from({ length: DEVICES }, (_, i) => `notifier net${i} consumer=vhost`),
  'cmd ns TLBI_NSNH_ALL',
  'expect notify unmap net7',
  ...Array.from({ length: COMMANDS }, () => 'cmd ns TLBI_NSNH_ALL'),
  'expect notify unmap net7',
  'expect notify map',
  '',
].join('\n');

it('numbers, the log and what is dropped are the same a second time; what is too old says so', async () => {
  const breakpoints = new Breakpoints(() => undefined);
  breakpoints.setFilters([]);
  const { debug, program, smmu } = await openProgram(SCRIPT, { options: { breakpoints } });
  breakpoints.attach(smmu);
  const { log } = smmu.notifiers;
  const seen = (): unknown => ({
    total: log.total,
    dropped: log.dropped,
    numbers: log.values().map(({ number }) => number),
    unmet: program.unmet.map(({ line }) => line),
  });
  const start = debug.history.length;
  expect(await debug.continue('program')).toMatchObject({ reason: 'end' });
  expect(log.total).toBe(DEVICES * (COMMANDS + 1));
  expect(log.dropped).toBeGreaterThan(0);
  expect(program.unmet.map(({ line }) => line)).toEqual([FIRST_COMMAND + COMMANDS + 3]);
  // A message names some of what there was, and counts the rest.
  expect(program.unmet[0]?.actual).toMatch(/; and 468 more$/);
  const first = seen();

  debug.rewind('program', start);
  expect(seen()).toEqual({ total: 0, dropped: 0, numbers: [], unmet: [] });
  expect(await debug.continue('program')).toMatchObject({ reason: 'end' });
  expect(seen()).toEqual(first);

  // Just before the first expectation: its decisions are gone.
  while (program.line?.statement.line !== FIRST_COMMAND + 1)
    debug.rewind('program', debug.history.length - 1);
  expect([log.total, log.dropped, log.values()]).toEqual([DEVICES, DEVICES, []]);
  debug.stepIn('program');
  expect(program.unmet.map(({ line, actual }) => [line, actual])).toEqual([
    [FIRST_COMMAND + 1, `${DEVICES} decisions are too old to be kept`],
  ]);
});
