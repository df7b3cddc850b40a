import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { type Capture, captureMemory, openCapture } from '../../src/capture/capture.ts';
import { ABORT, ABSENT, DATA } from '../../src/model/memory.ts';
import { complaint, put, temporaryFolder } from '../kit/capture.ts';
import { type ElfOptions, type ElfSegment, elfBytes, page, pages, writeElf } from '../kit/elf.ts';

const folder = temporaryFolder();
let files = 0;

async function open(segments: readonly ElfSegment[], options: ElfOptions = {}): Promise<Capture> {
  const file = path.join(folder, `core-${files++}.elf`);
  writeElf(file, segments, options);
  return openCapture(file);
}

/** The word at `pa`, or the read's status in words. */
function word(capture: Capture, pa: number): number | string {
  const memory = captureMemory(capture, 'ns');
  const out = new Uint32Array(1);
  const status = memory.load(pa, out, 0, 1);
  const names = new Map<number, string>([
    [ABSENT, 'absent'],
    [ABORT, 'abort'],
  ]);
  return status === DATA ? (out[0] as number) : (names.get(status) ?? 'miss');
}

describe('an ELF core', () => {
  const two = [
    { paddr: 0x4000_0000, bytes: page(100) },
    { paddr: 0x4000_2000, bytes: pages(5000, 2) },
  ];

  test('is read by physical address', async () => {
    const capture = await open(two.map((s) => ({ ...s, vaddr: 0xffff_0000 })));
    expect(word(capture, 0x4000_0000)).toBe(100);
    expect(word(capture, 0x4000_0ffc)).toBe(100 + 1023);
    expect(word(capture, 0x4000_2000)).toBe(5000);
    expect(word(capture, 0x4000_3ffc)).toBe(5000 + 2047);
    expect(capture.warnings).toEqual([]);
    expect(capture.ranges.ns).toEqual([
      { base: 0x4000_0000, size: 0x1000 },
      { base: 0x4000_2000, size: 0x2000 },
    ]);
    capture.close();
  });

  test('answers absent in a hole and abort outside, never zero', async () => {
    const capture = await open(two);
    expect(word(capture, 0x4000_1000)).toBe('absent');
    expect(word(capture, 0x3fff_fffc)).toBe('abort');
    expect(word(capture, 0x4000_4000)).toBe('abort');
    capture.close();
  });

  test.each([0xc0, 0x1_0040, 2 ** 32 + 0x2000])('may have its program headers at %i', async (phoff) => {
    const capture = await open([{ paddr: 0x8000_0000, bytes: page(7), offset: 0x4000 }], { phoff });
    expect(word(capture, 0x8000_0004)).toBe(8);
    capture.close();
  });

  test('may lie beyond 4 GiB in the file and in memory', async () => {
    const capture = await open([
      { paddr: 0x8_8000_0000, bytes: page(1), offset: 5 * 2 ** 30 },
      { paddr: 0x8_8000_1000, bytes: page(9), offset: 2 ** 32 - 0x1000 },
    ]);
    expect(word(capture, 0x8_8000_0000)).toBe(1);
    expect(word(capture, 0x8_8000_1000)).toBe(9);
    expect(captureMemory(capture, 'ns').load64(8, 0x8000_0000)).toBe(DATA);
    capture.close();
  });

  test('gives overlapping memory to the segment that comes first', async () => {
    const capture = await open([
      { paddr: 0x4000_1000, bytes: page(1) },
      { paddr: 0x4000_0000, bytes: pages(50_000, 4) },
      { paddr: 0x4000_3000, bytes: pages(90_000, 2) },
    ]);
    expect(word(capture, 0x4000_0000)).toBe(50_000);
    expect(word(capture, 0x4000_1000)).toBe(1);
    expect(word(capture, 0x4000_2000)).toBe(50_000 + 2048);
    expect(word(capture, 0x4000_3000)).toBe(50_000 + 3072);
    expect(word(capture, 0x4000_4000)).toBe(90_000 + 1024);
    capture.close();
  });

  test('joins segments that share a page, and leaves out a page that stays incomplete', async () => {
    const bytes = pages(0, 2);
    const capture = await open([
      { paddr: 0x4000_0000, bytes: bytes.subarray(0, 0x800) },
      { paddr: 0x4000_0800, bytes: bytes.subarray(0x800, 0x1400) },
    ]);
    expect(word(capture, 0x4000_07fc)).toBe(511);
    expect(word(capture, 0x4000_0800)).toBe(512);
    expect(word(capture, 0x4000_1000)).toBe('absent');
    expect(capture.warnings).toEqual([
      expect.stringMatching(/only a part of 1 page of 4 KiB \(the first at PA 0x40001000\): absent/),
    ]);
    capture.close();
  });

  test('does not hold what p_memsz promises beyond p_filesz, yet it is RAM', async () => {
    const capture = await open([{ paddr: 0x4000_0000, bytes: page(3), memsz: 0x3000 }]);
    expect(word(capture, 0x4000_0000)).toBe(3);
    expect(word(capture, 0x4000_1000)).toBe('absent');
    expect(word(capture, 0x4000_2ffc)).toBe('absent');
    expect(word(capture, 0x4000_3000)).toBe('abort');
    capture.close();
  });

  test('is not believed when p_filesz exceeds p_memsz', async () => {
    const capture = await open([{ paddr: 0x4000_0000, bytes: pages(3, 2), memsz: 0x1000 }]);
    expect(word(capture, 0x4000_0000)).toBe(3);
    expect(word(capture, 0x4000_1000)).toBe('abort');
    expect(capture.warnings).toEqual([expect.stringContaining('segment 0: p_filesz is larger than p_memsz')]);
    capture.close();
  });

  test('with 65,535 or more segments says how many in section header 0', async () => {
    const count = 0x1_0000;
    const bytes = page(1);
    const segments = Array.from({ length: count }, (_, i) => ({
      paddr: 0x1_0000_0000 + i * 0x2000,
      filesz: 0x1000,
      offset: 0x100_0000,
    }));
    const capture = await open([...segments, { paddr: 0x4000_0000, bytes, offset: 0x100_0000 }], {
      phnum: 0xffff,
      shInfo: count + 1,
    });
    expect(capture.description).toContain('65537 segments');
    expect(word(capture, 0x1_0000_0000 + (count - 1) * 0x2000)).toBe(1);
    expect(word(capture, 0x4000_0ffc)).toBe(1024);
    capture.close();
  });

  test('skips notes and empty segments', async () => {
    const note = { type: 4, paddr: 0, bytes: page(77) };
    const capture = await open([note, { paddr: 0x5000_0000 }, { paddr: 0x4000_0000, bytes: page(1) }]);
    expect(capture.ranges.ns).toEqual([{ base: 0x4000_0000, size: 0x1000 }]);
    capture.close();
  });

  test('of another machine is read with a warning', async () => {
    const capture = await open([{ paddr: 0x4000_0000, bytes: page(1) }], { machine: 62 });
    expect(capture.warnings).toEqual([expect.stringContaining('e_machine is 62')]);
    capture.close();
  });
});

