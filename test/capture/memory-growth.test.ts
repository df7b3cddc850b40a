import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { expect, test } from 'vitest';
import { captureMemory, openCapture } from '../../src/capture/capture.ts';
import { DATA } from '../../src/model/memory.ts';
import { BIG_CORE_BYTES, writeBigCore } from '../kit/big-core.ts';
import { fixture, temporaryFolder } from '../kit/capture.ts';

const folder = temporaryFolder();
/** A core of 4 GiB in one segment, sparse on disk, with the tables of linux-big where they were. */
async function bigCore(): Promise<string> {
  const file = path.join(folder, 'big.elf');
  const capture = await openCapture(fixture('linux-big', 'tables.elf.gz'));
  writeBigCore(file, capture.sources.ns);
  capture.close();
  return file;
}

test('a 4 GiB core opens and is read all over with less than 64 MiB of memory growth', {
  timeout: 120_000,
}, async () => {
  const file = await bigCore();
  const child = path.resolve(import.meta.dirname, '../kit/read-capture.ts');
  const args = ['--disable-warning=MODULE_TYPELESS_PACKAGE_JSON', child, file];
  const out = JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' })) as {
    readonly growth: number;
    readonly pages: number;
  };
  expect(out.pages).toBe(BIG_CORE_BYTES / 2 ** 20);
  expect(out.growth).toBeLessThan(64 * 2 ** 20);

  const [big, small] = [await openCapture(file), await openCapture(fixture('linux-big', 'tables.elf.gz'))];
  for (const { base } of small.ranges.ns) {
    const [a, b] = [new Uint32Array(1024), new Uint32Array(1024)];
    expect(captureMemory(big, 'ns').load(base, a, 0, 1024)).toBe(DATA);
    expect(captureMemory(small, 'ns').load(base, b, 0, 1024)).toBe(DATA);
    expect(a).toEqual(b);
  }
  big.close();
  small.close();
});
