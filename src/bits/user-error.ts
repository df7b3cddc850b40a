/** What a {@link UserError} may add to its sentence. */
export interface UserErrorParts {
  /** File, field, line or address that the sentence is about. */
  readonly where?: string;
  /** What the user can do about it. */
  readonly todo?: string;
}

/**
 * A mistake in the input or the environment, to be shown as it stands: one sentence, no stack trace.
 * `message` is complete: "where: what; todo".
 */
export class UserError extends Error {
  readonly what: string;
  readonly where: string | undefined;
  readonly todo: string | undefined;

  constructor(what: string, parts: UserErrorParts = {}) {
    const { where, todo } = parts;
    super(`${where === undefined ? '' : `${where}: `}${what}${todo === undefined ? '' : `; ${todo}`}`);
    this.name = 'UserError';
    this.what = what;
    this.where = where;
    this.todo = todo;
  }
}
