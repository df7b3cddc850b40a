import { UserError } from '../../../bits/user-error.ts';
import { valueByName } from '../../../bits/values.ts';
import { type FeatureName, type FeatureValues, featureNamed } from '../../../spec/features.ts';
import { LEVEL0_SIZE } from '../../../spec/registers/encodings.ts';
import type { Scope, Value } from '../../expression/value.ts';
import type { ProgramPlace } from '../../program.ts';
import { checkScript } from '../check.ts';
import { DEFAULT_WISH, type LoadWish, type MachineWish } from '../machine.ts';
import { worldList } from '../names.ts';
import { parseScript } from '../parse.ts';
import { type Bound, bind, formOfStatement } from '../parse-bind.ts';
import type { Problem, Statement } from '../statement.ts';
import { evaluate, fieldValue, numberOf } from './reading.ts';

/** Another script, as `include` names it. */
export interface IncludedScript {
  /** Path that identifies the file. */
  readonly file: string;
  readonly text: string;
}

/** How scripts find others: handed in, because this floor touches no files. */
export interface ScriptFiles {
  /**
   * Reads another script.
   * @param path as it is written
   * @param from path of the script that says so
   * @throws UserError when it is not there, or outside of the workspace
   */
  include(path: string, from: string): Promise<IncludedScript>;
}

/** A statement at its place in the whole program. */
export interface ScriptLine {
  readonly statement: Statement;
  readonly bound: Bound;
  /** The places of the includes that lead here, innermost first. */
  readonly includes: readonly ProgramPlace[];
  /** Index of the `test` that this line belongs to, itself included; -1 outside. */
  readonly test: number;
}

/** A script with everything that it includes, in the order in which it runs. */
export interface Script {
  readonly file: string;
  readonly lines: readonly ScriptLine[];
  /** Every file, the script itself first. */
  readonly files: readonly string[];
  readonly machine: MachineWish | LoadWish;
  /** Where `machine` or `load` stands; null when neither does. */
  readonly machineLine: ScriptLine | null;
}

/** Includes within includes, and statements altogether: what writes more includes itself. */
const DEEPEST = 16;
const MOST_STATEMENTS = 100_000;

/** A script that cannot be run, with the place of the mistake. */
export class ScriptError extends UserError {
  readonly file: string;
  readonly line: number;
  readonly problems: readonly Problem[];

  constructor(
    file: string,
    line: number,
    column: number,
    message: string,
    problems: readonly Problem[] = [],
  ) {
    super(`line ${line}, column ${column}: ${message}`, { where: file });
    this.file = file;
    this.line = line;
    this.problems = problems;
  }
}

/** A statement as a call stack shows it. */
function statementName(of: Statement): string {
  const parts = [of.keyword.text];
  const items = [
    ...of.words.map((word) => ({
      at: word.start,
      text: word.quoted ? JSON.stringify(word.text) : word.text,
    })),
    ...of.arguments.map(({ start, name, value }) => ({ at: start, text: `${name.text}=${value.text}` })),
    ...(of.rest
      ? [{ at: of.rest.start, text: of.keyword.text === 'expect' ? of.rest.text : `= ${of.rest.text}` }]
      : []),
  ].sort((a, b) => a.at - b.at);
  for (const { text } of items) parts.push(text);
  const text = parts.join(' ');
  return text.length <= 72 ? text : `${text.slice(0, 71)}…`;
}

/** The place of a line, for people and call stacks. */
export function placeOf({ statement }: ScriptLine): ProgramPlace {
  return { file: statement.file, line: statement.line, name: statementName(statement) };
}

/**
 * Reads a script and everything that it includes.
 * @throws ScriptError at the first mistake
 */
