/** What one Security state does changes nothing of another: random sequences in all of them at once. */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { WORLDS, type World } from '../../src/bits/world.ts';
import { offsetOf } from '../../src/model/bank.ts';
import { contextsOf } from '../../src/model/caches/config.ts';
import { Journal } from '../../src/model/effects.ts';
import type { Operation } from '../../src/model/plan.ts';
import { REACHED_BY } from '../../src/model/registers/access.ts';
import type { CachePolicy, Smmu } from '../../src/model/smmu.ts';
import { COMMANDS, type CommandName, type QueueWorld } from '../../src/spec/commands.ts';
import { REGISTER_LIST, type Register, SINGLE_BLOCKS } from '../../src/spec/registers.ts';
import { translate } from '../kit/oracle/translate.ts';
import { commandWords, TestSmmu, type Values } from '../kit/smmu.ts';
import { aimed, machines, type TxnChoice, transactions } from './arbitrary.ts';
import { RandomMachine } from './machine.ts';
import { modelTransaction } from './model.ts';
import { patience, runs } from './runs.ts';
import { STREAM_WORLDS, sharedSpec, WorldsMachine } from './worlds-machine.ts';

const SEQUENCES = 100;

type Event =
  | { readonly kind: 'transaction'; readonly world: QueueWorld; readonly txn: TxnChoice }
  | {
      readonly kind: 'command';
      readonly queue: QueueWorld;
      readonly name: CommandName;
      readonly sid: number;
      readonly tag: number;
      readonly page: number;
      readonly ssec: number;
    }
  | { readonly kind: 'register'; readonly from: World; readonly which: number; readonly value: number };

const world = fc.constantFrom(...STREAM_WORLDS);

/** Registers that exist once, and belong to a state. */
const OWNED = REGISTER_LIST.filter(
  ({ block, array, world, access }) =>
    SINGLE_BLOCKS.has(block) && !array && world !== null && access !== 'RO',
);
/** Writes of it invalidate what is cached of every state (6.3.62). */
const FOR_ALL: ReadonlySet<string> = new Set(['S_INIT']);

/** Root learns of every access that granule protection refuses, whoever makes it (3.25). */
const SYNDROME = /^ROOT_GP(?:F|T_CFG)_FAR=/;

const REGISTER = /^\w+=/;

const NAMES = Object.keys(COMMANDS) as CommandName[];
/** What reaches much, so that what it must not reach is there. */
const WIDE: readonly CommandName[] = [
  'CMD_TLBI_NSNH_ALL',
  'CMD_TLBI_NH_ALL',
  'CMD_TLBI_EL2_ALL',
  'CMD_TLBI_SNH_ALL',
  'CMD_CFGI_STE',
  'CMD_CFGI_STE_RANGE',
];

const events: fc.Arbitrary<Event> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant('transaction' as const), world, txn: transactions }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('command' as const),
      queue: world,
      name: fc.oneof(fc.constantFrom(...NAMES), fc.constantFrom(...WIDE)),
      sid: fc.constantFrom(8, 9, 60),
      tag: fc.constantFrom(0, 3, 7),
      page: fc.nat(0xfffff),
      ssec: fc.constantFrom(0, 1),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('register' as const),
      from: fc.constantFrom('root', ...WORLDS),
      which: fc.nat(OWNED.length - 1),
      value: fc.oneof(fc.nat({ max: 2 ** 32 - 1 }), fc.constantFrom(0, 1)),
    }),
  },
);

/** Whom commands of the Secure queue are about by their opcode: others by SSec, or nobody (4.1.6, 4.4). */
const SECURE_OPCODES = [
  0x10, 0x11, 0x12, 0x13, 0x18, 0x1a, 0x50, 0x51, 0x52, 0x53, 0x55, 0x58, 0x5a, 0x5b, 0x60,
];

