/** The model's answer held against the trace's. */

import { hex, hex64, toNumber, type U64 } from '../../bits/u64.ts';
import type { TlbEntry } from '../../model/caches/tlb.ts';
import type { Plan } from '../../model/plan.ts';
import type { Smmu } from '../../model/smmu.ts';
import { PERM } from '../../model/translate/permission.ts';

/** Why nothing can be compared: the model lacks something that the trace has not quoted. */
export function missingOf(plan: Plan): string | null {
  const { result, missing } = plan.outcome;
  if (result === 'not-modelled') return plan.outcome.fault?.reason ?? 'the model does not cover it';
  if (result !== 'absent' && result !== 'miss') return null;
  return `the trace has not yet quoted the ${missing?.structure ?? 'memory'} at ${hex(missing?.pa ?? 0)}`;
}

/** What the model came to, in words. */
function answerOf({ outcome }: Plan): string {
  if (outcome.result === 'ok') return `the model: output address ${hex(outcome.pa)}`;
  const { fault } = outcome;
  return `the model: ${fault?.event ?? outcome.result}${fault === null ? '' : ` (${fault.reason})`}`;
}

/** What the trace says of a translation. */
export interface Success {
  /** Output address: PA in bytes. */
  readonly pa: number;
  /** 1 read, 2 write. */
  readonly permissions: number;
  /** Level of the leaf, or -1 when the trace shows no walk. */
  readonly leaf: number;
}

/** The entry that the plan puts into the TLB, or null. */
function filled(smmu: Smmu, plan: Plan): TlbEntry | null {
  for (const effect of plan.effects) {
    if (effect.kind === 'tlb' && effect.op === 'insert') return effect.entry;
    if (effect.kind === 'store' && effect.op === 'insert' && effect.store === smmu.tlb)
      return effect.entry as TlbEntry;
  }
  return null;
}

/** Output address, permissions and level of a translation: null when they are the same. */
export function successDifference(smmu: Smmu, plan: Plan, said: Success): string | null {
  const { outcome } = plan;
  if (outcome.result !== 'ok' || outcome.pa !== said.pa) {
    return `the trace: output address ${hex(said.pa)}; ${answerOf(plan)}`;
  }
  const entry = filled(smmu, plan);
  if (entry === null) return null;
  const permissions =
    ((entry.permissions & PERM.pr) !== 0 ? 1 : 0) | ((entry.permissions & PERM.pw) !== 0 ? 2 : 0);
  if (permissions !== said.permissions) {
    return `the trace: permissions ${said.permissions} (1 read, 2 write); the model: ${permissions}`;
  }
  if (said.leaf >= 0 && entry.level !== said.leaf) {
    return `the trace: a leaf at level ${said.leaf}; the model: at level ${entry.level}`;
  }
  return null;
}

/** A stream without translation passes (`iova`) or is aborted without an event (null). */
export function plainDifference(plan: Plan, iova: U64 | null): string | null {
  const { result, pa, fault } = plan.outcome;
  if (iova === null) {
    return result === 'abort' && fault?.event === null ? null : `the trace: aborted; ${answerOf(plan)}`;
  }
  const same = result === 'ok' && pa === toNumber(iova.hi, iova.lo);
  return same ? null : `the trace: passed to ${hex64(iova.hi, iova.lo)}; ${answerOf(plan)}`;
}

/** The event that was recorded. */
export function faultDifference(plan: Plan, event: string): string | null {
  return plan.outcome.fault?.event === event ? null : `the trace: ${event}; ${answerOf(plan)}`;
}

/** Whether a command was consumed. */
export function commandDifference(plan: Plan, error: boolean): string | null {
  const { result, cerror } = plan.outcome;
  if (result === 'consumed') return error ? 'the trace: an error; the model: consumed' : null;
  if (result === 'command-error') return error ? null : `the trace: consumed; the model: error ${cerror}`;
  return `the trace: ${error ? 'an error' : 'consumed'}; the model: ${result}`;
}
