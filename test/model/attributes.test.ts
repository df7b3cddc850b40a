import { describe, expect, test } from 'vitest';
import { encode } from '../../src/bits/layout.ts';
import {
  contextFetchAttributes,
  gbpaOverrides,
  NO_OVERRIDES,
  stage1WalkAttributes,
  stage2WalkAttributes,
  steOverrides,
  tableAttributes,
} from '../../src/model/translate/attribute-sources.ts';
import { attributesText, parseAttributes } from '../../src/model/translate/attribute-text.ts';
import {
  combineForced,
  combineStage2,
  consistent,
  DEFAULT_ATTRIBUTES,
  fromMair,
  isDevice,
  mapsDevice,
  NON_CACHEABLE,
  noSnoop,
  override,
  stage2Attributes,
  withHints,
} from '../../src/model/translate/attributes.ts';
import { CD } from '../../src/spec/cd.ts';
import { STE } from '../../src/spec/ste.ts';
import * as reference from '../kit/attributes.ts';

const BYTES = Array.from({ length: 256 }, (_, i) => i);
const CODES = Array.from({ length: 16 }, (_, i) => i);
const SHS = [0, 1, 2, 3];

/** Every consistent attribute, packed and as the reference has it. */
const ALL = [
  ...new Map(
    BYTES.flatMap((byte) => SHS.map((sh) => [fromMair(byte, sh), reference.mair(byte, sh)] as const)),
  ),
];

describe('bytes of MAIR', () => {
  test('all of them, with every shareability, are what the reference reads', () => {
    for (const byte of BYTES)
      for (const sh of SHS) expect(fromMair(byte, sh)).toBe(reference.packed(reference.mair(byte, sh)));
  });

  test('reserved ones act as 5.4 says', () => {
    const acts = (byte: number): string => attributesText(fromMair(byte, 3));
    expect([0x01, 0x06, 0x0b, 0x0f].map(acts)).toEqual([
      'Device-nGnRnE',
      'Device-nGnRE',
      'Device-nGRE',
      'Device-GRE',
    ]);
    // Tagged memory of PEs is reserved here (3.23).
    expect(acts(0xf0)).toBe('Normal iWT(RA,WA,TR) oWB(RA,WA) ISH');
    expect(acts(0x40)).toBe('Normal iWT(RA,WA,TR) oNC ISH');
  });

  test('Device and iNC-oNC are Outer Shareable, and 0b01 is Non-shareable', () => {
    for (const sh of SHS) {
      expect(fromMair(0x04, sh)).toBe(0x204);
      expect(fromMair(0x44, sh)).toBe(0x244);
    }
    expect(fromMair(0xff, 1)).toBe(0x0ff);
    expect(fromMair(0x4f, 3)).toBe(0x34f);
  });

  test('are consistent as they come, and stay so', () => {
    for (const [a] of ALL) expect(consistent(a)).toBe(a);
    expect(consistent(DEFAULT_ATTRIBUTES)).toBe(DEFAULT_ATTRIBUTES);
    expect(consistent(0x344)).toBe(0x244);
    expect(consistent(0x1f0)).toBe(0x0f3);
  });
});

describe('stage 2, S2FWB=0', () => {
  test('every input with every MemAttr and shareability is what the reference combines', () => {
    for (const mtePerm of [false, true])
      for (const [a, m] of ALL)
        for (const code of CODES)
          for (const sh of SHS) {
            const wanted = reference.packed(reference.combine(m, reference.memAttr(code, sh, mtePerm)));
            expect(combineStage2(a, code, sh, mtePerm), `${attributesText(a)} + ${code}, ${sh}`).toBe(wanted);
          }
  });

  test('the examples of 13.1.5.1', () => {
    const a = 0x34f; // Normal-iWB/RAWAnTR-oNC-ISH
    expect(attributesText(combineStage2(a, 1, 0))).toBe('Device-nGnRE');
    expect(attributesText(combineStage2(fromMair(0x04, 0), 0, 0))).toBe('Device-nGnRnE');
    expect(attributesText(combineStage2(a, 0b1010, 2))).toBe('Normal iWT(RA,WA) oNC OSH');
  });

  test('alone it allocates and is not transient', () => {
    for (const code of CODES)
      for (const sh of SHS)
        expect(stage2Attributes(code, sh)).toBe(reference.packed(reference.memAttr(code, sh)));
    expect(attributesText(stage2Attributes(0b1110, 3))).toBe('Normal iWT(RA,WA) oWB(RA,WA) ISH');
  });

  test('0b0100 is Device-nGnRnE, and Write-Back with IDR3.MTEPERM', () => {
    expect(stage2Attributes(4, 3)).toBe(0x200);
    expect(stage2Attributes(4, 3, true)).toBe(0x3ff);
  });
});

