/** Statements about Security states, each in the smallest machine in which it shows. */

import { expect, test } from 'vitest';
import type { World } from '../../../src/bits/world.ts';
import type { WorldStatementId } from '../../../src/spec/world-statements.ts';
import { type TestOptions, TestSmmu, type Values } from '../../kit/smmu.ts';
import { map } from '../../kit/tables.ts';

export const IOVA = 0x12345000;
export const PA = 0x48000000;

export interface WorldCase {
  readonly id: WorldStatementId;
  /** What the statement makes of the machine. */
  readonly name: string;
  /** Beside all four states, which every machine has unless `worlds` says otherwise. */
  readonly options?: TestOptions;
  /** Statements that would hide this one; they are left out in both tests. */
  readonly besides?: readonly WorldStatementId[];
  readonly see: (m: TestSmmu) => unknown;
  readonly holds: unknown;
  /** What is seen once the statement is left out. */
  readonly without: unknown;
}

function seen({ options, besides, see }: WorldCase, off: readonly WorldStatementId[]): unknown {
  const rulesOff = new Set([...(besides ?? []), ...off].map((id) => `world:${id}`));
  return see(new TestSmmu({ worlds: 'rme', ...options, rulesOff }));
}

/** Two tests for each case: what the statement says, and what comes of it when it is left out. */
export function worldTests(cases: readonly WorldCase[]): void {
  test.each(cases.map((of) => ({ ...of, of })))('$id: $name', ({ of }) => {
    expect(seen(of, [])).toEqual(of.holds);
  });
  test.each(cases.map((of) => ({ ...of, of })))('$id decides whether $name', ({ of }) => {
    expect(seen(of, [of.id])).toEqual(of.without);
  });
}

/** A stream of a state, with a page that is mapped in the state's own memory. */
export function withStream(m: TestSmmu, world: World, cd: Values = {}, ste: Values = {}): TestSmmu {
  const view = m.in(world);
  view.ste(ste);
  view.cd(cd);
  map(view, { iova: BigInt(IOVA), pa: BigInt(PA) });
  return view;
}

/** How a transaction of a state's stream ends: the result, or what ends it. */
export function endOf(m: TestSmmu, world: World): string {
  const { outcome } = withStream(m, world).dma(IOVA);
  return outcome.fault?.event ?? outcome.fault?.rule ?? outcome.result;
}

/** Whether a queue has stopped by an error. */
export function isStopped(m: TestSmmu, prefix: '' | 'S_' | 'R_'): boolean {
  return ((m.read(`${prefix}GERROR`) ^ m.read(`${prefix}GERRORN`)) & 1) !== 0;
}
