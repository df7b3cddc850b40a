import { describe, expect, test } from 'vitest';
import { isTrace, parseTraceLine } from '../../../src/control/trace/event.ts';

const PTE = 'smmu_get_pte baseaddr=0x42df2000 index=0x1ff, pteaddr=0x42df2ff8, pte=0x60000008090e4b';

describe('a line of a trace', () => {
  test('gives its name, thread and values', () => {
    const event = parseTraceLine(`2573@1795330882.196464:${PTE}`);
    expect(event).toMatchObject({ name: 'smmu_get_pte', thread: 2573, damage: null });
    expect(event?.number('pteaddr')).toBe(0x42df2ff8);
    expect(event?.number('baseaddr')).toBe(0x42df2000);
    expect(event?.wide('pte')).toEqual({ hi: 0x00600000, lo: 0x08090e4b });
  });

  test('needs no prefix', () => {
    expect(parseTraceLine(PTE)).toMatchObject({ name: 'smmu_get_pte', thread: -1, damage: null });
  });

  test('keeps a key apart from others that end or go on like it', () => {
    const consume = parseTraceLine('smmuv3_cmdq_consume prod=15 cons=13 prod.wrap=1 cons.wrap=0');
    expect(consume?.number('prod')).toBe(15);
    expect(consume?.number('prod.wrap')).toBe(1);
    const invalid = parseTraceLine(
      'smmu_ptw_invalid_pte stage=1 level=2 base@=0x4000 pte@=0x4008 offset=1 pte=0x2',
    );
    expect(invalid?.number('pte')).toBe(2);
  });

  test('may write colons and blanks before its values', () => {
    const cd = parseTraceLine('smmuv3_decode_cd_tt TT[0]:tsz:16 ttb:0x42eb2000 granule_sz:12 had:0');
    expect([cd?.number('tsz'), cd?.number('ttb'), cd?.number('granule_sz')]).toEqual([16, 0x42eb2000, 12]);
    expect(parseTraceLine('smmuv3_cmdq_cfgi_ste streamid= 0x28')?.number('streamid')).toBe(0x28);
  });

  test('may name a command or an event', () => {
    expect(parseTraceLine('smmuv3_cmdq_opcode <--- SMMU_CMD_TLBI_NH_VA')?.word('SMMU_CMD_')).toBe(
      'TLBI_NH_VA',
    );
    const record = parseTraceLine('smmuv3_record_event SMMU_EVT_F_TRANSLATION sid=0x38');
    expect(record?.word('SMMU_EVT_')).toBe('F_TRANSLATION');
  });

  test('of an event that nobody knows is kept', () => {
    expect(parseTraceLine('7@1.2:smmuv3_something_new x=1')).toMatchObject({
      name: 'smmuv3_something_new',
      damage: null,
    });
  });

  test('says what it lacks', () => {
    expect(parseTraceLine('smmu_get_pte baseaddr=0x42df2000 index=0x1ff, pteaddr=0x42')?.damage).toContain(
      'pte',
    );
    expect(parseTraceLine(PTE, true)?.damage).toContain('cut');
    expect(parseTraceLine('smmu_get_pte baseaddr=0xzz index=0x1, pteaddr=0x42, pte=0x1')?.damage).toContain(
      'baseaddr',
    );
  });

  test('of other devices says nothing', () => {
    expect(parseTraceLine('ahci: IRQ#0 level:1')).toBeNull();
    expect(
      parseTraceLine('gicv3_dist_read: invalid guest read at offset 000000000000000c size 4'),
    ).toBeNull();
    expect(parseTraceLine('')).toBeNull();
  });

  test('of the log beside the trace tells address and access of a fault', () => {
    const message = parseTraceLine(
      'smmuv3-iommu-memory-region-56-16 translation failed for iova=0x10100010 (SMMU_EVT_F_PERMISSION)',
    );
    expect(message?.name).toBe('failed-translation');
    expect(message?.number('iova')).toBe(0x10100010);
  });
});

test('a trace is recognised by its lines, a script is not', () => {
  expect(isTrace(`qemu: hello\n12@3.4:${PTE}\n`)).toBe(true);
  expect(isTrace(`${PTE}\r\n`)).toBe(true);
  expect(isTrace('# smmu_get_pte\ndevice nvme0 sid=8\n')).toBe(false);
});
