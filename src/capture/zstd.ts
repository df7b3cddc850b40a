import zlib from 'node:zlib';
import { type CaptureFormat, hasText } from './format.ts';
import { type Inflater, openInflated, streamInflater } from './inflate.ts';
import { portableZstd } from './zstd-portable.ts';

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
 * @param native whether node:zlib does it, as it can from Node 22.15 on; otherwise JavaScript does, some ten times slower
 */
export function zstdInflater(
  sink: (bytes: Uint8Array) => void,
  native = typeof zlib.createZstdDecompress === 'function',
): Inflater {
  return native ? streamInflater(zlib.createZstdDecompress(), sink) : portableZstd(sink);
}
