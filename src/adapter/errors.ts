import type { DebugProtocol } from '@vscode/debugprotocol';
import { UserError } from '../bits/user-error.ts';

/** Error numbers of the protocol's Message; they only have to differ. */
const USER_ERROR = 1000;
const INTERNAL_ERROR = 2000;

/** A request that makes no sense at this moment: the client is told, the user is not bothered. */
export class NotNow extends Error {}

/** The client does not want the answer any more. */
export class Cancelled extends Error {}

/** The protocol's form of an error: one sentence, never a stack trace. */
export function errorMessage(command: string, error: unknown): DebugProtocol.Message {
  if (error instanceof UserError) {
    return { id: USER_ERROR, format: error.message, showUser: showsUser(command) };
  }
  if (error instanceof NotNow) return { id: USER_ERROR + 1, format: error.message, showUser: false };
  const text = error instanceof Error ? error.message : String(error);
  return {
    id: INTERNAL_ERROR,
    format: `internal error in ${command}: ${text}; please report it`,
    showUser: true,
  };
}

/** An evaluation shows its error where it was typed; everything else has no other place than a message. */
function showsUser(command: string): boolean {
  return command !== 'evaluate' && command !== 'completions';
}
