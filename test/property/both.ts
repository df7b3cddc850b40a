/** A plain machine of which both are asked: what the oracle says must be what the model does. */

import { expect } from 'vitest';
import { SparseMemory } from '../../src/model/memory.ts';
import type { OracleResult, Txn } from '../kit/oracle/types.ts';
import { PlainMachine, plainTxn } from '../kit/plain-machine.ts';
import { modelSaid, oracleSaid } from './compare.ts';
import { ModelMachine } from './model.ts';

export class BothMachine extends PlainMachine {
  override ask(va: bigint, more: Partial<Txn> = {}): OracleResult {
    const result = super.ask(va, more);
    const memory = new SparseMemory({ fill: () => 0xffff, ranges: this.ram }, { ram: this.ram });
    const plan = new ModelMachine(this, 'none', memory).plan(plainTxn(va, more));
    expect(modelSaid(plan, this, result)).toEqual(oracleSaid(result, this));
    return result;
  }
}
