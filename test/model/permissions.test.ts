import { describe, expect, test } from 'vitest';
import { record } from '../kit/records.ts';
import { type Access, type Registers, SID, TestSmmu, type Values } from '../kit/smmu.ts';
import { LEAF, map, TABLE } from '../kit/tables.ts';

const IOVA = 0x4000;
const BASE = LEAF.AF | LEAF.nG;

interface Page {
  readonly leaf?: bigint;
  readonly tables?: bigint;
  readonly cd?: Values;
  readonly ste?: Values;
  readonly registers?: Registers;
}

const ACCESSES: readonly (readonly [letter: string, access: Access])[] = [
  ['r', {}],
  ['w', { write: true }],
  ['x', { instruction: true }],
];

/** What is allowed: privileged and unprivileged, `rwx` each; asked cold and of the TLB, which must agree. */
function allowed(page: Page): string {
  const m = new TestSmmu({ registers: page.registers ?? {} });
  m.ste(page.ste);
  m.cd(page.cd);
  map(m, {
    iova: BigInt(IOVA),
    pa: 0x10000000n,
    attributes: BASE | (page.leaf ?? 0n),
    tables: page.tables ?? 0n,
  });
  const ask = (privileged: boolean): string =>
    ACCESSES.map(([letter, access]) => {
      const { result, fault } = m.dma(IOVA, { ...access, privileged }).outcome;
      if (result !== 'ok')
        expect(fault).toMatchObject({ event: 'F_PERMISSION', stage: 1, level: 3, class: 2 });
      return result === 'ok' ? letter : '-';
    }).join('');
  const cold = `${ask(true)} ${ask(false)}`;
  expect(`${ask(true)} ${ask(false)}`).toBe(cold);
  return cold;
}

const E2H: Page = { registers: { 'CR2.E2H': 1 }, ste: { STRW: 2 } };
const EL2: Page = { registers: { 'CR2.E2H': 0 }, ste: { STRW: 2 } };

describe('AP, PXN, UXN of a leaf (two privilege levels)', () => {
  test.each([
    [0n, 'rwx --x'],
    [LEAF.USER, 'rw- rwx'],
    [LEAF.READ_ONLY, 'r-x --x'],
    [LEAF.USER | LEAF.READ_ONLY, 'r-x r-x'],
    [LEAF.PXN, 'rw- --x'],
    [LEAF.UXN, 'rwx ---'],
    [LEAF.USER | LEAF.UXN, 'rw- rw-'],
    [LEAF.USER | LEAF.READ_ONLY | LEAF.PXN, 'r-- r-x'],
    [LEAF.USER | LEAF.READ_ONLY | LEAF.PXN | LEAF.UXN, 'r-- r--'],
  ])('%x: %s', (leaf, wanted) => {
    expect(allowed({ leaf })).toBe(wanted);
    expect(allowed({ ...E2H, leaf })).toBe(wanted);
  });
});

describe('hierarchical bits', () => {
  test.each([
    [LEAF.USER, TABLE.NO_USER, 'rwx --x'],
    [LEAF.USER, TABLE.READ_ONLY, 'r-x r-x'],
    [LEAF.USER, TABLE.NO_USER | TABLE.READ_ONLY, 'r-x --x'],
    [0n, TABLE.PXN, 'rw- --x'],
    [0n, TABLE.UXN, 'rwx ---'],
    [0n, TABLE.PXN | TABLE.UXN | TABLE.READ_ONLY, 'r-- ---'],
  ])('leaf %x below tables %x: %s; HAD0 ignores them', (leaf, tables, wanted) => {
    expect(allowed({ leaf, tables })).toBe(wanted);
    expect(allowed({ leaf, tables, cd: { HAD0: 1 } })).toBe(allowed({ leaf }));
  });

  test('one table of four is enough', () => {
    const m = new TestSmmu();
    m.ste();
    m.cd();
    const path = map(m, { iova: BigInt(IOVA), pa: 0n, attributes: BASE | LEAF.USER });
    for (const level of [0n, 1n, 2n]) {
      const at = path.get(level) as number;
      const [lo = 0, hi = 0] = m.words(at, 2);
      m.descriptor(at, (BigInt(hi) << 32n) | BigInt(lo) | TABLE.READ_ONLY);
      expect(m.dma(IOVA, { write: true }).outcome.fault?.event).toBe('F_PERMISSION');
      m.descriptor(at, (BigInt(hi) << 32n) | BigInt(lo));
      expect(m.dma(IOVA, { write: true }).outcome.result).toBe('ok');
      m.run(['CMD_TLBI_NSNH_ALL'], ['CMD_SYNC']);
    }
  });

  test('without IDR3.HAD, HAD0 is RES0', () => {
    const page = { leaf: LEAF.USER, tables: TABLE.READ_ONLY, cd: { HAD0: 1 }, registers: { 'IDR3.HAD': 0 } };
    expect(allowed(page)).toBe('r-x r-x');
  });
});

