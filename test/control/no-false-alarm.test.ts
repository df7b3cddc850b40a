import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { parseHex64 } from '../../src/bits/u64.ts';
import type { ConformCase } from '../../src/cli/conform/case.ts';
import { machineOf, transactionOf } from '../../src/cli/conform/run-case.ts';
import { enableQueue } from '../../src/control/enable-queue.ts';
import { TraceProgram } from '../../src/control/trace/program.ts';
import { traceMachine } from '../../src/control/trace/run.ts';
import { offsetOf } from '../../src/model/bank.ts';
import { openFixture } from '../kit/machine.ts';
import { sharedDir } from '../kit/shared.ts';
import { trace } from '../kit/traces.ts';
import { type Watched, watched } from '../kit/watched-debugger.ts';

/** Every checker of a session watches software that does what it should: nothing is found. */

const POLICIES = ['combined', 'maximal'] as const;

const LOGS: [name: string, read: () => string][] = (['boot', 'tail', 'bypass', 'faults'] as const).map(
  (name) => [name, () => trace(name)],
);
const shared = sharedDir();
if (shared !== null) {
  const dumps = path.join(shared, 'dumps');
  for (const dump of readdirSync(dumps, { withFileTypes: true })) {
    if (!dump.isDirectory()) continue;
    for (const name of readdirSync(path.join(dumps, dump.name))) {
      if (!/^qemu-trace-.*\.log\.gz$/.test(name)) continue;
      const file = path.join(dumps, dump.name, name);
      LOGS.push([`the whole ${dump.name}/${name}`, () => gunzipSync(readFileSync(file)).toString()]);
    }
  }
}

describe.each(POLICIES)('a trace of a real kernel (%s)', (policy) => {
  test.each(LOGS)('%s is replayed without a finding and without a difference', async (name, read) => {
    const text = read();
    const smmu = traceMachine(text, policy);
    const { debug, findings, notes } = watched(smmu, { program: new TraceProgram(smmu, text, name) });
    debug.breakpoints.setFilters([]);
    expect(await debug.continue('program')).toMatchObject({ reason: 'end' });
    expect(findings).toEqual([]);
    expect(notes.filter(({ kind }) => kind === 'failure')).toEqual([]);
    expect(debug.history.length).toBeGreaterThan(100);
  });
});

const dir = path.resolve(import.meta.dirname, '../vectors/corpus');
const cases = readdirSync(dir).flatMap((name) =>
  readFileSync(path.join(dir, name), 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.includes('"cache_seq":true'))
    .map((line) => JSON.parse(line) as ConformCase),
);

const halvesOf = (text: string) => parseHex64(text) ?? { hi: 0, lo: 0 };

/** Does the steps of a case as a session does, each an entry of the history. */
async function run({ steps }: ConformCase, { debug }: Watched): Promise<void> {
  const { smmu } = debug;
  const write = (pa: number, words: Uint32Array): unknown =>
    debug.perform('dma', { kind: 'memory', space: 'ns', pa, words }, 'memory');
  const setRegister = (offset: number, value: number): unknown =>
    debug.perform('dma', { kind: 'register', offset, value, valueHi: 0, bytes: 4 }, 'register');
  for (const step of steps) {
    switch (step.op) {
      case 'dma':
        debug.transact(transactionOf(step.sid, step.iova, step.rw === 'w'));
        break;
      case 'mem':
        for (const [address, value] of step.words) {
          const { hi, lo } = halvesOf(value);
          write(Number(BigInt(address)), Uint32Array.of(lo, hi));
        }
        break;
      case 'cmd': {
        const log2 = smmu.bank.field('CMDQ_BASE', 'LOG2SIZE');
        const base = smmu.bank.field('CMDQ_BASE', 'ADDR');
        let prod = smmu.bank.lo('CMDQ_PROD');
        for (const entry of step.entries) {
          const bytes = Uint8Array.from(entry.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16));
          write(base + (prod % 2 ** log2) * 16, new Uint32Array(bytes.buffer));
          prod = (prod + 1) % 2 ** (log2 + 1);
        }
        setRegister(offsetOf('CMDQ_PROD'), prod);
        await debug.continue('cmdq.ns');
        break;
      }
      case 'reg':
        setRegister(Number(BigInt(step.off)), halvesOf(step.val).lo);
    }
  }
}

test.each(POLICIES)('the corpus, but for its cases of old cache entries (%s)', async (policy) => {
  expect(cases.length).toBeGreaterThan(400);
  const found: unknown[] = [];
  let operations = 0;
  for (const of of cases) {
    const session = watched(machineOf(of, policy));
    session.debug.breakpoints.setFilters([]);
    await run(of, session);
    operations += session.debug.history.length;
    for (const text of session.findings) found.push({ of: of.name, text });
  }
  expect(operations).toBeGreaterThan(cases.length);
  expect(found).toEqual([]);
});

test.each(['linux-pending', 'linux-basic', 'linux-faults', 'linux-mixed', 'linux-16k'])(
  'the commands that %s has pending',
  async (name) => {
    const machine = await openFixture(name);
    try {
      const { debug, findings } = watched(machine.smmu);
      enableQueue(debug, 'ns');
      expect(await debug.continue('cmdq.ns')).toMatchObject({ reason: 'pause', text: 'nothing pending' });
      if (name === 'linux-pending') expect(debug.history.length).toBeGreaterThan(16);
      expect(findings).toEqual([]);
    } finally {
      machine.close();
    }
  },
);
