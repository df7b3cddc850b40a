/** Which expressions the debugger may evaluate for an editor: under the mouse, and beside the lines. */

import type { Script } from './analysis.ts';
import { namesAt } from './analysis.ts';
import { type Part, type Placed, partAt, partsOf, pathAt, placedAt } from './place.ts';

/** An expression of the debugger, and the text that it stands for: columns from 1. */
export interface Evaluatable {
  readonly line: number;
  readonly start: number;
  readonly end: number;
  readonly expression: string;
}

/** The expression for what stands at a place, or null when it has no value; line and column from 1. */
export function evaluatableAt(script: Script, line: number, column: number): Evaluatable | null {
  const placed = placedAt(script, line);
  const part = placed && partAt(placed, column);
  if (!placed || !part) return null;
  const own = ownExpression(placed, part);
  if (own !== null) return { line, start: part.word.start, end: part.word.end, expression: own };
  if (part.kind === 'keyword' || part.kind === 'flag' || part.kind === 'argument') return null;
  const path = pathAt(script.lines[line - 1] ?? '', column);
  if (!path || /^[0-9]/.test(path.text)) return null;
  const isOpen =
    part.kind === 'rest' || namesAt(script, line + 1).get(path.text.split('.')[0] ?? '') !== undefined;
  return isOpen ? { line, start: path.start, end: path.end, expression: path.text } : null;
}

/** A register, or a field of a structure, by the words around it. */
function ownExpression({ statement, bound }: Placed, part: Part): string | null {
  if (part.kind === 'word' && part.takes === 'register') return `reg.${part.word.text}`;
  if (part.kind !== 'field') return null;
  const sid = bound.words.get('sid')?.text;
  const world = bound.words.get('world')?.text;
  const { text: keyword } = statement.keyword;
  if (sid === undefined || world === undefined) return null;
  if (keyword === 'ste') return `ste(${sid}${world === 'ns' ? '' : `, ${world}`}).${part.word.text}`;
  if (keyword !== 'cd' || world !== 'ns') return null;
  const ssid = bound.words.get('ssid')?.text;
  return `cd(${sid}${ssid === undefined ? '' : `, ${ssid}`}).${part.word.text}`;
}

/**
 * What is shown beside lines: names from the first to the last line, fields and registers in the line where the
 * program stands. Lines from 1.
 */
export function inlineValues(
  script: Script,
  from: number,
  to: number,
  stopped: number,
): readonly Evaluatable[] {
  return script.statements
    .filter(({ line }) => line >= from && line <= Math.min(to, stopped))
    .flatMap(({ line }) => {
      const placed = placedAt(script, line);
      return placed ? ofLine(script, placed, line === stopped) : [];
    });
}

function ofLine(script: Script, placed: Placed, here: boolean): readonly Evaluatable[] {
  const { line, keyword } = placed.statement;
  const visible = namesAt(script, line + (keyword.text === 'let' ? 1 : 0));
  const found: Evaluatable[] = [];
  for (const part of partsOf(placed)) {
    const { start, end, text, quoted } = part.word;
    const own = here ? ownExpression(placed, part) : null;
    if (own !== null) found.push({ line, start, end, expression: own });
    if (part.kind === 'keyword' || part.kind === 'flag' || part.kind === 'argument' || part.kind === 'field')
      continue;
    if (quoted) continue;
    for (const match of text.matchAll(/(?<![\w.])[A-Za-z_]\w*/g)) {
      if (visible.get(match[0])?.kind !== 'let') continue;
      const from = start + match.index;
      found.push({ line, start: from, end: from + match[0].length, expression: match[0] });
    }
  }
  return found;
}
