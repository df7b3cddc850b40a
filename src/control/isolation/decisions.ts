/** What is wrong with a single decision about a notifier. */

import type { World } from '../../bits/world.ts';
import type { DecisionBatch, NotifyDecision } from '../../model/notifiers/decision.ts';
import type { Effect, Plan } from '../../model/plan.ts';
import type { Smmu } from '../../model/smmu.ts';
import { WORLD_BY_IOMMU_INDEX } from '../../spec/notifiers.ts';
import { type Breach, type IsolationFinding, isolationFinding } from './breach.ts';

const NONE: readonly DecisionBatch[] = [];

/** The batches of decisions that effects bring, in order; or take away. */
export function batchesOf(
  smmu: Smmu,
  effects: readonly Effect[],
  op: 'insert' | 'remove' = 'insert',
): readonly DecisionBatch[] {
  let found: DecisionBatch[] | null = null;
  for (const effect of effects) {
    if (effect.kind !== 'store' || effect.op !== op || effect.store !== smmu.notifiers.log) continue;
    found ??= [];
    found.push(effect.entry as DecisionBatch);
  }
  return found ?? NONE;
}

/** The decisions that effects bring, in order. */
export function decisionsOf(smmu: Smmu, effects: readonly Effect[]): readonly NotifyDecision[] {
  return batchesOf(smmu, effects).flatMap(({ decisions }) => decisions);
}

/** The state through which a consumer translates. */
export function consumerWorld(iommuIndex: number): World {
  return WORLD_BY_IOMMU_INDEX[iommuIndex] ?? 'ns';
}

/** An UNMAP was sent into another address space than that of a mapping which the consumer held in its range. */
export function hasWrongSpace({ delivered, event, obtained }: NotifyDecision): boolean {
  return delivered && event?.type === 'UNMAP' && obtained.some((space) => space !== event.space);
}

/** Whether it is about entries of a Security state; what Root invalidates is of all of them. */
export function isAbout({ actsOn, also }: NotifyDecision, world: World): boolean {
  return actsOn === world || actsOn === 'root' || also.includes(world);
}

/** Whether it is about something that goes: a consumer is told of new mappings as well. */
export function isInvalidating({ event }: NotifyDecision): boolean {
  return event?.type !== 'MAP';
}

/** Whether it is about the entries of Security states: what becomes of a device says nothing of them. */
function isInvalidation({ cause, queue }: NotifyDecision): boolean {
  return queue !== null || cause.startsWith('TLBI ') || cause === 'S_INIT.INV_ALL';
}

/** What is wrong with the decisions of a plan. */
export function judgeDecisions(
  smmu: Smmu,
  plan: Plan,
  decisions: readonly NotifyDecision[],
): IsolationFinding[] {
  const { rulesOff } = smmu.state('ns');
  const findings: IsolationFinding[] = [];
  const steps = new Map(plan.steps.map(({ decision }, at) => [decision, at]));
  for (const decision of decisions) {
    const step = steps.get(decision) ?? -1;
    if (!rulesOff.has('notify:N6.16') && hasWrongSpace(decision))
      findings.push(isolationFinding('wrong-space', wrongSpaceText(decision), { step, decision }));
    const crossing = crossingOf(decision);
    if (crossing === null || isOff(crossing.breach, rulesOff)) continue;
    findings.push({ ...crossing, step, decision });
  }
  return findings;
}

/** Whether a breach of what keeps Security states apart is not looked for. */
function isOff(breach: Breach, rulesOff: ReadonlySet<string>): boolean {
  return rulesOff.has(breach === 'over-invalidation' ? 'notify:N6.28' : 'isolation:CROSSING');
}

function wrongSpaceText({ cause, consumer, device, event, obtained, action }: NotifyDecision): string {
  const others = [...new Set(obtained)].filter((space) => space !== event?.space).join(' and ');
  const then = action?.done === false ? `; it refuses: ${action.message}` : '';
  return `${cause}: the UNMAP for ${consumer} of ${device} names address space ${event?.space}, but the mapping was obtained in ${others}${then}`;
}

function crossingOf(decision: NotifyDecision): IsolationFinding | null {
  const { delivered, actsOn, iommuIndex, cause, consumer, device, action, queue } = decision;
  const own = consumerWorld(iommuIndex);
  if (!delivered || isAbout(decision, own) || !isInvalidation(decision)) return null;
  const from = queue === null || queue === actsOn ? '' : ` (from the queue of ${queue})`;
  const what = `${cause}${from} acts on entries of ${actsOn} and reaches ${consumer} of ${device}, which translates through ${own}`;
  const needless = action?.removed.filter(({ world }) => world !== actsOn) ?? [];
  return needless.length > 0
    ? isolationFinding(
        'over-invalidation',
        `${what}: it drops ${counted(needless.length)} of ${own} for nothing`,
        {
          class: 'spurious-fault',
        },
      )
    : isolationFinding('crossing', what);
}

/** `1 mapping`, `2 mappings`. */
function counted(count: number): string {
  return `${count} ${count === 1 ? 'mapping' : 'mappings'}`;
}
