import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { captureMemory, openCapture } from '../../src/capture/capture.ts';
import type { CaptureSpec } from '../../src/capture/place.ts';
import { ABORT, ABSENT, DATA } from '../../src/model/memory.ts';
import { complaint, fixture, put, temporaryFolder, truthOf } from '../kit/capture.ts';
import { elfBytes, page, pages } from '../kit/elf.ts';
import { sharedDir } from '../kit/shared.ts';

const folder = temporaryFolder();
const raw = put(folder, 'ram.bin', pages(1, 4));

describe('a raw image', () => {
  test.each<[string, CaptureSpec]>([
    ['FILE@BASE', `${raw}@0x4000_0000`],
    ['FILE@BASE in decimal', `${raw}@1073741824`],
    ['FILE@BASE with a unit', `${raw}@1G`],
    ['an object with a number', { file: raw, base: 0x4000_0000 }],
    ['an object with text', { file: raw, base: '0x40000000' }],
    ['an object with FILE@BASE', { file: `${raw}@0x40000000` }],
    ['a list', [{ file: raw, base: 0x4000_0000 }]],
  ])('is placed by %s', async (_, spec) => {
    const capture = await openCapture(spec);
    expect(capture.ranges.ns).toEqual([{ base: 0x4000_0000, size: 0x4000 }]);
    const memory = captureMemory(capture, 'ns');
    expect(memory.load64(0, 0x4000_3ff8)).toBe(DATA);
    expect([memory.lo, memory.hi]).toEqual([4095, 4096]);
    expect(memory.status(0x4000_4000)).toBe(ABORT);
    capture.close();
  });

  test('may have @ in its name', async () => {
    const file = put(folder, 'odd@0x1000', elfBytes([{ paddr: 0x4000_0000, bytes: page(1) }]));
    const capture = await openCapture(file);
    expect(capture.ranges.ns).toEqual([{ base: 0x4000_0000, size: 0x1000 }]);
    capture.close();
  });

  test('may begin with a program that was loaded there', async () => {
    const image = put(folder, 'loaded.bin', elfBytes([{ paddr: 0, bytes: page(1) }], { type: 2 }));
    const capture = await openCapture(`${image}@0x80000000`);
    expect(capture.ranges.ns).toEqual([{ base: 0x8000_0000, size: 0x2000 }]);
    capture.close();
  });

  test('of less than a page is refused, because the rest of the page would read as zero', async () => {
    const file = put(folder, 'tiny.bin', new Uint8Array(100).fill(200));
    expect(await complaint(() => openCapture(`${file}@0`))).toMatch(
      /only a part of 1 page of 4 KiB .*dump whole pages/,
    );
  });

  test('that ends above the address space is refused', async () => {
    const message = await complaint(() => openCapture({ file: raw, base: 2 ** 52 - 0x1000 }));
    expect(message).toContain('ends above the 52-bit physical address space');
  });
});

describe('several files', () => {
  test('make one memory, the first one winning page by page', async () => {
    const first = put(folder, 'a.elf', elfBytes([{ paddr: 0x4000_1000, bytes: page(77_000) }]));
    const capture = await openCapture([first, { file: raw, base: 0x4000_0000 }, `${raw}@0x40010000`]);
    const memory = captureMemory(capture, 'ns');
    const words = [0x4000_0000, 0x4000_1000, 0x4000_2000, 0x4001_0000].map((pa) => {
      expect(memory.load64(0, pa)).toBe(DATA);
      return memory.lo;
    });
    expect(words).toEqual([1, 77_000, 2049, 1]);
    expect(memory.status(0x4000_4000)).toBe(ABSENT);
    expect(memory.status(0x4001_4000)).toBe(ABORT);
    expect(capture.ranges.ns).toEqual([
      { base: 0x4000_0000, size: 0x4000 },
      { base: 0x4001_0000, size: 0x4000 },
    ]);
    capture.close();
  });

  test('of several address spaces stay apart', async () => {
    const capture = await openCapture([
      { file: raw, base: 0x1000, space: 'ns' },
      { file: raw, base: 0x9000, space: 's' },
    ]);
    expect(captureMemory(capture, 'ns').status(0x9000)).toBe(ABORT);
    expect(captureMemory(capture, 's').status(0x9000)).toBe(DATA);
    expect(captureMemory(capture, 'realm').status(0x9000)).toBe(ABORT);
    expect(capture.description).toContain('(s)');
    capture.close();
  });

  test('are all closed when one of them cannot be opened', async () => {
    const count = (): number => fs.readdirSync('/proc/self/fd').length;
    const counts = fs.existsSync('/proc/self/fd') ? count : (): number => 0;
    const before = counts();
    expect(await complaint(() => openCapture([`${raw}@0`, path.join(folder, 'none')]))).toContain(
      'does not exist',
    );
    expect(counts()).toBe(before);
  });
});

