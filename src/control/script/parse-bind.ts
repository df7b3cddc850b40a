/** The words and arguments of a statement by the names that its form gives them. */

import { isWorld } from '../../bits/world.ts';
import type { FlagParam, Form, WordParam } from './form.ts';
import { formOf } from './forms.ts';
import { commandSpecNamed } from './names.ts';
import type { Argument, Problem, Span, Statement, Word } from './statement.ts';

/** A field that is named in a statement; without a value it is a flag and stands for 1. */
export interface NamedField {
  readonly name: Word;
  readonly value: Word | null;
}

/** A statement whose words have names. */
export interface Bound {
  readonly form: Form;
  /** Bare words by the name of their place. */
  readonly words: ReadonlyMap<string, Word>;
  /** Flags that are there. */
  readonly flags: ReadonlyMap<string, Word>;
  /** Arguments that the form declares. */
  readonly arguments: ReadonlyMap<string, Argument>;
  /** The others: fields of a structure, a command, an event, an ID register. */
  readonly fields: readonly NamedField[];
  readonly problems: readonly Problem[];
}

/** The form of a statement, or undefined when its keyword is unknown. */
export function formOfStatement({ keyword, words, arguments: args, rest }: Statement): Form | undefined {
  const next = words[0];
  const first = args[0];
  const leads = first !== undefined && (next === undefined || first.start < next.start);
  return formOf(keyword.text, rest !== null ? null : leads ? first.name.text : (next?.text ?? null));
}

/** Gives each word of a statement its place in the form. What does not fit is a problem; nothing is thrown. */
export function bind(statement: Statement, form: Form): Bound {
  const problems: Problem[] = [];
  const rest =
    form.subject !== undefined && form.subject !== 'pa' ? statement.words.slice(1) : statement.words;
  const places = placed(form, rest);
  if (places.missing) problems.push(missingWord(statement, form, places.missing));
  const flags = new Map<string, Word>();
  const fields: NamedField[] = [];
  for (const word of places.others) {
    const flag = word.quoted ? undefined : form.flags.find(({ name }) => name === word.text);
    if (flag) problems.push(...setFlag(flags, flag, form.flags, word));
    else if (form.fields === 'command' && !word.quoted && !places.missing)
      fields.push({ name: word, value: null });
    else if (!places.missing) problems.push(tooMuch(word, form));
  }
  const args = new Map<string, Argument>();
  const seen = new Set<string>(fields.map(({ name }) => name.text.toLowerCase()));
  for (const argument of statement.arguments) {
    const { name } = argument;
    const declared = form.arguments.some((param) => param.name === name.text);
    const key = declared ? name.text : name.text.toLowerCase();
    if (seen.has(key)) problems.push(error(name, `${name.text} is given twice; leave one out`));
    seen.add(key);
    if (argument.value.text === '' && !argument.value.quoted) {
      problems.push(error(argument, `the value of ${name.text} is missing; write ${name.text}=…`));
    }
    if (declared) args.set(name.text, argument);
    else fields.push({ name, value: argument.value });
  }
  for (const param of form.arguments) {
    if (param.required === true && !args.has(param.name)) {
      problems.push(error(statement, `"${param.name}" is missing; write ${form.usage}`));
    }
  }
  return { form, words: places.words, flags, arguments: args, fields, problems };
}

interface Places {
  readonly words: ReadonlyMap<string, Word>;
  readonly others: readonly Word[];
  readonly missing: WordParam | null;
}

function placed(form: Form, given: readonly Word[]): Places {
  const words = new Map<string, Word>();
  const required = form.words.filter(({ optional }) => optional !== true).length;
  let at = 0;
  let left = required;
  for (const param of form.words) {
    const word = given[at];
    if (param.optional === true) {
      if (word !== undefined && takesOptional(form, param, word, given.length - at, left)) {
        words.set(param.name, word);
        at++;
      }
      continue;
    }
    left--;
    if (word === undefined || isMissingWorld(param, word, given.length - at, left)) {
      return { words, others: given.slice(at), missing: param };
    }
    words.set(param.name, word);
    at++;
  }
  return { words, others: given.slice(at), missing: null };
}

/** A word for an optional place: the places after it must be filled as well, and a flag is a flag. */
function takesOptional(form: Form, { takes }: WordParam, word: Word, there: number, needed: number): boolean {
  if (takes === 'world') return isWorld(word.text) && there > needed;
  return there > needed && !form.flags.some(({ name }) => name === word.text);
}

/** Whether the world was left out, rather than misspelt: `ste 8 V=1`, `cmd CFGI_ALL`. */
function isMissingWorld({ takes }: WordParam, word: Word, there: number, after: number): boolean {
  if (takes !== 'world' && takes !== 'queue-world') return false;
  if (isWorld(word.text)) return false;
  return there <= after || /^[0-9(]/.test(word.text) || commandSpecNamed(word.text) !== undefined;
}

function missingWord({ keyword, words }: Statement, form: Form, param: WordParam): Problem {
  const message = `the ${param.name} is missing; write ${form.usage}`;
  const isWorldParam = param.takes === 'world' || param.takes === 'queue-world';
  if (!isWorldParam) return error(words.at(-1) ?? keyword, message);
  const at = { line: keyword.line, start: keyword.end, end: keyword.end };
  return { ...error(keyword, message), fix: { title: 'Insert the world ns', replacement: ' ns', at } };
}

function setFlag(
  flags: Map<string, Word>,
  flag: FlagParam,
  all: readonly FlagParam[],
  word: Word,
): readonly Problem[] {
  const rival = all.find(
    ({ name, set }) => set !== undefined && set === flag.set && name !== flag.name && flags.has(name),
  );
  const again = flags.has(flag.name);
  flags.set(flag.name, word);
  if (again) return [error(word, `${flag.name} is given twice; leave one out`)];
  return rival ? [error(word, `${flag.name} and ${rival.name} exclude each other; leave one out`)] : [];
}

function tooMuch(word: Word, form: Form): Problem {
  return error(word, `"${word.text}" was not expected here; write ${form.usage}`);
}

/** A problem that is an error. */
export function error({ line, start, end }: Span, message: string): Problem {
  return { line, start, end, severity: 'error', message };
}
