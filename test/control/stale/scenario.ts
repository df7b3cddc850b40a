import type { Layout } from '../../../src/bits/layout.ts';
import { encode } from '../../../src/bits/layout.ts';
import { type Explanation, explainStale } from '../../../src/control/stale/explain.ts';
import { staleUses } from '../../../src/control/stale/judge.ts';
import { OriginLog } from '../../../src/control/stale/origins.ts';
import type { StaleUse } from '../../../src/control/stale/use.ts';
import { Journal } from '../../../src/model/effects.ts';
import type { Operation, Plan } from '../../../src/model/plan.ts';
import { CD } from '../../../src/spec/cd.ts';
import type { CommandName } from '../../../src/spec/commands.ts';
import { STE } from '../../../src/spec/ste.ts';
import {
  BASE_CD,
  BASE_STE,
  CDTAB,
  CMDQ,
  commandWords,
  SID,
  STRTAB,
  type TestOptions,
  TestSmmu,
  transaction,
  type Values,
} from '../../kit/smmu.ts';
import { type Mapping, map, type Path, USER_PAGE } from '../../kit/tables.ts';

export const IOVA = 0x1_2345_6000;
export const PA = 0x48000000n;
export const OTHER = 0x49000000n;
export const SYNC: readonly [CommandName] = ['CMD_SYNC'];

/** A machine whose software, commands and DMA all go through the history, one operation each. */
export class Scenario {
  readonly m: TestSmmu;
  readonly journal = new Journal();
  readonly texts: string[] = [];
  readonly origins = new OriginLog((index) => this.texts[index] ?? '');

  constructor(options: TestOptions = {}) {
    this.m = new TestSmmu({ caches: 'maximal', ...options });
  }

  /** Plans and commits one operation. */
  commit(operation: Operation, text: string): Plan {
    const plan = this.m.smmu.plan(operation);
    this.#commit(plan, text);
    return plan;
  }

  #commit(plan: Plan, text: string): void {
    this.origins.record(plan.operation, plan.effects, this.texts.length);
    this.texts.push(text);
    this.m.smmu.commit(plan.effects, this.journal);
  }

  /** Software writes one doubleword. */
  poke(pa: number, value: bigint): void {
    const words = Uint32Array.of(Number(value & 0xffffffffn), Number(value >> 32n));
    this.commit({ kind: 'memory', space: 'ns', pa, words }, `write ${pa.toString(16)}`);
  }

  /** Software writes a structure, doubleword by doubleword, the first one last. */
  write(layout: Layout, pa: number, values: Values): void {
    const words = encode(layout, values);
    for (let at = words.length - 2; at >= 0; at -= 2) {
      const part = words.slice(at, at + 2);
      if (this.m.words(pa + at * 4, 2).every((word, i) => word === part[i])) continue;
      this.commit({ kind: 'memory', space: 'ns', pa: pa + at * 4, words: part }, `write ${layout.name}`);
    }
  }

  ste(values: Values = {}, sid = SID): void {
    this.write(STE, STRTAB + sid * 64, { ...BASE_STE, ...values });
  }

  cd(values: Values = {}, at = CDTAB): void {
    this.write(CD, at, { ...BASE_CD, ...values });
  }

  /** Consumes commands one by one. */
  run(...commands: (readonly [CommandName, Values?])[]): void {
    const { m } = this;
    for (const [name, values] of commands) {
      const prod = m.read('CMDQ_PROD');
      m.store(CMDQ + (prod % 64) * 16, commandWords(name, values));
      m.write('CMDQ_PROD', (prod + 1) % 128);
      const next = m.smmu.nextCommand('ns');
      if (!('operation' in next)) throw new Error(next.idle);
      this.commit(next.operation, name);
    }
  }

  /** The stale uses of a transaction, which is committed. */
  dma(
    address: number = IOVA,
    sid = SID,
    access: Parameters<typeof transaction>[2] = {},
  ): readonly StaleUse[] {
    const plan = this.m.smmu.plan({ kind: 'transaction', transaction: transaction(sid, address, access) });
    const uses = staleUses(this.m.smmu, plan, this.origins);
    this.explained = uses
      .filter((use) => use.class !== 'allowed')
      .map((use) => explainStale(this.m.smmu, plan, use, this.origins));
    this.#commit(plan, `dma sid=${sid}`);
    this.last = plan;
    return uses;
  }

  last: Plan | null = null;
  /** Of the uses of the last transaction that are not allowed. */
  explained: readonly Explanation[] = [];

  /** Issues what the last explanations say would have removed it. */
  cure(): void {
    for (const { cure } of this.explained) for (const { name, values } of cure) this.run([name, values]);
  }

  /** What the last transaction came to. */
  get result(): string {
    const outcome = this.last?.outcome;
    if (outcome?.result === 'ok') return `0x${outcome.pa.toString(16)}`;
    return outcome?.fault?.event ?? outcome?.result ?? 'nothing';
  }

  map(mapping: Partial<Mapping> = {}): Path {
    return map(this.m, { iova: BigInt(IOVA), pa: PA, attributes: USER_PAGE, ...mapping });
  }
}

/** Certainty, class and what, of each use that is not allowed. */
export function told(uses: readonly StaleUse[]): string[] {
  return uses
    .filter((use) => use.class !== 'allowed')
    .map((use) => `${use.certainty} ${use.class}: ${use.what}${use.clash === null ? '' : ' (clash)'}`);
}