describe('stage 2, S2FWB=1', () => {
  test('every input with every MemAttr and shareability is what the reference forces', () => {
    for (const mtePerm of [false, true])
      for (const [a, m] of ALL)
        for (const code of CODES)
          for (const sh of SHS) {
            const wanted = reference.packed(reference.forced(m, code, sh, mtePerm));
            const name = `${attributesText(a)} forced by ${code}, ${sh}, ${mtePerm}`;
            expect(combineForced(a, code, sh, mtePerm), name).toBe(wanted);
          }
  });

  test('Write-Back is forced on Device memory; stage 1 may keep its own', () => {
    expect(attributesText(combineForced(fromMair(0x00, 0), 6, 3))).toBe('Normal iWB(RA,WA) oWB(RA,WA) OSH');
    expect(attributesText(combineForced(fromMair(0xaa, 0), 6, 3))).toBe('Normal iWB(RA) oWB(RA) ISH');
    expect(combineForced(fromMair(0x04, 0), 7, 3)).toBe(0x204);
  });

  test('bit 3 is nothing without IDR3.MTEPERM; with it only 0b1110 and 0b1111 are defined', () => {
    const wb = fromMair(0xff, 3);
    for (const code of [8, 9, 10, 11, 13, 14, 15]) {
      expect(combineForced(wb, code, 3)).toBe(combineForced(wb, code & 7, 3));
      const wanted = code >= 14 ? combineForced(wb, code & 7, 3) : 0x200;
      expect(combineForced(wb, code, 3, true)).toBe(wanted);
    }
  });
});

describe('the client and stage 1', () => {
  test('hints of every cacheable input combine with those of every stage 1', () => {
    for (const [a, m] of ALL)
      for (const [b, n] of ALL) expect(withHints(a, b)).toBe(reference.packed(reference.withHints(m, n)));
  });

  test('an input that is not cacheable has no say', () => {
    for (const [b] of ALL) {
      expect(withHints(fromMair(0x44, 0), b)).toBe(b);
      expect(withHints(fromMair(0x0c, 0), b)).toBe(b);
      expect(withHints(DEFAULT_ATTRIBUTES, b)).toBe(b);
    }
  });

  test('no allocation and transience are pulled down', () => {
    expect(withHints(parseAttributes('WB(RA,TR)') as number, fromMair(0xff, 3))).toBe(
      parseAttributes('Normal iWB(RA,TR) oWB(RA,TR) ISH'),
    );
    // What allocates nothing any more is not transient.
    expect(withHints(parseAttributes('WB(RA,TR)') as number, fromMair(0xdd, 3))).toBe(fromMair(0xcc, 3));
  });
});

describe('overrides', () => {
  test('of every input by every field are what the reference replaces', () => {
    for (const [a, m] of ALL)
      for (const mtcfg of [0, 1])
        for (const memAttr of mtcfg === 1 ? CODES : [0])
          for (const shcfg of SHS)
            for (const alloccfg of CODES) {
              const by = { mtcfg, memAttr, shcfg, alloccfg };
              const wanted = reference.packed(reference.override(m, by));
              if (override(a, by) !== wanted)
                expect({ a, by, got: override(a, by) }).toEqual({ a, by, got: wanted });
            }
    expect(ALL.length).toBe(4 + 1 + (15 * 15 - 1) * 3);
  });

  test('a type that becomes cacheable gets RA, WA, not transient, unless these are overridden too', () => {
    const nc = fromMair(0x44, 0);
    const by = { mtcfg: 1, memAttr: 15, shcfg: 1, alloccfg: 0 };
    expect(override(nc, by)).toBe(0x2ff);
    expect(override(fromMair(0x00, 0), { ...by, shcfg: 3 })).toBe(0x3ff);
    expect(override(nc, { ...by, alloccfg: 0b1101 })).toBe(0x266);
  });

  test('reserved MemAttr codes are Device-nGnRnE, whatever MTEPERM', () => {
    for (const memAttr of [4, 8, 12])
      expect(override(0x3ff, { mtcfg: 1, memAttr, shcfg: 3, alloccfg: 15 })).toBe(0x200);
  });

  test('SHCFG and ALLOCCFG do nothing to Device and iNC-oNC', () => {
    for (const byte of [0x00, 0x04, 0x08, 0x0c, 0x44])
      for (const shcfg of SHS)
        for (const alloccfg of CODES)
          expect(override(fromMair(byte, 0), { mtcfg: 0, memAttr: 15, shcfg, alloccfg })).toBe(
            fromMair(byte, 2),
          );
  });

  test('come from STE and GBPA where IDR1.ATTR_TYPES_OVR says so', () => {
    const by = { mtcfg: 1, memAttr: 5, shcfg: 3, alloccfg: 9 };
    const ste = encode(STE, { MTCFG: 1, MemAttr: 5, SHCFG: 3, ALLOCCFG: 9 });
    expect(steOverrides(ste, true)).toEqual(by);
    expect(gbpaOverrides(0x3915, true)).toEqual(by);
    expect(steOverrides(ste, false)).toEqual(NO_OVERRIDES);
    expect(gbpaOverrides(0x3915, false)).toEqual(NO_OVERRIDES);
    for (const [a] of ALL) expect(override(a, NO_OVERRIDES)).toBe(a);
  });
});

