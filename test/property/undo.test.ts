import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Journal } from '../../src/model/effects.ts';
import type { Operation } from '../../src/model/plan.ts';
import { translate } from '../kit/oracle/translate.ts';
import type { Txn } from '../kit/oracle/types.ts';
import { aimed, machines, type TxnChoice } from './arbitrary.ts';
import { RandomMachine } from './machine.ts';
import { ATOMICS, HTTU, LPAE, ModelMachine, modelTransaction, STAGES } from './model.ts';
import { patience, runs } from './runs.ts';
import { changed, type Happening, happenings, wordsOf } from './sequences.ts';
import { CMDQ, type MachineSpec } from './spec.ts';
import { snapshot, WatchedMemory } from './watched.ts';

const SEQUENCES = 200;
const REGISTER_WORDS = 0x8000;
/** The page of the command queue, as addresses are written. */
const QUEUE = (CMDQ / 0x1000).toString(16);

type Event = Happening | { readonly kind: 'register'; readonly offset: number; readonly value: number };

const events: fc.Arbitrary<Event> = fc.oneof(
  { weight: 4, arbitrary: happenings },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('register' as const),
      // CR0, GBPA, GERRORN, queue indices, and anything else.
      offset: fc.oneof(
        fc.constantFrom(0x20, 0x44, 0x64, 0x98, 0xa8, 0x100a8, 0x100ac),
        fc.nat(REGISTER_WORDS - 1).map((n) => n * 4),
      ),
      value: fc.nat({ max: 2 ** 32 - 1 }),
    }),
  },
);

/** The operations that an event makes: each is planned on what the last one left. */
function* operations(event: Event, machine: RandomMachine, model: ModelMachine): Generator<Operation> {
  switch (event.kind) {
    case 'change': {
      const [pa, value] = changed(event.change, machine) ?? [0x41000000n, 0n];
      const words = Uint32Array.of(Number(value & 0xffffffffn), Number(value >> 32n));
      yield { kind: 'memory', space: 'ns', pa: Number(pa), words };
      return;
    }
    case 'register':
      yield { kind: 'register', offset: event.offset, value: event.value, valueHi: 0, bytes: 4 };
      return;
    case 'command': {
      yield model.enqueue(wordsOf(event.command));
      const next = model.smmu.nextCommand('ns');
      if ('operation' in next) yield next.operation;
      return;
    }
    case 'transaction':
      yield { kind: 'transaction', transaction: modelTransaction(asked(event.txn, machine)) };
  }
}

function asked(choice: TxnChoice, machine: RandomMachine): Txn {
  return aimed(machine.spec, ATOMICS ? choice : { ...choice, atomic: false });
}

/** A machine whose memory holds already what the transactions will walk. */
function prepared(spec: MachineSpec, sequence: readonly Event[]) {
  const machine = new RandomMachine(spec);
  // Some images lack pages: what is written there must become absent again.
  const pages = spec.seed % 3 === 0 ? (spec.seed >>> 8) & 0xffff : 0xffff;
  const memory = new WatchedMemory({ fill: () => pages, ranges: machine.ram }, { ram: machine.ram });
  const model = new ModelMachine(machine, 'combined', memory);
  for (const event of sequence)
    if (event.kind === 'transaction') translate(machine, asked(event.txn, machine));
  model.refresh();
  return { machine, memory, model, smmu: model.smmu };
}

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
