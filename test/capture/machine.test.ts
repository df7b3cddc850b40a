import { describe, expect, test } from 'vitest';
import { openMachine, parseRam } from '../../src/capture/machine.ts';
import { complaint, fixture, put, temporaryFolder } from '../kit/capture.ts';

const folder = temporaryFolder();
const capture = fixture('linux-basic', 'small.elf.gz');
const registers = fixture('linux-basic', 'regs.json');

/** Registers of linux-basic with some of them changed. */
const REGS = {
  IDR0: '0x0d40101a',
  IDR1: '0x02730010',
  IDR3: '0x1404',
  IDR5: '0x74',
  AIDR: 1,
  CR0: '0xd',
  STRTAB_BASE: '0x484c1000',
  STRTAB_BASE_CFG: '0x10210',
};

async function warnings(changed: Readonly<Record<string, unknown>>): Promise<readonly string[]> {
  const machine = await openMachine({ capture, registers: { ...REGS, ...changed } });
  machine.close();
  return machine.warnings;
}

describe('a machine', () => {
  test('has the memory and the registers of its capture', async () => {
    const machine = await openMachine({ capture, registers });
    expect(machine.warnings).toEqual([]);
    expect(machine.smmu.bank.lo('STRTAB_BASE')).toBe(0x484c_1000);
    expect(machine.smmu.state('ns').streamTable.twoLevel).toBe(true);
    expect(machine.smmu.policy).toBe('combined');
    machine.close();
    machine.close();
  });

  test('takes RAM as the user names it', async () => {
    const machine = await openMachine({ capture, registers, ram: [['0x40000000', '256M']] });
    expect(machine.smmu.memory('ns').inRam(0x4fff_fffc)).toBe(true);
    expect(machine.smmu.memory('ns').inRam(0x5000_0000)).toBe(false);
    machine.close();
  });

  test('warns of an SMMU that is off, and says what that does', async () => {
    expect(await warnings({ CR0: '0xc' })).toEqual([
      'registers, CR0 (offset 0x20): SMMUEN=0, so this SMMU translates nothing and lets all traffic bypass (GBPA.ABORT=0)',
    ]);
  });

  test('warns of a table outside RAM, and goes on', async () => {
    const [text, ...more] = await warnings({ STRTAB_BASE: '0x100000000' });
    expect(text).toMatch(
      /^registers, STRTAB_BASE \(offset 0x80\): the stream table at 0x100000000 .* lies outside RAM/,
    );
    expect(text).toContain('0x4');
    expect(more).toEqual([]);
  });

  test('warns of a table that is larger than the capture', async () => {
    const list = await warnings({ IDR1: '0x02730020', STRTAB_BASE: '0x40000000', STRTAB_BASE_CFG: '0x20' });
    expect(list.join('\n')).toMatch(/the stream table at 0x0 \(256 GiB\)|reaches beyond RAM/);
  });

  test('warns of a LOG2SIZE that the SMMU does not have', async () => {
    const list = await warnings({ STRTAB_BASE_CFG: '0x10218' });
    expect(list).toContain(
      'registers, STRTAB_BASE_CFG (offset 0x88): LOG2SIZE=24 is more than IDR1.SIDSIZE=16; 16 counts',
    );
  });

  test('warns of a base that hardware aligns down', async () => {
    const list = await warnings({ STRTAB_BASE: '0x484c1040' });
    expect(list[0]).toContain('ADDR=0x484c1040 is not aligned to the table');
    expect(list[0]).toContain('0x484c1000');
  });

  test('warns of queue indices that contradict each other', async () => {
    const list = await warnings({ CMDQ_BASE: '0x5b700004', CMDQ_PROD: '0x1f', CMDQ_CONS: 2 });
    expect(list).toContain(
      'registers, CMDQ_PROD, CMDQ_CONS: PROD and CONS are 29 entries apart, but the queue has 16',
    );
  });

  test('is refused without STRTAB_BASE, naming file, field and cure', async () => {
    const file = put(folder, 'no-table.json', '{"regs": {"0x20": "0xd"}}');
    const text = await complaint(() => openMachine({ capture, registers: file }));
    expect(text).toContain('no-table.json');
    expect(text).toContain('STRTAB_BASE (offset 0x80)');
    expect(text).toContain('xp /1wx');
  });
});

describe('a RAM list', () => {
  test('takes numbers and text, and is sorted', () => {
    expect(
      parseRam([
        ['1G', '0x1000'],
        [0, 4096],
      ]),
    ).toEqual([
      { base: 0, size: 4096 },
      { base: 0x4000_0000, size: 4096 },
    ]);
  });

  test.each([
    ['5', 'ram: is no list'],
    [['1G'], 'ram[0]: is no pair of base and size'],
    [[['x', 1]], 'ram[0]: is no pair of base and size'],
    [[[0, 0]], 'ram[0]: is no pair of base and size'],
    [[[2 ** 52, 1]], 'ram[0]: ends beyond the 52 bits'],
  ])('is refused as %j', async (value, text) => {
    expect(await complaint(() => parseRam(value))).toContain(text);
  });
});
