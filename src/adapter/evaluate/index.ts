import { UserError } from '../../bits/user-error.ts';
import type { Session } from '../session.ts';
import type { Answer, ConsoleCommand, EvaluateContext } from './command.ts';
import { reg } from './reg.ts';
import { cd, ste } from './structures.ts';
import { translate } from './translate.ts';
import { why } from './why.ts';

const help: ConsoleCommand = {
  name: 'help',
  usage: 'help',
  help: 'lists the commands of this console',
  words: [],
  run: () => ({
    value: COMMANDS.map((command) => `${command.usage}\n    ${command.help}`).join('\n'),
  }),
};

/** Every command of the console. */
const COMMANDS: readonly ConsoleCommand[] = [translate, why, reg, ste, cd, help];

const SPACED = /^([A-Za-z]+)(?:\s+(.*))?$/s;

/** `ste(8)` and `reg.CR0` are expressions for the same as `ste 8` and `reg CR0`. */
const CALLED = /^([A-Za-z]+)(?:\((.*)\)|\.(.*))$/s;

/**
 * Evaluates what somebody typed.
 * @throws UserError with the expected form
 */
export function evaluate(session: Session, expression: string, context: EvaluateContext): Answer {
  const text = expression.trim();
  const called = CALLED.exec(text);
  const spaced = called ? null : SPACED.exec(text);
  const name = called?.[1] ?? spaced?.[1] ?? '';
  const command = COMMANDS.find((c) => c.name === name);
  if (!command) {
    throw new UserError(`"${text.split(/\s/)[0] ?? ''}" is no command here`, {
      todo: `try ${COMMANDS.map((c) => c.name).join(', ')}`,
    });
  }
  return command.run(session, called?.[2] ?? called?.[3] ?? spaced?.[2] ?? '', context);
}

/** Words that fit at the end of `text`. */
export function completions(text: string): readonly string[] {
  const words = text.split(/\s+/);
  const last = words[words.length - 1] ?? '';
  if (words.length <= 1) return COMMANDS.map((c) => c.name).filter((name) => name.startsWith(last));
  const command = COMMANDS.find((c) => c.name === words[0]);
  const given = new Set(words.slice(1, -1).map((word) => word.replace(/=.*$/, '=')));
  return (command?.words ?? []).filter((word) => word.startsWith(last) && !given.has(word));
}