describe('a truncated ELF core', () => {
  const whole = elfBytes([
    { paddr: 0x4000_0000, bytes: page(1) },
    { paddr: 0x4001_0000, bytes: pages(5000, 4) },
    { paddr: 0x4002_0000, bytes: page(9) },
  ]);

  test('keeps what is readable; the rest is absent and still RAM', async () => {
    const capture = await openCapture(put(folder, 'cut.elf', whole.subarray(0, 0x2000 + 0x2345)));
    expect(word(capture, 0x4000_0000)).toBe(1);
    expect(word(capture, 0x4001_1ffc)).toBe(5000 + 2047);
    expect(word(capture, 0x4001_2000)).toBe('absent');
    expect(word(capture, 0x4002_0000)).toBe('absent');
    expect(word(capture, 0x4002_1000)).toBe('abort');
    const [cut] = capture.warnings;
    expect(cut).toContain('cut.elf: truncated: the file ends at 0x4345');
    expect(cut).toContain('segment 1 (PA 0x40010000, offset 0x2000) and 1 later segment are absent');
    capture.close();
  });

  test('without any contents is refused', async () => {
    const message = await complaint(() => openCapture(put(folder, 'headers.elf', whole.subarray(0, 0x200))));
    expect(message).toMatch(/headers\.elf: has no contents: the file ends at 0x200, before .*segment 0/);
  });

  test('keeps the program headers that are there', async () => {
    const file = elfBytes([{ paddr: 0x4000_0000, bytes: page(1), offset: 0x40 + 56 }], { phnum: 40_000 });
    const capture = await openCapture(put(folder, 'phnum.elf', file));
    expect(word(capture, 0x4000_0000)).toBe(1);
    expect(capture.warnings[0]).toMatch(
      /phnum\.elf, e_phoff 0x40: claims 40000 program headers, but the file ends after/,
    );
    capture.close();
  });

  test.each([
    ['in its header', 40, 'is truncated within its ELF header'],
    ['before its program headers', 64, 'has its program headers behind its end'],
  ])('%s is refused', async (_, size, text) => {
    expect(await complaint(() => openCapture(put(folder, 'short.elf', whole.subarray(0, size))))).toContain(
      text,
    );
  });
});

