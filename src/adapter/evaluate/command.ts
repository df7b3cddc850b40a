import type { Session } from '../session.ts';
import type { Node } from '../variable-node.ts';

/** Where an expression comes from: only a console may change anything. */
export type EvaluateContext = 'console' | 'look';

/** An answer: a line, and what can be opened below it. */
export type Answer = Pick<
  Node,
  'value' | 'children' | 'memory' | 'type' | 'slot' | 'readOnly' | 'evaluateName'
>;

/** What every command of the console says of itself. */
interface Described {
  readonly name: string;
  /** The expected form. */
  readonly usage: string;
  /** One sentence. */
  readonly help: string;
  /** Words that may follow, for completion: `sid=`, `write`. */
  readonly words: readonly string[];
  /** It changes something whatever follows: only a console may run it. */
  readonly changes?: true;
}

/** A command of the console. A new one is a new file and a line in the list of `evaluate/index.ts`. */
export interface ConsoleCommand extends Described {
  /** @throws UserError with the expected form */
  run(session: Session, rest: string, context: EvaluateContext): Answer;
}

/** A command that may take long: it gives way now and then, and stops when nobody wants the answer any more. */
export interface LongCommand extends Described {
  /** @throws UserError with the expected form, Cancelled when `cancelled` says so */
  search(session: Session, rest: string, cancelled: () => boolean): Promise<Answer>;
}