/** The states of which an event may change something. */
function concerned(event: Event, at: Register | null): readonly World[] {
  switch (event.kind) {
    case 'transaction':
      return [event.world];
    case 'command': {
      if (event.queue !== 's') return [event.queue];
      // What the queue removed of either is gone now.
      if (event.name === 'CMD_SYNC') return ['s', 'ns'];
      const { opcode, layout } = COMMANDS[event.name];
      const secure = Object.hasOwn(layout.fields, 'SSec')
        ? event.ssec === 1
        : SECURE_OPCODES.includes(opcode);
      return secure ? ['s'] : ['ns'];
    }
    case 'register': {
      const { world, short } = at as Register;
      if (world === null || FOR_ALL.has(short)) return WORLDS;
      if (!REACHED_BY[world].includes(event.from)) return [];
      // Secure software may ask for the translation of a Non-secure stream; what Root says holds for all.
      return world === 'root' ? WORLDS : short.startsWith('S_GATOS') ? ['s', 'ns'] : [world];
    }
  }
}

function valuesOf({ name, queue, sid, tag, page, ssec }: Event & { kind: 'command' }): Values {
  const all: Values = {
    StreamID: sid,
    SubstreamID: tag === 0 ? 0 : 1,
    ASID: tag,
    VMID: tag,
    Address: page * 0x1000,
    // Other queues than the Secure one refuse it.
    SSec: queue === 's' || page % 8 === 0 ? ssec : 0,
    Range: 3,
  };
  const { fields } = COMMANDS[name].layout as { readonly fields: Readonly<Record<string, unknown>> };
  return Object.fromEntries(Object.entries(all).filter(([field]) => Object.hasOwn(fields, field)));
}

/** What is kept of a state: registers, and all that caches and endpoints have. */
function kept(smmu: Smmu, of: World): string[] {
  const lines = OWNED.filter(({ world }) => world === of).map(({ short, width }) => {
    const at = offsetOf(short);
    return `${short}=${smmu.bank.peek(at)},${width === 64 ? smmu.bank.peek(at + 4) : 0}`;
  });
  for (const entry of smmu.config.entries()) {
    if (entry.world !== of) continue;
    const contexts = contextsOf(entry).map(({ index, words }) => [index, ...words]);
    lines.push(`configuration ${entry.sid} ${[...entry.stream.words]} ${JSON.stringify(contexts)}`);
  }
  for (const [i, tlb] of [smmu.tlb, smmu.partial, smmu.walks].entries()) {
    for (const { space, ...entry } of tlb.entries())
      if (space.tag.world === of) lines.push(`TLB ${i} ${JSON.stringify([space.tag, entry])}`);
  }
  for (const entry of smmu.structures.entries())
    if (entry.world === of) lines.push(`${JSON.stringify(entry)} ${[...entry.words]}`);
  for (const stall of smmu.traffic.stalls.entries())
    if (stall.transaction.world === of) lines.push(JSON.stringify(stall));
  return lines.sort();
}

const everything = (smmu: Smmu): Record<World, string[]> => ({
  ns: kept(smmu, 'ns'),
  s: kept(smmu, 's'),
  realm: kept(smmu, 'realm'),
  root: kept(smmu, 'root'),
});

const changedMemory = ({ memory }: WorldsMachine): Record<World, string[]> => ({
  ns: memory.ns.changed(),
  s: memory.s.changed(),
  realm: memory.realm.changed(),
  root: memory.root.changed(),
});

function operationOf(event: Event, worlds: WorldsMachine, machine: RandomMachine): Operation | null {
  switch (event.kind) {
    case 'transaction': {
      const transaction = modelTransaction(aimed(machine.spec, event.txn));
      return { kind: 'transaction', transaction: { ...transaction, world: event.world } };
    }
    case 'command':
      return worlds.enqueue(commandWords(event.name, valuesOf(event)), event.queue);
    case 'register': {
      const { short } = OWNED[event.which] as Register;
      const offset = new TestSmmu({ smmu: worlds.smmu, world: event.from }).offsetOf(short);
      return { kind: 'register', offset, value: event.value, valueHi: 0, bytes: 4, world: event.from };
    }
  }
}

