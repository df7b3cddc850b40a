import type { World } from '../../../src/bits/world.ts';
import type { Plan } from '../../../src/model/plan.ts';
import type { WorldStatementId } from '../../../src/spec/world-statements.ts';
import type { TestOptions } from '../../kit/smmu.ts';
import { TestSmmu } from '../../kit/smmu.ts';

/** What shows that a statement holds, and what comes instead when it does not. */
export interface StatementCase {
  readonly id: WorldStatementId;
  /** In words, where a statement has several cases. */
  readonly what?: string;
  readonly worlds?: TestOptions['worlds'];
  readonly world?: World;
  readonly registers?: TestOptions['registers'];
  readonly caches?: TestOptions['caches'];
  /** Prepares the SMMU, and gives what there is to see. */
  readonly shows: (m: TestSmmu, all: TestSmmu) => unknown;
  readonly holds: unknown;
}

/** What a case shows, with or without its statement. */
export function shown(of: StatementCase, off: boolean): unknown {
  const all = new TestSmmu({
    worlds: of.worlds ?? (of.world === 'realm' ? 'rme' : 'secure'),
    ...(of.registers && { registers: of.registers }),
    ...(of.caches && { caches: of.caches }),
    ...(off && { rulesOff: new Set([`world:${of.id}`]) }),
  });
  return of.shows(all.in(of.world ?? 'ns'), all);
}

/** The name of a case's test. */
export function titleOf({ id, what }: StatementCase): string {
  return what === undefined ? id : `${id}: ${what}`;
}

/** `ok s:0x48000000`, or how else it ended: `F_PERMISSION 2`, `abort`. */
export function endOf({ outcome }: Plan): string {
  const { result, space, pa, fault } = outcome;
  if (result === 'ok') return `ok ${space}:0x${pa.toString(16)}`;
  if (fault?.event == null) return result;
  return fault.stage === 0 ? fault.event : `${fault.event} ${fault.stage}`;
}

/** The spaces of the frames of some kinds, outermost first. */
export function spacesOf({ frames }: Plan, ...kinds: readonly string[]): string[] {
  return frames.filter(({ kind, pa }) => kinds.includes(kind) && pa !== null).map(({ space }) => space);
}
