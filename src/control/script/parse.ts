/** Reads a script: every line by itself, so that a mistake costs one statement. */

import { parseExpression } from '../expression/parse.ts';
import { parseTemplate } from '../expression/template.ts';
import { ExpressionError } from '../expression/value.ts';
import type { Form, Takes } from './form.ts';
import { formOf, formsOf, KEYWORDS } from './forms.ts';
import { nearest } from './nearest.ts';
import { bind, error, formOfStatement } from './parse-bind.ts';
import { equalsAt, type Item, itemsBetween, type Line, lexLine, trimmedWord } from './parse-line.ts';
import type { Argument, ParsedScript, Problem, Span, Statement, Word } from './statement.ts';

/** Nobody writes more by hand. What lies beyond is not read, and a problem says so. */
const MOST_LINES = 100_000;
const LONGEST_LINE = 20_000;
const MOST_PROBLEMS = 500;
/** Editors put it before the first line; it says nothing. */
const BYTE_ORDER_MARK = /^\ufeff/;

/** What may follow a name that would else choose a form: then it is an expression, `expect event == F_UUT`. */
const OPERATOR = /^(?:==|!=|<|>|&|\||\+|-|\*|\/|%|\^|\?|\.)/;

/**
 * Reads a script. Never throws; goes on after a mistake; linear in time.
 * @param file its path, kept with each statement
 */
export function parseScript(text: string, file: string): ParsedScript {
  const problems: Problem[] = [];
  const statements: Statement[] = [];
  const broken: Statement[] = [];
  const lines = text.replace(BYTE_ORDER_MARK, '').split('\n');
  for (const [at, raw] of lines.entries()) {
    if (at >= MOST_LINES || problems.length >= MOST_PROBLEMS) {
      problems.push(
        error(
          { line: at + 1, start: 1, end: 2 },
          'the rest of the script is not read: it is too long, or has too many mistakes',
        ),
      );
      break;
    }
    const found = parseStatement(raw.replace(/\r$/, ''), at + 1, file);
    problems.push(...found.problems);
    if (found.statement) (found.problems.length > 0 ? broken : statements).push(found.statement);
  }
  problems.push(
    ...blockProblems(
      [...statements, ...broken].sort((a, b) => a.line - b.line),
      lines,
    ),
  );
  return { file, statements, broken, problems };
}

interface Found {
  readonly statement: Statement | null;
  readonly problems: readonly Problem[];
}

const NOTHING: Found = { statement: null, problems: [] };

function parseStatement(text: string, line: number, file: string): Found {
  if (text.length > LONGEST_LINE) {
    return {
      statement: null,
      problems: [error({ line, start: 1, end: 2 }, `the line is longer than ${LONGEST_LINE} characters`)],
    };
  }
  const lexed = lexLine(text, line);
  const first = lexed.items[0];
  if (first === undefined) return NOTHING;
  if (first.kind === 'argument' || first.word.quoted)
    return { statement: null, problems: [noKeyword(first)] };
  const keyword = first.word;
  if (formsOf(keyword.text).length === 0) return { statement: null, problems: [unknownKeyword(keyword)] };
  const statement = readStatement(text, lexed, keyword, file);
  const form = formOfStatement(statement);
  if (!form) return { statement, problems: [unknownKeyword(keyword)] };
  return { statement, problems: [...lexed.problems, ...statementProblems(statement, form)] };
}

function readStatement(text: string, lexed: Line, keyword: Word, file: string): Statement {
  const { line } = keyword;
  const end = lexed.comment;
  const whole = trimmedWord(text, line, keyword.start - 1, end) ?? keyword;
  const from = keyword.end - 1;
  const base = { line, start: keyword.start, end: whole.end, file, keyword };
  const form = chosenForm(text, lexed, keyword);
  if (form?.rest === 'all') {
    return { ...base, words: [], arguments: [], rest: trimmedWord(text, line, from, end) };
  }
  if (form?.rest === 'after-equals') {
    const equals = equalsAt(text, from, end);
    const head = itemsBetween(text, line, from, equals < 0 ? end : equals);
    if (equals < 0) return { ...base, ...sorted(head.items), rest: null };
    const flag = trailingFlag(text, equals + 1, end, form);
    const tail = flag === null ? [] : itemsBetween(text, line, flag, end).items;
    const rest = trimmedWord(text, line, equals + 1, flag ?? end);
    return { ...base, ...sorted([...head.items, ...tail]), rest: rest ?? emptyWord(line, equals + 2) };
  }
  return { ...base, ...sorted(lexed.items.slice(1)), rest: null };
}

