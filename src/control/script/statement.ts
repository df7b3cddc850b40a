/** A script as it was read: lines, words and their places. What the words mean stands in the table of forms. */

/** A place in a line. */
export interface Span {
  /** From 1. */
  readonly line: number;
  /** Columns from 1; the end is the column after the last character. */
  readonly start: number;
  readonly end: number;
}

/** A word as it was written; quotes of a text are taken off, `quoted` tells. */
export interface Word extends Span {
  readonly text: string;
  readonly quoted: boolean;
}

/** `name=value`; the value is what stands up to the next blank outside of parentheses and quotes. */
export interface Argument extends Span {
  readonly name: Word;
  readonly value: Word;
}

/** One statement: a keyword, bare words in their order, and named arguments. */
export interface Statement extends Span {
  readonly file: string;
  readonly keyword: Word;
  readonly words: readonly Word[];
  readonly arguments: readonly Argument[];
  /** The expression of `let x = …`, `reg … = …`, `poke … = …` and `expect …`; null in every other form. */
  readonly rest: Word | null;
}

/** What would mend a mistake: put in place of it, or of {@link at} when that is somewhere else. */
export interface Fix {
  readonly title: string;
  readonly replacement: string;
  readonly at?: Span;
}

/** A mistake that can be pointed at. */
export interface Problem extends Span {
  readonly severity: 'error' | 'warning';
  /** One sentence: what was found, what was expected. */
  readonly message: string;
  /** What would mend it, when something would: shown as a quick fix. */
  readonly fix?: Fix;
}

/** A script that was read; statements with errors are left out of {@link statements}. */
export interface ParsedScript {
  readonly file: string;
  readonly statements: readonly Statement[];
  /** Those with errors: the names that they would make are known all the same. */
  readonly broken: readonly Statement[];
  readonly problems: readonly Problem[];
}
