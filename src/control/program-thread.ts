import {
  lineText,
  type Program,
  type ProgramDone,
  type ProgramNext,
  type ProgramNote,
  type ProgramPlace,
} from './program.ts';

/** A program with what it proposes next, which is asked for once a change: making a statement ready may be dear. */
export class ProgramThread {
  readonly program: Program;
  readonly #tell: (note: ProgramNote) => void;
  #next: ProgramNext | null = null;
  #made = -1;

  /** @param tell brings what the program says to people */
  constructor(program: Program, tell: (note: ProgramNote) => void) {
    this.program = program;
    this.#tell = tell;
  }

  /** @param changes how often the SMMU has changed */
  next(changes: number): ProgramNext {
    if (this.#next === null || this.#made !== changes) {
      this.#next = this.program.next();
      this.#made = changes;
    }
    return this.#next;
  }

  /** Whether the program stands at the beginning of a statement, or at its end. */
  atStatement(changes: number): boolean {
    const next = this.next(changes);
    return next.kind !== 'operation' || next.begins;
  }

  place(): ProgramPlace | null {
    return this.program.stack()[0] ?? null;
  }

  /** Where the program stood at a saved state. */
  placeAt(saved: object): ProgramPlace | null {
    const now = this.program.save();
    this.program.restore(saved);
    const place = this.place();
    this.program.restore(now);
    return place;
  }

  /** The same in words: see {@link lineText}. */
  textAt(saved: object): string {
    return lineText(this.placeAt(saved));
  }

  save(): object {
    return this.program.save();
  }

  restore(saved: object): void {
    this.program.restore(saved);
    this.#next = null;
  }

  /** Goes on, and tells what the program says about it. */
  advance(done: ProgramDone): void {
    for (const note of this.#advance(done)) this.#tell(note);
  }

  /**
   * Goes on, unless an expectation does not come true: then the program stands where it stood, and nothing is told.
   * @returns what did not come true, or null
   */
  advanceUnlessFailing(done: ProgramDone): ProgramNote | null {
    const before = this.save();
    const notes = this.#advance(done);
    const failure = notes.find(({ kind }) => kind === 'failure');
    if (failure) {
      this.restore(before);
      return failure;
    }
    for (const note of notes) this.#tell(note);
    return null;
  }

  jump(file: string, line: number): boolean {
    this.#next = null;
    return this.program.jump(file, line);
  }

  #advance(done: ProgramDone): readonly ProgramNote[] {
    this.#next = null;
    return this.program.advance(done);
  }
}
