/** What is wrong with a script as a whole, before anything runs. */

import { checkExpression } from './check-expression.ts';
import { type ScriptName, ScriptNames } from './check-names.ts';
import { checkFields, checkTaken, checkValue } from './check-words.ts';
import { KEYWORDS } from './forms.ts';
import { registerNamed } from './names.ts';
import { parseScript } from './parse.ts';
import { type Bound, bind, error, formOfStatement } from './parse-bind.ts';
import { scopeName } from './scope-names.ts';
import type { ParsedScript, Problem, Statement, Word } from './statement.ts';

/** A script that is included: its text, and the path by which it is known. */
export interface IncludedScript {
  readonly text: string;
  readonly file: string;
}

export interface CheckOptions {
  /**
   * Finds the script that an `include` names.
   * @param path as written
   * @param from the file that includes it
   * @returns null when there is none, or it must not be read
   */
  readonly resolveInclude?: (path: string, from: string) => IncludedScript | null;
  /** Told of each name that is made, also in included scripts. */
  readonly onName?: (name: ScriptName) => void;
  /** Told before each statement of the script itself which names are visible there. */
  readonly onStatement?: (statement: Statement, names: ScriptNames) => void;
}

/** Includes in all: one that includes itself twice would else never end. */
const MOST_INCLUDES = 100;

interface Run {
  readonly options: CheckOptions;
  readonly names: ScriptNames;
  /** The `machine` or `load` statement, and the first that acts. */
  machine: Statement | null;
  acting: Statement | null;
  includes: number;
}

/**
 * All problems of a script: those of the parser, and names, fields and values that do not exist or do not fit.
 * Never throws; what includes cannot be found is checked only where they can be resolved.
 */
export function checkScript(parsed: ParsedScript, options: CheckOptions = {}): readonly Problem[] {
  const run: Run = { options, names: new ScriptNames(), machine: null, acting: null, includes: 0 };
  const problems = [...parsed.problems, ...checkFile(parsed, run, [parsed.file])];
  return problems.sort((a, b) => a.line - b.line || a.start - b.start);
}

function checkFile(parsed: ParsedScript, run: Run, path: readonly string[]): Problem[] {
  const broken = new Set(parsed.broken);
  const all = [...parsed.statements, ...parsed.broken].sort((a, b) => a.line - b.line);
  const problems: Problem[] = [];
  for (const statement of all) {
    if (path.length === 1) run.options.onStatement?.(statement, run.names);
    const form = formOfStatement(statement);
    if (!form) continue;
    const bound = bind(statement, form);
    if (!broken.has(statement)) problems.push(...checkStatement(statement, bound, run, path));
    addName(statement, bound, run);
    if (statement.keyword.text === 'test') run.names.beginTest();
    if (statement.keyword.text === 'end') run.names.endTest();
  }
  run.names.endTest();
  return problems;
}

function checkStatement(statement: Statement, bound: Bound, run: Run, path: readonly string[]): Problem[] {
  const { form } = bound;
  const problems: Problem[] = [];
  for (const param of form.words) {
    const word = bound.words.get(param.name);
    if (word) problems.push(...checkTaken(word, param.takes, run.names));
  }
  for (const param of form.arguments) {
    const argument = bound.arguments.get(param.name);
    if (argument) problems.push(...checkTaken(argument.value, param.takes, run.names));
  }
  problems.push(...checkFields(bound, run.names));
  if (statement.rest) problems.push(...checkRest(statement, statement.rest, bound, run));
  if (form.keyword === 'let' || form.keyword === 'device') problems.push(...checkNewName(bound, run));
  if (form.keyword === 'invalidate') problems.push(...checkInvalidate(statement, bound));
  problems.push(...checkMachine(statement, bound, run));
  if (form.keyword === 'include') problems.push(...checkInclude(bound, statement, run, path));
  return problems;
}