describe('what cannot be a capture is refused in one sentence that names it', () => {
  test.each<[string, Uint8Array | string, string]>([
    [
      'kdump',
      `KDUMP   ${'\0'.repeat(100)}`,
      'is a kdump-compressed dump, which cannot be read here; take an ELF core',
    ],
    ['flat', `makedumpfile\0${'\0'.repeat(100)}`, 'is a flattened makedumpfile dump'],
    ['lime', 'EMiL\x01\0\0\0', 'is a LiME dump'],
    ['avml', 'AVML\x02\0\0\0', 'is an AVML dump'],
    ['dmp', 'PAGEDU64', 'is a Windows crash dump'],
    ['savevm', 'QEVM\0\0\0\x03', 'is a saved QEMU machine'],
    ['xz', Uint8Array.of(0xfd, 0x37, 0x7a, 0x58, 0x5a, 0), 'is compressed with xz'],
    ['tar', `${'\0'.repeat(257)}ustar`, 'is a tar archive'],
    [
      'text',
      'hello\n',
      'is a text, not a memory image; name a dump here, and a register snapshot as registers',
    ],
    [
      'noise',
      Uint8Array.of(1, 2, 3, 4),
      'is in no format that is known here; if it is a raw memory image, give its',
    ],
    ['empty', '', 'is empty'],
  ])('%s', async (name, contents, text) => {
    const file = put(folder, `${name}.x`, contents);
    const message = await complaint(() => openCapture(file));
    expect(message).toContain(text);
    expect(message.startsWith(file)).toBe(true);
    expect(message).toContain('; ');
  });

  test.each<[string, unknown, string]>([
    ['an empty list', [], 'capture: the list is empty'],
    ['no text', 7, 'capture: is neither a path nor an object'],
    ['an entry without file', ['x', {}], 'capture[1]: has no "file"'],
    [
      'a wrong space',
      { file: 'x', space: 'secure' },
      'capture: space "secure" is no address space; write ns, s, realm, root',
    ],
    ['a wrong base', [{ file: 'x', base: '0xzz' }], 'capture[0].base: "0xzz" is no physical address'],
    ['a negative base', { file: 'x', base: -4 }, 'capture.base: -4 is no physical address'],
    ['a base beyond 52 bits', { file: 'x', base: 2 ** 52 }, 'is beyond the 52 bits of a physical address'],
    ['nothing', '', 'capture: is empty'],
    ['a directory', folder, 'is a directory'],
    ['a missing file', path.join(folder, 'none'), 'none: does not exist; check the path'],
    ['a path through a file', path.join(raw, 'x'), 'does not exist'],
    ['a path with NUL', 'a\0b', 'NUL character'],
  ])('%s', async (_, spec, text) => {
    expect(await complaint(() => openCapture(spec as CaptureSpec))).toContain(text);
  });

  test.runIf(process.platform !== 'win32')('a pipe, without waiting for it', async () => {
    const pipe = path.join(folder, 'pipe');
    execFileSync('mkfifo', [pipe]);
    expect(await complaint(() => openCapture(pipe))).toContain('is no regular file');
  });
});

test('relative paths start at the directory of the session', async () => {
  const capture = await openCapture('ram.bin@0x1000', { directory: folder });
  expect(capture.ranges.ns).toEqual([{ base: 0x1000, size: 0x4000 }]);
  capture.close();
});

test('a closed capture holds nothing any more', async () => {
  const capture = await openCapture(`${raw}@0`);
  capture.close();
  capture.close();
  expect(capture.sources.ns.fill(0, new Uint8Array(0x10000))).toBe(0);
});

describe('captures of real kernels', () => {
  test.each([
    ['linux-basic', 57, 0x42df_0000],
    ['linux-faults', null, null],
    ['linux-pending', null, null],
    ['linux-mixed', null, null],
    ['linux-16k', 65, 0x428d_d000],
  ] as const)(
    '%s opens without a warning and holds every page its stream table needs',
    async (name, segments, low) => {
      const capture = await openCapture(fixture(name, 'small.elf.gz'));
      expect(capture.warnings).toEqual([]);
      if (segments !== null) expect(capture.description).toContain(`${segments} segments`);
      if (low !== null) expect(capture.ranges.ns[0]?.base).toBe(low);
      const { strtab, translations } = stream(name);
      const memory = captureMemory(capture, 'ns');
      expect(memory.load64(0, strtab)).toBe(DATA);
      expect(translations).toBeGreaterThan(10);
      expect(memory.status(0x0905_0000)).toBe(ABORT);
      capture.close();
    },
  );

  test('the tables of linux-big are read at both ends of 4 GiB', async () => {
    const capture = await openCapture(fixture('linux-big', 'tables.elf.gz'));
    const { ns } = capture.ranges;
    expect(ns.length).toBe(110);
    const memory = captureMemory(capture, 'ns');
    for (const range of ns) expect(memory.status(range.base + range.size - 4)).toBe(DATA);
    expect((ns.at(-1)?.base ?? 0) > 2 ** 32).toBe(true);
    capture.close();
  });
});

/** The whole memories are too large for the repository; who has them beside it checks more. */
const shared = sharedDir();
if (shared !== null) {
  describe('whole memories of the same kernels', () => {
    for (const name of ['linux-basic', 'linux-mixed']) {
      test(`${name} holds every page of its extract`, { timeout: 120_000 }, async () => {
        const tmpDir = fs.mkdtempSync(path.join(folder, 'whole-'));
        const whole = await openCapture(path.join(shared, 'dumps', name, 'guest.elf.zst'), { tmpDir });
        const small = await openCapture(fixture(name, 'small.elf.gz'));
        const [a, b] = [captureMemory(whole, 'ns'), captureMemory(small, 'ns')];
        const [x, y] = [new Uint32Array(1024), new Uint32Array(1024)];
        for (const { base, size } of small.ranges.ns) {
          for (let pa = base; pa < base + size; pa += 0x1000) {
            expect(a.load(pa, x, 0, 1024)).toBe(DATA);
            expect(b.load(pa, y, 0, 1024)).toBe(DATA);
            expect(x).toEqual(y);
          }
        }
        whole.close();
        small.close();
        expect(fs.readdirSync(tmpDir)).toEqual([]);
      });
    }
  });
}

function stream(name: string): { strtab: number; translations: number } {
  const { regs } = JSON.parse(fs.readFileSync(fixture(name, 'regs.json'), 'utf8')) as {
    regs: Record<string, string>;
  };
  return { strtab: Number(regs['0x80']) & ~0xfff, translations: truthOf(name).translations.length };
}
