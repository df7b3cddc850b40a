import type { Transform } from 'node:stream';
import { sizeText } from '../bits/size-text.ts';
import { hex } from '../bits/u64.ts';
import { UserError } from '../bits/user-error.ts';
import type { ByteFile } from './file.ts';
import type { CaptureImage, OpenContext } from './format.ts';
import { Scratch } from './scratch.ts';

const PIECE_BYTES = 0x40000;

/** Takes a compressed stream piece by piece and hands what it inflates to to the sink it was made with. */
export interface Inflater {
  /** @throws Error when the stream is damaged; the sink already has what came before */
  push(piece: Uint8Array): Promise<void>;
  /** @throws Error when the stream is not complete */
  end(): Promise<void>;
  /** Gives up; may be called at any time. */
  stop(): void;
}

/** Makes an inflater; `sink` may throw, which ends the inflating with that error. */
export type InflaterMaker = (sink: (bytes: Uint8Array) => void) => Inflater;

/**
 * Inflates `file` once, streaming, and opens what it holds. What a damaged or truncated stream gave before it
 * broke stays readable, with a warning.
 * @param codec name of the compression, for messages
 */
export async function openInflated(
  file: ByteFile,
  context: OpenContext,
  codec: string,
  make: InflaterMaker,
): Promise<CaptureImage> {
  const scratch = new Scratch(`${file.name} (inflated)`, context.host);
  try {
    const broken = await pump(file, context, make, scratch);
    if (broken !== null) {
      const what = `the ${codec} stream is damaged or truncated (${broken})`;
      if (scratch.size === 0) throw new UserError(what, { where: file.name, todo: 'copy the file again' });
      context.warn(
        `${file.name}: ${what}; the ${sizeText(scratch.size)} before that are used; copy the file again`,
      );
    }
    const image = await context.inner(scratch.finish());
    return { ...image, description: `${image.description}, ${codec}` };
  } catch (error) {
    scratch.discard();
    throw error;
  }
}

/** @returns null, or how the stream broke */
async function pump(
  file: ByteFile,
  context: OpenContext,
  make: InflaterMaker,
  scratch: Scratch,
): Promise<string | null> {
  const { signal, progress } = context.host;
  const piece = new Uint8Array(PIECE_BYTES);
  const inflater = make((bytes) => scratch.write(bytes));
  let done = 0;
  try {
    for (;;) {
      if (signal?.aborted) throw new UserError('opening was cancelled', { where: file.name });
      const got = file.read(done, piece);
      if (got === 0) break;
      await inflater.push(piece.subarray(0, got));
      done += got;
      progress?.({ file: file.name, done, total: file.size });
    }
    await inflater.end();
    return null;
  } catch (error) {
    if (error instanceof UserError) throw error;
    const reason = error instanceof Error ? error.message : 'unknown reason';
    return `${reason}, near offset ${hex(done)}`;
  } finally {
    inflater.stop();
  }
}

/** An inflater made of one of node:zlib's streams. The sink runs as data comes, so nothing is lost on an error. */
export function streamInflater(stream: Transform, sink: (bytes: Uint8Array) => void): Inflater {
  let failure: unknown = null;
  let wake: () => void = () => {};
  stream.on('data', (bytes: Uint8Array) => {
    if (failure !== null) return;
    try {
      sink(bytes);
    } catch (error) {
      failure = error;
      stream.destroy();
    }
  });
  stream.on('error', (error) => {
    failure ??= error;
    wake();
  });
  stream.on('close', () => wake());
  const settled = async (start: (done: () => void) => void): Promise<void> => {
    await new Promise<void>((resolve) => {
      wake = resolve;
      if (failure !== null || stream.destroyed) resolve();
      else start(resolve);
    });
    if (failure !== null) throw failure;
  };
  return {
    push: (piece) => settled((done) => stream.write(piece, () => done())),
    end: () =>
      settled((done) => {
        stream.once('end', done);
        stream.end();
      }),
    stop: () => {
      stream.destroy();
    },
  };
}