describe('an ELF file that is no memory image is refused with the field that says so', () => {
  const segments = [{ paddr: 0x4000_0000, bytes: page(1) }];
  test.each<[string, readonly ElfSegment[], ElfOptions, string]>([
    ['32 bits', segments, { elfClass: 1 }, 'not a 64-bit ELF file (EI_CLASS)'],
    ['big-endian', segments, { data: 2 }, 'not a little-endian ELF file (EI_DATA)'],
    ['a program', segments, { type: 2 }, 'is a program, not a memory dump (e_type)'],
    ['a strange type', segments, { type: 0xff00 }, 'an ELF file of type 65280'],
    ['no program headers', segments, { phnum: 0 }, 'no program headers (e_phnum, e_phoff)'],
    ['tiny program headers', segments, { phentsize: 32 }, 'program headers of 32 bytes'],
    ['no PT_LOAD', [{ type: 4, paddr: 0, bytes: page(1) }], {}, 'no PT_LOAD segment with contents'],
    ['PN_XNUM without section header', segments, { phnum: 0xffff }, '65,535 or more program headers'],
    [
      'a process core',
      [
        { paddr: 0, vaddr: 0x40_0000, bytes: page(1) },
        { paddr: 0, vaddr: 0x7f_0000, bytes: page(2) },
      ],
      {},
      'is the core of a process',
    ],
  ])('%s', async (name, list, options, text) => {
    const file = path.join(folder, `${name.replaceAll(' ', '-')}.elf`);
    writeElf(file, list, options);
    const message = await complaint(() => openCapture(file));
    expect(message).toContain(text);
    expect(message).toContain(file);
    expect(message).toMatch(/; \w+/);
  });

  test('a segment outside the physical address space is left out', async () => {
    const capture = await open([...segments, { paddr: 2 ** 52, bytes: page(2) }]);
    expect(capture.ranges.ns).toEqual([{ base: 0x4000_0000, size: 0x1000 }]);
    expect(capture.warnings[0]).toContain('segment 1: p_paddr 0x10000000000000');
    capture.close();
  });

  test('a lying count of segments costs neither time nor memory', async () => {
    const file = elfBytes(segments, { phnum: 0xffff, shInfo: 0xffff_ffff });
    const capture = await openCapture(put(folder, 'lying.elf', file));
    expect(capture.warnings[0]).toContain('claims 4294967295 program headers');
    expect(word(capture, 0x4000_0000)).toBe(1);
    capture.close();
  });
});

test('the capture is never written to', async () => {
  const file = path.join(folder, 'kept.elf');
  writeElf(file, [{ paddr: 0x4000_0000, bytes: page(1) }]);
  const before = fs.readFileSync(file);
  const capture = await openCapture(file);
  const memory = captureMemory(capture, 'ns');
  memory.store(0x4000_0000, Uint32Array.of(0xffff_ffff), 0, 1);
  expect(memory.load64(0, 0x4000_0000)).toBe(DATA);
  expect(memory.lo).toBe(0xffff_ffff);
  capture.close();
  expect(fs.readFileSync(file).equals(before)).toBe(true);
});
