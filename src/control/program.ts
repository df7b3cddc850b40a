import type { Operation, Plan } from '../model/plan.ts';
import type { Scope } from './expression/value.ts';
import type { Finding } from './finding.ts';

/** A line of a program's source. */
export interface ProgramPlace {
  /** Path of the file, as it was opened or included. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** What runs there, for a call stack: `map ns sid=8 …`, `test "reuse of an ASID"`. */
  readonly name: string;
}

/** `line 12: map ns sid=8 …`; empty where a program stands nowhere. */
export function lineText(place: ProgramPlace | null | undefined): string {
  return place ? `line ${place.line}: ${place.name}` : '';
}

/** What a program does next. */
export type ProgramNext =
  /** An operation of the SMMU; `begins` with the first one of its statement. */
  | { readonly kind: 'operation'; readonly operation: Operation; readonly begins: boolean }
  /** A statement that changes or asks only the program itself: `let`, `expect`. */
  | { readonly kind: 'quiet' }
  /** The machine goes back to how it was after so many operations of the history: a test leaves nothing behind. */
  | { readonly kind: 'revert'; readonly to: number }
  /** The statement cannot be executed. The program stands here for good, unless something else is changed. */
  | { readonly kind: 'failed'; readonly why: string }
  | { readonly kind: 'end' };

/** What became of a proposal. */
export interface ProgramDone {
  /** What the operation came to; null for `quiet` and `revert`. */
  readonly plan: Plan | null;
  /** What checkers noticed about it. */
  readonly findings: readonly Finding[];
  /** Entries of the history now. */
  readonly history: number;
}

/** Something that a program says while it runs. */
export interface ProgramNote {
  /** `failure`: an expectation that did not come true; the program goes on. */
  readonly kind: 'output' | 'failure';
  readonly text: string;
  readonly place: ProgramPlace;
}

/**
 * What the program thread runs: a script, or the log of a trace. It proposes operations one by one and learns what each
 * came to. All it remembers is in {@link save}, so that the debugger goes back by {@link restore}.
 */
export interface Program {
  /** Where it stands, innermost first; includes have a place each. Empty at the end. */
  stack(): readonly ProgramPlace[];
  /** What it does next at the present state of the SMMU. Changes nothing. */
  next(): ProgramNext;
  /** Goes on after what {@link next} proposed was done and committed. */
  advance(done: ProgramDone): readonly ProgramNote[];
  /**
   * All that the program remembers: an immutable value, small because most of it is shared with those before; the same
   * object until something changes.
   */
  save(): object;
  restore(saved: object): void;
  /** The names of the program where it stands, for conditions and watches. */
  scope?(): Scope;
  /** The files that it consists of. */
  readonly files: readonly string[];
  /** Lines of a file at which a statement begins, ascending. */
  lines(file: string): readonly number[];
  /**
   * Goes on at a line without running what lies between.
   * @returns false when no statement begins there, or it cannot be reached from here (another file, inside a test)
   */
  jump(file: string, line: number): boolean;
  /** Expectations that did not come true so far. */
  readonly failures: number;
}
