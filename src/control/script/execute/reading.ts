import type { Field } from '../../../bits/layout.ts';
import { UserError } from '../../../bits/user-error.ts';
import { valueByName } from '../../../bits/values.ts';
import { isWorld, type World } from '../../../bits/world.ts';
import { hasQueues } from '../../../model/queues/queue-id.ts';
import type { QueueWorld } from '../../../spec/commands.ts';
import { type Expression, parseExpression } from '../../expression/parse.ts';
import { ExpressionError, isBag, type Scope, type Value, valueText } from '../../expression/value.ts';
import { noSuchWorld } from '../machine.ts';
import { worldList } from '../names.ts';
import type { Bound } from '../parse-bind.ts';
import type { Span, Word } from '../statement.ts';

/** A mistake with its place: what stands there cannot be executed. */
export class PlacedError extends UserError {
  readonly at: Span;

  constructor(at: Span, what: string) {
    super(what);
    this.at = at;
  }
}

const PARSED = new WeakMap<Word, Expression>();

function expressionOf(word: Word): Expression {
  let expression = PARSED.get(word);
  if (!expression) {
    expression = parseExpression(word.text);
    PARSED.set(word, expression);
  }
  return expression;
}

/** What a word comes to. @throws PlacedError */
export function evaluate(word: Word, scope: Scope): Value {
  try {
    return expressionOf(word).evaluate(scope);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    const start = word.start + (error instanceof ExpressionError ? error.offset : 0);
    throw new PlacedError({ line: word.line, start, end: word.end }, error.message);
  }
}

/** A whole number that is not negative and below a limit. @throws PlacedError */
export function numberOf(word: Word, scope: Scope, limit: bigint = 1n << 64n): bigint {
  const found = evaluate(word, scope);
  const value = isBag(found) ? (found.whole ?? found) : found;
  const number = typeof value === 'boolean' ? BigInt(value) : value;
  if (typeof number !== 'bigint')
    throw new PlacedError(word, `"${word.text}" is no number but ${valueText(value)}`);
  if (number < 0n || number >= limit) {
    throw new PlacedError(
      word,
      `${word.text} is ${valueText(number)}: a number from 0 to ${valueText(limit - 1n)} is expected`,
    );
  }
  return number;
}

/** A field's value: the name of one in the table, or an expression. @throws PlacedError */
export function fieldValue(field: Field, word: Word, scope: Scope): bigint {
  const named = valueByName(field, word.text);
  if (named !== undefined) return BigInt(named);
  if (field.name === 'error' && word.text === 'NONE') return 0n;
  return numberOf(word, scope);
}

/** The words and arguments of a statement as values. */
export class Reading {
  readonly bound: Bound;
  readonly scope: Scope;
  readonly #whole: Span;
  readonly #there: readonly World[];

  /** @param there the Security states that the SMMU has */
  constructor(bound: Bound, scope: Scope, whole: Span, there: readonly World[]) {
    this.bound = bound;
    this.scope = scope;
    this.#whole = whole;
    this.#there = there;
  }

  fail(what: string): never {
    throw new PlacedError(this.#whole, what);
  }

  word(name: string): Word {
    return this.bound.words.get(name) ?? this.fail(`the ${name} is missing; write ${this.bound.form.usage}`);
  }

  flag(name: string): boolean {
    return this.bound.flags.has(name);
  }

  argument(name: string): Word | null {
    return this.bound.arguments.get(name)?.value ?? null;
  }

  /** A bare word as a number. */
  count(name: string, limit?: bigint): bigint {
    return numberOf(this.word(name), this.scope, limit);
  }

  /** An argument as a number, or null when it is not there. */
  number(name: string, limit?: bigint): bigint | null {
    const word = this.argument(name);
    return word === null ? null : numberOf(word, this.scope, limit);
  }

  required(name: string, limit?: bigint): bigint {
    return this.number(name, limit) ?? this.fail(`"${name}" is missing; write ${this.bound.form.usage}`);
  }

  /**
   * The Security state or address space that a word or an argument names.
   * @param otherwise what stands for nothing said
   * @throws PlacedError when the SMMU does not have it
   */
  world(name = 'world', otherwise: World = 'ns'): World {
    const word = this.bound.words.get(name) ?? this.argument(name);
    if (!word) return otherwise;
    if (!isWorld(word.text)) throw new PlacedError(word, `"${word.text}" is no world`);
    if (!this.#there.includes(word.text)) throw new PlacedError(word, noSuchWorld(word.text).message);
    return word.text;
  }

  /** The Security state whose queue a word or an argument names. */
  queueWorld(name = 'world'): QueueWorld {
    const world = this.world(name);
    return hasQueues(world) ? world : this.fail(`the ${world} state has no queues`);
  }

  /** Several Security states, in the order in which they are named; null when the argument is not there. */
  worlds(name: string): readonly World[] | null {
    const word = this.argument(name);
    if (word === null) return null;
    const worlds = worldList(word.text);
    const absent = worlds.find((world) => !this.#there.includes(world));
    if (absent !== undefined) throw new PlacedError(word, noSuchWorld(absent).message);
    return worlds;
  }
}
