/** What is known of a transaction that is to be explained: hints, nearest mappings and cures all ask this. */

import type { Fault, Frame, Plan, Step, Transaction } from '../../model/plan.ts';
import type { Smmu } from '../../model/smmu.ts';
import type { WorldState } from '../../model/state.ts';
import type { ContextConfig, StreamConfig } from '../../model/translate/configuration.ts';
import { decodeContext } from '../../model/translate/context.ts';
import { decodeStream } from '../../model/translate/stream.ts';
import { isFault } from '../streams.ts';
import { type Located, nearestFor } from './around.ts';
import type { Nearest } from './explanation.ts';
import { Scratch } from './scratch.ts';

/** A transaction's plan, and what its structures mean. Costly parts are found when they are asked for. */
export class Facts implements Located {
  readonly smmu: Smmu;
  readonly plan: Plan;
  readonly transaction: Transaction;
  readonly state: WorldState;
  /** Steps up to the one that is explained. */
  readonly steps: readonly Step[];
  readonly fault: Fault | null;
  readonly ste: Frame | null;
  readonly l1std: Frame | null;
  readonly cd: Frame | null;
  readonly l1cd: Frame | null;
  /** The STE decoded; null when there is none or it is not legal. */
  readonly stream: StreamConfig | null;
  /** The CD decoded; null likewise. */
  readonly context: ContextConfig | null;
  #scratch: Scratch | null = null;
  #cold: Plan | null = null;
  #nearest: Nearest | null | undefined;

  constructor(smmu: Smmu, plan: Plan, transaction: Transaction, at = plan.steps.length - 1) {
    this.smmu = smmu;
    this.plan = plan;
    this.transaction = transaction;
    this.state = smmu.state(transaction.world);
    this.steps = plan.steps.slice(0, at + 1);
    this.fault = plan.outcome.fault;
    const read = (kind: Frame['kind']): Frame | null =>
      plan.frames.find((frame) => frame.kind === kind && frame.words.length > 0) ?? null;
    this.ste = read('ste');
    this.l1std = read('l1std');
    this.cd = read('cd');
    this.l1cd = read('l1cd');
    const { world, sid } = transaction;
    const stream = this.ste && decodeStream(this.ste.words, 0, this.ste.pa ?? 0, world, sid, this.state);
    this.stream = stream === null || isFault(stream) ? null : stream;
    const context =
      this.cd && this.stream
        ? decodeContext(
            this.cd.words,
            0,
            this.cd.pa ?? 0,
            Math.max(transaction.ssid, 0),
            this.stream,
            this.state,
          )
        : null;
    this.context = context === null || isFault(context) ? null : context;
  }

  /** Where changes can be tried. Whoever changes it makes one of its own. */
  get scratch(): Scratch {
    this.#scratch ??= new Scratch(this.smmu, this.transaction.world);
    return this.#scratch;
  }

  /** The same transaction with cold caches. */
  get cold(): Plan {
    this.#cold ??= this.scratch.plan(this.transaction);
    return this.#cold;
  }

  /** The mappings around the address that no stage translates; null where there is nothing to search. */
  get nearest(): Nearest | null {
    if (this.#nearest === undefined) this.#nearest = nearestFor(this);
    return this.#nearest;
  }
}

/** The descriptors of a stage that a plan read, first to last. */
export function descriptorsOf(plan: Plan, stage: 1 | 2): Frame[] {
  return plan.frames.filter(
    (frame) => frame.kind === 'descriptor' && frame.stage === stage && frame.pa !== null,
  );
}
