import fs from 'node:fs';
import { gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { UserError } from '../../src/bits/user-error.ts';
import { captureMemory, openCapture } from '../../src/capture/capture.ts';
import { parseSnapshot } from '../../src/capture/snapshot.ts';
import { fixture, put, temporaryFolder } from '../kit/capture.ts';

const folder = temporaryFolder();

/** Repeatable numbers below `limit`. */
let state = 0;
function random(limit: number): number {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
  return Math.floor((state / 2 ** 32) * limit);
}

/** `bytes` with up to eight of the first `span` changed, and sometimes cut. */
function damaged(bytes: Uint8Array, span: number): Uint8Array {
  const out = Uint8Array.from(bytes);
  for (let i = random(8); i >= 0; i--)
    out[random(Math.min(span, out.length))] = [0, 0xff, 0x80, random(256)][random(4)] ?? 0;
  return random(4) === 0 ? out.subarray(0, 1 + random(out.length)) : out;
}

describe('a damaged file gives a sentence or a capture, never anything else', () => {
  const core = gunzipSync(fs.readFileSync(fixture('linux-pending', 'small.elf.gz')));

  test.each([
    ['ELF header', 64, false],
    ['program headers', 3000, false],
    ['gzip stream', 100_000, true],
  ])('%s', async (_, span, compressed) => {
    const source = compressed ? gzipSync(core) : core;
    state = span;
    let refused = 0;
    for (let round = 0; round < 150; round++) {
      const file = put(folder, 'damaged', damaged(source, span));
      try {
        const capture = await openCapture(file);
        const memory = captureMemory(capture, 'ns');
        for (const { base } of capture.ranges.ns.slice(0, 50)) memory.status(base);
        expect(capture.warnings.length).toBeLessThanOrEqual(21);
        capture.close();
      } catch (error) {
        expect(error).toBeInstanceOf(UserError);
        expect((error as UserError).message).toMatch(/damaged.*: .+; /);
        refused++;
      }
    }
    expect(refused).toBeGreaterThan(0);
    expect(refused).toBeLessThan(150);
  });

  test.each(['regs.json', 'regs.txt'])('%s', (name) => {
    const source = fs.readFileSync(fixture('linux-basic', name));
    state = name.length;
    let refused = 0;
    for (let round = 0; round < 400; round++) {
      try {
        expect(parseSnapshot(damaged(source, 100_000), 'damaged').words.size).toBeGreaterThan(0);
      } catch (error) {
        expect(error).toBeInstanceOf(UserError);
        expect((error as UserError).message).toMatch(/^damaged.*: .+; /s);
        refused++;
      }
    }
    expect(refused).toBeGreaterThan(20);
  });
});
