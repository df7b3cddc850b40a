/** One line of a script as words and arguments. */

import type { Argument, Problem, Span, Word } from './statement.ts';

/** What stands in a line between blanks. */
export type Item =
  | { readonly kind: 'word'; readonly word: Word }
  | { readonly kind: 'argument'; readonly argument: Argument };

/** A line that was cut into items. Columns count from 1. */
export interface Line {
  readonly items: readonly Item[];
  /** Offset of the `#` that begins a comment, from 0; the length of the line when it has none. */
  readonly comment: number;
  readonly problems: readonly Problem[];
}

const NAME = /[A-Za-z_][\w.]*=(?!=)/y;
const BLANK = /[ \t]/;
/** Characters that make `=` part of an operator, before it. */
const BEFORE_EQUALS = '=!<>';

/** Where the quoted text that begins at `at` ends: the offset after the closing quote, or -1 when it has none. */
function quoteEnd(text: string, at: number, end: number): number {
  for (let i = at + 1; i < end; i++) {
    if (text[i] === '\\') i++;
    else if (text[i] === '"') return i + 1;
  }
  return -1;
}

/** The offset of the comment, or the length of the line. A quote that is not closed reaches to the end of the line. */
function commentAt(text: string): number {
  for (let i = 0; i < text.length; i++) {
    if (text[i] === '#') return i;
    if (text[i] === '"') {
      const end = quoteEnd(text, i, text.length);
      if (end < 0) return text.length;
      i = end - 1;
    }
  }
  return text.length;
}

/** Where the item that begins at `at` ends: at the next blank outside of parentheses and quotes. What is not closed ends with the line. */
function itemEnd(text: string, at: number, end: number): number {
  let depth = 0;
  for (let i = at; i < end; i++) {
    const char = text[i] as string;
    if (char === '"') {
      const close = quoteEnd(text, i, end);
      if (close < 0) break;
      i = close - 1;
    } else if (char === '(') depth++;
    else if (char === ')') depth = Math.max(depth - 1, 0);
    else if (depth === 0 && BLANK.test(char)) return i;
  }
  let last = end;
  while (last > at && BLANK.test(text[last - 1] as string)) last--;
  return last;
}

function wordAt(text: string, line: number, from: number, to: number): Word {
  const raw = text.slice(from, to);
  const span: Span = { line, start: from + 1, end: to + 1 };
  if (raw.length >= 2 && raw.startsWith('"') && quoteEnd(text, from, to) === to) {
    return { ...span, text: raw.slice(1, -1).replace(/\\(["\\])/g, '$1'), quoted: true };
  }
  return { ...span, text: raw, quoted: false };
}

/** A word of what stands between two offsets without the blanks around it, or null when nothing does. */
export function trimmedWord(text: string, line: number, from: number, to: number): Word | null {
  let [a, b] = [from, to];
  while (a < b && BLANK.test(text[a] as string)) a++;
  while (b > a && BLANK.test(text[b - 1] as string)) b--;
  return a === b ? null : wordAt(text, line, a, b);
}

/** The items between two offsets, and the quotes that are not closed. */
export function itemsBetween(
  text: string,
  line: number,
  from: number,
  to: number,
): Pick<Line, 'items' | 'problems'> {
  const items: Item[] = [];
  const problems: Problem[] = [];
  let at = from;
  while (at < to) {
    if (BLANK.test(text[at] as string)) {
      at++;
      continue;
    }
    const end = itemEnd(text, at, to);
    NAME.lastIndex = at;
    const name = NAME.exec(text)?.[0];
    if (name !== undefined && at + name.length <= end) {
      const equals = at + name.length;
      items.push({
        kind: 'argument',
        argument: {
          line,
          start: at + 1,
          end: end + 1,
          name: wordAt(text, line, at, equals - 1),
          value: wordAt(text, line, equals, end),
        },
      });
    } else items.push({ kind: 'word', word: wordAt(text, line, at, end) });
    if (openQuote(text, at, end)) {
      const span = { line, start: end + 1, end: end + 1 };
      problems.push({
        line,
        start: at + 1,
        end: end + 1,
        severity: 'error',
        message: 'a text begins with " and does not end; write " after it',
        fix: { title: 'Close the text with "', replacement: '"', at: span },
      });
    }
    at = end;
  }
  return { items, problems };
}

function openQuote(text: string, from: number, to: number): boolean {
  for (let i = from; i < to; i++) {
    if (text[i] !== '"') continue;
    const end = quoteEnd(text, i, to);
    if (end < 0) return true;
    i = end - 1;
  }
  return false;
}

/**
 * Cuts a line into items. Never fails; time is linear in its length.
 * @param text the line without its end
 * @param line its number, from 1
 */
export function lexLine(text: string, line: number): Line {
  const comment = commentAt(text);
  return { ...itemsBetween(text, line, 0, comment), comment };
}

/**
 * The offset of the first `=` that stands by itself, outside of parentheses and quotes, at or after `from`.
 * @returns -1 when there is none before `to`
 */
export function equalsAt(text: string, from: number, to: number): number {
  let depth = 0;
  for (let i = from; i < to; i++) {
    const char = text[i] as string;
    if (char === '"') {
      const end = quoteEnd(text, i, to);
      if (end < 0) return -1;
      i = end - 1;
    } else if (char === '(') depth++;
    else if (char === ')') depth = Math.max(depth - 1, 0);
    else if (char === '=' && depth === 0) {
      if (text[i + 1] === '=') i++;
      else if (!BEFORE_EQUALS.includes(text[i - 1] ?? ' ')) return i;
    }
  }
  return -1;
}