/** The form by the words; an operator after what would choose a form of `expect` makes it an expression. */
function chosenForm(text: string, lexed: Line, keyword: Word): Form | undefined {
  const [, second] = lexed.items;
  if (second === undefined) return formOf(keyword.text, null);
  if (second.kind === 'argument') return formOf(keyword.text, second.argument.name.text);
  const after = text.slice(second.word.end - 1, lexed.comment).trimStart();
  return formOf(keyword.text, OPERATOR.test(after) ? null : second.word.text);
}

/** The offset of a flag that ends the line after an expression: `u32`. */
function trailingFlag(text: string, from: number, to: number, form: Form): number | null {
  const tail = text.slice(from, to).trimEnd();
  for (const { name } of form.flags) {
    if (!tail.endsWith(name)) continue;
    const at = tail.length - name.length;
    if (/\s/.test(tail[at - 1] ?? '')) return from + at;
  }
  return null;
}

function sorted(items: readonly Item[]): { words: readonly Word[]; arguments: readonly Argument[] } {
  return {
    words: items.flatMap((item) => (item.kind === 'word' ? [item.word] : [])),
    arguments: items.flatMap((item) => (item.kind === 'argument' ? [item.argument] : [])),
  };
}

function emptyWord(line: number, start: number): Word {
  return { line, start, end: start, text: '', quoted: false };
}

function noKeyword(first: Item): Problem {
  const span: Span = first.kind === 'argument' ? first.argument : first.word;
  return error(span, 'a statement begins with a keyword: cmd, dma, map, expect, …');
}

function unknownKeyword(keyword: Word): Problem {
  const meant = nearest(keyword.text, KEYWORDS);
  const problem = error(
    keyword,
    meant === null
      ? `"${keyword.text}" is no keyword; there are ${KEYWORDS.join(', ')}`
      : `"${keyword.text}" is no keyword; did you mean ${meant}?`,
  );
  return meant === null ? problem : { ...problem, fix: { title: `Change to ${meant}`, replacement: meant } };
}

/** What is wrong with a statement by itself: its words, and its expressions. */
function statementProblems(statement: Statement, form: Form): Problem[] {
  const bound = bind(statement, form);
  const problems = [...bound.problems];
  if (form.rest !== undefined && statement.rest === null) {
    const lacks = form.rest === 'all' ? 'what is expected is missing' : '"=" and a value are missing';
    problems.push(error(statement, `${lacks}; write ${form.usage}`));
  }
  if (statement.rest) problems.push(...expressionProblems(statement.rest, 'expression'));
  for (const param of form.words) {
    const word = bound.words.get(param.name);
    if (word) problems.push(...expressionProblems(word, param.takes));
  }
  for (const param of form.arguments) {
    const argument = bound.arguments.get(param.name);
    if (argument && argument.value.text !== '')
      problems.push(...expressionProblems(argument.value, param.takes));
  }
  return problems;
}

/** Mistakes in an expression or in a text with expressions, at their columns. */
function expressionProblems(word: Word, takes: Takes): Problem[] {
  if (takes !== 'expression' && takes !== 'template') return [];
  try {
    if (takes === 'expression') parseExpression(word.text);
    else parseTemplate(word.text);
    return [];
  } catch (mistake) {
    if (!(mistake instanceof ExpressionError)) throw mistake;
    const start = Math.min(
      word.start + (word.quoted ? 1 : 0) + mistake.offset,
      Math.max(word.end - 1, word.start),
    );
    return [error({ line: word.line, start, end: Math.max(word.end, start + 1) }, mistake.message)];
  }
}

/** Tests that do not end, tests within tests, ends without a test. */
function blockProblems(statements: readonly Statement[], lines: readonly string[]): Problem[] {
  const problems: Problem[] = [];
  let open: Statement | null = null;
  const missingEnd = (test: Statement, line: number): Problem => ({
    ...error(test.keyword, 'the test has no end; write end after its last statement'),
    fix: { title: 'Insert end', replacement: 'end\n', at: { line, start: 1, end: 1 } },
  });
  for (const statement of statements) {
    if (statement.keyword.text === 'test') {
      if (open) problems.push(missingEnd(open, statement.line));
      open = statement;
    } else if (statement.keyword.text === 'end') {
      if (!open) problems.push(error(statement, 'there is no test that this could end; leave it out'));
      open = null;
    }
  }
  if (open) {
    const last = lines.length;
    const tail = lines[last - 1] ?? '';
    const at = { line: last, start: tail.length + 1, end: tail.length + 1 };
    problems.push({
      ...error(open.keyword, 'the test has no end; write end after its last statement'),
      fix: { title: 'Insert end', replacement: tail === '' ? 'end\n' : '\nend\n', at },
    });
  }
  return problems;
}
