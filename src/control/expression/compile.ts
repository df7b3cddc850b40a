import type { Expression as Parsed } from 'jsep';
import { ExpressionError, isBag, type Scope, truthOf, type Value, valueText } from './value.ts';

export type Evaluate = (scope: Scope) => Value;

/** A shift by more makes a number that no register holds, and would take the memory for it. */
const WIDEST_SHIFT = 128n;

const BINARY: Readonly<Record<string, (a: bigint, b: bigint) => bigint>> = {
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
  '/': (a, b) => a / b,
  '%': (a, b) => a % b,
  '&': (a, b) => a & b,
  '|': (a, b) => a | b,
  '^': (a, b) => a ^ b,
  '<<': (a, b) => a << b,
  '>>': (a, b) => a >> b,
};

const ORDER: Readonly<Record<string, (a: bigint, b: bigint) => boolean>> = {
  '<': (a, b) => a < b,
  '<=': (a, b) => a <= b,
  '>': (a, b) => a > b,
  '>=': (a, b) => a >= b,
};

/**
 * Turns a parsed expression into a function.
 * @param names collects the free names
 * @throws ExpressionError for forms that have no meaning here
 */
export function compile(node: Parsed, text: string, names: string[]): Evaluate {
  const inner = (child: unknown): Evaluate => compile(child as Parsed, text, names);
  switch (node.type) {
    case 'Literal':
      return literal(node, text);
    case 'Identifier':
      return identifier(String(node['name']), text, names);
    case 'MemberExpression':
      return member(node, inner, text);
    case 'CallExpression':
      return call(node, inner, text, names);
    case 'UnaryExpression':
      return unary(String(node['operator']), inner(node['argument']), text);
    case 'BinaryExpression':
      return binary(String(node['operator']), inner(node['left']), inner(node['right']), text);
    case 'ConditionalExpression': {
      const [test, yes, no] = [inner(node['test']), inner(node['consequent']), inner(node['alternate'])];
      return (scope) => (truthOf(test(scope)) ? yes(scope) : no(scope));
    }
    case 'Compound':
      throw new ExpressionError(`"${text}" is more than one expression`, 0, 'join them with && or ||');
    default:
      throw new ExpressionError(`"${text}" uses a form that has no meaning here`, 0);
  }
}

function literal(node: Parsed, text: string): Evaluate {
  const value: unknown = node['value'];
  if (typeof value === 'bigint' || typeof value === 'boolean' || typeof value === 'string')
    return () => value;
  throw new ExpressionError(`"${text}" uses a value that has no meaning here`, 0);
}

function identifier(name: string, text: string, names: string[]): Evaluate {
  if (!names.includes(name)) names.push(name);
  return (scope) => {
    const value = scope.name(name);
    if (value === undefined) throw unknownName(name, text);
    return value;
  };
}

function unknownName(name: string, text: string): ExpressionError {
  return new ExpressionError(`${name} is not known here`, Math.max(text.indexOf(name), 0));
}

function member(node: Parsed, inner: (child: unknown) => Evaluate, text: string): Evaluate {
  const property = node['property'] as Parsed;
  if (node['computed'] === true || property.type !== 'Identifier') {
    throw new ExpressionError(`"${text}" uses [ ], which has no meaning here`, 0, 'write a.b');
  }
  const of = inner(node['object']);
  const name = String(property['name']);
  return (scope) => {
    const whole = of(scope);
    const part = isBag(whole) ? whole.part(name) : undefined;
    if (part !== undefined) return part;
    const known = isBag(whole) ? whole.names() : [];
    throw new ExpressionError(
      `${valueText(whole)} has no ${name}`,
      Math.max(text.indexOf(name), 0),
      known.length > 0 ? `it has ${known.join(', ')}` : undefined,
    );
  };
}

function call(node: Parsed, inner: (child: unknown) => Evaluate, text: string, names: string[]): Evaluate {
  const callee = node['callee'] as Parsed;
  if (callee.type !== 'Identifier') throw new ExpressionError(`"${text}" calls what is no function`, 0);
  const name = String(callee['name']);
  if (!names.includes(name)) names.push(name);
  const args = (node['arguments'] as unknown[]).map(inner);
  return (scope) => {
    const given = args.map((arg) => arg(scope));
    const value = scope.call?.(name, given);
    if (value === undefined) {
      const called = `${name}(${given.map(valueText).join(', ')})`;
      throw new ExpressionError(`${called} is nothing that is known here`, Math.max(text.indexOf(name), 0));
    }
    return value;
  };
}

function unary(operator: string, of: Evaluate, text: string): Evaluate {
  switch (operator) {
    case '!':
      return (scope) => !truthOf(of(scope));
    case '-':
      return (scope) => -numberOf(of(scope), operator, text);
    case '+':
      return (scope) => numberOf(of(scope), operator, text);
    case '~':
      return (scope) => BigInt.asUintN(64, ~numberOf(of(scope), operator, text));
    default:
      throw new ExpressionError(`"${text}" uses ${operator}, which has no meaning here`, 0);
  }
}

function binary(operator: string, left: Evaluate, right: Evaluate, text: string): Evaluate {
  if (operator === '&&') return (scope) => truthOf(left(scope)) && truthOf(right(scope));
  if (operator === '||') return (scope) => truthOf(left(scope)) || truthOf(right(scope));
  if (operator === '==' || operator === '===') return (scope) => same(left(scope), right(scope));
  if (operator === '!=' || operator === '!==') return (scope) => !same(left(scope), right(scope));
  const order = ORDER[operator];
  if (order) {
    return (scope) => order(numberOf(left(scope), operator, text), numberOf(right(scope), operator, text));
  }
  const compute = BINARY[operator];
  if (!compute) throw new ExpressionError(`"${text}" uses ${operator}, which has no meaning here`, 0);
  return (scope) => {
    const [a, b] = [numberOf(left(scope), operator, text), numberOf(right(scope), operator, text)];
    if ((operator === '/' || operator === '%') && b === 0n) {
      throw new ExpressionError(`"${text}" divides by zero`, 0);
    }
    if ((operator === '<<' || operator === '>>') && (b < 0n || b > WIDEST_SHIFT)) {
      throw new ExpressionError(`"${text}" shifts by ${b}`, 0, `shift by 0 to ${WIDEST_SHIFT}`);
    }
    return compute(a, b);
  };
}

/** Texts are compared without regard to case and prefix: `event == f_translation`, `command == TLBI_NH_VA`. */
function same(left: Value, right: Value): boolean {
  const [a, b] = [counted(left), counted(right)];
  if (typeof a === 'string' && typeof b === 'string') return folded(a) === folded(b);
  if (isBag(a) || isBag(b)) return a === b;
  if (typeof a === 'boolean' || typeof b === 'boolean') {
    return typeof a !== 'string' && typeof b !== 'string' && Number(a) === Number(b);
  }
  return a === b;
}

/** A bag that has a number counts as it. */
function counted(value: Value): Value {
  return isBag(value) && value.whole !== undefined ? value.whole : value;
}

function folded(text: string): string {
  return text.toLowerCase().replace(/^cmd_/, '');
}

function numberOf(of: Value, operator: string, text: string): bigint {
  const value = counted(of);
  if (typeof value === 'bigint') return value;
  if (typeof value === 'boolean') return value ? 1n : 0n;
  throw new ExpressionError(`${operator} in "${text}" needs numbers, not ${valueText(value)}`, 0);
}
