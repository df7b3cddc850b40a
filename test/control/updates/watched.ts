/** An SMMU whose software is watched by an update checker, one operation after the other. */

import { UpdateChecker, type UpdateCheckerOptions } from '../../../src/control/updates/update-checker.ts';
import type { UpdateFinding } from '../../../src/control/updates/update-finding.ts';
import { Journal } from '../../../src/model/effects.ts';
import type { Operation } from '../../../src/model/plan.ts';
import type { CommandName } from '../../../src/spec/commands.ts';
import {
  CMDQ,
  commandWords,
  type Registers,
  SID,
  STRTAB,
  TestSmmu,
  transaction,
  type Values,
} from '../../kit/smmu.ts';

export const STE_PA = STRTAB + SID * 64;

export class Watched {
  readonly on: TestSmmu;
  readonly checker: UpdateChecker;
  readonly journal = new Journal();
  readonly findings: UpdateFinding[] = [];
  readonly marks: number[] = [];

  constructor(options: UpdateCheckerOptions = {}, registers: Registers = {}) {
    this.on = new TestSmmu({ caches: 'maximal', registers });
    this.checker = new UpdateChecker(this.on.smmu, { told: 'always', ...options });
  }

  operate(operation: Operation): readonly UpdateFinding[] {
    const { smmu } = this.on;
    const plan = smmu.plan(operation);
    const entry = this.marks.length;
    const found = this.checker.judge(smmu, plan, entry);
    if (found.length > 0 && !this.checker.concerns(smmu, plan)) throw new Error('it did not ask to see this');
    this.marks.push(this.journal.length);
    this.findings.push(...found);
    smmu.commit(plan.effects, this.journal);
    this.checker.committed(smmu, operation, plan.effects, entry);
    return found;
  }

  /** Takes back everything after so many operations. */
  back(to: number): void {
    this.journal.undo(this.on.smmu, this.marks[to] ?? 0);
    this.marks.length = to;
    this.checker.undone(to);
  }

  memory(pa: number, words: Uint32Array): readonly UpdateFinding[] {
    return this.operate({ kind: 'memory', space: 'ns', pa, words });
  }

  /** Doubleword `dw` of a content to a structure at `pa`. */
  doubleword(pa: number, content: Uint32Array, dw: number): readonly UpdateFinding[] {
    return this.memory(pa + dw * 8, content.slice(dw * 2, dw * 2 + 2));
  }

  command(name: CommandName, values: Values = {}): readonly UpdateFinding[] {
    const { on } = this;
    const prod = on.read('CMDQ_PROD');
    const found = [...this.memory(CMDQ + (prod % 64) * 16, commandWords(name, values))];
    on.write('CMDQ_PROD', (prod + 1) % 128);
    const next = on.smmu.nextCommand('ns');
    if (!('operation' in next)) throw new Error(next.idle);
    found.push(...this.operate(next.operation));
    return found;
  }

  /** CMD_CFGI_STE of a stream, and CMD_SYNC. */
  syncSte(sid = SID, leaf = 1): void {
    this.command('CMD_CFGI_STE', { StreamID: sid, Leaf: leaf });
    this.command('CMD_SYNC');
  }

  dma(sid = SID): readonly UpdateFinding[] {
    return this.operate({ kind: 'transaction', transaction: transaction(sid, 0x1000) });
  }

  get mistakes(): string[] {
    return this.findings.map(({ mistake }) => mistake);
  }
}
