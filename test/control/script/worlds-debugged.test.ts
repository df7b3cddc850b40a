/** Scripts about Security states under the debugger: forwards, back to the beginning, and forwards again. */

import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { Breakpoints } from '../../../src/control/stops/breakpoints.ts';
import { openProgram } from '../../kit/script-debugger.ts';

const FOLDER = new URL('../../../extension/samples/scripts/', import.meta.url);

it.each(['notifier-policies', 'realm', 'gpt-transition', 'two-worlds-device'])(
  '%s comes to the same a second time',
  async (name) => {
    const text = readFileSync(new URL(`${name}.smmu`, FOLDER), 'utf8');
    // Findings and events are expected, not stopped at.
    const breakpoints = new Breakpoints(() => undefined);
    breakpoints.setFilters([]);
    const { debug, program, smmu } = await openProgram(text, { options: { breakpoints } });
    breakpoints.attach(smmu);
    const seen = (): unknown => ({
      unmet: program.unmet,
      decisions: [...smmu.notifiers.log.values()],
      held: [...smmu.notifiers.held.values()],
      rules: [smmu.notifiers.policy, smmu.notifiers.accepts],
      devices: [...smmu.notifiers.devices.values()].map(({ spec }) => spec.name),
    });
    const before = seen();
    expect(await debug.continue('program')).toMatchObject({ reason: 'end' });
    const first = seen();
    expect(program.unmet).toEqual([]);
    debug.reverseContinue('program');
    expect(program.line?.statement.line).toBe(program.lines(program.files[0] ?? '')[0]);
    expect(seen()).toEqual(before);
    expect(await debug.continue('program')).toMatchObject({ reason: 'end' });
    expect(seen()).toEqual(first);
  },
);
