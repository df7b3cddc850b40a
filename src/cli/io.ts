/** Standard output and error as the commands see them, so that tests can listen. */
export interface Io {
  /** Writes to standard output as it stands. */
  out(text: string): void;
  /** One line to standard error. */
  err(line: string): void;
  /** Does something that cleans up when it is interrupted; what else runs is simply ended. */
  cancellable<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T>;
  /** Shows how far something has got; null where nobody looks. */
  readonly progress: ((line: string) => void) | null;
}

/** Exit status: the answer is yes. */
export const OK = 0;
/** The answer is no: a fault, a failed case, a finding. */
export const NO = 1;
/** Wrong usage or unreadable input; one line on standard error says so. */
export const USAGE = 2;

/** Collects lines into pieces of 64 KiB: one write a line costs more than the line. */
export class LineWriter {
  readonly #io: Pick<Io, 'out'>;
  #parts: string[] = [];
  #length = 0;

  constructor(io: Pick<Io, 'out'>) {
    this.#io = io;
  }

  line(text = ''): void {
    this.#parts.push(text, '\n');
    this.#length += text.length + 1;
    if (this.#length >= 65_536) this.flush();
  }

  flush(): void {
    if (this.#length === 0) return;
    this.#io.out(this.#parts.join(''));
    this.#parts = [];
    this.#length = 0;
  }
}

/** Prints a value as JSON, readable. */
export function printJson(io: Io, value: unknown): void {
  io.out(`${JSON.stringify(value, null, 1)}\n`);
}
