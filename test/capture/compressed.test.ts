import fs from 'node:fs';
import path from 'node:path';
import { constants, gzipSync, zstdCompressSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { captureMemory, openCapture } from '../../src/capture/capture.ts';
import type { CaptureProgress } from '../../src/capture/format.ts';
import { zstdInflater } from '../../src/capture/zstd.ts';
import { ABSENT, DATA } from '../../src/model/memory.ts';
import { complaint, put, temporaryFolder } from '../kit/capture.ts';
import { elfBytes, page, pages } from '../kit/elf.ts';

const folder = temporaryFolder();
/** Incompressible enough to be many pieces long, and the same in every run. */
const noise = new Uint8Array(3 * 2 ** 20);
for (let i = 0, x = 1; i < noise.length; i++) {
  x = (Math.imul(x, 1_664_525) + 1_013_904_223) >>> 0;
  noise[i] = x >>> 24;
}
const core = elfBytes([
  { paddr: 0x4000_0000, bytes: page(11) },
  { paddr: 0x4010_0000, bytes: pages(7_000_000, 600) },
  { paddr: 0x4800_0000, bytes: noise },
]);
const codecs = [
  ['gzip', (bytes: Uint8Array) => gzipSync(bytes)],
  ['zstd', (bytes: Uint8Array) => zstdCompressSync(bytes)],
] as const;

function leftovers(dir: string): string[] {
  return fs.readdirSync(dir).filter((name) => name.startsWith('smmu-debug-'));
}

function emptyFolder(name: string): string {
  const dir = path.join(folder, name);
  fs.mkdirSync(dir, { recursive: true });
  return dir;
}

describe.each(codecs)('%s', (codec, compress) => {
  test.each([
    ['in memory', 2 ** 30],
    ['in a temporary file', 2 ** 20],
  ])('of an ELF core reads like the core itself, inflated %s', async (where, memoryLimit) => {
    const tmpDir = emptyFolder(`${codec}-${where.length}`);
    const file = put(folder, `core.${codec}`, compress(core));
    const steps: CaptureProgress[] = [];
    const host = { tmpDir, memoryLimit, progress: (p: CaptureProgress) => steps.push(p) };
    const capture = await openCapture(file, host);
    const plain = await openCapture(put(folder, 'core.elf', core));
    for (const chunk of [0x4000, 0x4010, 0x4011, 0x4030, 0x4035, 0x4800, 0x482f]) {
      const [a, b] = [new Uint8Array(0x10000), new Uint8Array(0x10000)];
      expect(capture.sources.ns.fill(chunk, a)).toBe(plain.sources.ns.fill(chunk, b));
      expect(Buffer.from(a).equals(Buffer.from(b))).toBe(true);
    }
    expect(capture.warnings).toEqual([]);
    expect(capture.description).toContain(`, ${codec}`);
    const size = fs.statSync(file).size;
    expect(steps.length).toBeGreaterThan(5);
    expect(steps.at(-1)).toEqual({ file, done: size, total: size });
    capture.close();
    plain.close();
    expect(leftovers(tmpDir)).toEqual([]);
  });

  test('of a raw image takes the base address', async () => {
    const file = put(folder, `image.${codec}`, compress(pages(1, 3)));
    const capture = await openCapture(`${file}@0x8000_0000`);
    const memory = captureMemory(capture, 'ns');
    expect(memory.load64(0, 0x8000_2000)).toBe(DATA);
    expect(memory.lo).toBe(2049);
    capture.close();
  });

  test('of a raw image without a base address asks for it', async () => {
    const file = put(folder, `baseless.${codec}`, compress(pages(1, 3)));
    expect(await complaint(() => openCapture(file))).toContain(
      `give its physical base address: ${file}@0x40000000`,
    );
  });

  test('truncated keeps what was readable and says so', async () => {
    const bytes = compress(core);
    const file = put(folder, `cut.elf.${codec}`, bytes.subarray(0, bytes.length - 2 ** 20));
    const capture = await openCapture(file);
    const memory = captureMemory(capture, 'ns');
    expect(memory.load64(0, 0x4000_0000)).toBe(DATA);
    expect(memory.lo).toBe(11);
    expect(memory.status(0x4800_0000 + noise.length - 4)).toBe(ABSENT);
    expect(capture.warnings[0]).toMatch(
      new RegExp(`cut\\.elf\\.${codec}: the ${codec} stream is damaged or truncated`),
    );
    expect(capture.warnings[1]).toContain('truncated: the file ends at');
    capture.close();
  });

  test('damaged from its start is refused', async () => {
    const bytes = Uint8Array.from(compress(core));
    bytes.fill(0xff, 6, 400);
    const message = await complaint(() => openCapture(put(folder, `bad.${codec}`, bytes)));
    expect(message).toContain(`bad.${codec}: the ${codec} stream is damaged or truncated`);
  });

  test('cancelled leaves nothing behind', async () => {
    const tmpDir = emptyFolder(`${codec}-cancelled`);
    const file = put(folder, `long.${codec}`, compress(core));
    const abort = new AbortController();
    const progress = (p: CaptureProgress): void => {
      if (p.done > p.total / 2) abort.abort();
    };
    const message = await complaint(() =>
      openCapture(file, { tmpDir, memoryLimit: 0, signal: abort.signal, progress }),
    );
    expect(message).toBe(`${file}: opening was cancelled`);
    expect(leftovers(tmpDir)).toEqual([]);
  });

  test('stops at the limit of what an image may inflate to', async () => {
    const tmpDir = emptyFolder(`${codec}-bomb`);
    const file = put(folder, `bomb.${codec}`, compress(new Uint8Array(64 * 2 ** 20)));
    const message = await complaint(() =>
      openCapture(file, { tmpDir, inflateLimit: 2 ** 20, memoryLimit: 0 }),
    );
    expect(message).toContain('inflates to more than 1 MiB');
    expect(leftovers(tmpDir)).toEqual([]);
  });

  test('says when the temporary file cannot be made', async () => {
    const file = put(folder, `homeless.${codec}`, compress(core));
    const message = await complaint(() =>
      openCapture(file, { tmpDir: path.join(folder, 'none'), memoryLimit: 0 }),
    );
    expect(message).toMatch(
      /cannot be inflated: .*none cannot take a temporary file \(does not exist\); let TMPDIR/,
    );
  });
});

test('an archive in an archive in an archive is refused', async () => {
  const file = put(folder, 'thrice.gz', gzipSync(gzipSync(gzipSync(core))));
  expect(await complaint(() => openCapture(file))).toContain('compressed more than twice');
  const twice = await openCapture(put(folder, 'twice.gz', gzipSync(zstdCompressSync(core))));
  expect(twice.ranges.ns[0]).toEqual({ base: 0x4000_0000, size: 0x1000 });
  twice.close();
});

const skippable = Buffer.from('502a4d180400000001020304502a4d1800000000', 'hex');
const empty = zstdCompressSync(new Uint8Array(0));
const checked = (bytes: Uint8Array): Buffer =>
  zstdCompressSync(bytes, { params: { [constants.ZSTD_c_checksumFlag]: 1 } });

test('gzip members and zstd frames one after another are one image', async () => {
  const [a, b] = [core.subarray(0, 0x5000), core.subarray(0x5000)];
  for (const bytes of [
    Buffer.concat([gzipSync(a), gzipSync(b)]),
    Buffer.concat([skippable, zstdCompressSync(a), empty, checked(b), skippable]),
  ]) {
    const capture = await openCapture(put(folder, 'members', bytes));
    expect(capture.warnings).toEqual([]);
    expect(captureMemory(capture, 'ns').status(0x4800_0000 + noise.length - 4)).toBe(DATA);
    capture.close();
  }
});

describe('zstd without help of node:zlib', () => {
  async function inflate(bytes: Uint8Array, step: number): Promise<Buffer> {
    const out: Buffer[] = [];
    const inflater = zstdInflater((piece) => out.push(Buffer.from(piece)), false);
    for (let at = 0; at < bytes.length; at += step) await inflater.push(bytes.subarray(at, at + step));
    await inflater.end();
    return Buffer.concat(out);
  }

  test.each([1 << 18, 1000, 7])('gives the same bytes in pieces of %i', async (step) => {
    const source = step === 7 ? core.subarray(0, 0x8000) : core;
    expect((await inflate(zstdCompressSync(source), step)).equals(source)).toBe(true);
  });

  test('takes frames one after another, wherever they are cut', async () => {
    const parts = [
      skippable,
      zstdCompressSync(core.subarray(0, 300)),
      empty,
      checked(core.subarray(300, 0x6000)),
      skippable,
    ];
    for (const step of [1, 3, 64]) {
      expect((await inflate(Buffer.concat(parts), step)).equals(core.subarray(0, 0x6000))).toBe(true);
    }
  });

  test('refuses a truncated stream', async () => {
    const bytes = zstdCompressSync(core);
    await expect(inflate(bytes.subarray(0, bytes.length - 5000), 1 << 18)).rejects.toThrow();
  });

  test('refuses a header that asks for gigabytes', async () => {
    const header = Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0x00, 0xa8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
    await expect(inflate(header, 1 << 18)).rejects.toThrow('its window is larger than 128 MiB');
  });
});
