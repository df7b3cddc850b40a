import fc from 'fast-check';
import { expect, test } from 'vitest';
import { commandTitle } from '../../src/control/run-ahead.ts';
import { FILTERS, findStop, mayStop } from '../../src/control/stops/index.ts';
import type { Effect } from '../../src/model/plan.ts';
import { CACHE_POLICIES } from '../../src/model/smmu.ts';
import { machines } from './arbitrary.ts';
import { HTTU, LPAE, STAGES } from './model.ts';
import { events, operations, prepared } from './operations.ts';
import { patience, runs } from './runs.ts';
import { snapshot } from './watched.ts';

const SEQUENCES = 150;
const ALL = new Set(FILTERS.map(({ id }) => id));

/** Effects without what only people read, and without functions, which are never equal. */
function plain(effects: readonly Effect[]): unknown {
  return effects.map((effect) => {
    const { what: _what, ...rest } = { what: '', ...effect };
    return JSON.stringify(rest, (key, value: unknown) => (key === 'store' ? undefined : value));
  });
}

test.each(CACHE_POLICIES)(
  `an outline is the plan without its steps, and no step stops that it does not announce (%s)`,
  (policy) => {
    let stops = 0;
    let quiet = 0;
    const property = fc.property(
      machines({ stages: STAGES, lpae: LPAE, httu: HTTU }),
      fc.array(events, { minLength: 1, maxLength: 10 }),
      (spec, sequence) => {
        const { machine, memory, model, smmu } = prepared(spec, sequence, policy);
        for (const event of sequence) {
          for (const operation of operations(event, machine, model)) {
            memory.mark();
            const before = snapshot(smmu);
            const outline = smmu.outline(operation);
            expect([memory.changed(), snapshot(smmu)]).toEqual([[], before]);
            const plan = smmu.plan(operation);
            expect(outline.outcome).toEqual(plan.outcome);
            expect(plain(outline.effects)).toEqual(plain(plan.effects));
            const hit = findStop(plan, 0, ALL, (offset) => smmu.bank.peek(offset));
            const may = mayStop(outline, ALL, smmu);
            if (hit) expect({ hit, may }).toMatchObject({ may: true });
            if (hit) stops++;
            if (!may) quiet++;
            if (operation.kind === 'command' && plan.outcome.command !== null)
              expect(commandTitle(smmu, outline)).toBe(plan.frames[0]?.layout);
            smmu.commit(outline.effects);
          }
        }
      },
    );
    fc.assert(property, runs(SEQUENCES));
    expect(stops).toBeGreaterThan(SEQUENCES / 10);
    expect(quiet).toBeGreaterThan(SEQUENCES);
  },
  patience,
);
