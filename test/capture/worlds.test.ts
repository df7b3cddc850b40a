/** Captures of all Security states: images by address space, registers of every page, and what does not fit. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openMachine } from '../../src/capture/machine.ts';
import { parseCaptureSpec } from '../../src/capture/place.ts';
import { parseSnapshot } from '../../src/capture/snapshot.ts';
import { offsetOf } from '../../src/model/bank.ts';
import { ABORT, ABSENT, DATA } from '../../src/model/memory.ts';
import { smmuDebug } from '../cli/io.ts';
import { SID } from '../kit/smmu.ts';
import { captureOf, fourWorlds, PAGES } from '../kit/worlds.ts';

let folder = '';
let inputs: ReturnType<typeof captureOf>;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'smmu-worlds-'));
  inputs = captureOf(fourWorlds(), folder);
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('a capture', () => {
  test.each([
    ['dump.elf@realm', { file: 'dump.elf', base: null, space: 'realm' }],
    ['dump.bin@s:0x40000000', { file: 'dump.bin', base: 0x40000000, space: 's' }],
    ['dump.bin@1G', { file: 'dump.bin', base: 2 ** 30, space: 'ns' }],
    ['dump@nowhere', { file: 'dump@nowhere', base: null, space: 'ns' }],
    [{ file: 'a.bin@s:4096' }, { file: 'a.bin', base: 4096, space: 's' }],
    [
      { file: 'a.bin@s:4096', space: 'root' },
      { file: 'a.bin', base: 4096, space: 'root' },
    ],
  ])('names its space: %j', (spec, place) => {
    expect(parseCaptureSpec(spec, folder)).toEqual([place]);
  });

  test('says when the name after a file is that of no address space', () => {
    writeFileSync(path.join(folder, 'ram.raw'), 'x');
    for (const spec of ['ram.raw@secure', 'ram.raw@secure:0x1000'])
      expect(() => parseCaptureSpec(spec, folder)).toThrow(
        'capture: "secure" is no address space; write ns, s, realm, root',
      );
    writeFileSync(path.join(folder, 'ram.raw@old'), 'x');
    expect(parseCaptureSpec('ram.raw@old', folder)).toMatchObject([{ file: 'ram.raw@old' }]);
  });

  test('of Secure state alone is told nothing about the Non-secure one', async () => {
    writeFileSync(path.join(folder, 'secure.raw'), new Uint8Array(0x2000));
    const registers = { S_CR0: '0xd', S_STRTAB_BASE: '0x1000', S_STRTAB_BASE_CFG: 2 };
    const machine = await openMachine({
      capture: path.join(folder, 'secure.raw@s:0x0'),
      registers,
      smmu: { preset: 'architecture-secure' },
    });
    expect(machine.warnings.filter((text) => !text.includes('ID registers'))).toEqual([]);
    machine.close();
  });

  test('of all spaces gives an SMMU whose states translate from their own memory', async () => {
    const machine = await openMachine(inputs);
    // Of the ID registers, but none about where things lie.
    expect(machine.warnings.filter((text) => !text.includes('IHI 0070 6.3.4'))).toEqual([]);
    const { smmu } = machine;
    for (const world of ['ns', 's', 'realm'] as const) {
      const { iova, pa } = PAGES[world];
      const plan = smmu.plan({
        kind: 'transaction',
        transaction: {
          ...{ world, sid: SID, ssid: -1, vaHi: 0, vaLo: Number(iova), write: false, privileged: false },
          ...{ instruction: false, kind: 'ordinary', attributes: 0, ns: false },
        },
      });
      expect(plan.outcome).toMatchObject({ result: 'ok', pa: Number(pa), space: world });
    }
    machine.close();
  });

  test('without an image of a space that is there leaves it unknown, never zero, and no abort', async () => {
    const machine = await openMachine({
      ...inputs,
      capture: inputs.capture.filter(({ space }) => space === 'ns'),
    });
    expect(machine.smmu.memory('ns').status(0x40000000)).toBe(DATA);
    expect(machine.smmu.memory('s').status(0x40000000)).toBe(ABSENT);
    expect(machine.smmu.memory('s').status(0x90000000)).toBe(ABORT);
    expect(machine.warnings.join('\n')).toContain(
      'S_STRTAB_BASE (offset 0x8080): the stream table at 0x40000000 (16 KiB) is not in the capture',
    );
    expect(machine.warnings.join('\n')).toContain('R_STRTAB_BASE (R_PAGE_0): the stream table at 0x40000000');
    machine.close();
  });

  test('takes RAM by space', async () => {
    const ram = { ns: [['0x40000000', '1G']], realm: [['0x40000000', '2G']] };
    const machine = await openMachine({ ...inputs, ram });
    expect(machine.smmu.memory('realm').inRam(0x9000_0000)).toBe(true);
    expect(machine.smmu.memory('ns').inRam(0x9000_0000)).toBe(false);
    machine.close();
    await expect(openMachine({ ...inputs, ram: { secure: [] } })).rejects.toThrow(
      'ram: "secure" is no address space; write ns, s, realm, root',
    );
    await expect(openMachine({ ...inputs, ram: { s: [['x', 1]] } })).rejects.toThrow('ram.s[0]');
  });
});

describe('a snapshot', () => {
  const parse = (regs: Record<string, string | number>) =>
    parseSnapshot(
      new TextEncoder().encode(JSON.stringify({ regs: { IDR0: 1, IDR1: 1, IDR5: 1, ...regs } })),
      'r.json',
    );

  test('has registers of the Realm and Root pages by name', () => {
    const { words } = parse({ STRTAB_BASE: 0, R_STRTAB_BASE: '0x123400000', ROOT_GPT_BASE: '0x40a00000' });
    expect(words.get(offsetOf('R_STRTAB_BASE'))).toBe(0x23400000);
    expect(words.get(offsetOf('R_STRTAB_BASE') + 4)).toBe(1);
    expect(words.get(offsetOf('ROOT_GPT_BASE'))).toBe(0x40a00000);
  });

  test('has Realm registers at the offsets of software, where ROOT_IDR0 says where they lie', () => {
    // BA_REALM=4: the first page lies 0x20000 + 4 * 0x10000 from the base.
    const { words } = parse({ STRTAB_BASE: 0, ROOT_IDR0: '0x01000009', '0x60080': '0x23400000' });
    expect(words.get(offsetOf('R_STRTAB_BASE'))).toBe(0x23400000);
    expect(words.get(offsetOf('R_STRTAB_BASE') + 4)).toBe(0);
    expect(words.has(0x60080)).toBe(false);
  });
});

describe('a command line', () => {
  const files = (): string[] => {
    const registers = path.join(folder, 'regs.json');
    return [
      ...inputs.capture.map(({ file, base, space }) => `${file}@${space}:${base}`),
      '--registers',
      registers,
    ];
  };
  beforeAll(async () => {
    const { writeFileSync } = await import('node:fs');
    writeFileSync(path.join(folder, 'regs.json'), JSON.stringify({ regs: inputs.registers }));
  });

  test.each(['s', 'realm'] as const)('takes --world %s', async (world) => {
    const { iova, pa } = PAGES[world];
    const to = `0x${pa.toString(16)}`;
    const at = ['--world', world, '--sid', String(SID), '--iova', `0x${iova.toString(16)}`];
    const translated = await smmuDebug('translate', ...files(), ...at, '--json');
    expect(JSON.parse(translated.out)).toMatchObject({ ok: true, pa: to, pas: world });
    expect((await smmuDebug('why', ...files(), ...at)).status).toBe(0);
    expect((await smmuDebug('maps', ...files(), '--world', world)).out).toContain(`${to} (${world})`);
    expect((await smmuDebug('queues', ...files(), '--world', world)).out).toContain('TLBI_NH_ALL');
    expect((await smmuDebug('events', ...files(), '--world', world)).status).toBe(0);
    const tree = JSON.parse((await smmuDebug('tree', ...files(), '--world', world, '--json')).out) as {
      counts: object;
    };
    expect(tree.counts).toMatchObject({ ste_s1: 1, leafPTEs: 1 });
  });

  test('answers a batch of several states', async () => {
    const { writeFileSync } = await import('node:fs');
    const batch = path.join(folder, 'batch.jsonl');
    const lines = (['ns', 's', 'realm', 'root'] as const).map((world) =>
      JSON.stringify({
        sid: SID,
        iova: `0x${(PAGES[world as 's'] ?? PAGES.ns).iova.toString(16)}`,
        rw: 'r',
        world,
      }),
    );
    writeFileSync(batch, `${lines.join('\n')}\n`);
    const { out, status } = await smmuDebug('translate', ...files(), '--batch', batch);
    expect(status).toBe(1);
    const answers = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { pas?: string; reason?: string });
    expect(answers.map(({ pas, reason }) => pas ?? reason)).toEqual([
      'ns',
      's',
      'realm',
      'the Root state has no streams',
    ]);
  });

  test('prints the granule protection table of Root, which has no streams', async () => {
    const { out } = await smmuDebug('tree', ...files(), '--world', 'root');
    expect(out).toContain('Granule protection table (Root)');
    expect(out).toContain('0x80000000–0xfffffffff  GPI 15, any PAS (62 entries)');
    const refused = await smmuDebug('maps', ...files(), '--world', 'root');
    expect(refused).toMatchObject({ status: 2 });
    expect(refused.err).toContain('the Root state has no streams and no queues; write ns, s, realm');
  });

  test('refuses a state that the SMMU does not have', async () => {
    const { writeFileSync } = await import('node:fs');
    const registers = path.join(folder, 'ns.json');
    writeFileSync(
      registers,
      JSON.stringify({ regs: { ...inputs.registers, S_IDR1: '0x0', ROOT_IDR0: '0x0' } }),
    );
    const { status, err } = await smmuDebug(
      'tree',
      files()[0] as string,
      '--registers',
      registers,
      '--world',
      's',
    );
    expect(status).toBe(2);
    expect(err).toContain('this SMMU has no Secure state');
  });
});
