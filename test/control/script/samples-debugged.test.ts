/** Every sample under the debugger: forwards, back to the beginning, and forwards again, whatever is cached. */

import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { Breakpoints } from '../../../src/control/stops/breakpoints.ts';
import { CACHE_POLICIES } from '../../../src/model/smmu.ts';
import { openProgram } from '../../kit/script-debugger.ts';
import { StateWatch } from '../../kit/state-text.ts';

const FOLDER = new URL('../../../extension/samples/scripts/', import.meta.url);
const SAMPLES = readdirSync(FOLDER).filter((name) => name.endsWith('.smmu'));

it.each(SAMPLES.flatMap((name) => CACHE_POLICIES.map((caches) => [name, caches] as const)))(
  '%s comes to the same a second time (%s)',
  async (name, caches) => {
    const text = readFileSync(new URL(name, FOLDER), 'utf8');
    // Findings and events are expected, not stopped at.
    const breakpoints = new Breakpoints(() => undefined);
    breakpoints.setFilters([]);
    const { debug, program, smmu } = await openProgram(text, { caches, options: { breakpoints } });
    breakpoints.attach(smmu);
    const watch = new StateWatch(smmu);
    const { notifiers } = smmu;
    const seen = (): unknown => ({
      unmet: program.unmet,
      state: watch.lines(),
      decisions: [...notifiers.log.values()],
      held: [...notifiers.held.values()],
      rules: [notifiers.policy, notifiers.accepts],
      devices: [...notifiers.devices.values()].map(({ spec }) => spec.name),
    });
    const before = seen();
    expect(await debug.continue('program')).toMatchObject({ reason: 'end' });
    const first = seen();
    // What scripts expect is what the most that hardware may cache comes to.
    if (caches === 'maximal') expect(program.unmet).toEqual([]);
    debug.reverseContinue('program');
    expect(program.line?.statement.line).toBe(program.lines(program.files[0] ?? '')[0]);
    expect(seen()).toEqual(before);
    expect(await debug.continue('program')).toMatchObject({ reason: 'end' });
    expect(seen()).toEqual(first);
  },
);
