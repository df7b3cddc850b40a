import { fieldOf } from '../../bits/layout.ts';
import { UserError } from '../../bits/user-error.ts';
import { isWorld } from '../../bits/world.ts';
import { REGISTER_LIST, type Register, registerByName, worldRegister } from '../../spec/registers.ts';
import { isShown, registerNode } from '../scopes/registers.ts';
import type { Session } from '../session.ts';
import type { Answer, ConsoleCommand } from './command.ts';

const USAGE = 'reg CR0, reg CR0.SMMUEN or reg.ns.CR0';

/** Shows a register or a field of one. */
export const reg: ConsoleCommand = {
  name: 'reg',
  usage: 'reg CR0[.FIELD]',
  help: 'shows a register and its fields',
  words: REGISTER_LIST.filter((register) => isShown(register)).map((r) => r.short),
  run(session, rest) {
    return registerAnswer(session, rest);
  },
};

/**
 * A register or a field of one.
 * @param name `CR0`, `CR0.SMMUEN`, `ns.CR0`, `s.CR0.SMMUEN`
 * @throws UserError when there is none
 */
export function registerAnswer(session: Session, name: string): Answer {
  const { register, fieldName } = parse(name);
  const { smmu, viewer } = session.debuggee;
  if (register.world !== null && !viewer.sees(register.world))
    return { value: viewer.text(register.world), type: register.name };
  const node = registerNode(smmu, register);
  if (fieldName === null) return node;
  const field = fieldOf(register.layout, fieldName);
  const found = field && node.children?.names?.().find((child) => child.name === field.name);
  if (!found) {
    throw new UserError(`${register.short} has no field ${fieldName}`, {
      todo: `fields are ${register.layout.list.map((f) => f.name).join(', ')}`,
    });
  }
  return found;
}

/** `CR0`, `CR0.SMMUEN`, `s.CR0`, `s.CR0.SMMUEN`. */
function parse(rest: string): { register: Register; fieldName: string | null } {
  const parts = rest.trim().split('.');
  const world = parts.length > 1 && isWorld(parts[0] ?? '') ? parts.shift() : undefined;
  const [name = '', fieldName = null] = parts;
  const stem = name.replace(/^SMMU_/, '');
  const register = (world && isWorld(world) ? worldRegister(world, stem) : undefined) ?? registerByName(stem);
  if (!register || !isShown(register) || parts.length > 2) {
    throw new UserError(name === '' ? 'a register is missing' : `there is no register ${rest.trim()}`, {
      todo: `write ${USAGE}`,
    });
  }
  return { register, fieldName };
}
