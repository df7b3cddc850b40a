/** What was found about a queue or about the global errors. */

export interface Finding {
  readonly id: string;
  /** `cause`: nothing moves because of it. `also`: wrong, or worth knowing. */
  readonly kind: 'cause' | 'also';
  /** A sentence without its full stop. */
  readonly text: string;
}

/** Why a queue does not move, or what global errors are active. */
export interface QueueExplanation {
  /** `CMDQ ns`. */
  readonly title: string;
  /** One sentence that says it all, without its full stop. */
  readonly verdict: string;
  readonly findings: readonly Finding[];
}

/** An explanation as lines: the verdict, then the causes, then the rest. */
export function queueLines({ title, verdict, findings }: QueueExplanation): string[] {
  const of = (kind: Finding['kind'], word: string): string[] =>
    findings.filter((finding) => finding.kind === kind).map(({ text }) => `${word}: ${text}.`);
  return [`${title}: ${verdict}.`, ...of('cause', 'Cause'), ...of('also', 'Note')];
}
