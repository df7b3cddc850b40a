/** What a checker noticed about an operation: nothing failed, but software did something that will. */
export interface Finding {
  readonly kind: 'stale-use' | 'address-space-clash' | 'update-sequence' | 'isolation';
  /**
   * How sure and how bad: `certain` happened in the model, `possible` may happen on hardware; `unsafe` reaches memory
   * that it should not, `spurious-fault` denies what is permitted.
   */
  readonly certainty: 'certain' | 'possible';
  readonly class: 'unsafe' | 'spurious-fault';
  /** One sentence. */
  readonly text: string;
  /** Further sentences: what was cached when, which write made it stale, which commands did not help, which would. */
  readonly more: readonly string[];
  /** Section of IHI 0070 or of the manual named in it, or the id of a statement. */
  readonly rule: string;
  /** The step of the plan before which to stop; -1 when it is about the whole operation. */
  readonly step: number;
  /** Said better by a finding of this kind, where there is one about the same operation. */
  readonly unless?: Finding['kind'];
}
