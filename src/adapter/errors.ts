import type { DebugProtocol } from '@vscode/debugprotocol';
import { UserError } from '../bits/user-error.ts';

/** Error numbers of the protocol's Message; they only have to differ. */
const USER_ERROR = 1000;
const INTERNAL_ERROR = 2000;

/** A request that makes no sense at this moment: the client is told, the user is not bothered. */
export class NotNow extends Error {}

/** The client does not want the answer any more. */
export class Cancelled extends Error {}

/** Characters of a sentence: what it quotes may be as long as a client likes. */
const LONGEST = 2000;

/** A sentence of a length that people can read: its beginning says what is wrong, its end what to do. */
export function bounded(sentence: string): string {
  if (sentence.length <= LONGEST) return sentence;
  return `${sentence.slice(0, LONGEST / 2)}…${sentence.slice(-LONGEST / 2)}`;
}

/** The protocol's form of an error: one sentence, never a stack trace. */
export function errorMessage(command: string, error: unknown): DebugProtocol.Message {
  if (error instanceof UserError) {
    return { id: USER_ERROR, format: bounded(error.message), showUser: showsUser(command) };
  }
  if (error instanceof NotNow) return { id: USER_ERROR + 1, format: bounded(error.message), showUser: false };
  const text = error instanceof Error ? error.message : String(error);
  return {
    id: INTERNAL_ERROR,
    format: `internal error in ${bounded(command)}: ${bounded(text)}; please report it`,
    showUser: true,
  };
}

/** An evaluation shows its error where it was typed; everything else has no other place than a message. */
function showsUser(command: string): boolean {
  return command !== 'evaluate' && command !== 'completions';
}
