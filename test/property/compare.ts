/** What the oracle and the model said of one transaction, in a form to compare. */

import type { Plan } from '../../src/model/plan.ts';
import { ones } from '../kit/oracle/bits.ts';
import { comparable, NUMBERS, type Record4, recordOf } from '../kit/oracle/record.ts';
import type { OracleResult, Update } from '../kit/oracle/types.ts';
import { ATTRIBUTES, type Modelled, packed, updatesOf } from './model.ts';
import { sizeOf } from './spec.ts';

export interface Said {
  readonly result: string;
  readonly pa?: string;
  readonly attributes?: number;
  /** The record that is written, under the masks of what is defined. */
  readonly record: readonly string[] | null;
  readonly updates: readonly string[];
}

const hex = (value: bigint): string => `0x${value.toString(16)}`;

/** F_WALK_EABT: above OAS the address of a fetch is UNKNOWN, where VMSAv8-32 LPAE was truncated (7.3.12). */
function recordText(record: Record4 | null, { idr }: Modelled): readonly string[] | null {
  if (record === null) return null;
  const [w0, w1, w2, w3] = comparable(record);
  const isFetch = (w0 & 0xffn) === BigInt(NUMBERS.F_WALK_EABT);
  return [w0, w1, w2, isFetch ? w3 & ones(sizeOf(Number(idr['IDR5.OAS'] ?? 0n))) : w3].map(hex);
}

const updateText = ([pa, value]: readonly [bigint, bigint]): string => `${hex(pa)}=${hex(value)}`;

/** The last value of each doubleword, ascending. */
function finalUpdates(updates: Iterable<readonly [bigint, bigint]>): string[] {
  const last = new Map(updates);
  return [...last].sort((a, b) => (a[0] < b[0] ? -1 : 1)).map(updateText);
}

const pairs = (updates: readonly Update[]): [bigint, bigint][] => updates.map(({ pa, value }) => [pa, value]);

export function oracleSaid(result: OracleResult, machine: Modelled): Said {
  if (!result.ok) {
    return { result: result.result, record: recordText(recordOf(result), machine), updates: [] };
  }
  return {
    result: 'ok',
    pa: hex(result.pa),
    ...(ATTRIBUTES && { attributes: packed(result.attributes) }),
    record: null,
    updates: finalUpdates(pairs(result.updates)),
  };
}

/** @param oracle what a faulting transaction may have updated before: of that, the model may do any part (3.13.2) */
export function modelSaid(plan: Plan, machine: Modelled, oracle: OracleResult): Said {
  const { outcome } = plan;
  const updates = updatesOf(plan, machine);
  if (outcome.result === 'ok') {
    return {
      result: 'ok',
      pa: hex(BigInt(outcome.pa)),
      ...(ATTRIBUTES && { attributes: outcome.attributes }),
      record: null,
      updates: finalUpdates(updates),
    };
  }
  const allowed = new Set(pairs(oracle.updates).map(updateText));
  const written = outcome.recording === 'written' && outcome.record !== null;
  return {
    result: outcome.result,
    record: written ? recordText(doublewords(outcome.record as Uint32Array), machine) : null,
    updates: finalUpdates(updates).filter((update) => !allowed.has(update)),
  };
}

function doublewords(words: Uint32Array): Record4 {
  const at = (i: number): bigint =>
    BigInt(words[i * 2] as number) | (BigInt(words[i * 2 + 1] as number) << 32n);
  return [at(0), at(1), at(2), at(3)];
}
