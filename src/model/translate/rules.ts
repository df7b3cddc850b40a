/** A rule that makes a structure ILLEGAL. Its id is that of the validity table. */
export interface Rule<S> {
  readonly id: string;
  /** The field at fault: the line that a debugger shows. */
  readonly field: string;
  readonly broken: (subject: S) => boolean;
  /** What is wrong, for people; begins with the field. */
  readonly why: (subject: S) => string;
}

/**
 * The first rule that the subject breaks.
 * @param off ids of rules that are switched off: tests prove with it that each rule decides something
 */
export function firstBroken<S>(
  rules: readonly Rule<S>[],
  subject: S,
  off: ReadonlySet<string>,
): Rule<S> | null {
  for (const rule of rules) if (rule.broken(subject) && !off.has(rule.id)) return rule;
  return null;
}