describe('No_snoop and S2PTW', () => {
  test('No_snoop makes Normal memory iNC-oNC and leaves Device alone (13.6.1.1)', () => {
    for (const [a, m] of ALL) expect(noSnoop(a)).toBe('device' in m ? a : NON_CACHEABLE);
    expect(attributesText(NON_CACHEABLE)).toBe('Normal iNC oNC OSH');
  });

  test('a MemAttr maps Device where a Normal access through it would become Device', () => {
    for (const code of CODES)
      for (const mtePerm of [false, true]) {
        expect(mapsDevice(code, false, mtePerm)).toBe(isDevice(combineStage2(0x3ff, code, 0, mtePerm)));
        expect(mapsDevice(code, true, mtePerm)).toBe(isDevice(combineForced(0x3ff, code, 0, mtePerm)));
      }
    expect([0, 1, 2, 3].every((code) => mapsDevice(code, false) && mapsDevice(code, true))).toBe(true);
    expect([5, 7, 13, 15].some((code) => mapsDevice(code, false))).toBe(false);
    expect([5, 6, 7].some((code) => mapsDevice(code, true))).toBe(false);
  });
});

describe('fields of CD, STE, descriptors and registers', () => {
  const cd = encode(CD, {
    MAIR0: 0x44_04_00_ff,
    MAIR1: 0xbb_aa_99_4f,
    SH0: 3,
    SH1: 2,
    IR0: 1,
    OR0: 2,
    IR1: 3,
  });

  test('walks and fetches have the attributes of 13.8', () => {
    expect(attributesText(stage1WalkAttributes(cd, 0))).toBe('Normal iWB(RA,WA) oWT(RA) ISH');
    expect(attributesText(stage1WalkAttributes(cd, 1))).toBe('Normal iWB(RA) oNC OSH');
    const ste = encode(STE, { S2IR0: 0, S2OR0: 0, S2SH0: 0, S1CIR: 3, S1COR: 1, S1CSH: 1 });
    expect(attributesText(stage2WalkAttributes(ste))).toBe('Normal iNC oNC OSH');
    expect(attributesText(contextFetchAttributes(ste))).toBe('Normal iWB(nRA,nWA) oWB(RA) NSH');
    // TABLE_SH=3 OC=1 IC=2, QUEUE_SH=1 OC=3 IC=1.
    const cr1 = (3 << 10) | (1 << 8) | (2 << 6) | (1 << 4) | (3 << 2) | 1;
    expect(attributesText(tableAttributes(cr1, true))).toBe('Normal iWT(RA) oWB(RA) ISH');
    expect(attributesText(tableAttributes(cr1, false))).toBe('Normal iWT(nRA,nWA) oWB(nRA,nWA) ISH');
  });
});

describe('texts', () => {
  test('every attribute is read back from its text', () => {
    for (const [a] of ALL) expect(parseAttributes(attributesText(a)), attributesText(a)).toBe(a);
    expect(new Set(ALL.map(([a]) => attributesText(a))).size).toBe(ALL.length);
  });

  test.each([
    ['Device-nGnRE', 0x204],
    ['device-ngre', 0x208],
    ['nGnRnE', 0x200],
    ['GRE', 0x20c],
    ['NC', 0x244],
    ['WB', 0x0ff],
    ['wt-ish', 0x3bb],
    ['Normal', 0x0ff],
    ['normal-ish', 0x3ff],
    ['Normal-iWB-oNC-ISH', 0x34f],
    ['Normal-iWB/RAnWATR-oNC-ISH', 0x346],
    ['Normal-iWT/RAWAnTR-oWT/RAnWATR-OSH', 0x22b],
    ['0xff', 0x0ff],
    ['0x44', 0x244],
    ['4', 0x204],
    [0xff, 0x0ff],
    [0xf0, 0x0f3],
  ])('%s', (text, wanted) => {
    expect(parseAttributes(text)).toBe(wanted);
  });

  test.each([
    '',
    'device',
    'Device-WB',
    'XY',
    'NC(RA)',
    'WB(XA)',
    'WB-WT',
    'iWB-iWT',
    'ISH-OSH',
    '256',
    '0x100',
    -1,
    256,
    1.5,
  ])('%s is none', (text) => {
    expect(parseAttributes(text)).toBeNull();
  });
});
