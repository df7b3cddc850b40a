/** Lines of included files: rows and the history say whose they are, and are found by them. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { DebugProtocol } from '@vscode/debugprotocol';
import { expect, test } from 'vitest';
import type { CustomRequests } from '../../src/adapter/custom-requests.ts';
import { inlineAdapter } from '../kit/inline.ts';

const INCLUDED = ['cmd s TLBI_NH_VA ASID=3 Address=0x1000 Leaf', 'cmd s TLBI_NH_ASID ASID=3'];
const MAIN = [
  'machine preset=architecture-secure',
  'notifiers policy=route accepts=map',
  'device net sid=0x20 worlds=s; notifier net consumer=vhost',
  'map s sid=0x20 iova=0x1000 pa=0x90000000 size=4K; cd s 0x20 ASID=3',
  'include "tlbi.smmu"',
  'cmd s TLBI_NH_ASID ASID=3',
  'let here = 1',
].flatMap((line) => line.split('; '));

test('a line of an included file is told apart from that of the program', async () => {
  const { client } = inlineAdapter();
  const folder = mkdtempSync(path.join(tmpdir(), 'smmu-included-'));
  const [program, included] = [path.join(folder, 'a.smmu'), path.join(folder, 'tlbi.smmu')];
  writeFileSync(program, `${MAIN.join('\n')}\n`);
  writeFileSync(included, `${INCLUDED.join('\n')}\n`);
  await client.launch({ program }, { filters: [] });
  const last = MAIN.length;
  await client.ask('setBreakpoints', { source: { path: program }, breakpoints: [{ line: last }] });
  await client.move('continue', 1);

  const { rows } = await client.ask<CustomRequests['smmu/notifiers']['body']>('smmu/notifiers');
  const lines = rows.map(({ line, file }) => [line, file]);
  expect(lines).toEqual([
    [1, included],
    [2, included],
    [last - 1, undefined],
  ]);
  const found = async (origin: object): Promise<readonly number[]> => {
    const args = { origin };
    return (await client.ask<CustomRequests['smmu/notifierOrder']['body']>('smmu/notifierOrder', args)).order;
  };
  expect(await found({ line: 2, file: included })).toEqual([1]);
  expect(await found({ line: 2 })).toEqual([]);
  expect(await found({ line: last - 1 })).toEqual([2]);
  const { entries } = await client.ask<CustomRequests['smmu/history']['body']>('smmu/history');
  expect(new Set(entries.filter(({ line }) => line === 1).map(({ file }) => file))).toEqual(
    new Set([undefined, included]),
  );

  // The ways back to a line are those of its own file.
  const targets = async (file: string, line: number): Promise<string[]> => {
    const body = await client.ask<DebugProtocol.GotoTargetsResponse['body']>('gotoTargets', {
      source: { path: file },
      line,
    });
    return body.targets.map(({ label }) => label).filter((label) => label.startsWith('Back'));
  };
  const at = (file: string | undefined, line: number): number =>
    entries.find((entry) => entry.file === file && entry.line === line)?.index ?? -1;
  const ran = entries.filter(({ file, line }) => file === included && line === 1).length;
  expect(await targets(included, 1)).toHaveLength(ran);
  expect((await targets(included, 1)).at(-1)).toContain(`(entry ${at(included, 1)})`);
  client.close();
  rmSync(folder, { recursive: true });
});
