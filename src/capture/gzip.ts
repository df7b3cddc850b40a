import { createGunzip } from 'node:zlib';
import type { CaptureFormat } from './format.ts';
import { openInflated, streamInflater } from './inflate.ts';

/** gzip around any other format. */
export const gzip: CaptureFormat = {
  name: 'gzip',
  recognise: (head) => head[0] === 0x1f && head[1] === 0x8b && head[2] === 8,
  open: (file, context) =>
    openInflated(file, context, 'gzip', (sink) => streamInflater(createGunzip({ chunkSize: 0x10000 }), sink)),
};
