import { setImmediate } from 'node:timers/promises';
import { Decompress } from 'fzstd';
import { hasText } from './format.ts';
import type { Inflater } from './inflate.ts';

/** What node:zlib allows as well; a lying header must not make the decoder take gigabytes. */
const MAX_WINDOW = 2 ** 27;

/** Zstandard where node:zlib has none (before Node 22.15). */
export function portableZstd(sink: (bytes: Uint8Array) => void): Inflater {
  let started = false;
  const stream = new Decompress((bytes) => {
    if (bytes.length > 0) sink(bytes);
  });
  return {
    push: async (piece) => {
      if (!started && windowOf(piece) > MAX_WINDOW) throw new Error('its window is larger than 128 MiB');
      started = true;
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

/** Window size that a frame header asks for (RFC 8878 3.1.1.1), 0 when `head` is none. */
function windowOf(head: Uint8Array): number {
  if (!hasText(head, '\x28\xb5\x2f\xfd')) return 0;
  const descriptor = head[4] ?? 0;
  const singleSegment = (descriptor & 0x20) !== 0;
  if (!singleSegment) {
    const window = head[5] ?? 0;
    return 2 ** (10 + (window >>> 3)) * (1 + (window & 7) / 8);
  }
  const sizeBytes = [1, 2, 4, 8][descriptor >>> 6] as number;
  const at = 5 + ([0, 1, 2, 4][descriptor & 3] as number);
  let size = 0;
  for (let i = sizeBytes - 1; i >= 0; i--) size = size * 256 + (head[at + i] ?? 0);
  return size;
}
