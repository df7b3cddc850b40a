import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runInProcess } from '../../extension/tests/script-runner.ts';

const TEXT = `device nvme0 sid=8
map ns sid=8 iova=0x1000 pa=0x60000000 size=4K
test "right"
  dma nvme0 read 0x1000 64
  expect pa=0x60000000
end
test "wrong"
  dma nvme0 read 0x1000 64
  expect pa=0x60001000
end
`;

describe('a script of the Test Explorer', () => {
  let workspace = '';
  let file = '';
  const go = (only?: string, signal = new AbortController().signal) =>
    runInProcess({ file, workspace, ...(only === undefined ? {} : { only }) }, signal);
  beforeAll(() => {
    workspace = realpathSync(mkdtempSync(path.join(tmpdir(), 'smmu-runner-')));
    file = path.join(workspace, 'a.smmu');
    writeFileSync(file, TEXT);
  });
  afterAll(() => rmSync(workspace, { recursive: true }));

  it('passes a test whose expectations come true', async () => {
    expect((await go('right')).tests).toEqual([{ name: 'right', line: 3, failures: [] }]);
  });

  it('tells of one that fails the line, and what came instead', async () => {
    const [test, ...more] = (await go('wrong')).tests;
    expect(more).toEqual([]);
    expect(test?.failures).toHaveLength(1);
    expect(test?.failures[0]).toMatchObject({ file, line: 9 });
    expect(JSON.stringify(test?.failures[0])).toMatch(/60001000.*60000000|60000000.*60001000/);
  });

  it('fails when there is no such test', async () => {
    const [test] = (await go('none')).tests;
    expect(test?.failures).toMatchObject([{ line: 1, text: 'there is no test "none"' }]);
  });

  it('is told with its place when it cannot be read', async () => {
    writeFileSync(file, 'mpa ns\n');
    const [test] = (await go()).tests;
    expect(test?.failures[0]).toMatchObject({ line: 1, text: expect.stringContaining('did you mean map?') });
    writeFileSync(file, TEXT);
  });

  it('ends early when it is taken back', async () => {
    const stop = new AbortController();
    stop.abort();
    writeFileSync(file, `${TEXT}run ns\n${'poke 0x60000000 = 1\n'.repeat(2000)}`);
    await expect(go(undefined, stop.signal)).rejects.toThrow();
    writeFileSync(file, TEXT);
  });
});
