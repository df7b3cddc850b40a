import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DEFAULT_WISH, READY_PLACES } from '../../src/control/script/machine.ts';
import type { Stop } from '../../src/control/stop.ts';
import { offsetOf } from '../../src/model/bank.ts';
import { transaction } from '../../src/model/plan.ts';
import { STE_BYTES } from '../../src/spec/ste.ts';
import { openProgram, SCRIPT, type ScriptSession } from '../kit/script-debugger.ts';
import { StateWatch } from '../kit/state-text.ts';
import { patience, runs } from './runs.ts';
import { type Move, moves, scripts } from './scripts.ts';

const SESSIONS = 60;
const TABLES = DEFAULT_WISH.ram.base + READY_PLACES.tables;

/** What a state consists of: the SMMU, the program, and what checkers remember. */
function reader({ debug, smmu, checkers }: ScriptSession): () => string[] {
  const watch = new StateWatch(smmu);
  return () => [
    ...watch.lines(),
    `program ${JSON.stringify(debug.program?.stack())} ${debug.program?.failures}`,
    `updates ${JSON.stringify(checkers.updates.pending())} ${checkers.updates.watched}`,
    `needless ${JSON.stringify(checkers.overInvalidation.tallies())}`,
  ];
}

const SETS: readonly ((session: ScriptSession) => void)[] = [
  ({ debug }) => debug.breakpoints.setFilters([]),
  ({ debug }) =>
    debug.breakpoints.setFilters([{ id: 'F_TRANSLATION' }, { id: 'CERROR_ILL' }, { id: 'expect-failed' }]),
  ({ debug }) => debug.breakpoints.setFilters([{ id: 'stale-use' }, { id: 'update-sequence' }]),
  ({ debug }) => debug.breakpoints.setFunctions([{ name: 'TLBI_*' }, { name: 'F_*' }]),
  ({ debug }) => debug.breakpoints.setFunctions([]),
  ({ debug }) =>
    debug.breakpoints.setSource(SCRIPT, [
      { asked: 9, line: 9, target: { kind: 'statement', file: SCRIPT, line: 9 } },
    ]),
];

async function make(session: ScriptSession, move: Move): Promise<Stop | null> {
  const { debug } = session;
  switch (move.kind) {
    case 'next': {
      const stop = debug.next('program');
      // What cannot be executed is left out, as people do.
      const line = debug.program?.stack()[0]?.line ?? 0;
      return stop.text.startsWith('line ') ? debug.jump(SCRIPT, line + 1) : stop;
    }
    case 'stepIn':
      return debug.stepIn('program');
    case 'stepBack':
      return debug.stepBack('program');
    case 'fine':
      return debug.stepBack('program', true);
    case 'continue':
      return await debug.continue('program');
    case 'queue':
      return await debug.continue('cmdq.ns');
    case 'reverse':
      return debug.reverseContinue('program');
    case 'restart':
      return debug.restartFrame('program', 0);
    case 'rewind':
      return debug.rewind('program', Math.floor(move.part * debug.history.length));
    case 'transact': {
      const of = transaction({ sid: move.sid, vaHi: 0, vaLo: 0x10000 + move.page * 0x1000 });
      return debug.transact(of, move.step).stop;
    }
    case 'breakpoints':
      SETS[move.set]?.(session);
      return null;
    case 'edit': {
      const { what, value } = move;
      if (what === 'register') {
        const offset = offsetOf('GERRORN');
        debug.perform('program', { kind: 'register', offset, value, valueHi: 0, bytes: 4 }, 'GERRORN');
      } else {
        // Tables begin with the STEs of streams 0 to 255; a few pages on lie CDs and descriptors.
        const pa = (what === 'ste' ? TABLES + 8 * STE_BYTES : TABLES + 0x5000) + value * 8;
        const words = Uint32Array.of(value, what === 'ste' ? 1 : 0);
        debug.perform('program', { kind: 'memory', space: 'ns', pa, words }, 'an edit');
      }
      return null;
    }
  }
}

/** Something new happened after entry `length`: what was known of later moments is void. */
function forget(states: string[][], length: number): void {
  states.length = Math.min(states.length, length + 1);
}

test.each(['combined', 'maximal'] as const)(
  `the state at each length of the history is what it was, however it is reached (${SESSIONS} sessions, %s)`,
  async (caches) => {
    let compared = 0;
    const property = fc.asyncProperty(
      scripts,
      fc.array(moves, { minLength: 5, maxLength: 40 }),
      async (text, all) => {
        const session = await openProgram(text, { caches });
        const { debug } = session;
        debug.breakpoints.setFilters([]);
        const now = reader(session);
        const states: string[][] = [now()];
        for (const [i, move] of all.entries()) {
          const before = debug.history.length;
          const entries = debug.history.page(0, before);
          await make(session, move);
          const { length } = debug.history;
          // Up to where it went back, the history is the old one: compare by its entries.
          const common = Math.min(before, length);
          const shared = debug.history
            .page(0, common)
            .findIndex(
              (entry, at) => entry.mark !== entries[at]?.mark || entry.thread !== entries[at]?.thread,
            );
          expect(shared).toBe(-1);
          if (length > before) {
            forget(states, before);
            states[length] = now();
            continue;
          }
          const known = states[length];
          if (known === undefined) {
            states[length] = now();
            continue;
          }
          expect({ i, move, length, state: now() }).toEqual({ i, move, length, state: known });
          compared++;
        }
        // And all the way back.
        for (let n = debug.history.length; n >= 0; n--) {
          debug.rewind('program', n);
          const known = states[n];
          if (known === undefined) continue;
          expect({ n, state: now() }).toEqual({ n, state: known });
          compared++;
        }
      },
    );
    await fc.assert(property, runs(SESSIONS));
    expect(compared).toBeGreaterThan(SESSIONS * 5);
  },
  patience,
);

test(
  `running without plans comes to what stepping comes to (${SESSIONS} scripts)`,
  async () => {
    const property = fc.asyncProperty(
      scripts,
      fc.constantFrom('combined', 'maximal'),
      async (text, caches) => {
        const [stepped, ran] = [await openProgram(text, { caches }), await openProgram(text, { caches })];
        const [one, other] = [reader(stepped), reader(ran)];
        stepped.debug.breakpoints.setFilters([]);
        ran.debug.breakpoints.setFilters([]);
        for (let moves = 0; moves < 5000; moves++) {
          const { reason } = stepped.debug.stepIn('program');
          if (reason !== 'step') break;
        }
        await ran.debug.continue('program');
        expect(other()).toEqual(one());
        expect(ran.debug.history.length).toBe(stepped.debug.history.length);
        expect(ran.findings).toEqual(stepped.findings);
        expect(ran.notes).toEqual(stepped.notes);
        stepped.debug.reverseContinue('program');
        ran.debug.reverseContinue('program');
        expect(other()).toEqual(one());
      },
    );
    await fc.assert(property, runs(SESSIONS));
  },
  patience,
);
