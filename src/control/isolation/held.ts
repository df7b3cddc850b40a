/** Which mappings consumers hold though what they were made of was invalidated, in step with the history. */

import { hex, hex64 } from '../../bits/u64.ts';
import type { NotifyDecision } from '../../model/notifiers/decision.ts';
import type { HeldMapping } from '../../model/notifiers/device.ts';
import type { Effect, Plan } from '../../model/plan.ts';
import type { Smmu } from '../../model/smmu.ts';
import { type IsolationFinding, isolationFinding } from './breach.ts';
import { hasWrongSpace } from './decisions.ts';
import { isOld, presentOf, presentText } from './present.ts';

/** What has happened to a mapping since it was obtained. */
interface Fate {
  /** It was invalidated, and its consumer holds it still. */
  readonly missed: boolean;
  /** CMD_CFGI_* for its stream was consumed, or is complete, and no TLBI has named it since. */
  readonly reconfigured: 'no' | 'consumed' | 'complete';
}

const UNTOUCHED: Fate = { missed: false, reconfigured: 'no' };

/** What a plan makes of mappings; to be taken over when it is committed. */
export interface Fates {
  readonly changes: ReadonlyMap<HeldMapping, Fate>;
  readonly findings: readonly IsolationFinding[];
}

interface Logged {
  readonly entry: number;
  readonly mapping: HeldMapping;
  readonly before: Fate;
}

export class HeldWatch {
  readonly #fates = new Map<HeldMapping, Fate>();
  readonly #log: Logged[] = [];

  /** Whether a consumer holds a mapping though it was invalidated. */
  isMissed(smmu: Smmu, mapping: HeldMapping): boolean {
    const { missed, reconfigured } = this.#fateOf(mapping);
    return missed || (reconfigured === 'complete' && isOld(presentOf(smmu, mapping)));
  }

  judge(smmu: Smmu, plan: Plan, decisions: readonly NotifyDecision[]): Fates {
    const changes = new Map<HeldMapping, Fate>();
    const findings: IsolationFinding[] = [];
    const { effects, outcome } = plan;
    const dropped = new Set(droppedIn(smmu, effects));
    const { invalidated, reconfigured } = namedBy(decisions);
    const synchronised = outcome.command === 'CMD_SYNC' && outcome.result === 'consumed';
    for (const mapping of smmu.notifiers.held.values()) {
      if (dropped.has(mapping)) continue;
      const fate = this.#fateOf(mapping);
      if (invalidated.has(mapping)) {
        changes.set(mapping, { missed: true, reconfigured: 'no' });
        const found = fate.missed ? null : missingUnmap(smmu, plan, mapping, decisions);
        if (found !== null) findings.push(found);
      } else if (reconfigured.has(mapping)) {
        if (fate.reconfigured === 'no') changes.set(mapping, { ...fate, reconfigured: 'consumed' });
      } else if (fate.reconfigured === 'consumed' && synchronised) {
        changes.set(mapping, { ...fate, reconfigured: 'complete' });
      } else if (fate.reconfigured === 'complete' && !fate.missed && goesOn(plan)) {
        const present = presentOf(smmu, mapping);
        if (present === null) continue;
        const old = isOld(present);
        changes.set(mapping, { missed: old, reconfigured: 'no' });
        if (old && !smmu.state('ns').rulesOff.has('notify:N3.12'))
          findings.push(missingTlbi(mapping, present));
      }
    }
    return { changes, findings };
  }

  /** The plan of `fates` was committed as an entry of the history. */
  committed(fates: Fates, entry: number): void {
    for (const [mapping, fate] of fates.changes) this.#put(mapping, fate, entry);
  }

  undone(entry: number): void {
    for (let last = this.#log.at(-1); last && last.entry >= entry; last = this.#log.at(-1)) {
      this.#set(last.mapping, last.before);
      this.#log.pop();
    }
  }

