import { setImmediate } from 'node:timers/promises';
import zlib from 'node:zlib';
import { Decompress } from 'fzstd';
import { type CaptureFormat, hasText } from './format.ts';
import { type Inflater, openInflated, streamInflater } from './inflate.ts';
import { FrameSplitter } from './zstd-frames.ts';

/** Zstandard (RFC 8878) around any other format. */
export const zstd: CaptureFormat = {
  name: 'zstd',
  recognise: (head) => hasText(head, '\x28\xb5\x2f\xfd') || hasSkippableFrame(head),
  open: (file, context) => openInflated(file, context, 'zstd', zstdInflater),
};

/** A skippable frame first (0x184D2A5x, as pzstd writes them), then a real one. */
function hasSkippableFrame(head: Uint8Array): boolean {
  return ((head[0] ?? 0) & 0xf0) === 0x50 && hasText(head, '\x2a\x4d\x18', 1);
}

/**
 * @param sink takes what comes out
 * @param native whether node:zlib does it, as it can from Node 22.15 on; else JavaScript does, some ten times slower
 */
export function zstdInflater(
  sink: (bytes: Uint8Array) => void,
  native = typeof zlib.createZstdDecompress === 'function',
): Inflater {
  const splitter = new FrameSplitter();
  let frame: Inflater | null = null;
  return {
    push: async (piece) => {
      for (const part of splitter.split(piece)) {
        if (part !== 'end') {
          frame ??= native ? streamInflater(zlib.createZstdDecompress(), sink) : portableFrame(sink);
          await frame.push(part);
          continue;
        }
        await frame?.end();
        frame?.stop();
        frame = null;
      }
    },
    end: async () => {
      if (splitter.complete) return;
      await frame?.end();
      throw new Error('unexpected end of file');
    },
    stop: () => frame?.stop(),
  };
}

/** One frame where node:zlib has no Zstandard. */
function portableFrame(sink: (bytes: Uint8Array) => void): Inflater {
  const stream = new Decompress((bytes) => {
    if (bytes.length > 0) sink(bytes);
  });
  return {
    push: async (piece) => {
      // The decoder keeps what it has not used yet, and the caller writes over its piece.
      stream.push(piece.slice());
      await setImmediate();
    },
    end: async () => {
      stream.push(new Uint8Array(0), true);
    },
    stop: () => {},
  };
}
