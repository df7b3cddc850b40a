import jsep from 'jsep';
import { compile, type Evaluate } from './compile.ts';
import { numeralAt } from './numbers.ts';
import { ExpressionError, type Scope, truthOf, type Value } from './value.ts';

/** An expression of conditions, log messages, watches and scripts, ready to be evaluated. */
export interface Expression {
  readonly text: string;
  /** The free names and functions that it uses, in the order of their first use. */
  readonly names: readonly string[];
  /** @throws ExpressionError when a name is unknown or an operator does not fit its operands */
  evaluate(scope: Scope): Value;
  /** Whether it comes to something that counts as true; throws as {@link evaluate} does. */
  truth(scope: Scope): boolean;
}

/** Nobody writes more by hand, and deep nesting would exhaust the parser. */
const LONGEST = 2000;

// Numerals are the project's own: exact beyond 2^53, and with suffixes.
jsep.hooks.add('gobble-token', function (env) {
  if (!/[0-9]/.test(this.char)) return;
  const numeral = numeralAt(this.expr, this.index);
  if (!numeral) this.throwError('this is no number');
  const { value, length } = numeral as { value: bigint; length: number };
  env.node = { type: 'Literal', value: value as unknown as object, raw: '' };
  this.index += length;
});

/**
 * Parses an expression: numbers (decimal, 0x, 0b, `_`, suffix K, M, G, T), names, `a.b`, `f(x)`, texts in quotes, and the
 * operators `! ~ - * / % + << >> < <= > >= == != & ^ | && || ?:`.
 * @throws ExpressionError with the place of the mistake
 */
export function parseExpression(text: string): Expression {
  if (text.trim() === '') throw new ExpressionError('an expression is missing', 0);
  if (text.length > LONGEST) throw new ExpressionError(`longer than ${LONGEST} characters`, LONGEST);
  const names: string[] = [];
  let evaluate: Evaluate;
  try {
    evaluate = compile(jsep(text), text, names);
  } catch (error) {
    throw error instanceof ExpressionError ? error : mistake(error, text);
  }
  return {
    text,
    names,
    evaluate,
    truth: (scope) => truthOf(evaluate(scope)),
  };
}

function mistake(error: unknown, text: string): ExpressionError {
  const { index, description } = error as { index?: unknown; description?: unknown };
  if (typeof index !== 'number' || typeof description !== 'string') {
    return new ExpressionError('too deeply nested', 0, 'split it into several');
  }
  return new ExpressionError(`"${text}" is no expression: ${description.toLowerCase()}`, index);
}
