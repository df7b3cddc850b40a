import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { captureFiles, mapCaptureFiles } from '../../extension/launch/attributes.ts';
import { isRawImage, isTraceFile } from '../../extension/launch/probe.ts';
import { registersBeside, stem } from '../../extension/launch/registers-file.ts';

const samples = path.resolve(import.meta.dirname, '../../extension/samples');

describe('the register snapshot beside a capture', () => {
  it('is the one named after the capture, before one with a common name', () => {
    const names = ['regs.json', 'small.regs.txt', 'small.elf.gz'];
    expect(registersBeside('small.elf.gz', names)).toBe('small.regs.txt');
  });

  it('is JSON before monitor text', () => {
    expect(registersBeside('vmcore', ['regs.txt', 'regs.json'])).toBe('regs.json');
  });

  it('is nothing when no name fits', () => {
    expect(registersBeside('vmcore', ['vmcore', 'README.md', 'other.regs.json'])).toBeNull();
  });

  it('knows the endings of captures', () => {
    expect(['small.elf.gz', 'a.b.core.zst', 'vmcore', 'crash.vmcore'].map(stem)).toEqual([
      'small',
      'a.b',
      'vmcore',
      'crash',
    ]);
  });
});

describe('the attribute "capture"', () => {
  it('may be a path, an object or a list of both', () => {
    const file = { file: 'b.bin', base: '0x40000000' };
    expect(captureFiles('a.elf')).toEqual([{ file: 'a.elf' }]);
    expect(captureFiles(['a.elf', file])).toEqual([{ file: 'a.elf' }, file]);
  });

  it('keeps what is no capture for the adapter to judge', () => {
    expect(captureFiles([7, null, { base: 1 }])).toEqual([]);
    expect(mapCaptureFiles([7, { base: 1 }], () => 'x')).toEqual([7, { base: 1 }]);
  });

  it('gets its paths changed wherever they stand', () => {
    const up = (file: string) => `/w/${file}`;
    expect(mapCaptureFiles(['a.elf', { file: 'b.bin', base: 1 }], up)).toEqual([
      '/w/a.elf',
      { file: '/w/b.bin', base: 1 },
    ]);
  });
});

describe('a base address is asked for', () => {
  let dir = '';
  const page = Buffer.alloc(8192, 0xd4);
  const file = (name: string, content: Buffer | string): string => {
    writeFileSync(path.join(dir, name), content);
    return path.join(dir, name);
  };
  beforeAll(() => {
    dir = mkdtempSync(path.join(tmpdir(), 'smmu-probe-'));
  });
  afterAll(() => rmSync(dir, { recursive: true, force: true }));

  it('for a raw image, compressed or not', async () => {
    expect(await isRawImage(file('memory.bin', page))).toBe(true);
    expect(await isRawImage(file('memory.bin.gz', gzipSync(page)))).toBe(true);
    expect(await isRawImage(file('memory.bin.zst', zstdCompressSync(page)))).toBe(true);
  });

  it('not for a core, a dump of another kind, a text, an empty or missing file', async () => {
    expect(await isRawImage(path.join(samples, 'linux-basic/small.elf.gz'))).toBe(false);
    expect(await isRawImage(file('kdump', Buffer.concat([Buffer.from('KDUMP   '), page])))).toBe(false);
    expect(await isRawImage(path.join(samples, 'linux-basic/regs.json'))).toBe(false);
    expect(await isRawImage(file('empty', ''))).toBe(false);
    expect(await isRawImage(path.join(dir, 'nothing-here'))).toBe(false);
    expect(await isRawImage(file('broken.gz', Buffer.from([0x1f, 0x8b, 8, 0, 1, 2, 3])))).toBe(false);
  });
});

describe('a trace of QEMU', () => {
  const traces = path.resolve(import.meta.dirname, '../fixtures/traces');
  const all = (files: readonly string[]) => Promise.all(files.map(isTraceFile));

  it('is known by its lines, packed or not', async () => {
    expect(await all([path.join(traces, 'faults.log'), path.join(traces, 'boot.log.gz')])).toEqual([
      true,
      true,
    ]);
    expect(await isTraceFile(path.join(samples, 'traces/faults.log'))).toBe(true);
  });

  it('is not a dump, a script, a text or a file that does not exist', async () => {
    const others = ['linux-basic/small.elf.gz', 'scripts/hello.smmu', 'README.md', 'nothing.log'];
    expect(await all(others.map((name) => path.join(samples, name)))).toEqual([false, false, false, false]);
  });
});

describe('the configurations of the sample workspace', () => {
  const text = readFileSync(path.join(samples, '.vscode/launch.json'), 'utf8');
  const { configurations } = JSON.parse(text) as { configurations: readonly Record<string, unknown>[] };

  it('name files that exist', () => {
    const named = configurations.flatMap(({ program, capture, registers }) =>
      [program, capture, registers].filter((file) => typeof file === 'string'),
    );
    const missing = named.filter((file) => !existsSync(file.replace(/^\$\{workspaceFolder\}/, samples)));
    expect(missing).toEqual([]);
    expect(named.length).toBeGreaterThan(10);
  });
});
