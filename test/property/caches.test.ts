import fc from 'fast-check';
import { expect, test } from 'vitest';
import { offsetOf } from '../../src/model/bank.ts';
import { translate } from '../kit/oracle/translate.ts';
import { aimed, machines, type TxnChoice, transactions } from './arbitrary.ts';
import { modelSaid } from './compare.ts';
import { RandomMachine } from './machine.ts';
import { ATOMICS, HTTU, LPAE, ModelMachine, memoryOf, STAGES, updatesOf } from './model.ts';
import { patience, runs } from './runs.ts';
import { apply, type Happening, happenings, invalidateAll, wordsOf } from './sequences.ts';
import type { MachineSpec } from './spec.ts';

const SEQUENCES = 500;

/** Software takes every record, so that the next one has room. */
function drain({ smmu }: ModelMachine): void {
  smmu.bank.load([[offsetOf('EVENTQ_CONS'), smmu.bank.lo('EVENTQ_PROD')]]);
}

/** Two SMMUs on one memory, one of which remembers. */
class Pair {
  readonly machine: RandomMachine;
  readonly cached: ModelMachine;
  readonly plain: ModelMachine;
  stale = 0;

  constructor(spec: MachineSpec) {
    this.machine = new RandomMachine(spec);
    const memory = memoryOf(this.machine);
    this.cached = new ModelMachine(this.machine, 'combined', memory);
    this.plain = new ModelMachine(this.machine, 'none', memory);
  }

  happen(happening: Happening): void {
    switch (happening.kind) {
      case 'change':
        apply(happening.change, this.machine);
        return;
      case 'command':
        this.cached.run(wordsOf(happening.command));
        return;
      case 'transaction': {
        const [cached, plain] = this.answers(happening.txn);
        if (JSON.stringify(cached.said) !== JSON.stringify(plain.said)) this.stale++;
        for (const [pa, value] of updatesOf(cached.plan, this.machine)) this.machine.poke(pa, value);
        this.cached.smmu.commit(cached.plan.effects);
      }
    }
  }

  /** What both say of a transaction; nothing is committed. */
  answers(choice: TxnChoice) {
    const txn = aimed(this.machine.spec, ATOMICS ? choice : { ...choice, atomic: false });
    const oracle = translate(this.machine, txn);
    return [this.cached, this.plain].map((model) => {
      drain(model);
      const plan = model.plan(txn);
      return { plan, said: modelSaid(plan, this.machine, oracle) };
    }) as [Spoken, Spoken];
  }

  invalidate(): void {
    // A command error of before would stop the queue; software acknowledges it and goes on behind (6.3.17).
    const { bank } = this.cached.smmu;
    bank.load([
      [offsetOf('GERRORN'), bank.lo('GERROR')],
      [offsetOf('CMDQ_CONS'), bank.lo('CMDQ_PROD')],
    ]);
    this.cached.run(...invalidateAll(this.machine));
  }
}

interface Spoken {
  readonly plan: ReturnType<ModelMachine['plan']>;
  readonly said: ReturnType<typeof modelSaid>;
}

test(
  `after everything was invalidated a cache answers as if there were none (${SEQUENCES} sequences)`,
  () => {
    let stale = 0;
    let kept = 0;
    const property = fc.property(
      machines({ stages: STAGES, lpae: LPAE, httu: HTTU }),
      fc.array(happenings, { minLength: 3, maxLength: 16 }),
      fc.array(transactions, { minLength: 1, maxLength: 3 }),
      (spec, before, after) => {
        const pair = new Pair(spec);
        for (const happening of before) pair.happen(happening);
        stale += pair.stale;
        kept += pair.cached.smmu.tlb.size + pair.cached.smmu.config.size;
        pair.invalidate();
        expect([pair.cached.smmu.tlb.size, pair.cached.smmu.config.size]).toEqual([0, 0]);
        const asked = before.flatMap((h) => (h.kind === 'transaction' ? [h.txn] : []));
        for (const txn of [...after, ...asked]) {
          const [cached, plain] = pair.answers(txn);
          expect({ txn, ...cached.said }).toEqual({ txn, ...plain.said });
        }
      },
    );
    fc.assert(property, runs(SEQUENCES));
    // Otherwise nothing was there to be invalidated.
    expect(kept).toBeGreaterThan(200);
    expect(stale).toBeGreaterThan(10);
  },
  patience,
);