/** The value that a register's field takes must fit it; any other expression only has to make sense. */
function checkRest(
  statement: Statement,
  rest: Word,
  { form, words }: Bound,
  { names }: Run,
): readonly Problem[] {
  if (form.keyword !== 'reg') return checkExpression(rest, names).problems;
  const register = registerNamed(words.get('register')?.text ?? '');
  if ('unknown' in register) return checkExpression(rest, names).problems;
  const readOnly: readonly Problem[] =
    register.register.access === 'RO'
      ? [
          {
            ...error(statement, `${register.register.name} is read-only: the write is ignored`),
            severity: 'warning',
          },
        ]
      : [];
  const value = register.field
    ? checkValue(register.field, rest, names)
    : checkExpression(rest, names).problems;
  return [...readOnly, ...value];
}

const NAME = /^[A-Za-z_]\w*$/;

function checkNewName({ words, form }: Bound, { names }: Run): readonly Problem[] {
  const word = words.get('name');
  if (!word) return [];
  if (!NAME.test(word.text) || word.quoted) {
    return [error(word, `"${word.text}" is no name; write letters, digits and _, not a digit first`)];
  }
  if (scopeName(word.text) || KEYWORDS.includes(word.text)) {
    return [error(word, `${word.text} has a meaning already; choose another name`)];
  }
  const before = names.get(word.text);
  // A value may be given anew.
  if (!before || (form.keyword === 'let' && before.kind === 'let')) return [];
  return [
    error(
      word,
      `${word.text} is a name already, made in line ${before.word.line} of ${before.statement.file}`,
    ),
  ];
}

function addName(statement: Statement, { form, words }: Bound, run: Run): void {
  const kind = form.keyword;
  const word = words.get('name');
  if ((kind !== 'let' && kind !== 'device') || !word || run.names.get(word.text)) return;
  const value = kind === 'let' && statement.rest ? checkExpression(statement.rest, run.names).value : null;
  const name: ScriptName = { name: word.text, kind, word, statement, value };
  run.names.add(name);
  run.options.onName?.(name);
}

function checkInvalidate(statement: Statement, { flags, arguments: args }: Bound): readonly Problem[] {
  if (flags.has('all')) return [];
  const needed = flags.has('config') ? ['sid'] : ['sid', 'iova', 'size'];
  const missing = needed.find((name) => !args.has(name));
  return missing === undefined
    ? []
    : [error(statement, `"${missing}" is missing; write all, or sid=N config, or sid=N iova=A size=S`)];
}

function checkMachine(statement: Statement, { form }: Bound, run: Run): readonly Problem[] {
  if (form.acts) run.acting ??= statement;
  if (form.keyword !== 'machine' && form.keyword !== 'load') return [];
  const { machine, acting } = run;
  run.machine ??= statement;
  if (run.names.insideTest) return [error(statement, `${form.keyword} stands outside of tests`)];
  if (machine) {
    return [
      error(statement, `there is a ${machine.keyword.text} in line ${machine.line} already; leave one out`),
    ];
  }
  if (!acting) return [];
  return [
    error(statement, `${form.keyword} stands before whatever acts, but line ${acting.line} acts already`),
  ];
}

function checkInclude(
  { words }: Bound,
  statement: Statement,
  run: Run,
  path: readonly string[],
): readonly Problem[] {
  const word = words.get('script');
  const { resolveInclude } = run.options;
  if (!word?.quoted || !resolveInclude) return [];
  if (++run.includes > MOST_INCLUDES) return [error(word, `more than ${MOST_INCLUDES} scripts are included`)];
  const found = resolveInclude(word.text, statement.file);
  if (!found)
    return [error(word, `${word.text} cannot be read: there is no such script inside the workspace`)];
  if (path.includes(found.file)) {
    return [error(word, `${word.text} includes itself: ${[...path, found.file].join(' includes ')}`)];
  }
  const parsed = parseScript(found.text, found.file);
  const problems = [...parsed.problems, ...checkFile(parsed, run, [...path, found.file])];
  const first = problems.find(({ severity }) => severity === 'error');
  return first ? [error(word, `${word.text} has mistakes; ${problemText(first)}`)] : [];
}

/** A problem with its place: `line 3, column 5: "sid" is missing; write …`. */
export function problemText({ line, start, message }: Problem): string {
  return `line ${line}, column ${start}: ${message}`;
}
