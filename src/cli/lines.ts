/** Files of lines, read and written piece by piece: no file makes the program grow, whatever is in it. */

import { closeSync, createReadStream, openSync, statSync, writeSync } from 'node:fs';
import { UserError } from '../bits/user-error.ts';
import { fileError } from '../capture/file.ts';
import { LineWriter } from './io.ts';

/** One line of a file, without its end (LF or CRLF). */
export interface Line {
  readonly text: string;
  /** From 1. */
  readonly number: number;
}

/** How messages call a file of lines. */
export function nameOf(file: string): string {
  return file === '-' ? 'standard input' : file;
}

/**
 * Reads a UTF-8 file line by line, `-` for standard input. A byte order mark and blank lines are left out.
 * @param limit characters of the longest line
 * @throws UserError when the file cannot be read or has a longer line
 */
export async function* linesOf(file: string, limit: number): AsyncGenerator<Line> {
  const input = file === '-' ? process.stdin : createReadStream(file);
  input.setEncoding('utf8');
  let number = 1;
  let text = '';
  try {
    for await (const piece of input as AsyncIterable<string>) {
      const [first = '', ...others] = piece.split('\n');
      text += first;
      for (const begin of others) {
        check(text);
        if (text.trim() !== '') yield { text: bare(text), number };
        text = begin;
        number++;
      }
      check(text);
    }
  } catch (error) {
    throw fileError(error, nameOf(file));
  }
  if (text.trim() !== '') yield { text: bare(text), number };

  function bare(line: string): string {
    const end = line.endsWith('\r') ? -1 : line.length;
    return line.slice(number === 1 && line.startsWith('\uFEFF') ? 1 : 0, end);
  }

  function check(line: string): void {
    if (line.length <= limit) return;
    const todo = 'check that it is a file of JSON lines';
    throw new UserError(`is longer than ${limit} characters`, {
      where: `${nameOf(file)}, line ${number}`,
      todo,
    });
  }
}

/** A file that lines are written to. */
export class LineFile {
  readonly #path: string;
  readonly #fd: number;
  readonly #lines: LineWriter;

  /**
   * Empties the file or makes it.
   * @param inputs files that must not be it
   * @throws UserError when it cannot be written
   */
  constructor(path: string, inputs: readonly string[]) {
    this.#path = path;
    const same = inputs.find((input) => isSameFile(input, path));
    if (same !== undefined) {
      throw new UserError('is read, so it cannot be written', { where: path, todo: 'name another file' });
    }
    this.#fd = this.#checked(() => openSync(path, 'w'));
    this.#lines = new LineWriter({ out: (text) => this.#write(text) });
  }

  /** @throws UserError when the disk does not take it */
  line(text: string): void {
    this.#lines.line(text);
  }

  /** @throws UserError when the disk does not take the last lines */
  close(): void {
    try {
      this.#lines.flush();
    } finally {
      closeSync(this.#fd);
    }
  }

  #write(text: string): void {
    const bytes = Buffer.from(text);
    for (let done = 0; done < bytes.length; ) done += this.#checked(() => writeSync(this.#fd, bytes, done));
  }

  #checked<T>(attempt: () => T): T {
    try {
      return attempt();
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
      throw new UserError(`cannot be written (${code})`, {
        where: this.#path,
        todo: 'check the path, the permissions and the room on the disk',
      });
    }
  }
}

function isSameFile(a: string, b: string): boolean {
  const options = { bigint: true, throwIfNoEntry: false } as const;
  try {
    const [one, other] = [statSync(a, options), statSync(b, options)];
    return one !== undefined && other?.isFile() === true && one.dev === other.dev && one.ino === other.ino;
  } catch {
    // Opening says what is wrong with it.
    return false;
  }
}