export async function openScript(text: string, file: string, files: ScriptFiles): Promise<Script> {
  const lines: ScriptLine[] = [];
  const names: string[] = [];
  /** What includes came to, by the file that says so and the path as it is written. */
  const found = new Map<string, IncludedScript>();
  let test = -1;
  const add = async (source: IncludedScript, includes: readonly ProgramPlace[]): Promise<void> => {
    if (!names.includes(source.file)) names.push(source.file);
    const parsed = parseScript(source.text, source.file);
    const wrong = parsed.problems.find(({ severity }) => severity === 'error');
    if (wrong) throw new ScriptError(source.file, wrong.line, wrong.start, wrong.message, parsed.problems);
    for (const statement of parsed.statements) {
      const form = formOfStatement(statement);
      const fail = (message: string): never => {
        throw new ScriptError(statement.file, statement.line, statement.start, message);
      };
      if (!form) return fail(`${statement.keyword.text} is no keyword`);
      if (lines.length >= MOST_STATEMENTS)
        fail(`the script has more than ${MOST_STATEMENTS} statements with its includes`);
      const { text: keyword } = statement.keyword;
      if (keyword === 'test') test = lines.length;
      const line: ScriptLine = { statement, bound: bind(statement, form), includes, test };
      lines.push(line);
      if (keyword === 'end') test = -1;
      if (keyword !== 'include') continue;
      const stack = [placeOf(line), ...includes];
      if (stack.length > DEEPEST) fail(`includes are nested more than ${DEEPEST} deep`);
      const next = await included(files, line);
      found.set(includeKey(line.bound.words.get('script')?.text ?? '', source.file), next);
      if (
        next.file === source.file ||
        includes.some((place) => place.file === next.file) ||
        next.file === file
      )
        fail(`"${next.file}" includes itself`);
      await add(next, stack);
    }
  };
  await add({ text, file }, []);
  const resolveInclude = (path: string, from: string): IncludedScript | null =>
    found.get(includeKey(path, from)) ?? null;
  const problems = checkScript(parseScript(text, file), { resolveInclude });
  const mistake = problems.find(({ severity }) => severity === 'error');
  if (mistake) throw new ScriptError(file, mistake.line, mistake.start, mistake.message, problems);
  return { file, lines, files: names, ...machineOf(lines) };
}

function includeKey(path: string, from: string): string {
  return `${from}\n${path}`;
}

async function included(files: ScriptFiles, { statement, bound }: ScriptLine): Promise<IncludedScript> {
  const word = bound.words.get('script') ?? statement.keyword;
  try {
    return await files.include(word.text, statement.file);
  } catch (error) {
    if (error instanceof UserError && !(error instanceof ScriptError))
      throw new ScriptError(statement.file, statement.line, word.start, error.message);
    throw error;
  }
}

/** What the script runs on, by its `machine` or `load`; the `let` statements before it are known to it. */
function machineOf(lines: readonly ScriptLine[]): Pick<Script, 'machine' | 'machineLine'> {
  const lets = new Map<string, Value>();
  const scope: Scope = { name: (name) => lets.get(name) };
  let found: Pick<Script, 'machine' | 'machineLine'> = { machine: DEFAULT_WISH, machineLine: null };
  let acted = false;
  for (const line of lines) {
    const { statement, bound } = line;
    const keyword = statement.keyword.text;
    if (keyword === 'machine' || keyword === 'load') {
      const fail = (message: string): never => {
        throw new ScriptError(statement.file, statement.line, statement.start, message);
      };
      if (found.machineLine !== null) fail('there is a machine already; write machine or load once');
      if (acted || line.test >= 0)
        fail(`${keyword} must stand before the first statement that acts, outside of tests`);
      try {
        found = {
          machine: keyword === 'machine' ? wishOf(bound, scope) : loadOf(bound, scope),
          machineLine: line,
        };
      } catch (error) {
        if (error instanceof UserError) return fail(error.message);
        throw error;
      }
    } else if (keyword === 'let' && !acted && statement.rest && line.test < 0) {
      const name = bound.words.get('name')?.text ?? '';
      try {
        lets.set(name, evaluate(statement.rest, scope));
      } catch (error) {
        // It may be about the SMMU, and is evaluated when its turn comes.
        if (!(error instanceof UserError)) throw error;
      }
    }
    acted ||= bound.form.acts;
  }
  return found;
}

function wishOf(bound: Bound, scope: Scope): MachineWish {
  const number = (name: string, otherwise: number): number => {
    const word = bound.arguments.get(name)?.value;
    return word ? Number(numberOf(word, scope, 1n << 52n)) : otherwise;
  };
  const features: Partial<Record<FeatureName, number>> = {};
  for (const { name, value } of bound.fields) {
    const named = featureNamed(name.text);
    if (!named) throw new UserError(`${name.text} is no field of an ID register`);
    features[named.name] = value === null ? 1 : Number(fieldValue(named.field, value, scope));
  }
  const { ram, l0gptsz } = DEFAULT_WISH;
  const worlds = bound.arguments.get('worlds')?.value;
  return {
    kind: bound.flags.has('bare') ? 'bare' : 'ready',
    preset: bound.arguments.get('preset')?.value.text ?? DEFAULT_WISH.preset,
    worlds: worlds ? worldList(worlds.text) : null,
    features: features satisfies FeatureValues,
    ram: { base: number('ram', ram.base), size: number('size', ram.size) },
    l0gptsz: valueByName(LEVEL0_SIZE, bound.arguments.get('l0gptsz')?.value.text ?? '') ?? l0gptsz,
  };
}

function loadOf(bound: Bound, scope: Scope): LoadWish {
  const base = bound.arguments.get('base')?.value;
  return {
    kind: 'load',
    capture: bound.words.get('capture')?.text ?? '',
    registers: bound.arguments.get('registers')?.value.text ?? null,
    base: base ? Number(numberOf(base, scope, 1n << 52n)) : null,
  };
}
