import { UserError } from '../../bits/user-error.ts';
import { parseExpression } from '../../control/expression/parse.ts';
import { isBag, type Value, valueText } from '../../control/expression/value.ts';
import { isKnownName, knownNames } from '../../control/stops/known-names.ts';
import { suggestion } from '../../control/stops/names.ts';
import type { FrameRef } from '../debuggee.ts';
import type { Session } from '../session.ts';
import { type Node, named } from '../variable-node.ts';
import { again } from './again.ts';
import { broadcast } from './broadcast.ts';
import type { Answer, ConsoleCommand, EvaluateContext, LongCommand } from './command.ts';
import { DEVICE_COMMANDS, policy } from './device-changes.ts';
import { devices, matrix, notifiers, policies } from './devices.ts';
import { find } from './find.ts';
import { back, history } from './history.ts';
import { invalidations } from './invalidations.ts';
import { maps } from './maps.ts';
import { placeNamed } from './path.ts';
import { reg } from './reg.ts';
import { type Where, whereOf } from './scope.ts';
import { cd, ste } from './structures.ts';
import { translate } from './translate.ts';
import { why } from './why.ts';

const help: ConsoleCommand = {
  name: 'help',
  usage: 'help',
  help: 'lists the commands of this console',
  words: [],
  run: () => ({
    value: [
      ...COMMANDS.map((command) => `${command.usage}\n    ${command.help}`),
      'ste(8).S1ContextPtr, cd(8, 1).ASID, reg.ns.CR0.SMMUEN, mem(0x40000000), at(STE, 0x40000200), Config, sid + 1',
      '    expressions over structures, registers, memory and the names of the selected frame',
    ].join('\n'),
  }),
};

/** Every command of the console. */
export const COMMANDS: readonly (ConsoleCommand | LongCommand)[] = [
  translate,
  again,
  why,
  reg,
  ste,
  cd,
  maps,
  find,
  history,
  back,
  invalidations,
  broadcast,
  devices,
  notifiers,
  matrix,
  policies,
  policy,
  ...DEVICE_COMMANDS,
  help,
];

const SPACED = /^([A-Za-z]+)(?:\s+(.*))?$/s;

/** What somebody wants evaluated, and where. */
export interface Asked {
  readonly text: string;
  readonly context: EvaluateContext;
  readonly frame: FrameRef | null;
  readonly cancelled: () => boolean;
}

/**
 * Evaluates what somebody typed: a command of the console, or an expression.
 * @throws UserError with the expected form, or what may have been meant
 */
export function evaluate(
  session: Session,
  { text: typed, context, frame, cancelled }: Asked,
): Answer | Promise<Answer> {
  const text = typed.trim();
  const spaced = SPACED.exec(text);
  const [, name = '', rest = ''] = spaced ?? [];
  const where = whereOf(session.debuggee, frame);
  const command = COMMANDS.find((c) => c.name === name);
  // `ste` alone is the structure of a frame before it is a command without its number.
  if (command && spaced) {
    if (context === 'look' && (command.changes || 'search' in command)) {
      throw new UserError(`${name} is for the console: a look changes nothing`);
    }
    return 'search' in command
      ? command.search(session, rest, cancelled)
      : command.run(session, rest, context);
  }
  return expressionAnswer(session, text, where);
}

/**
 * What an expression comes to.
 * @throws UserError that says what is wrong, and what may have been meant
 */
export function expressionAnswer(session: Session, text: string, where: Where): Answer {
  try {
    return placeNamed(session, text, where) ?? valueAnswer(parseExpression(text).evaluate(where.scope));
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    const word = text.split(/[\s.(]/)[0] ?? '';
    if (/^[A-Za-z_]\w*$/.test(word) && where.scope.name(word) === undefined && !FUNCTIONS.has(word)) {
      if (isKnownName(word)) {
        throw new UserError(`${word} means nothing here: nothing at hand has it`, {
          todo: 'select a frame of an operation that does, or name a place, such as ste(8).Config',
        });
      }
      const near = suggestion(word, [...COMMANDS.map((c) => c.name), ...knownNames()]);
      throw new UserError(`"${word}" is no command here, and no name that is known${near}`, {
        todo: 'try help',
      });
    }
    throw error;
  }
}

const FUNCTIONS: ReadonlySet<string> = new Set(['ste', 'cd', 'at', 'mem']);
/** Numbers below are read in decimal. */
const SMALL = 10n;

function valueAnswer(value: Value): Answer {
  if (typeof value === 'bigint') {
    const small = value >= 0n && value < SMALL;
    return { value: small ? String(value) : valueText(value), type: `number, ${value} in decimal` };
  }
  if (!isBag(value)) return { value: valueText(value), type: typeof value };
  return {
    value: value.text,
    children: named(() =>
      value.names().flatMap((name): Node[] => {
        const part = value.part(name);
        return part === undefined ? [] : [{ name, ...valueAnswer(part) }];
      }),
    ),
  };
}
