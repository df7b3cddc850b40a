/** Mistakes of drivers, each with its correct twin and what the debugger must say of it, as scripts. */

import { checkersOf } from '../../../src/control/checkers.ts';
import { type RunResult, runScript } from '../../../src/control/script/run.ts';
import { filesOf } from '../script/kit.ts';

/** One mistake. Statements are separated by semicolons. */
export interface Variant {
  readonly name: string;
  /** Outside of the test: devices, tables, and the invalidations after them. */
  readonly setup: string;
  /** What both have before. */
  readonly before?: string;
  readonly wrong: string;
  readonly right: string;
  /** The transaction that tells them apart, the last statement of both. */
  readonly probe: string;
  /** What is found at the probe: `certain unsafe`. */
  readonly finds: string;
  /** What the words about it must contain. */
  readonly says?: readonly RegExp[];
  /** What is old was another stream's: nothing that this one reads was ever written. */
  readonly ofAnother?: boolean;
  /** The explanation offers no command: a clash, or a cure in software. */
  readonly noCure?: boolean;
}

const lines = (text: string): string[] =>
  text
    .split(/[;\n]/)
    .map((line) => line.trim())
    .filter((line) => line !== '');

/** A script of a setup and one test; its last line but `end` is the last statement. */
export function scriptOf({ setup }: Pick<Variant, 'setup'>, ...body: string[]): string {
  return [...lines(setup), 'test "a"', ...body.flatMap(lines), 'end', ''].join('\n');
}

export function runWatched(text: string): Promise<RunResult> {
  return runScript(text, 'a.smmu', filesOf(), {
    checkers: (smmu, words) => checkersOf(smmu, words).list,
  });
}

/** `certain unsafe stale-use: …` and the lines after it, for each finding at one line; or of all lines. */
export function foundAt({ warnings }: RunResult, line: number | null = null): string[] {
  return warnings
    .filter((warning) => line === null || warning.line === line)
    .map(({ line: at, finding: f }) =>
      [`${line === null ? `${at}: ` : ''}${f.certainty} ${f.class} ${f.kind}: ${f.text}`, ...f.more].join(
        '\n    ',
      ),
    );
}

/** The commands that an explanation offers, as statements. */
export function curesIn(found: readonly string[]): string[] {
  return found.flatMap((text) => {
    const cure = /what removes it: (.*)/.exec(text)?.[1];
    return cure === undefined ? [] : cure.split('; ').map((command) => `cmd ns ${command}`);
  });
}

export function lastLine(text: string): number {
  return text.trimEnd().split('\n').length - 1;
}