describe('WXN', () => {
  test.each([
    [0n, 'rw- --x'],
    [LEAF.USER, 'rw- rw-'],
    [LEAF.READ_ONLY, 'r-x --x'],
    [LEAF.USER | LEAF.READ_ONLY, 'r-x r-x'],
  ])('%x: %s', (leaf, wanted) => {
    expect(allowed({ leaf, cd: { WXN: 1 } })).toBe(wanted);
  });
});

describe('PAN', () => {
  test('takes privileged data accesses where user data accesses are granted', () => {
    expect(allowed({ leaf: LEAF.USER, cd: { PAN: 1 } })).toBe('--- rwx');
    expect(allowed({ leaf: LEAF.USER | LEAF.READ_ONLY, cd: { PAN: 1 } })).toBe('--x r-x');
    expect(allowed({ leaf: 0n, cd: { PAN: 1 } })).toBe('rwx --x');
  });

  test('EPAN takes them where user execution is granted, if IDR3 has it', () => {
    const registers = { 'IDR3.EPAN': 1 };
    expect(allowed({ leaf: 0n, cd: { PAN: 1, EPAN: 1 }, registers })).toBe('--x --x');
    expect(allowed({ leaf: LEAF.UXN, cd: { PAN: 1, EPAN: 1 }, registers })).toBe('rwx ---');
    expect(allowed({ leaf: 0n, cd: { PAN: 0, EPAN: 1 }, registers })).toBe('rwx --x');
    expect(allowed({ leaf: 0n, cd: { PAN: 1, EPAN: 1 } })).toBe('rwx --x');
  });

  test('APTable counts for what is granted', () => {
    expect(allowed({ leaf: LEAF.USER, tables: TABLE.NO_USER, cd: { PAN: 1 } })).toBe('rwx --x');
    expect(allowed({ leaf: LEAF.USER, tables: TABLE.NO_USER, cd: { PAN: 1, HAD0: 1 } })).toBe('--- rwx');
  });
});

describe('EL2 without E2H: one privilege level', () => {
  test.each([
    [0n, 0n, {}, 'rwx rwx'],
    [LEAF.READ_ONLY, 0n, {}, 'r-x r-x'],
    [LEAF.UXN, 0n, {}, 'rw- rw-'],
    // PXN, AP[1], APTable[0], PXNTable and PAN mean nothing there.
    [LEAF.PXN | LEAF.USER, TABLE.PXN | TABLE.NO_USER, { PAN: 1 }, 'rwx rwx'],
    [0n, TABLE.UXN, {}, 'rw- rw-'],
    [0n, TABLE.READ_ONLY, {}, 'r-x r-x'],
    [0n, 0n, { WXN: 1 }, 'rw- rw-'],
    [LEAF.READ_ONLY, 0n, { WXN: 1 }, 'r-x r-x'],
    [0n, TABLE.READ_ONLY | TABLE.UXN | TABLE.PXN, { HAD0: 1 }, 'rwx rwx'],
  ])('leaf %x, tables %x, %o: %s', (leaf, tables, cd, wanted) => {
    expect(allowed({ ...EL2, leaf, tables, cd })).toBe(wanted);
  });
});

describe('PRIVCFG and INSTCFG', () => {
  function one(ste: Values, access: Access, registers: Registers = {}) {
    const m = new TestSmmu({ registers });
    m.ste(ste);
    m.cd();
    m.dma(IOVA, access);
    return m.drain();
  }
  const at = { sid: SID, address: BigInt(IOVA) };

  test('the record shows what the STE makes of the access', () => {
    expect(one({ PRIVCFG: 3 }, {})).toEqual([record('F_TRANSLATION', { ...at, privileged: true })]);
    expect(one({ PRIVCFG: 2 }, { privileged: true })).toEqual([record('F_TRANSLATION', at)]);
    expect(one({ PRIVCFG: 1 }, { privileged: true })).toEqual([
      record('F_TRANSLATION', { ...at, privileged: true }),
    ]);
    expect(one({ INSTCFG: 3 }, {})).toEqual([record('F_TRANSLATION', { ...at, instruction: true })]);
    expect(one({ INSTCFG: 2 }, { instruction: true })).toEqual([record('F_TRANSLATION', at)]);
  });

  test('a write is data, whatever INSTCFG or the device says', () => {
    expect(one({ INSTCFG: 3 }, { write: true })).toEqual([record('F_TRANSLATION', { ...at, write: true })]);
    expect(one({}, { write: true, instruction: true })).toEqual([
      record('F_TRANSLATION', { ...at, write: true }),
    ]);
  });

  test('without IDR1.ATTR_PERMS_OVR the access stays as it came', () => {
    const registers = { 'IDR1.ATTR_PERMS_OVR': 0 };
    expect(one({ PRIVCFG: 3, INSTCFG: 3 }, {}, registers)).toEqual([record('F_TRANSLATION', at)]);
  });

  test('the overrides decide what is permitted', () => {
    expect(allowed({ leaf: 0n, ste: { PRIVCFG: 3 } })).toBe('rwx rwx');
    expect(allowed({ leaf: LEAF.UXN, ste: { PRIVCFG: 2 } })).toBe('--- ---');
    expect(allowed({ leaf: LEAF.USER, ste: { PRIVCFG: 3, INSTCFG: 3 } })).toBe('-w- -w-');
  });
});
