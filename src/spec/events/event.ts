import type { FieldSpecs, Layout } from '../../bits/layout.ts';
import { layout } from '../../bits/layout.ts';

/** Bytes of an event record in the queue. */
export const EVENT_BYTES = 32;

/** What an event is, without its fields. */
export interface EventFacts {
  readonly name: string;
  readonly number: number;
  readonly section: string;
  readonly kind: 'fault' | 'config' | 'translation' | 'hint';
  readonly doc: string;
  /** What raises it. */
  readonly raised: readonly string[];
  /** The transaction may stall instead of being terminated. */
  readonly stall: boolean;
  /** When it is recorded at all. */
  readonly gate?: string;
  /** What becomes of it while SMMUEN is 0. */
  readonly smmuen0?: string;
  /** Response to the endpoint. */
  readonly response?: string;
  readonly notRaised?: string;
  /** Where it stands in the order of checks, if that is not in EVENT_PRIORITY. */
  readonly priority?: string;
  /** May be merged even with STE.MEV==0. */
  readonly mevIgnored?: boolean;
  /** Fields that may differ between records that are merged. */
  readonly mergeIgnore?: string;
  /** S2 and CLASS by what was being done. */
  readonly classRules?: Readonly<Record<string, string>>;
  /** Bits known to exist with a feature, whose place is not known: they stay 0. */
  readonly unplaced?: Readonly<Record<string, string>>;
  readonly note?: string;
  readonly conf?: 'medium' | 'low';
}

/** An event that can be recorded in the event queue. */
export interface EventSpec<D extends FieldSpecs = FieldSpecs> extends EventFacts {
  /** The 32 bytes of the record. */
  readonly layout: Layout<D>;
}

/** Declares an event. */
export function event<const F extends EventFacts, const D extends FieldSpecs>(
  facts: F,
  fields: D,
): F & EventSpec<D> {
  return { ...facts, layout: layout(facts.name, facts.section, EVENT_BYTES * 8, fields) };
}