  reverted(to: number, entry: number): void {
    const since = this.#log.filter((one) => one.entry >= to).reverse();
    for (const { mapping, before } of since) this.#put(mapping, before, entry);
  }

  #fateOf(mapping: HeldMapping): Fate {
    return this.#fates.get(mapping) ?? UNTOUCHED;
  }

  #put(mapping: HeldMapping, fate: Fate, entry: number): void {
    this.#log.push({ entry, mapping, before: this.#fateOf(mapping) });
    this.#set(mapping, fate);
  }

  #set(mapping: HeldMapping, fate: Fate): void {
    if (fate.missed || fate.reconfigured !== 'no') this.#fates.set(mapping, fate);
    else this.#fates.delete(mapping);
  }
}

/** Mappings that effects take from consumers. */
function droppedIn(smmu: Smmu, effects: readonly Effect[]): HeldMapping[] {
  const found: HeldMapping[] = [];
  for (const effect of effects) {
    if (effect.kind === 'store' && effect.op === 'remove' && effect.store === smmu.notifiers.held)
      found.push(effect.entry as HeldMapping);
  }
  return found;
}

/** Mappings that an operation names, whoever is told: their translations, or the configuration of their streams. */
function namedBy(decisions: readonly NotifyDecision[]) {
  const invalidated = new Set<HeldMapping>();
  const reconfigured = new Set<HeldMapping>();
  for (const { cause, named } of decisions) {
    const into = cause.startsWith('CMD_CFGI_') ? reconfigured : invalidated;
    for (const mapping of named) into.add(mapping);
  }
  return { invalidated, reconfigured };
}

/** Software goes on: the invalidation that would make its change of a configuration whole does not come. */
function goesOn({ operation }: Plan): boolean {
  switch (operation.kind) {
    case 'transaction':
    case 'page-request':
      return true;
    case 'device':
      return operation.change.what !== 'rules';
    default:
      return false;
  }
}

function heldText({ device, notifier, iovaHi, iovaLo, shift, pa, space }: HeldMapping): string {
  return `notifier ${notifier} of ${device} holds IOVA ${hex64(iovaHi, iovaLo)} + ${hex(2 ** shift)} bytes -> PA ${hex(pa)} (${space})`;
}

function missingUnmap(
  smmu: Smmu,
  plan: Plan,
  mapping: HeldMapping,
  decisions: readonly NotifyDecision[],
): IsolationFinding | null {
  const { rulesOff } = smmu.state('ns');
  const own = decisions.filter(
    ({ device, notifier }) => device === mapping.device && notifier === mapping.notifier,
  );
  // That one says it better.
  if (rulesOff.has('notify:N6.17') || own.some(hasWrongSpace)) return null;
  const { command } = plan.outcome;
  const everything = command === 'CMD_TLBI_NH_ALL';
  if (everything && rulesOff.has('notify:N3.13')) return null;
  const decision = own.find(({ delivered }) => !delivered) ?? own[0] ?? null;
  const cause = command ?? decision?.cause ?? 'an invalidation';
  const present = presentOf(smmu, mapping);
  const why = decision === null ? 'nobody is told of it' : decision.why;
  return isolationFinding('missing-unmap', `${heldText(mapping)} although ${cause} invalidates it: ${why}`, {
    certainty: isOld(present) ? 'certain' : 'possible',
    ...(everything && { rule: 'N3.13' }),
    more: [presentText(present)],
    step: decision === null ? -1 : plan.steps.findIndex((one) => one.decision === decision),
    decision,
    mapping,
  });
}

function missingTlbi(mapping: HeldMapping, present: string): IsolationFinding {
  return isolationFinding(
    'missing-tlbi',
    `${heldText(mapping)}, but the configuration of its stream was changed: CMD_CFGI_* tells nobody, and no TLBI followed`,
    {
      mapping,
      more: [presentText(present), 'Issue a TLBI for the entries of the configuration of before as well.'],
    },
  );
}
