import type { World } from '../../../bits/world.ts';
import type { DecisionBatch } from '../../../model/notifiers/decision.ts';
import type { RefusedRegistration } from '../../../model/notifiers/device.ts';
import type { Outcome } from '../../../model/plan.ts';
import type { Value } from '../../expression/value.ts';
import type { Finding } from '../../finding.ts';
import type { Allocation } from '../build/allocation.ts';
import type { Named } from './named.ts';

/** What a `device` statement names. */
export interface Device {
  readonly name: string;
  readonly sid: number;
  /** SubstreamID of its transactions, or -1. */
  readonly ssid: number;
  /** Security states of its transactions, one at least; the first is that of whoever names none. */
  readonly worlds: readonly World[];
}

/** More of the events and findings of one statement are counted, not kept. */
export const MOST_KEPT = 256;

/** A record that was written to an event queue: 8 words. */
export interface LastEvent {
  readonly world: World;
  readonly words: Uint32Array;
}

/** An expectation that did not come true, in words. */
export interface Unmet {
  readonly expected: string;
  readonly actual: string;
}

/** What the last acting statement came to. */
export interface Last {
  /** Of its first transaction; null when there was none. */
  readonly first: Outcome | null;
  /** The first outcome that was no success, of whatever operation. */
  readonly bad: Outcome | null;
  readonly transactions: number;
  readonly events: readonly LastEvent[];
  readonly findings: readonly Finding[];
  /** Who was told of invalidations, or not. */
  readonly decisions: readonly DecisionBatch[];
  readonly refused: readonly RefusedRegistration[];
}

export const NOTHING_YET: Last = {
  first: null,
  bad: null,
  transactions: 0,
  events: [],
  findings: [],
  decisions: [],
  refused: [],
};

/** Findings since the test began, newest first; what came before is shared. */
export interface FindingList {
  readonly finding: Finding;
  readonly before: FindingList | null;
}

/** What statements know, apart from where the program stands. */
export interface Environment {
  readonly lets: Named<Value>;
  readonly devices: Named<Device>;
  readonly allocation: Allocation;
  readonly last: Last;
  readonly findings: FindingList | null;
}

/** Whether an operation went through. A completion that permits nothing is how ATS says that there is nothing (3.9.1.2). */
export function isGood({ result, ats }: Outcome): boolean {
  if (ats !== null) return ats.status === 'success' && (ats.read || ats.write);
  return result === 'ok' || result === 'consumed' || result === 'idle';
}
