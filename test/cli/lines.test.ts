import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { LineFile, linesOf } from '../../src/cli/lines.ts';
import { put, temporaryFolder } from '../kit/capture.ts';

const folder = temporaryFolder();

async function read(content: string | Uint8Array, limit = 100): Promise<[string, number][]> {
  const lines: [string, number][] = [];
  for await (const { text, number } of linesOf(put(folder, 'lines', content), limit)) {
    lines.push([text, number]);
  }
  return lines;
}

describe('lines of a file', () => {
  test('keep their numbers, whatever ends them and whatever is blank', async () => {
    expect(await read('one\r\n\n  \r\nfour\nfive')).toEqual([
      ['one', 1],
      ['four', 4],
      ['five', 5],
    ]);
  });

  test('begin behind a byte order mark', async () => {
    expect(await read('\uFEFF{}\n\uFEFF\n')).toEqual([['{}', 1]]);
  });

  test('may be cut anywhere by the pieces in which a file is read', async () => {
    const line = `${'ä'.repeat(1000)}\u2028`;
    const lines = await read(`${line}\n`.repeat(200), 1001);
    expect(lines).toHaveLength(200);
    expect(lines.every(([text]) => text === line)).toBe(true);
  });

  test('are not longer than the limit, even when they never end', async () => {
    await expect(read(`ok\n${'x'.repeat(101)}\n`)).rejects.toThrow(/lines, line 2: is longer than 100 char/);
    await expect(read(new Uint8Array(2 ** 22))).rejects.toThrow(/line 1: is longer/);
  });

  test.runIf(process.platform === 'linux')('of a source without an end stop at the limit', async () => {
    const endless = linesOf('/dev/zero', 2 ** 16).next();
    await expect(endless).rejects.toThrow('/dev/zero, line 1: is longer than 65536 characters');
  });
});

describe('a file of answers', () => {
  test('has what was written, however much', () => {
    const file = path.join(folder, 'answers');
    const out = new LineFile(file, []);
    for (let i = 0; i < 20_000; i++) out.line(`ä ${i}`);
    out.close();
    const lines = readFileSync(file, 'utf8').split('\n');
    expect([lines.length, lines[19_999], lines[20_000]]).toEqual([20_001, 'ä 19999', '']);
  });

  test('is never the file that is read', () => {
    const file = put(folder, 'cases', 'precious');
    expect(() => new LineFile(file, ['/nowhere', file])).toThrow('is read, so it cannot be written');
    expect(readFileSync(file, 'utf8')).toBe('precious');
  });

  test.runIf(process.platform === 'linux')('says when the disk is full', () => {
    const out = new LineFile('/dev/full', []);
    out.line('answer');
    expect(() => out.close()).toThrow('/dev/full: cannot be written (ENOSPC)');
  });
});
