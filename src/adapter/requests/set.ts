/** Setting what variables and expressions show: what if it were so? */

import { UserError } from '../../bits/user-error.ts';
import { type Args, countOf } from '../args.ts';
import { parseValue } from '../edit/parse-value.ts';
import { slotRow } from '../edit/slot.ts';
import { writeSlot } from '../edit/write.ts';
import { NotNow } from '../errors.ts';
import { expressionAnswer } from '../evaluate/index.ts';
import { whereOf } from '../evaluate/scope.ts';
import type { Handlers } from '../handler.ts';
import { fieldNode } from '../scopes/structure.ts';
import type { Session } from '../session.ts';
import { childNamed, type Node } from '../variable-node.ts';
import { frameOf } from './evaluate.ts';
import { variable, wantsHex } from './variables.ts';

export const SET: Handlers = {
  setVariable(session, args) {
    session.debuggee.requireStopped();
    const children = session.debuggee.variables.get(countOf(args['variablesReference'], 0));
    if (!children) throw new NotNow('this variable is gone');
    const name = typeof args['name'] === 'string' ? args['name'] : '';
    const node = childNamed(children, name);
    if (!node) throw new NotNow(`there is no variable ${JSON.stringify(name)}`);
    return set(session, name, node, args);
  },

  setExpression(session, args) {
    session.debuggee.requireStopped();
    const text = typeof args['expression'] === 'string' ? args['expression'].trim() : '';
    if (text === '') throw new UserError('there is nothing to set', { todo: 'write ste(8).Config' });
    const where = whereOf(session.debuggee, frameOf(session, args['frameId']));
    return set(session, text, expressionAnswer(session, text, where), args);
  },
};

type Settable = Pick<Node, 'slot' | 'readOnly'>;

function set(session: Session, name: string, { slot, readOnly }: Settable, args: Args): object {
  if (!slot || readOnly) {
    throw new UserError(`${name} cannot be set`, {
      todo: 'set fields of structures in memory, memory, or registers that software may write',
    });
  }
  const { debuggee } = session;
  const { value } = args;
  if (typeof value !== 'string' || value.trim() === '')
    throw new UserError('a value is missing', { where: slot.name });
  const { scope } = whereOf(debuggee, frameOf(session, args['frameId']));
  writeSlot(session, slot, parseValue(slot, value, scope));
  const row = slotRow(debuggee.smmu, slot);
  if (!row) throw new NotNow('the value is gone');
  const node = fieldNode(row, slot.world, slot);
  const { name: _, presentationHint: _hint, ...shown } = variable(session, node, wantsHex(args));
  return shown;
}
