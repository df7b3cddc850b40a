import { spawn, spawnSync } from 'node:child_process';
import path from 'node:path';
import { expect, test } from 'vitest';
import { fixture } from '../kit/machine.ts';

const MAIN = path.resolve(import.meta.dirname, '../../src/cli/main.ts');
/** The package is no ES module, which Node remarks on when it runs the sources. */
const NODE = ['--disable-warning=MODULE_TYPELESS_PACKAGE_JSON', MAIN];
const { capture, registers } = fixture('linux-faults');

function run(args: readonly string[], input = ''): { status: number | null; out: string; err: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [...NODE, ...args], {
    encoding: 'utf8',
    input,
  });
  return { status, out: stdout, err: stderr };
}

test('the program prints its version', () => {
  expect(run(['version'])).toMatchObject({ status: 0, err: '' });
  expect(run(['--version']).out).toMatch(/^smmu-debug \d+\.\d+\.\d+\n$/);
});

test('the program reads a batch from standard input', () => {
  const lines = ['{"sid":56,"iova":"0x10100010","rw":"w"}', '{"sid":56,"iova":"0x10100010","rw":"r"}'];
  const { status, out, err } = run(
    ['translate', capture, '-r', registers, '--batch', '-'],
    `${lines.join('\n')}\n`,
  );
  expect([status, err]).toEqual([0, '']);
  const answers = out
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { ok: boolean; event?: string });
  expect(answers.map((a) => [a.ok, a.event])).toEqual([
    [false, 'F_PERMISSION'],
    [true, undefined],
  ]);
});

test('the program ends quietly when nobody reads on', async () => {
  const child = spawn(process.execPath, [...NODE, 'tree', capture, '-r', registers, '--json'], {
    stdio: 'pipe',
  });
  let err = '';
  child.stderr.on('data', (data: Buffer) => {
    err += data.toString();
  });
  child.stdout.once('data', () => child.stdout.destroy());
  const status = await new Promise((resolve) => child.once('close', resolve));
  expect(err).toBe('');
  expect(status).toBe(0);
});

test.runIf(process.platform !== 'win32')('the program can be interrupted while it computes', async () => {
  // The first output keeps the program busy, without a pause in which a handler could run.
  const busy = `process.kill(process.pid, 'SIGTERM'); const end = Date.now() + 5000; while (Date.now() < end);`;
  const preload = `data:text/javascript,${encodeURIComponent(`process.stdout.write = () => { ${busy} };`)}`;
  const child = spawn(process.execPath, ['--import', preload, ...NODE, 'tree', capture, '-r', registers]);
  const signal = await new Promise((resolve) => child.once('close', (_, by) => resolve(by)));
  expect(signal).toBe('SIGTERM');
});

test('an error is one line without control characters, whatever a file is called', () => {
  const { status, err } = run(['tree', 'no\n\u001b[31msuch\u009bfile', '-r', registers]);
  expect(status).toBe(2);
  expect(err).toBe('smmu-debug: no  [31msuch file: does not exist; check the path\n');
});

test('a mistake ends the program with status 2 and one line', () => {
  const { status, out, err } = run(['tree', capture]);
  expect([status, out]).toEqual([2, '']);
  expect(err).toMatch(/^smmu-debug: tree: no register snapshot is named[^\n]*\n$/);
});
