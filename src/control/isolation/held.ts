/** Which mappings consumers hold though what they were made of was invalidated, in step with the history. */

import { hex, hex64 } from '../../bits/u64.ts';
import type { Covered } from '../../model/caches/location.ts';
import type { NotifyDecision } from '../../model/notifiers/decision.ts';
import type { HeldMapping } from '../../model/notifiers/device.ts';
import type { Effect, Plan } from '../../model/plan.ts';
import type { Smmu } from '../../model/smmu.ts';
import { type IsolationFinding, isolationFinding } from './breach.ts';
import { Invalidated, isReconfigured, nowOf, sourceOf } from './covers.ts';
import { hasWrongSpace } from './decisions.ts';

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
  readonly #sources = new WeakMap<HeldMapping, { readonly covered: Covered | null }>();
  readonly #fates = new Map<HeldMapping, Fate>();
  readonly #log: Logged[] = [];

  /** Whether a consumer holds a mapping though it was invalidated. */
  isMissed(smmu: Smmu, mapping: HeldMapping): boolean {
    const { missed, reconfigured } = this.#fateOf(mapping);
    return missed || (reconfigured === 'complete' && isOld(nowOf(smmu, mapping)));
  }

  judge(smmu: Smmu, plan: Plan, decisions: readonly NotifyDecision[]): Fates {
    const changes = new Map<HeldMapping, Fate>();
    const findings: IsolationFinding[] = [];
    const dropped = new Set(heldIn(smmu, plan.effects, 'remove'));
    const invalidated = new Invalidated(smmu, plan, decisions);
    const synchronised = plan.outcome.command === 'CMD_SYNC' && plan.outcome.result === 'consumed';
    for (const mapping of smmu.notifiers.held.values()) {
      if (dropped.has(mapping)) continue;
      const source = this.#sourceOf(smmu, mapping);
      const fate = this.#fateOf(mapping);
      if (source !== null && invalidated.has(mapping, source)) {
        changes.set(mapping, { missed: true, reconfigured: 'no' });
        const found = fate.missed ? null : missingUnmap(smmu, plan, mapping, decisions);
        if (found !== null) findings.push(found);
      } else if (isReconfigured(smmu, plan, mapping)) {
        if (fate.reconfigured === 'no') changes.set(mapping, { ...fate, reconfigured: 'consumed' });
      } else if (fate.reconfigured === 'consumed' && synchronised) {
        changes.set(mapping, { ...fate, reconfigured: 'complete' });
      } else if (fate.reconfigured === 'complete' && !fate.missed && goesOn(plan)) {
        const now = nowOf(smmu, mapping);
        if (now === null) continue;
        const old = isOld(now);
        changes.set(mapping, { missed: old, reconfigured: 'no' });
        if (old && !smmu.state('ns').rulesOff.has('notify:N3.12')) findings.push(missingTlbi(mapping, now));
      }
    }
    return { changes, findings };
  }

  /** The plan of `fates` was committed as an entry of the history. */
  committed(smmu: Smmu, effects: readonly Effect[], fates: Fates | undefined, entry: number): void {
    // While the tables are those by which it was obtained.
    for (const mapping of heldIn(smmu, effects, 'insert')) this.#sourceOf(smmu, mapping);
    for (const [mapping, fate] of fates?.changes ?? []) this.#put(mapping, fate, entry);
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

  #sourceOf(smmu: Smmu, mapping: HeldMapping): Covered | null {
    let source = this.#sources.get(mapping);
    if (source === undefined) {
      source = { covered: sourceOf(smmu, mapping) };
      this.#sources.set(mapping, source);
    }
    return source.covered;
  }
}

/** The mappings that effects bring to consumers, or take from them. */
function heldIn(smmu: Smmu, effects: readonly Effect[], op: 'insert' | 'remove'): HeldMapping[] {
  const found: HeldMapping[] = [];
  for (const effect of effects) {
    if (effect.kind === 'store' && effect.op === op && effect.store === smmu.notifiers.held)
      found.push(effect.entry as HeldMapping);
  }
  return found;
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

function isOld(now: string | null): boolean {
  return now !== null && now !== 'same';
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
  const now = nowOf(smmu, mapping);
  const why = decision === null ? 'nobody is told of it' : decision.why;
  return isolationFinding('missing-unmap', `${heldText(mapping)} although ${cause} invalidates it: ${why}`, {
    certainty: now === 'same' ? 'possible' : 'certain',
    ...(everything && { rule: 'N3.13' }),
    more: [nowText(now)],
    step: decision === null ? -1 : plan.steps.findIndex((one) => one.decision === decision),
    decision,
    mapping,
  });
}

function missingTlbi(mapping: HeldMapping, now: string): IsolationFinding {
  return isolationFinding(
    'missing-tlbi',
    `${heldText(mapping)}, but the configuration of its stream was changed: CMD_CFGI_* tells nobody, and no TLBI followed`,
    { mapping, more: [nowText(now), 'Issue a TLBI for the entries of the configuration of before as well.'] },
  );
}

function nowText(now: string | null): string {
  if (now === null) return 'What its address gives by now is not known.';
  return now === 'same' ? 'Its address gives the same by now.' : `By now its address gives ${now}.`;
}
