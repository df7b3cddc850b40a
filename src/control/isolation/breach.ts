/** What keeps Security states apart and was broken, by name. */

import type { NotifyDecision } from '../../model/notifiers/decision.ts';
import type { HeldMapping } from '../../model/notifiers/device.ts';
import type { Finding } from '../finding.ts';

/** Each with the rule that it breaks: a statement about notifiers, or a section of IHI 0070. */
export const BREACHES = {
  /** An UNMAP names another address space than that of the mapping which the consumer obtained. */
  'wrong-space': 'N6.16',
  /** An invalidation of one Security state reaches a consumer of another. */
  crossing: '3.10.1',
  /** The same, and the consumer drops mappings that are still true. */
  'over-invalidation': 'N6.28',
  /** A consumer holds a mapping that was invalidated. */
  'missing-unmap': 'N6.17',
  /** A consumer holds what no configuration gives any more: only CMD_CFGI_* was issued. */
  'missing-tlbi': 'N3.12',
  /** A registration was accepted that can only go wrong. */
  registration: 'N6.18',
  /** A transaction or a fetch reaches an address space that its Security state has no access to. */
  'forbidden-space': '3.10.1',
} as const;

export type Breach = keyof typeof BREACHES;

export interface IsolationFinding extends Finding {
  readonly kind: 'isolation';
  readonly breach: Breach;
  /** The decision that it is about, if it is about one. */
  readonly decision: NotifyDecision | null;
  /** The mapping that a consumer holds on to, if it is about one. */
  readonly mapping: HeldMapping | null;
}

/** What was broken, where a finding is about the isolation of Security states. */
export function breachOf(finding: Finding): Breach | null {
  return finding.kind === 'isolation' && 'breach' in finding ? (finding as IsolationFinding).breach : null;
}

/** A finding, certain and unsafe unless `some` says otherwise. */
export function isolationFinding(
  breach: Breach,
  text: string,
  some: Partial<IsolationFinding> = {},
): IsolationFinding {
  return {
    kind: 'isolation',
    breach,
    certainty: 'certain',
    class: 'unsafe',
    text,
    more: [],
    rule: BREACHES[breach],
    step: -1,
    decision: null,
    mapping: null,
    ...some,
  };
}