/** Runs sequences; what changed of each state is counted by the kind of event. */
function run(caches: CachePolicy, rulesOff?: ReadonlySet<string>): ReadonlyMap<string, number> {
  const seen = new Map<string, number>();
  const apart = (spec: Parameters<typeof sharedSpec>[0], sequence: readonly Event[]): void => {
    const machine = new RandomMachine(sharedSpec(spec, 'realm', true));
    const worlds = new WorldsMachine(machine, caches, rulesOff);
    for (const event of sequence)
      if (event.kind === 'transaction') translate(machine, aimed(machine.spec, event.txn));
    worlds.refresh();
    const { smmu, memory } = worlds;
    for (const event of sequence) {
      const operation = operationOf(event, worlds, machine);
      if (operation === null) continue;
      for (const space of WORLDS) memory[space].mark();
      const before = everything(smmu);
      const journal = new Journal();
      const { effects } = smmu.plan(operation);
      smmu.commit(effects, journal);
      const after = everything(smmu);
      const register = event.kind === 'register' ? (OWNED[event.which] as Register) : null;
      const mayChange = concerned(event, register);
      const written = changedMemory(worlds);
      for (const of of WORLDS) {
        const isTouched = written[of].length > 0 || after[of].join() !== before[of].join();
        if (isTouched) seen.set(`${event.kind} ${of}`, (seen.get(`${event.kind} ${of}`) ?? 0) + 1);
        if (mayChange.includes(of)) continue;
        const name = register?.short;
        // A queue moves and tells of errors, whatever its commands are about.
        const isQueue = event.kind === 'command' && event.queue === of;
        const own = (lines: readonly string[]) =>
          lines.filter((line) => !SYNDROME.test(line) && !(isQueue && REGISTER.test(line)));
        expect({ event, name, of, kept: own(after[of]) }).toEqual({ event, name, of, kept: own(before[of]) });
        // Tables in Non-secure memory have their Access flags there.
        if (!isQueue && (of !== 'ns' || event.kind !== 'transaction' || event.world !== 's'))
          expect({ event, name, of, written: written[of] }).toEqual({ event, name, of, written: [] });
      }
      journal.undo(smmu, 0);
      expect({ event, state: everything(smmu), memory: changedMemory(worlds) }).toEqual({
        event,
        state: before,
        memory: { ns: [], s: [], realm: [], root: [] },
      });
      smmu.commit(effects);
      expect({ event, state: everything(smmu) }).toEqual({ event, state: after });
    }
  };
  const kinds = { stages: ['stage1', 'stage2', 'nested'], lpae: false, httu: true } as const;
  fc.assert(
    fc.property(machines(kinds), fc.array(events, { minLength: 8, maxLength: 40, size: 'max' }), apart),
    // A failure that is meant is looked for longer, and need not be made small.
    rulesOff ? { ...runs(SEQUENCES * 6), endOnFailure: true } : runs(SEQUENCES),
  );
  return seen;
}

test.each(['combined', 'maximal'] as const)(
  'operations of a state leave the others alone, and undo takes all of it back (%s)',
  (caches) => {
    const seen = run(caches);
    for (const of of STREAM_WORLDS)
      for (const kind of ['transaction', 'command', 'register'])
        expect(seen.get(`${kind} ${of}`) ?? 0).toBeGreaterThan(5);
  },
  patience,
);

test.each([
  'world:TLB-SEPARATE',
  'world:CANNOT-OVER-INVALIDATE',
  'world:CMD-S',
  'world:CMD-R',
  'world:EVENTS-ROUTING',
  'world:CANNOT-REGS',
  'world:R-ACCESS',
])(
  'without %s a state changes what is of another',
  (rule) => {
    expect(() => run('combined', new Set([rule]))).toThrow(/Property failed/);
  },
  patience,
);
