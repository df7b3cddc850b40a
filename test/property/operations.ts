/** Random machines, and what software, devices and the SMMU do to them, as operations. */

import fc from 'fast-check';
import type { Operation } from '../../src/model/plan.ts';
import type { CachePolicy } from '../../src/model/smmu.ts';
import { translate } from '../kit/oracle/translate.ts';
import type { Txn } from '../kit/oracle/types.ts';
import { aimed, type TxnChoice } from './arbitrary.ts';
import { RandomMachine } from './machine.ts';
import { ATOMICS, ModelMachine, modelTransaction } from './model.ts';
import { changed, type Happening, happenings, wordsOf } from './sequences.ts';
import type { MachineSpec } from './spec.ts';
import { WatchedMemory } from './watched.ts';

const REGISTER_WORDS = 0x8000;

export type Event =
  | Happening
  | { readonly kind: 'register'; readonly offset: number; readonly value: number };

export const events: fc.Arbitrary<Event> = fc.oneof(
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
export function* operations(event: Event, machine: RandomMachine, model: ModelMachine): Generator<Operation> {
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
export function prepared(spec: MachineSpec, sequence: readonly Event[], caches: CachePolicy = 'combined') {
  const machine = new RandomMachine(spec);
  // Some images lack pages: what is written there must become absent again.
  const pages = spec.seed % 3 === 0 ? (spec.seed >>> 8) & 0xffff : 0xffff;
  const memory = new WatchedMemory({ fill: () => pages, ranges: machine.ram }, { ram: machine.ram });
  const model = new ModelMachine(machine, caches, memory);
  for (const event of sequence)
    if (event.kind === 'transaction') translate(machine, asked(event.txn, machine));
  model.refresh();
  return { machine, memory, model, smmu: model.smmu };
}
