/** Which ID registers an SMMU has: the snapshot's, a preset's, single ones on top. */

import { describe, expect, test } from 'vitest';
import { readConfiguration } from '../../src/capture/configuration.ts';
import { openMachine } from '../../src/capture/machine.ts';
import { loadSnapshot } from '../../src/capture/snapshot.ts';
import { offsetOf } from '../../src/model/bank.ts';
import { transaction } from '../../src/model/plan.ts';
import { PRESETS } from '../../src/spec/presets.ts';
import { REGISTERS } from '../../src/spec/registers.ts';
import { complaint, fixture } from '../kit/capture.ts';

/** Registers of a QEMU 7.2, with IDR6 of some other machine. */
const REGS = {
  IDR0: '0x0d40101a',
  IDR1: '0x02730010',
  IDR3: '0x1404',
  IDR5: '0x74',
  IDR6: '0x01010000',
  AIDR: 1,
  CR0: '0xd',
  STRTAB_BASE: '0x484c1000',
  STRTAB_BASE_CFG: '0x10210',
};
const LEGAL = { ...REGS, IDR6: 0 };

describe('the ID registers', () => {
  test('of the snapshot come first', () => {
    const { words, assumed, warnings } = loadSnapshot(LEGAL);
    expect([words.get(0), words.get(0x14), words.get(0x190)]).toEqual([0x0d40101a, 0x74, 0]);
    expect(assumed.has(0)).toBe(false);
    expect(warnings.join()).not.toContain('IDR');
  });

  test.each(PRESETS.map(({ name, values }) => [name, values] as const))(
    'of preset %s replace all of them where it is asked for',
    (preset, values) => {
      const { words, warnings } = loadSnapshot(REGS, { preset });
      const places = {
        IDR0: 0,
        IDR1: 4,
        IDR2: 8,
        IDR3: 0xc,
        IDR4: 0x10,
        IDR5: 0x14,
        IIDR: 0x18,
        AIDR: 0x1c,
        IDR6: 0x190,
      };
      for (const [register, offset] of Object.entries(places)) {
        expect(words.get(offset), register).toBe(values[register as keyof typeof places] ?? 0);
      }
      expect(warnings[0]).toMatch(new RegExp(`its ID registers are replaced by those of preset ${preset} `));
    },
  );

  test('that are replaced are marked as assumed, those that stay the same are not', () => {
    const { assumed } = loadSnapshot(LEGAL, { preset: 'qemu-10.2' });
    expect([assumed.has(0), assumed.has(4), assumed.has(0xc), assumed.has(0x14)]).toEqual([
      true,
      false,
      true,
      false,
    ]);
  });

  test('take single fields last, after the preset', () => {
    const wishes = readConfiguration({ preset: 'qemu-7.2', features: { 'IDR5.OAS': 5, 'IDR0.MSI': 1 } });
    const { words, assumed, warnings } = loadSnapshot(LEGAL, wishes);
    expect([words.get(0), words.get(0x14)]).toEqual([0x0d40301a, 0x75]);
    expect([assumed.has(0), assumed.has(0x14), assumed.has(4)]).toEqual([true, true, false]);
    expect(warnings.at(-1)).toMatch(/as asked, IDR5\.OAS=5 instead of 4, IDR0\.MSI=1 instead of 0$/);
  });

  test('take single fields of every Security state', async () => {
    const rme = { preset: 'architecture-rme' };
    const { words } = loadSnapshot(LEGAL, readConfiguration({ ...rme, features: { 'S_IDR1.S_SIDSIZE': 7 } }));
    const { S_SIDSIZE } = REGISTERS.S_IDR1.layout.fields;
    expect(S_SIDSIZE.get(Uint32Array.of(words.get(offsetOf('S_IDR1')) ?? 0), 0)).toBe(7);
    const without = readConfiguration({ ...rme, features: { 'S_IDR1.SEL2': 0 } });
    expect(await complaint(() => loadSnapshot(LEGAL, without))).toMatch(
      /^smmu\.features: .*S_IDR1\.SEL2=0: With RME Secure state has Secure EL2/,
    );
  });

  test('are not spoken of when a field already has the value that is asked for', () => {
    expect(loadSnapshot(LEGAL, readConfiguration({ features: { 'IDR5.OAS': 4 } })).warnings).toEqual(
      loadSnapshot(LEGAL).warnings,
    );
  });
});

describe('what the architecture excludes', () => {
  test('is remarked when the machine says it', () => {
    expect(loadSnapshot(REGS).warnings).toContainEqual(
      expect.stringMatching(/^registers: IDR6\.CMDQ_CONTROL_PAGE_LOG2NUMP=1, IDR1\.ECMDQ=0: IDR6 is RES0/),
    );
  });

  test('is refused when it is asked for, whatever else the machine says', async () => {
    for (const registers of [REGS, LEGAL]) {
      const text = await complaint(() =>
        loadSnapshot(registers, readConfiguration({ features: { 'IDR3.PBHA': 1, 'IDR3.HAD': 0 } })),
      );
      expect(text).toMatch(/^smmu\.features: IDR3\.PBHA=1, IDR3\.HAD=0: PBHA takes bits that HAD sets free/);
    }
  });

  test('may be asked for together with what it needs', () => {
    const { words } = loadSnapshot(LEGAL, readConfiguration({ features: { 'IDR0.ATS': 1, 'IDR0.PRI': 1 } }));
    expect(words.get(0)).toBe(0x0d41141a);
  });

  test('is not confused with what is only odd', () => {
    const { warnings } = loadSnapshot(LEGAL, readConfiguration({ features: { 'IDR0.CD2L': 1 } }));
    expect(warnings.at(-1)).toMatch(/CD tables of two levels serve SubstreamIDs, of which there are none/);
  });
});

test('reserved bits of an STE are refused or ignored, as the session says', async () => {
  const capture = fixture('linux-basic', 'small.elf.gz');
  const registers = fixture('linux-basic', 'regs.json');
  for (const [reservedBits, result] of [
    ['ignore', 'ok'],
    ['strict', 'abort'],
    [undefined, 'ok'],
  ] as const) {
    const { smmu, close } = await openMachine({ capture, registers, smmu: { reservedBits } });
    const access = { sid: 8, vaHi: 0, vaLo: 0xffff7123 };
    const before = smmu.plan({ kind: 'transaction', transaction: transaction(access) });
    expect(before.outcome.result).toBe('ok');
    const ste = before.frames.find(({ kind }) => kind === 'ste');
    const words = Uint32Array.from(ste?.words ?? []);
    // Bits [58:56] belong to no field.
    words[1] = (words[1] as number) | (1 << 26);
    smmu.memory('ns').store(ste?.pa ?? 0, words, 0, words.length);
    const after = smmu.plan({ kind: 'transaction', transaction: transaction(access) });
    expect(after.outcome.result).toBe(result);
    expect(after.outcome.fault?.reason ?? '').toBe(result === 'ok' ? '' : 'STE: reserved bit 58 is not 0');
    close();
  }
});
