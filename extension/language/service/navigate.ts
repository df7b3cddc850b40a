/** Where things are: definitions, and the outline of a script. */

import type { ScriptName } from '../../../src/control/script/check-names.ts';
import type { Span, Statement } from '../../../src/control/script/statement.ts';
import { namesAt, type Script } from './analysis.ts';
import { partAt, pathAt, placedAt } from './place.ts';

/** Where a name is made, or the script that an include names. */
export type Definition =
  | { readonly kind: 'name'; readonly name: ScriptName }
  | { readonly kind: 'include'; readonly path: string };

/** What the word at a place refers to, or null; line and column from 1. */
export function definitionAt(script: Script, line: number, column: number): Definition | null {
  const placed = placedAt(script, line);
  const part = placed && partAt(placed, column);
  if (part?.kind === 'word' && part.takes === 'path' && placed?.form.keyword === 'include') {
    return { kind: 'include', path: part.word.text };
  }
  if (!part || part.kind === 'keyword') return null;
  const path = pathAt(script.lines[line - 1] ?? '', column);
  const first = path?.text.split('.')[0];
  const name = first === undefined ? undefined : namesAt(script, line + 1).get(first);
  return name ? { kind: 'name', name } : null;
}

/** An entry of the outline. */
export interface OutlineEntry {
  readonly name: string;
  readonly detail: string;
  readonly kind: 'test' | 'let' | 'device' | 'include';
  /** What the entry covers. */
  readonly from: Span;
  readonly to: Span;
  /** Its name. */
  readonly selection: Span;
  readonly children: readonly OutlineEntry[];
}

/** The outline: tests with the names made in them, names, devices, includes. */
export function symbolsOf(script: Script): readonly OutlineEntry[] {
  const inside = (line: number) => script.blocks.find(({ from, to }) => line > from && line <= to);
  const plain = script.statements.flatMap((statement) => plainSymbol(statement));
  const tests = script.blocks.map(({ test, to }): OutlineEntry => {
    const name = test.words[0] ?? test.keyword;
    const end = script.lines[to - 1] ?? '';
    return {
      name: name.text === '' ? 'test' : name.text,
      detail: '',
      kind: 'test',
      from: test,
      to: { line: to, start: 1, end: end.length + 1 },
      selection: name,
      children: plain.filter(({ from }) => inside(from.line)?.test === test),
    };
  });
  const outside = plain.filter(({ from }) => inside(from.line) === undefined);
  return [...outside, ...tests].sort((a, b) => a.from.line - b.from.line);
}

function plainSymbol(statement: Statement): readonly OutlineEntry[] {
  const kind = statement.keyword.text;
  const [word] = statement.words;
  if ((kind !== 'let' && kind !== 'device' && kind !== 'include') || !word || word.text === '') return [];
  const detail =
    statement.rest?.text ??
    statement.arguments.map(({ name, value }) => `${name.text}=${value.text}`).join(' ');
  return [{ name: word.text, detail, kind, from: statement, to: statement, selection: word, children: [] }];
}
