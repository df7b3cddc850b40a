import type { Session } from '../session.ts';
import type { Node } from '../variable-node.ts';

/** Where an expression comes from: only a console may change anything. */
export type EvaluateContext = 'console' | 'look';

/** An answer: a line, and what can be opened below it. */
export type Answer = Pick<Node, 'value' | 'children' | 'memory' | 'type'>;

/** A command of the console. A new one is a new file and a line in the list of `evaluate/index.ts`. */
export interface ConsoleCommand {
  readonly name: string;
  /** The expected form. */
  readonly usage: string;
  /** One sentence. */
  readonly help: string;
  /** Words that may follow, for completion: `sid=`, `write`. */
  readonly words: readonly string[];
  /** @throws UserError with the expected form */
  run(session: Session, rest: string, context: EvaluateContext): Answer;
}
