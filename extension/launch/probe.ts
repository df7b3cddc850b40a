/** A look at a file's first bytes: a raw image's base address is asked for before the session starts. */

import { createReadStream } from 'node:fs';
import type { Transform } from 'node:stream';
import * as zlib from 'node:zlib';
import { FORMATS } from '../../src/capture/capture.ts';
import { HEAD_BYTES } from '../../src/capture/format.ts';
import { isTrace } from '../../src/control/trace/event.ts';

/** Enough of a compressed file to inflate a head from. */
const PIECE_BYTES = 256 * 1024;

/**
 * Whether a file, or what is compressed in it, has no addresses of its own. A file that cannot be read, and a text,
 * do not count: the adapter says better what is wrong with them.
 */
export async function isRawImage(file: string): Promise<boolean> {
  let head = await firstBytes(file, null);
  let format = FORMATS.find((candidate) => candidate.recognise(head, file));
  const inflate = format && inflaterOf(format.name);
  if (inflate) {
    head = await firstBytes(file, inflate);
    format = FORMATS.find((candidate) => candidate.recognise(head, file));
  }
  return head.length > 0 && !format && !isText(head);
}

/** Whether a file, or what gzip packed in it, is a log of QEMU's tracing of an SMMU. */
export async function isTraceFile(file: string): Promise<boolean> {
  const head = await firstBytes(file, null, PIECE_BYTES);
  const isPacked = head[0] === 0x1f && head[1] === 0x8b;
  const text = isPacked ? await firstBytes(file, zlib.createGunzip(), PIECE_BYTES) : head;
  return isTrace(new TextDecoder('latin1').decode(text));
}

function inflaterOf(format: string): Transform | null {
  if (format === 'gzip') return zlib.createGunzip();
  // Node has zstd since 22.15.
  if (format === 'zstd' && typeof zlib.createZstdDecompress === 'function')
    return zlib.createZstdDecompress();
  return null;
}

/** The first bytes of a file, `most` at most, through an inflater if one is given; none when it cannot be read. */
function firstBytes(file: string, inflate: Transform | null, most = HEAD_BYTES): Promise<Uint8Array> {
  return new Promise((resolve) => {
    const input = createReadStream(file, { end: PIECE_BYTES - 1 });
    const output = inflate ? input.pipe(inflate) : input;
    const finish = (bytes: Uint8Array) => {
      input.destroy();
      inflate?.destroy();
      resolve(bytes);
    };
    input.once('error', () => finish(new Uint8Array(0)));
    output.once('error', () => finish(new Uint8Array(0)));
    output.once('end', () => finish(new Uint8Array(0)));
    output.once('data', (bytes: Uint8Array) => finish(bytes.slice(0, most)));
  });
}

function isText(head: Uint8Array): boolean {
  return head.every(
    (byte) => (byte >= 0x20 && byte < 0x7f) || byte === 0x0a || byte === 0x0d || byte === 0x09,
  );
}
