/** The launch attribute `smmu`, from launch.json to what the SMMU answers. */

import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type SpawnedAdapter, spawnAdapter } from '../kit/dap.ts';
import { fixture } from '../kit/machine.ts';

let adapter: SpawnedAdapter;
beforeEach(() => {
  adapter = spawnAdapter({});
});
afterEach(() => {
  adapter.client.close();
  adapter.process.kill('SIGKILL');
});

const translate = 'translate sid=8 iova=0xffff7123';

function warnings(): string[] {
  return adapter.client.messages
    .map((m) => (m.body as { output?: string } | undefined)?.output ?? '')
    .filter((output) => output.startsWith('warning: '))
    .map((output) => output.slice('warning: '.length).trimEnd());
}

async function refusal(smmu: unknown): Promise<string> {
  const { client } = adapter;
  await client.ask('initialize', { adapterID: 'smmuv3' });
  const response = await client.response(client.post('launch', { ...fixture('linux-basic'), smmu }));
  expect(response.success).toBe(false);
  return response.message ?? '';
}

test('left out, the snapshot decides, and nothing is said', async () => {
  await adapter.client.launch(fixture('linux-basic'));
  expect(warnings()).toEqual([]);
  expect(await adapter.client.evaluate(translate)).toBe(
    '0xffff7123 -> PA 0x4809b123 (ns), Normal iWB(RA,WA) oWB(RA,WA) ISH',
  );
});

test('a single feature changes what the SMMU does, and is said', async () => {
  const { client } = adapter;
  await client.launch({ ...fixture('linux-basic'), smmu: { features: { 'IDR5.GRAN4K': 0 } } });
  expect(warnings()).toEqual([expect.stringMatching(/: as asked, IDR5\.GRAN4K=0 instead of 1$/)]);
  expect(await client.evaluate('reg IDR5')).toContain('0x64');
  await client.ask('setExceptionBreakpoints', { filters: [] });
  expect(await client.evaluate(translate)).toContain('C_BAD_CD');
});

test('a preset replaces the ID registers, and is said', async () => {
  const { client } = adapter;
  await client.launch({ ...fixture('linux-basic'), smmu: { preset: 'mmu-600-agilex5' } });
  expect(warnings()).toContainEqual(
    expect.stringMatching(/ID registers are replaced by those of preset mmu-600-agilex5/),
  );
  expect(await client.evaluate('reg IDR0')).toContain('0x80f7e3f');
});

test('features come after the preset', async () => {
  const { client } = adapter;
  const smmu = {
    preset: 'qemu-10.2',
    features: { 'IDR5.OAS': '48bit', 'IDR0.MSI': true, 'IDR1.SIDSIZE': '0x14' },
  };
  await client.launch({ ...fixture('linux-basic'), smmu });
  expect(await client.evaluate('reg IDR5')).toContain('0x75');
  expect(await client.evaluate('reg IDR0')).toContain('0xd44301b');
  expect(await client.evaluate('reg IDR1')).toContain('0x2730014');
});

test('a restart keeps what was asked for', async () => {
  const { client } = adapter;
  await client.launch({ ...fixture('linux-basic'), smmu: { features: { 'IDR5.OAS': 5 } } });
  await client.ask('restart');
  await client.stopped();
  expect(await client.evaluate('reg IDR5')).toContain('0x75');
});

test.each(['ignore', 'strict'])(
  'reserved bits: %s is a way to treat them, and real entries have none set',
  async (reservedBits) => {
    const { client } = adapter;
    await client.launch({ ...fixture('linux-basic'), smmu: { reservedBits } });
    expect(await client.evaluate(translate)).toBe(
      '0xffff7123 -> PA 0x4809b123 (ns), Normal iWB(RA,WA) oWB(RA,WA) ISH',
    );
  },
);

test('the base tells where the registers of a text begin', async () => {
  const { capture, registers } = fixture('linux-basic');
  const { regs } = JSON.parse(readFileSync(registers, 'utf8')) as { regs: Record<string, string> };
  expect(Object.keys(regs).length).toBeGreaterThan(20);
  await adapter.client.launch({ capture, registers: { regs }, smmu: { base: '0x9050000' } });
  expect(warnings()).toEqual([]);
});

test.each([
  ['a list', ['x'], /^smmu: a list is no object; write \{"preset"/],
  [
    'an unknown part',
    { presets: 'x' },
    /^smmu: "presets" is no part of it; write base, preset, features, reservedBits$/,
  ],
  [
    'an unknown preset',
    { preset: 'mmu-9000' },
    /^smmu\.preset: "mmu-9000" is no preset; write qemu-virt-7\.2, /,
  ],
  ['a base that is none', { base: 'here' }, /^smmu\.base: "here" is no address; write it as "0x9050000"$/],
  [
    'features that are no object',
    { features: 1 },
    /^smmu\.features: 1 is no object; write \{"IDR3\.HAD": 0\}$/,
  ],
  [
    'an unknown feature',
    { features: { 'IDR0.NOPE': 1 } },
    /^smmu\.features: "IDR0\.NOPE" is no field of an ID register; /,
  ],
  [
    'a feature of another state that this one contradicts',
    { features: { 'S_IDR1.SEL2': 1 } },
    /^smmu\.features: S_IDR1\.SEL2=1, IDR0\.S2P=0: Secure EL2 needs both stages/,
  ],
  [
    'a value out of range',
    { features: { 'IDR0.ATS': 2 } },
    /^smmu\.features: 2 is no value of IDR0\.ATS, which has 1 bit; write 0 or 1$/,
  ],
  [
    'a value that has no such name',
    { features: { 'IDR5.OAS': '47bit' } },
    /^smmu\.features: "47bit" is no value of IDR5\.OAS, which has 3 bits; write a number from 0 to 7, or 32bit, /,
  ],
  [
    'reserved bits as nobody treats them',
    { reservedBits: 'lax' },
    /^smmu\.reservedBits: "lax" is no way to treat reserved bits; write "ignore" or "strict"$/,
  ],
  [
    'features that the architecture excludes',
    { features: { 'IDR0.PRI': 1 } },
    /^smmu\.features: IDR0\.PRI=1, IDR0\.ATS=0: PRI serves devices that use ATS \(IHI 0070 6\.3\.1\); no SMMU is like that/,
  ],
])('%s is refused in one sentence', async (_what, smmu, sentence) => {
  expect(await refusal(smmu)).toMatch(sentence);
});

test('what a machine says of itself is only remarked, even beside a feature that was asked for', async () => {
  const { client } = adapter;
  const { capture, registers } = fixture('linux-basic');
  const snapshot = JSON.parse(readFileSync(registers, 'utf8')) as { regs: Record<string, string> };
  // PRI without ATS.
  snapshot.regs['0x0'] = '0xd41101a';
  await client.launch({ capture, registers: snapshot, smmu: { features: { 'IDR5.OAS': 5 } } });
  expect(warnings()).toContainEqual(expect.stringContaining('IDR0.PRI=1, IDR0.ATS=0: PRI serves devices'));
});
