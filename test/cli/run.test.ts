import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { smmuDebug } from './io.ts';

let folder = '';

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'smmu-run-'));
  mkdirSync(path.join(folder, 'in'));
  writeFileSync(path.join(folder, 'outside.smmu'), 'let outside = 1\n');
});
afterAll(() => rmSync(folder, { recursive: true }));

/** A script in the folder `in`. */
function script(name: string, text: string): string {
  const file = path.join(folder, 'in', name);
  writeFileSync(file, text);
  return file;
}

const GOOD = 'print "hello"\ntest "a"\nexpect 1 == 1\nend\n';
const BAD = 'device d sid=8\ntest "a"\nexpect 1 == 2\nend\ntest "b"\nexpect 1 == 1\nend\n';

it('what comes true gives status 0 and a count', async () => {
  expect(await smmuDebug('run', script('good.smmu', GOOD))).toEqual({
    status: 0,
    out: 'hello\n1 passed, 0 failed\n',
    err: '',
  });
});

it('a failed expectation gives status 1 and its place', async () => {
  const file = script('bad.smmu', BAD);
  const { status, out } = await smmuDebug('run', file);
  expect(status).toBe(1);
  expect(out).toBe(`${file}:3: expected 1 == 2, got 1 is 0x1\n1 passed, 1 failed\n`);
  expect((await smmuDebug('run', file, '--only', 'b')).status).toBe(0);
});

it('findings are warnings', async () => {
  const sample = new URL('../../extension/samples/scripts/bug-01-ste-without-cfgi.smmu', import.meta.url)
    .pathname;
  const { status, out } = await smmuDebug('run', sample);
  expect(status).toBe(0);
  expect(out).toMatch(/^warning: .*bug-01-ste-without-cfgi\.smmu:\d+: certain stale-use, unsafe: STE 0x8/);
});

it('the answer as JSON names tests, failures and warnings', async () => {
  const { status, out } = await smmuDebug('run', script('bad.smmu', BAD), '--json');
  expect(status).toBe(1);
  const answer = JSON.parse(out) as {
    caches: string;
    tests: { name: string; failures: { line: number }[] }[];
    warnings: unknown[];
  };
  expect(answer.caches).toBe('maximal');
  expect(answer.tests.map(({ name, failures }) => [name, failures.map(({ line }) => line)])).toEqual([
    ['a', [3]],
    ['b', []],
  ]);
  expect(answer.warnings).toEqual([]);
});

it('a script runs on another SMMU', async () => {
  const file = script('ids.smmu', 'expect reg.ns.IDR0.S2P == 0\n');
  expect((await smmuDebug('run', file)).status).toBe(1);
  expect((await smmuDebug('run', file, '--preset', 'architecture-min')).status).toBe(0);
});

it('bad usage gives status 2 and one line', async () => {
  for (const args of [
    ['run'],
    ['run', 'a', 'b'],
    ['run', path.join(folder, 'nowhere.smmu')],
    ['run', folder],
    ['run', 'a', '--caches', 'x'],
  ]) {
    const { status, err } = await smmuDebug(...args);
    expect(status).toBe(2);
    expect(err.split('\n')).toHaveLength(1);
  }
});

it('include and load stay in the workspace, whatever path or link leads out of it', async () => {
  const link = path.join(folder, 'in', 'link.smmu');
  symlinkSync(path.join(folder, 'outside.smmu'), link);
  for (const statement of [
    'include "../outside.smmu"',
    'include "link.smmu"',
    'load "../outside.smmu"',
    `load "link.smmu" registers="link.smmu"`,
  ]) {
    const { status, err } = await smmuDebug('run', script('escape.smmu', `${statement}\n`));
    expect(status).toBe(2);
    expect(err).toContain('lies outside of the workspace');
  }
  const wider = await smmuDebug(
    'run',
    script('wider.smmu', 'include "../outside.smmu"\nexpect outside == 1\n'),
    '--workspace',
    folder,
  );
  expect(wider.status).toBe(0);
});

it('a capture is loaded with the snapshot beside it, and scripts act on it', async () => {
  const capture = new URL('../../extension/samples/linux-basic/small.elf.gz', import.meta.url).pathname;
  const text = `load "${path.relative(path.join(realpathSync(folder), 'in'), capture)}"
device d sid=0x7f
expect reg.ns.CR0.SMMUEN
map ns sid=0x7f iova=0x1000 pa=0x50000000 size=64K
invalidate ns all
dma d read 0x1000 4
expect pa=0x50000000
`;
  const { out, status } = await smmuDebug('run', script('load.smmu', text), '--workspace', '/');
  expect([status, out]).toEqual([0, '1 passed, 0 failed\n']);
  const missing = await smmuDebug('run', script('missing.smmu', '\nload "nowhere.elf"\n'));
  expect(missing.status).toBe(2);
  expect(missing.err).toContain('missing.smmu: line 2, column ');
  expect(missing.err).toContain('"nowhere.elf" is not there');
});
