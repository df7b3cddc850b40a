import type { DebugProtocol } from '@vscode/debugprotocol';
import { type Args, countOf } from '../args.ts';
import { NotNow } from '../errors.ts';
import type { Handlers } from '../handler.ts';
import { scopesOf } from '../scopes/index.ts';
import type { Session } from '../session.ts';
import { type Children, memoryReference, type Node } from '../variable-node.ts';

/** Variables in one answer, whatever the client asks for. */
const PAGE_LIMIT = 10_000;

export const VARIABLES: Handlers = {
  scopes(session, args) {
    const { debuggee } = session;
    debuggee.requireStopped();
    const frame = debuggee.frames.get(countOf(args['frameId'], 0));
    if (!frame) throw new NotNow('this stack frame is gone');
    return {
      scopes: scopesOf(debuggee, frame, session.shownWorld).map(({ name, children, expensive, hint }) => ({
        name,
        expensive,
        variablesReference: debuggee.variables.add(children),
        ...sizes(children),
        ...(hint === undefined ? {} : { presentationHint: hint }),
      })),
    };
  },

  variables(session, args) {
    const children = session.debuggee.variables.get(countOf(args['variablesReference'], 0));
    if (!children) throw new NotNow('this variable is gone');
    const hex = wantsHex(args);
    return { variables: listed(children, args).map((node) => variable(session, node, hex)) };
  },
};

/** Whether the client wants numbers in hexadecimal. */
export function wantsHex(args: Args): boolean {
  return (args['format'] as { hex?: unknown } | undefined)?.hex === true;
}

function listed(children: Children, args: Args): readonly Node[] {
  const { filter } = args;
  const start = countOf(args['start'], 0);
  const count = Math.min(countOf(args['count'], 0) || PAGE_LIMIT, PAGE_LIMIT);
  const names = filter === 'indexed' ? [] : (children.names?.() ?? []);
  if (filter === 'named') return names.slice(start, start + count);
  const indexed = children.indexed ?? 0;
  const page = start < indexed ? (children.page?.(start, Math.min(count, indexed - start)) ?? []) : [];
  // Clients that do not page ask for everything at once.
  return filter === 'indexed' ? page : [...names, ...page];
}

/** A node as the protocol has it; its children get a number. */
export function variable(session: Session, node: Node, hex: boolean): DebugProtocol.Variable {
  const { children, memory } = node;
  return {
    name: node.name,
    value: hex ? inHex(node.value) : node.value,
    variablesReference: children ? session.debuggee.variables.add(children) : 0,
    ...(children ? sizes(children) : {}),
    ...(node.type === undefined ? {} : { type: node.type }),
    ...(memory === undefined ? {} : { memoryReference: memoryReference(memory.space, memory.pa) }),
    ...(node.evaluateName === undefined ? {} : { evaluateName: node.evaluateName }),
    ...hintOf(node),
  };
}

/** What cannot be set says so; what opens to parts has no value of its own to be set. */
function hintOf({ slot, readOnly, lazy }: Node): Pick<DebugProtocol.Variable, 'presentationHint'> {
  const hint = slot === undefined ? VIRTUAL : readOnly ? CONSTANT : DATA;
  return { presentationHint: lazy ? { ...hint, lazy: true } : hint };
}

const DATA: DebugProtocol.VariablePresentationHint = { kind: 'data' };
const CONSTANT: DebugProtocol.VariablePresentationHint = { kind: 'data', attributes: ['readOnly'] };
const VIRTUAL: DebugProtocol.VariablePresentationHint = { kind: 'virtual', attributes: ['readOnly'] };

function sizes(children: Children): { namedVariables?: number; indexedVariables?: number } {
  return {
    ...(children.named === undefined ? {} : { namedVariables: children.named }),
    ...(children.indexed === undefined ? {} : { indexedVariables: children.indexed }),
  };
}

/** A decimal number, also one with its meaning behind it, in hexadecimal; counts and sizes stay as they are. */
export function inHex(value: string): string {
  return value.replace(/^\d+(?=$| \()/, (digits) => `0x${Number(digits).toString(16)}`);
}
