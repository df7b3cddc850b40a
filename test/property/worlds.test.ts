/** The same streams and tables in each Security state, every state's in its own space, come to the same. */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { World } from '../../src/bits/world.ts';
import type { Plan } from '../../src/model/plan.ts';
import type { QueueWorld } from '../../src/spec/commands.ts';
import { WORLD_FACTS } from '../../src/spec/worlds.ts';
import { translate } from '../kit/oracle/translate.ts';
import { aimed, machines, type TxnChoice, transactions } from './arbitrary.ts';
import { modelSaid } from './compare.ts';
import { RandomMachine, type Refine } from './machine.ts';
import { patience, runs } from './runs.ts';
import type { MachineSpec } from './spec.ts';
import { sharedSpec, WorldsMachine } from './worlds-machine.ts';

const MACHINES = 400;
const several = fc.array(transactions, { minLength: 1, maxLength: 4 });
const stages = ['stage1', 'stage2', 'nested'] as const;

/** Realm leaves are Non-secure by NS[5] (stage 1 of EL2) and NS[55] (stage 2): then instructions stay away, and tables. */
const withoutNs: Refine = (descriptor, stage) => descriptor & ~(1n << (stage === 1 ? 5n : 55n));
const asItIs: Refine = (descriptor) => descriptor;

/** Where structures of each state's streams may lie, and stage-1 tables and CDs behind stage 2 (3.10). */
const OWN_ONLY: ReadonlySet<string> = new Set(['ste', 'l1std', 'vms']);

/** Accesses of a plan that the state may not make: what is fetched, what is updated, and what is reached. */
function strays(plan: Plan, world: QueueWorld): string[] {
  const permitted: readonly World[] = WORLD_FACTS[world].outputSpaces;
  const fetched = plan.frames
    .filter(({ pa, kind }) => pa !== null && kind !== 'transaction')
    // Realm tables and structures are in Realm space whatever they lead to (3.10.3).
    .filter(
      ({ kind, space }) => !(OWN_ONLY.has(kind) || world === 'realm' ? [world] : permitted).includes(space),
    )
    .map(({ kind, space }) => `${kind} in ${space}`);
  const written = plan.effects.flatMap((effect) =>
    effect.kind === 'memory' && !permitted.includes(effect.space)
      ? [`${effect.what} in ${effect.space}`]
      : [],
  );
  const { result, space } = plan.outcome;
  const reached = result === 'ok' && !permitted.includes(space) ? [`output in ${space}`] : [];
  return [...fetched, ...written, ...reached];
}

interface Seen {
  readonly outcomes: Map<string, number>;
  /** Outputs in another space than the state's own. */
  nonSecure: number;
}

/** Runs random machines, and compares each transaction unless `compare` is false. */
function run(other: 's' | 'realm', refine: Refine, compare: boolean): Seen {
  const seen: Seen = { outcomes: new Map(), nonSecure: 0 };
  const agree = (random: MachineSpec, choices: readonly TxnChoice[]): void => {
    const spec = sharedSpec(random, other, refine === asItIs);
    // Secure stage 2 is VMSAv8-64 (5.2, S2AA64).
    fc.pre(other !== 's' || (spec.ste['Config'] ?? 0) < 6 || spec.ste['S2AA64'] === 1);
    const machine = new RandomMachine(spec, refine);
    const worlds = new WorldsMachine(machine);
    for (const choice of choices) {
      const txn = aimed(spec, choice);
      const oracle = translate(machine, txn);
      const said = (plan: Plan) => modelSaid(plan, machine, oracle);
      const nonSecure = worlds.plan(txn, 'ns');
      const own = worlds.plan(txn, other);
      expect([strays(nonSecure, 'ns'), strays(own, other)]).toEqual([[], []]);
      const kind = own.outcome.fault?.event ?? own.outcome.result;
      seen.outcomes.set(kind, (seen.outcomes.get(kind) ?? 0) + 1);
      if (own.outcome.result === 'ok' && own.outcome.space === 'ns') seen.nonSecure++;
      if (!compare) continue;
      const why = `${own.outcome.fault?.reason ?? ''}; Non-secure: ${nonSecure.outcome.fault?.reason ?? ''}`;
      expect({ txn, ...said(own) }, why).toEqual({ txn, ...said(nonSecure) });
    }
  };
  const kinds = { stages, lpae: other === 's', httu: true };
  fc.assert(fc.property(machines(kinds), several, agree), runs(MACHINES));
  return seen;
}

/** Every outcome came up often enough to mean something. */
function expectOften({ outcomes }: Seen): void {
  const rare = Object.entries({
    ok: 100,
    abort: 30,
    C_BAD_STREAMID: 8,
    C_BAD_STE: 30,
    C_BAD_CD: 8,
    F_WALK_EABT: 10,
    F_TRANSLATION: 30,
    F_ADDR_SIZE: 15,
    F_ACCESS: 5,
    F_PERMISSION: 30,
  }).filter(([kind, least]) => (outcomes.get(kind) ?? 0) < least);
  expect(rare).toEqual([]);
}

test(
  'Secure streams come to what Non-secure ones do, and where descriptors say so to Non-secure memory',
  () => {
    const seen = run('s', asItIs, true);
    expectOften(seen);
    expect(seen.nonSecure).toBeGreaterThan(10);
  },
  patience,
);

test(
  'Realm streams come to what Non-secure ones do',
  () => {
    const seen = run('realm', withoutNs, true);
    expectOften(seen);
    expect(seen.nonSecure).toBe(0);
  },
  patience,
);

test(
  'Realm streams whose leaves are Non-secure now and then reach nothing but Realm and Non-secure memory',
  () => {
    expect(run('realm', asItIs, false).nonSecure).toBeGreaterThan(5);
  },
  patience,
);
