import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Journal } from '../../src/model/effects.ts';
import { machines } from './arbitrary.ts';
import { HTTU, LPAE, STAGES } from './model.ts';
import { events, operations, prepared } from './operations.ts';
import { patience, runs } from './runs.ts';
import { CMDQ } from './spec.ts';
import { snapshot } from './watched.ts';

const SEQUENCES = 200;
/** The page of the command queue, as addresses are written. */
const QUEUE = (CMDQ / 0x1000).toString(16);

test(
  `undo restores every word of memory, every register and every cache entry (${SEQUENCES} sequences)`,
  () => {
    let done = 0;
    const property = fc.property(
      machines({ stages: STAGES, lpae: LPAE, httu: HTTU }),
      fc.array(events, { minLength: 1, maxLength: 10 }),
      (spec, sequence) => {
        const { machine, memory, model, smmu } = prepared(spec, sequence);
        for (const event of sequence) {
          for (const operation of operations(event, machine, model)) {
            memory.mark();
            const before = snapshot(smmu);
            const { effects } = smmu.plan(operation);
            expect([memory.changed(), snapshot(smmu)]).toEqual([[], before]);
            const journal = new Journal();
            smmu.commit(effects, journal);
            const after = snapshot(smmu);
            journal.undo(smmu, 0);
            expect({ event, changed: memory.changed(), state: snapshot(smmu) }).toEqual({
              event,
              changed: [],
              state: before,
            });
            smmu.commit(effects);
            expect({ event, state: snapshot(smmu) }).toEqual({ event, state: after });
            if (effects.length > 0) done++;
          }
        }
      },
    );
    fc.assert(property, runs(SEQUENCES));
    expect(done).toBeGreaterThan(SEQUENCES);
  },
  patience,
);

test(
  `undo of a whole history restores where it began (${SEQUENCES} sequences)`,
  () => {
    let recorded = 0;
    const property = fc.property(
      machines({ stages: STAGES, lpae: LPAE, httu: HTTU }),
      fc.array(events, { minLength: 2, maxLength: 12 }),
      (spec, sequence) => {
        const { machine, memory, model, smmu } = prepared(spec, sequence);
        const before = snapshot(smmu);
        const journal = new Journal();
        memory.mark();
        for (const event of sequence) {
          for (const operation of operations(event, machine, model)) {
            smmu.commit(smmu.plan(operation).effects, journal);
          }
        }
        recorded += journal.length;
        journal.undo(smmu, 0);
        // Commands are put into the queue by software, past the journal.
        const words = memory.changed().filter((line) => !line.startsWith(QUEUE));
        expect([words, snapshot(smmu)]).toEqual([[], before]);
      },
    );
    fc.assert(property, runs(SEQUENCES));
    expect(recorded).toBeGreaterThan(SEQUENCES);
  },
  patience,
);
