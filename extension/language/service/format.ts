/** How a script is laid out: one blank between words, statements of a test indented, comments kept. */

import { formsOf } from '../../../src/control/script/forms.ts';
import { parseScript } from '../../../src/control/script/parse.ts';
import { itemsBetween, lexLine } from '../../../src/control/script/parse-line.ts';
import type { Statement } from '../../../src/control/script/statement.ts';

const INDENT = '  ';

/**
 * The lines of a script, laid out. What cannot be read keeps its words.
 * @returns one line for each line of the text
 */
export function formatLines(text: string): readonly string[] {
  const { statements, broken } = parseScript(text, '');
  const byLine = new Map<number, Statement>();
  for (const statement of [...statements, ...broken]) byLine.set(statement.line, statement);
  let inside = false;
  return text.split('\n').map((raw, at) => {
    const line = raw.replace(/\r$/, '');
    const statement = byLine.get(at + 1);
    const keyword = statement?.keyword.text;
    if (keyword === 'test' || keyword === 'end') inside = false;
    const indent = inside ? INDENT : '';
    if (keyword === 'test') inside = true;
    const { items, comment } = lexLine(line, at + 1);
    const code = items.length === 0 ? '' : codeOf(line, comment, statement);
    const remark = line.slice(comment).trimEnd();
    if (code === '') return remark === '' ? '' : indent + remark;
    if (remark === '') return indent + code;
    const gap = /[ \t]*$/.exec(line.slice(0, comment))?.[0] ?? '';
    return indent + code + (gap === '' ? ' ' : gap.replaceAll('\t', ' ')) + remark;
  });
}

function codeOf(line: string, comment: number, statement: Statement | undefined): string {
  const { rest } = statement ?? {};
  const words = (from: number, to: number): string =>
    itemsBetween(line, 1, from, to)
      .items.map((item) => (item.kind === 'word' ? item.word : item.argument))
      .map(({ start, end }) => line.slice(start - 1, end - 1))
      .join(' ');
  if (!statement || !rest) return words(0, comment);
  const value = line.slice(rest.start - 1, rest.end - 1);
  if (formsOf(statement.keyword.text).some((form) => form.rest === 'all'))
    return `${statement.keyword.text} ${value}`;
  const equals = line.lastIndexOf('=', rest.start - 2);
  const tail = words(rest.end - 1, comment);
  return [words(0, equals), '=', value, tail].filter((part) => part !== '').join(' ');
}
