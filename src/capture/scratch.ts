import { randomUUID } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { sizeText } from '../bits/size-text.ts';
import { UserError } from '../bits/user-error.ts';
import { type ByteFile, fileError, HostFile } from './file.ts';
import type { CaptureHost } from './format.ts';

const BLOCK_BYTES = 0x10000;
const DEFAULT_LIMIT = 64 * 2 ** 30;
const DEFAULT_MEMORY = 32 * 2 ** 20;
/** Other programs need the disk too. */
const RESERVE_BYTES = 256 * 2 ** 20;
const CHECK_EVERY = 512;
const ZERO = Buffer.alloc(BLOCK_BYTES);

/**
 * Takes an inflated image, front to back, and gives it back as a file for random access: in memory while it is
 * small, else in a temporary file. Blocks of zeros take no room in either.
 */
export class Scratch {
  readonly #name: string;
  readonly #dir: string;
  readonly #limit: number;
  readonly #memoryLimit: number;
  readonly #current = Buffer.alloc(BLOCK_BYTES);
  #blocks: (Uint8Array | null)[] = [];
  #held = 0;
  #fill = 0;
  #flushed = 0;
  #file: TemporaryFile | null = null;

  constructor(name: string, host: CaptureHost) {
    this.#name = name;
    this.#dir = host.tmpDir ?? os.tmpdir();
    this.#limit = host.inflateLimit ?? DEFAULT_LIMIT;
    this.#memoryLimit = host.memoryLimit ?? DEFAULT_MEMORY;
  }

  /** Bytes taken so far. */
  get size(): number {
    return this.#flushed + this.#fill;
  }

  /**
   * Takes the next bytes (copies them).
   * @throws UserError when the image grows beyond its limit or the disk beyond its end
   */
  write(bytes: Uint8Array): void {
    if (this.size + bytes.length > this.#limit) {
      throw new UserError(`inflates to more than ${sizeText(this.#limit)}`, {
        where: this.#name,
        todo: 'take a dump of the pages that matter only',
      });
    }
    for (let at = 0; at < bytes.length; ) {
      const part = bytes.subarray(at, at + BLOCK_BYTES - this.#fill);
      this.#current.set(part, this.#fill);
      this.#fill += part.length;
      at += part.length;
      if (this.#fill === BLOCK_BYTES) this.#flush();
    }
  }

  /** Ends the writing and hands over what was written; closing that deletes it. */
  finish(): ByteFile {
    const { size } = this;
    if (this.#fill > 0) {
      this.#current.fill(0, this.#fill);
      this.#flush();
    }
    const blocks = this.#blocks;
    const file = this.#file;
    this.#blocks = [];
    this.#file = null;
    return file?.reader(size) ?? new MemoryFile(this.#name, size, blocks);
  }

  /** Throws everything away. */
  discard(): void {
    this.#blocks = [];
    this.#file?.delete();
    this.#file = null;
  }

  #flush(): void {
    const zero = ZERO.equals(this.#current);
    if (this.#file) {
      if (!zero) this.#file.write(this.#current, this.#flushed);
    } else {
      this.#blocks.push(zero ? null : Uint8Array.from(this.#current));
      if (!zero) this.#held += BLOCK_BYTES;
      if (this.#held > this.#memoryLimit) this.#spill();
    }
    this.#flushed += this.#fill;
    this.#fill = 0;
  }

  #spill(): void {
    const file = new TemporaryFile(this.#dir, this.#name);
    this.#file = file;
    this.#blocks.forEach((block, i) => {
      if (block) file.write(block, i * BLOCK_BYTES);
    });
    this.#blocks = [];
  }
}

class MemoryFile implements ByteFile {
  readonly name: string;
  readonly size: number;
  #blocks: readonly (Uint8Array | null)[] | null;

  constructor(name: string, size: number, blocks: readonly (Uint8Array | null)[]) {
    this.name = name;
    this.size = size;
    this.#blocks = blocks;
  }

  read(offset: number, into: Uint8Array): number {
    if (!this.#blocks) return 0;
    const end = Math.min(into.length, this.size - offset);
    let done = 0;
    while (done < end) {
      const at = (offset + done) % BLOCK_BYTES;
      const n = Math.min(end - done, BLOCK_BYTES - at);
      const block = this.#blocks[Math.floor((offset + done) / BLOCK_BYTES)];
      if (block) into.set(block.subarray(at, at + n), done);
      else into.fill(0, done, done + n);
      done += n;
    }
    return done;
  }

  close(): void {
    this.#blocks = null;
  }
}

/** A file without a name where the system can do that, so that not even a killed process leaves it behind. */
class TemporaryFile {
  readonly #dir: string;
  readonly #name: string;
  readonly #path: string;
  readonly #fd: number;
  #named = true;
  #writes = 0;

  constructor(dir: string, name: string) {
    this.#dir = dir;
    this.#name = name;
    this.#path = path.join(dir, `smmu-debug-${randomUUID()}.image`);
    try {
      this.#fd = fs.openSync(this.#path, 'wx+', 0o600);
    } catch (error) {
      throw this.#problem(error);
    }
    this.#unlink();
  }

  write(block: Uint8Array, offset: number): void {
    try {
      if (this.#writes++ % CHECK_EVERY === 0) this.#checkSpace();
      for (let done = 0; done < block.length; ) {
        done += fs.writeSync(this.#fd, block, done, block.length - done, offset + done);
      }
    } catch (error) {
      throw this.#problem(error);
    }
  }

  reader(size: number): ByteFile {
    try {
      fs.ftruncateSync(this.#fd, size);
    } catch (error) {
      this.delete();
      throw this.#problem(error);
    }
    const file = new HostFile(this.#fd, size, this.#name);
    const close = (): void => {
      file.close();
      this.#unlink();
    };
    return { name: this.#name, size, read: (offset, into) => file.read(offset, into), close };
  }

  delete(): void {
    fs.closeSync(this.#fd);
    this.#unlink();
  }

  #unlink(): void {
    if (!this.#named) return;
    try {
      fs.unlinkSync(this.#path);
      this.#named = false;
    } catch {
      // Some systems refuse while the file is open; closing tries again.
    }
  }

  #checkSpace(): void {
    const { bavail, bsize } = fs.statfsSync(this.#dir);
    if (bavail * bsize < RESERVE_BYTES) throw this.#full();
  }

  #full(): UserError {
    return new UserError(`needs more room than ${this.#dir} has to be inflated`, {
      where: this.#name,
      todo: 'make room there, or let TMPDIR name a directory on a larger disk',
    });
  }

  #problem(error: unknown): UserError {
    if (error instanceof UserError) return error;
    const code = error instanceof Error && 'code' in error ? error.code : '';
    if (code === 'ENOSPC' || code === 'EDQUOT' || code === 'EFBIG') return this.#full();
    const { what } = fileError(error, this.#path);
    return new UserError(`cannot be inflated: ${this.#dir} cannot take a temporary file (${what})`, {
      where: this.#name,
      todo: 'let TMPDIR name a directory that can be written',
    });
  }
}
