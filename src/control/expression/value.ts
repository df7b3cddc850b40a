import { UserError } from '../../bits/user-error.ts';

/** Named parts that belong together: the fields of a structure, a register, an event. */
export interface Bag {
  /** In one line, for people. */
  readonly text: string;
  readonly names: () => readonly string[];
  /** What it counts as where a number is needed: a register by itself. */
  readonly whole?: bigint;
  part(name: string): Value | undefined;
}

/** What an expression can come to. Numbers are unbounded while computing: 64-bit addresses stay exact. */
export type Value = bigint | boolean | string | Bag;

/** What the names and functions of an expression stand for. */
export interface Scope {
  name(name: string): Value | undefined;
  call?(name: string, args: readonly Value[]): Value | undefined;
}

/** A mistake in an expression, with its place in the text. */
export class ExpressionError extends UserError {
  /** Offset in the expression's text, from 0. */
  readonly offset: number;

  constructor(what: string, offset: number, todo?: string) {
    super(what, todo === undefined ? {} : { todo });
    this.offset = offset;
  }
}

export function isBag(value: Value): value is Bag {
  return typeof value === 'object';
}

/** Whether a value counts as true: a number other than 0, a text that is not empty, whatever has parts. */
export function truthOf(value: Value): boolean {
  if (typeof value === 'bigint') return value !== 0n;
  if (typeof value === 'boolean') return value;
  if (typeof value === 'string') return value !== '';
  return value.whole === undefined || value.whole !== 0n;
}

/** A value for people: numbers in hexadecimal, as addresses and fields are read. */
export function valueText(value: Value): string {
  if (typeof value === 'bigint')
    return value < 0n ? `-0x${(-value).toString(16)}` : `0x${value.toString(16)}`;
  if (typeof value === 'boolean') return String(value);
  return typeof value === 'string' ? value : value.text;
}
