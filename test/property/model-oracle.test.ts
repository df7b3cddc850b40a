import fc from 'fast-check';
import { expect, test } from 'vitest';
import { translate } from '../kit/oracle/translate.ts';
import { aimed, machines, type TxnChoice, transactions } from './arbitrary.ts';
import { modelSaid, oracleSaid } from './compare.ts';
import { RandomMachine } from './machine.ts';
import { ATOMICS, HTTU, LPAE, ModelMachine, STAGES } from './model.ts';
import { patience, runs } from './runs.ts';
import type { MachineSpec } from './spec.ts';

const MACHINES = 1500;

test(
  `the model and a slow second reading of the architecture agree (${MACHINES} machines)`,
  () => {
    const seen = new Map<string, number>();
    const count = (what: string): void => void seen.set(what, (seen.get(what) ?? 0) + 1);

    const agree = (spec: MachineSpec, choices: readonly TxnChoice[]): void => {
      const machine = new RandomMachine(spec);
      const model = new ModelMachine(machine);
      for (const choice of choices) {
        const txn = aimed(spec, ATOMICS ? choice : { ...choice, atomic: false });
        const oracle = translate(machine, txn);
        const plan = model.plan(txn);
        count(plan.outcome.result === 'not-modelled' ? 'left out' : 'compared');
        if (plan.outcome.result === 'not-modelled') continue;
        count(oracle.ok ? 'ok' : (oracle.event ?? 'silent'));
        expect({ txn, ...modelSaid(plan, machine, oracle) }).toEqual({ txn, ...oracleSaid(oracle, machine) });
      }
    };
    const kinds = { stages: STAGES, lpae: LPAE, httu: HTTU };
    const several = fc.array(transactions, { minLength: 1, maxLength: 5 });
    fc.assert(fc.property(machines(kinds), several, agree), runs(MACHINES));

    // What the model declines is little, and every outcome came up often enough to mean something.
    expect(seen.get('left out') ?? 0).toBeLessThan((seen.get('compared') ?? 0) / 20);
    const rare = Object.entries({
      ok: 500,
      silent: 100,
      C_BAD_STREAMID: 30,
      C_BAD_STE: 100,
      C_BAD_SUBSTREAMID: 50,
      F_STREAM_DISABLED: 50,
      F_CD_FETCH: 10,
      C_BAD_CD: 30,
      F_WALK_EABT: 50,
      F_TRANSLATION: 100,
      F_ADDR_SIZE: 50,
      F_ACCESS: 50,
      F_PERMISSION: 100,
    }).filter(([kind, least]) => (seen.get(kind) ?? 0) < least);
    expect(rare).toEqual([]);
  },
  patience,
);
