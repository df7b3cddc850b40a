/** What stands at a place of a script, or is about to be written there. */

import type { Form, Takes } from '../../../src/control/script/form.ts';
import { formsOf } from '../../../src/control/script/forms.ts';
import type { Bound } from '../../../src/control/script/parse-bind.ts';
import { bind, formOfStatement } from '../../../src/control/script/parse-bind.ts';
import type { Statement, Word } from '../../../src/control/script/statement.ts';
import type { Script } from './analysis.ts';

/** A statement with its form and its words by name. */
export interface Placed {
  readonly statement: Statement;
  readonly form: Form;
  readonly bound: Bound;
}

/** The statement of a line, or null. */
export function placedAt(script: Script, line: number): Placed | null {
  const statement = script.statements.find((one) => one.line === line);
  const form = statement && formOfStatement(statement);
  return form ? { statement, form, bound: bind(statement, form) } : null;
}

/** What a word of a statement is: its keyword, a named place, a flag, the name or value of an argument or field. */
export type Part =
  | { readonly kind: 'keyword'; readonly word: Word }
  | {
      readonly kind: 'word';
      readonly word: Word;
      readonly name: string;
      readonly takes: Takes;
      readonly doc: string;
    }
  | { readonly kind: 'flag'; readonly word: Word; readonly doc: string }
  | { readonly kind: 'argument'; readonly word: Word; readonly name: string; readonly doc: string }
  | {
      readonly kind: 'value';
      readonly word: Word;
      readonly name: string;
      readonly takes: Takes;
      readonly doc: string;
    }
  | { readonly kind: 'field'; readonly word: Word; readonly name: string }
  | { readonly kind: 'field-value'; readonly word: Word; readonly name: string }
  | { readonly kind: 'rest'; readonly word: Word };

/** Every word of a statement, with what it is. */
export function partsOf({ statement, form, bound }: Placed): readonly Part[] {
  const parts: Part[] = [{ kind: 'keyword', word: statement.keyword }];
  const [first] = statement.words;
  if (first && form.subject === first.text) parts.push({ kind: 'keyword', word: first });
  for (const { name, takes, doc } of form.words) {
    const word = bound.words.get(name);
    if (word) parts.push({ kind: 'word', word, name, takes, doc });
  }
  for (const { name, doc } of form.flags) {
    const word = bound.flags.get(name);
    if (word) parts.push({ kind: 'flag', word, doc });
  }
  for (const { name, takes, doc } of form.arguments) {
    const argument = bound.arguments.get(name);
    if (!argument) continue;
    parts.push({ kind: 'argument', word: argument.name, name, doc });
    parts.push({ kind: 'value', word: argument.value, name, takes, doc });
  }
  for (const { name, value } of bound.fields) {
    parts.push({ kind: 'field', word: name, name: name.text });
    if (value) parts.push({ kind: 'field-value', word: value, name: name.text });
  }
  if (statement.rest) parts.push({ kind: 'rest', word: statement.rest });
  return parts;
}

/** The part of a statement in which a column lies (from 1; the column after a word belongs to it), or null. */
export function partAt(placed: Placed, column: number): Part | null {
  return partsOf(placed).find(({ word }) => column >= word.start && column <= word.end) ?? null;
}

/** Whether a keyword has several forms, chosen by the word after it. */
export function hasSubjects(keyword: string): boolean {
  return formsOf(keyword).some(({ subject }) => subject !== undefined);
}

/** A name with dots, or a number, around a column of a line. */
export interface Path {
  /** From its beginning up to the end of the part in which the column lies: `reg.ns.CR0` of `reg.ns.CR0.SMMUEN`. */
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

const PATH = /(?:(?:ste|cd)\([^()]*\)\.)?[A-Za-z0-9_]+(?:\.[A-Za-z_]\w*)*/g;

/** The name or number around a column (from 1), or null. */
export function pathAt(line: string, column: number): Path | null {
  for (const found of line.matchAll(PATH)) {
    const from = found.index + 1;
    const to = from + found[0].length;
    if (column < from || column > to) continue;
    const dot = found[0].indexOf('.', Math.max(column - from, found[0].lastIndexOf(')') + 2));
    const text = dot < 0 ? found[0] : found[0].slice(0, dot);
    return { text, start: from, end: from + text.length };
  }
  return null;
}
