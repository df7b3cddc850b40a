import fs from 'node:fs';
import { hex } from '../bits/u64.ts';
import { UserError } from '../bits/user-error.ts';

/** Random access to the bytes of an image, wherever they lie. Offsets and sizes are bytes. */
export interface ByteFile {
  /** As the user named it; stands in every message. */
  readonly name: string;
  readonly size: number;
  /**
   * Reads from `offset` until `into` is full or the file ends.
   * @returns how many bytes were read
   * @throws UserError when the device does not answer
   */
  read(offset: number, into: Uint8Array): number;
  /** Gives the file back; reads find nothing afterwards. May be called twice. */
  close(): void;
}

const ERRNO: Readonly<Record<string, readonly [what: string, todo: string]>> = {
  ENOENT: ['does not exist', 'check the path'],
  ENOTDIR: ['does not exist', 'check the path'],
  EACCES: ['may not be read by this user', 'change its permissions or copy it'],
  EPERM: ['may not be read by this user', 'change its permissions or copy it'],
  EISDIR: ['is a directory', 'name a file in it'],
  EMFILE: ['cannot be opened: too many open files', 'close other sessions'],
  ENFILE: ['cannot be opened: too many open files', 'close other programs'],
  ELOOP: ['is a symbolic link to itself', 'name the file itself'],
  ENAMETOOLONG: ['is too long a path', 'check the path'],
  ENOSPC: ['cannot be written: the disk is full', 'make room'],
  EIO: ['cannot be read: the device reports an error', 'copy the file to a sound disk'],
};

/** Turns what the operating system threw into a sentence about the file `name`. */
export function fileError(error: unknown, name: string, place = ''): UserError {
  if (error instanceof UserError) return error;
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const [what, todo] = ERRNO[code] ?? [`cannot be read (${code || 'unknown error'})`, 'try a copy of it'];
  return new UserError(place ? `${what} (${place})` : what, { where: name, todo });
}

/** A file on disk, read by position and never as a whole. */
export class HostFile implements ByteFile {
  readonly name: string;
  readonly size: number;
  #fd: number;

  constructor(fd: number, size: number, name: string) {
    this.#fd = fd;
    this.size = size;
    this.name = name;
  }

  read(offset: number, into: Uint8Array): number {
    let done = 0;
    while (this.#fd >= 0 && done < into.length) {
      let got: number;
      try {
        got = fs.readSync(this.#fd, into, done, into.length - done, offset + done);
      } catch (error) {
        throw fileError(error, this.name, `at offset ${hex(offset + done)}`);
      }
      if (got === 0) break;
      done += got;
    }
    return done;
  }

  close(): void {
    if (this.#fd < 0) return;
    fs.closeSync(this.#fd);
    this.#fd = -1;
  }
}

/**
 * Opens a regular file for reading.
 * @param path where it is
 * @param name as the user named it
 * @throws UserError when it is missing, unreadable, empty or no regular file
 */
export function openHostFile(path: string, name = path): ByteFile {
  let fd = -1;
  try {
    // Asked before opening: opening a pipe would wait for a writer.
    const kind = fs.statSync(path);
    if (kind.isDirectory()) throw new UserError('is a directory', { where: name, todo: 'name a file in it' });
    if (!kind.isFile()) {
      throw new UserError('is no regular file', { where: name, todo: 'copy its contents to a file first' });
    }
    fd = fs.openSync(path, 'r');
    const { size } = fs.fstatSync(fd);
    if (size === 0) throw new UserError('is empty', { where: name, todo: 'take the dump again' });
    return new HostFile(fd, size, name);
  } catch (error) {
    if (fd >= 0) fs.closeSync(fd);
    throw fileError(error, name);
  }
}
