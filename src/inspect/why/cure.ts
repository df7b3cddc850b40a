/** The smallest change that lets an access pass: each is tried on a copy before it is named. */

import { hex } from '../../bits/u64.ts';
import type { Fault, Plan, Transaction } from '../../model/plan.ts';
import type { Smmu } from '../../model/smmu.ts';
import { outcomeText } from '../walk-story.ts';
import { candidatesFor } from './candidates.ts';
import type { Candidate, Edit } from './edits.ts';
import type { Cure } from './explanation.ts';
import { descriptorsOf, Facts } from './facts.ts';
import { Scratch } from './scratch.ts';

/** Cures that are named at most. */
const CURES = 3;
/** Changes one after the other: what lies behind the first fault may be wrong as well. */
const DEPTH = 4;
/** Attempts that are made at most; each is a plan of the transaction. */
const ATTEMPTS = 400;

/** Cures, or why there are none. */
export interface Cures {
  readonly cures: readonly Cure[];
  readonly noCure: string | null;
}

/** Looks for changes after which the transaction passes. Changes nothing. */
export function curesFor(facts: Facts): Cures {
  const { smmu, transaction, plan } = facts;
  if (plan.outcome.result === 'ok') return { cures: [], noCure: null };
  if (plan.outcome.fault === null)
    return { cures: [], noCure: 'the outcome is not a fault of the configuration' };
  if (plan.outcome.result === 'not-modelled')
    return { cures: [], noCure: 'the model does not cover what is asked' };
  const invalidation = staleCure(facts);
  if (invalidation !== null) return { cures: [invalidation], noCure: null };
  const search = new Search(smmu, transaction);
  const cures = search.from([]);
  if (cures.length > 0) return { cures, noCure: null };
  return { cures, noCure: whyNot(facts) ?? NOWHERE };
}

const NOWHERE = 'no change of one or two fields was found that lets this access pass';

/** The rule of an output address that is refused (IHI 0070). */
const OUTPUT_CHECK = '3.25.1';

/** Whether a granule protection check refused a fetch or the output. */
export function isProtected({ gpc, rule }: Fault): boolean {
  return gpc === true || rule === OUTPUT_CHECK;
}

const PROTECTED =
  'the granule protection check refuses the address: Root software changes its table or its registers, and invalidates by ROOT_TLBI; or the address is another';

function whyNot({ fault, plan }: Facts): string | null {
  if (fault === null) return null;
  if (isProtected(fault)) return PROTECTED;
  if (fault.event === 'F_TRANSLATION' && fault.stage !== 0 && descriptorsOf(plan, fault.stage).length > 0) {
    const below = 3 - fault.level;
    const tables =
      below === 0 ? '' : `, with ${below} more ${below === 1 ? 'table' : 'tables'} below it for a page`;
    return `map the address: the walk ends at the stage ${fault.stage} level ${fault.level} descriptor${tables}; the output address only software knows`;
  }
  if (/_FETCH$|_EABT$/.test(fault.event ?? '')) {
    return `the pointer to ${hex(fault.fetchAddr)} leads out of memory; what it should be, only software knows`;
  }
  if (fault.rule === 'CD-V')
    return 'the CD is all zero: there is nothing to switch on, software must write it';
  return null;
}

/** Memory is right already, and only what the caches hold is not. */
function staleCure({ smmu, plan, cold }: Facts): Cure | null {
  if (smmu.policy === 'none' || cold.outcome.result !== 'ok') return null;
  const hits = plan.steps.filter(({ kind }) => kind === 'cache-hit').map(({ text }) => text);
  if (hits.length === 0) return null;
  return {
    changes: [],
    outcome: outcomeText(cold.outcome),
    verified: true,
    caution: `memory is right already: invalidate what the caches hold (${hits.join('; ')}), and wait for a CMD_SYNC`,
  };
}

class Search {
  readonly #smmu: Smmu;
  readonly #transaction: Transaction;
  #left = ATTEMPTS;

  constructor(smmu: Smmu, transaction: Transaction) {
    this.#smmu = smmu;
    this.#transaction = transaction;
  }

  /** Cures that begin with these changes. */
  from(done: Candidate): Cure[] {
    const base = this.#try(done);
    if (base === null) return [];
    const { scratch, plan } = base;
    const facts = new Facts(scratch.smmu, plan, this.#transaction);
    const candidates = candidatesFor(facts, scratch, done.length === 0);
    const cures: Cure[] = [];
    let further: { edits: Candidate; plan: Plan } | null = null;
    for (const candidate of candidates) {
      // Two changes are not named where one does.
      if (cures.length > 0 && candidate.length > (cures[0]?.changes.length ?? 0) - done.length) break;
      // One example of a mapping is enough.
      const [only] = candidate;
      if (only?.change.field === 'descriptor' && cures.length > 0) continue;
      const edits = [...done, ...candidate];
      const tried = this.#try(edits);
      if (tried === null) continue;
      if (tried.plan.outcome.result === 'ok') {
        cures.push(this.#cure(edits, tried.plan));
        if (cures.length === CURES) break;
      } else further ??= isFurther(plan, tried.plan) ? { edits, plan: tried.plan } : null;
    }
    if (cures.length > 0 || further === null) return cures;
    const deeper = further.edits.length < DEPTH ? this.from(further.edits) : [];
    return deeper.length > 0 ? deeper : [this.#cure(further.edits, further.plan)];
  }

  #try(edits: Candidate): { scratch: Scratch; plan: Plan } | null {
    if (this.#left-- <= 0) return null;
    const scratch = new Scratch(this.#smmu, this.#transaction.world);
    if (!edits.every((edit: Edit) => edit.apply(scratch))) return null;
    return { scratch, plan: scratch.plan(this.#transaction) };
  }

  #cure(edits: Candidate, plan: Plan): Cure {
    return {
      changes: edits.map(({ change }) => change),
      outcome: outcomeText(plan.outcome),
      verified: plan.outcome.result === 'ok',
      caution: cautionOf(plan),
    };
  }
}

/** Whether a change got rid of the fault and met another one later on the way. */
function isFurther(before: Plan, after: Plan): boolean {
  const [one, other] = [before.outcome, after.outcome];
  if (other.result === 'absent' || other.result === 'miss') return true;
  if (other.fault === null || one.fault === null) return false;
  const changed = one.fault.event !== other.fault.event || one.fault.rule !== other.fault.rule;
  return changed && after.frames.length >= before.frames.length;
}

function cautionOf(plan: Plan): string | null {
  if (plan.outcome.result !== 'ok' || descriptorsOf(plan, 1).length + descriptorsOf(plan, 2).length > 0)
    return null;
  return 'the access then passes untranslated: the device reaches any address';
}
