import { describe, expect, test } from 'vitest';
import { paOf } from '../../src/model/caches/tlb.ts';
import { record } from '../kit/records.ts';
import {
  type Access,
  CDTAB,
  NOWHERE,
  type Registers,
  SID,
  TestSmmu,
  TTB0,
  TTB1,
  type Values,
} from '../kit/smmu.ts';
import { LEAF, type Mapping, map, type Path, USER_PAGE } from '../kit/tables.ts';

const IOVA = 0x1_2345_6000n;
const NUMBER = Number(IOVA);

function mapped(of: Partial<Mapping>, cd: Values = {}, registers: Registers = {}): [TestSmmu, Path] {
  const m = new TestSmmu({ registers });
  m.ste();
  m.cd(cd);
  return [m, map(m, { iova: IOVA, pa: 0x10000000n, ...of })];
}

const ACCESSES: readonly Access[] = [
  {},
  { write: true },
  { privileged: true },
  { instruction: true },
  { privileged: true, instruction: true },
  { write: true, privileged: true },
];

/** Every event of a stage-1 walk, made on purpose. */
const FAULTS = [
  ['F_TRANSLATION', (m: TestSmmu, path: Path) => m.descriptor(path.get(3n) as number, 0n)],
  [
    'F_ADDR_SIZE',
    (m: TestSmmu, path: Path) => m.descriptor(path.get(3n) as number, (1n << 44n) | USER_PAGE | 3n),
  ],
  [
    'F_ACCESS',
    (m: TestSmmu, path: Path) => m.descriptor(path.get(3n) as number, 0x10000000n | LEAF.USER | 3n),
  ],
] as const;

describe.each(FAULTS)('%s', (event, spoil) => {
  test('its record, all eight words, for every kind of access', () => {
    for (const access of ACCESSES) {
      const [m, path] = mapped({}, { IPS: 4 });
      spoil(m, path);
      const plan = m.dma(NUMBER + 0x678, access);
      expect(plan.outcome).toMatchObject({ result: 'abort', recording: 'written' });
      expect(m.drain()).toEqual([record(event, { sid: SID, ...access, address: IOVA + 0x678n })]);
    }
  });

  test('with a SubstreamID: SSV and SubstreamID', () => {
    const [m, path] = mapped({}, { IPS: 4 });
    m.ste({ S1CDMax: 1 });
    m.cd({ IPS: 4 }, CDTAB + 64);
    spoil(m, path);
    m.dma(NUMBER, { ssid: 1 });
    expect(m.drain()).toEqual([record(event, { sid: SID, ssid: 1, address: IOVA })]);
  });

  test('CD.A=0: RAZ/WI, still recorded; CD.R=0: not recorded', () => {
    for (const A of [0, 1]) {
      for (const R of [0, 1]) {
        const [m, path] = mapped({}, { IPS: 4, A, R });
        spoil(m, path);
        const { outcome } = m.dma(NUMBER);
        expect(outcome.result).toBe(A === 1 ? 'abort' : 'razwi');
        expect(outcome.recording).toBe(R === 1 ? 'written' : 'suppressed');
        expect(m.drain().length).toBe(R);
      }
    }
  });

  test('CD.S=1: stalls, recorded with a tag whatever CD.R says', () => {
    const [m, path] = mapped({}, { IPS: 4, S: 1, R: 0, A: 0 });
    spoil(m, path);
    expect(m.dma(NUMBER).outcome).toMatchObject({ result: 'stall', recording: 'written' });
    const [words = []] = m.drain();
    const stag = (words[2] ?? 0) & 0xffff;
    expect(words).toEqual(record(event, { sid: SID, address: IOVA, stag }));
    m.dma(NUMBER);
    expect((m.drain()[0]?.[2] ?? 0) & 0xffff).not.toBe(stag);
  });

  test('a faulting translation leaves nothing in the TLB', () => {
    const [m, path] = mapped({}, { IPS: 4 });
    spoil(m, path);
    m.dma(NUMBER);
    expect(m.smmu.tlb.size).toBe(0);
  });
});

describe('F_WALK_EABT', () => {
  test.each([0n, 1n, 2n, 3n])('at level %i: FetchAddr is the address of the descriptor', (level) => {
    for (const access of ACCESSES) {
      const [m, path] = mapped(level === 0n ? { ttb: TTB0 } : {});
      let fetch = BigInt(NOWHERE) + ((IOVA >> 39n) & 511n) * 8n;
      if (level === 0n) m.cd({ TTB0: NOWHERE });
      else {
        m.descriptor(path.get(level - 1n) as number, BigInt(NOWHERE) | 3n);
        fetch = BigInt(NOWHERE) + ((IOVA >> (39n - 9n * level)) & 511n) * 8n;
      }
      expect(m.dma(NUMBER, access).outcome.result).toBe('abort');
      expect(m.drain()).toEqual([record('F_WALK_EABT', { sid: SID, ...access, address: IOVA, fetch })]);
    }
  });

  test('is an abort with a record whatever CD.A, R and S say (5.5)', () => {
    const [m] = mapped({}, { TTB0: NOWHERE, A: 0, R: 0, S: 1 });
    expect(m.dma(NUMBER).outcome).toMatchObject({ result: 'abort', recording: 'written' });
  });

  test('FetchAddr of 48 bits fills both words', () => {
    const [m] = mapped({}, { TTB0: 0xfedcba987000 });
    m.dma(NUMBER);
    expect(m.drain()).toEqual([
      record('F_WALK_EABT', {
        sid: SID,
        address: IOVA,
        fetch: 0xfedcba987000n + ((IOVA >> 39n) & 511n) * 8n,
      }),
    ]);
  });
});

describe('address size', () => {
  const OAS = [32, 36, 40, 42, 44, 48];
  test.each(OAS.flatMap((bits, IPS) => (bits < 48 ? [[bits, IPS] as const] : [])))(
    '%i bits (IPS=%i): one bit above is F_ADDR_SIZE in a leaf and in a table',
    (bits, IPS) => {
      for (const level of [1n, 2n, 3n]) {
        const [m, path] = mapped({ level, pa: 2n ** BigInt(bits) }, { IPS });
        expect(m.dma(NUMBER).outcome.fault).toMatchObject({ event: 'F_ADDR_SIZE', level: Number(level) });
        m.descriptor(path.get(level - 1n) as number, (2n ** BigInt(bits)) | 3n);
        expect(m.dma(NUMBER).outcome.fault).toMatchObject({ event: 'F_ADDR_SIZE', level: Number(level) - 1 });
      }
      const [good] = mapped({ pa: 2n ** BigInt(bits) - 0x1000n }, { IPS });
      expect(good.dma(NUMBER).outcome).toMatchObject({ result: 'ok', pa: 2 ** bits - 0x1000 });
    },
  );

  test.each(OAS.slice(0, 5).map((bits, code) => [bits, code] as const))(
    'OAS of %i bits caps IPS',
    (bits, code) => {
      const [m] = mapped({ pa: 2n ** BigInt(bits) }, { IPS: 5 }, { 'IDR5.OAS': code });
      expect(m.dma(NUMBER).outcome.fault?.event).toBe('F_ADDR_SIZE');
    },
  );

  test('comes before the access flag and before permissions', () => {
    const [m] = mapped({ pa: 2n ** 44n, attributes: 0n }, { IPS: 4 });
    expect(m.dma(NUMBER, { write: true }).outcome.fault?.event).toBe('F_ADDR_SIZE');
  });
});

describe('the access flag', () => {
  const noFlag = { attributes: LEAF.USER };
  test('AF=0 is F_ACCESS, before permissions; AFFD=1 takes the flag for set', () => {
    expect(mapped({ attributes: 0n })[0].dma(NUMBER).outcome.fault?.event).toBe('F_ACCESS');
    expect(mapped(noFlag, { AFFD: 1 })[0].dma(NUMBER).outcome.result).toBe('ok');
    expect(mapped({ attributes: 0n }, { AFFD: 1 })[0].dma(NUMBER).outcome.fault?.event).toBe('F_PERMISSION');
  });

  test('the flag of table descriptors is not looked at', () => {
    expect(mapped({ tables: 0n })[0].dma(NUMBER).outcome.result).toBe('ok');
  });
});

describe('F_PERMISSION', () => {
  test('its record, all eight words', () => {
    const [m] = mapped({ attributes: USER_PAGE | LEAF.READ_ONLY });
    m.dma(NUMBER + 4, { write: true });
    expect(m.drain()).toEqual([record('F_PERMISSION', { sid: SID, write: true, address: IOVA + 4n })]);
    m.dma(NUMBER);
    expect(m.dma(NUMBER, { write: true, privileged: true }).outcome.tlbHit).toBe(true);
    expect(m.drain()).toEqual([
      record('F_PERMISSION', { sid: SID, write: true, privileged: true, address: IOVA }),
    ]);
  });
});

describe('byte order', () => {
  test('ENDI=1 reads big-endian descriptors, ENDI=0 little-endian ones', () => {
    const [big] = mapped({ bigEndian: true }, { ENDI: 1 });
    expect(big.dma(NUMBER).outcome).toMatchObject({ result: 'ok', pa: 0x10000000 });
    const [wrong] = mapped({ bigEndian: true }, { ENDI: 0 });
    expect(wrong.dma(NUMBER).outcome.result).toBe('abort');
    const [other] = mapped({ bigEndian: false }, { ENDI: 1 });
    expect(other.dma(NUMBER).outcome.result).toBe('abort');
  });

  test('the STE, the CD and the record stay little-endian', () => {
    const [m, path] = mapped({ bigEndian: true }, { ENDI: 1 });
    m.descriptor(path.get(3n) as number, 0n);
    m.dma(NUMBER);
    expect(m.drain()).toEqual([record('F_TRANSLATION', { sid: SID, address: IOVA })]);
  });
});

describe('52 bits', () => {
  const WIDE: Registers = { 'IDR5.OAS': 6, 'IDR5.VAX': 1, 'IDR5.DS': 1 };
  const DS: Values = { IPS: 6, DS: 1 };
  const PA52 = 0xf_edcb_a000_0000n;

  test.each([
    ['4 KiB, DS', 12n, { ...DS, TG0: 0 }, 3n],
    ['4 KiB, DS, block of 2 MiB', 12n, { ...DS, TG0: 0 }, 2n],
    ['16 KiB, DS', 14n, { ...DS, TG0: 2 }, 3n],
    ['64 KiB', 16n, { IPS: 6, TG0: 1 }, 3n],
    ['64 KiB, block of 512 MiB', 16n, { IPS: 6, TG0: 1 }, 2n],
  ] as const)('%s: the output has 52 bits', (_, granule, cd, level) => {
    const [m] = mapped(
      { granule, level, wide: true, pa: PA52, attributes: LEAF.AF | LEAF.nG | LEAF.USER },
      cd,
      WIDE,
    );
    const bits = granule + (3n - level) * (granule - 3n);
    const size = 2n ** bits;
    expect(m.dma(NUMBER).outcome).toMatchObject({
      result: 'ok',
      pa: Number((PA52 / size) * size + (IOVA % size)),
    });
  });

  test.each([
    ['4 KiB', 12n, { ...DS, TG0: 0, T0SZ: 12 }],
    ['16 KiB', 14n, { ...DS, TG0: 2, T0SZ: 12 }],
    ['64 KiB', 16n, { IPS: 6, TG0: 1, T0SZ: 12 }],
  ] as const)('%s: the input has 52 bits', (_, granule, cd) => {
    const iova = 2n ** 52n - 2n ** granule;
    const [m] = mapped({ granule, wide: true, txsz: 12n, iova }, cd, WIDE);
    expect(m.dma(`0x${iova.toString(16)}`).outcome).toMatchObject({ result: 'ok', pa: 0x10000000 });
    expect(m.dma(2 ** 52).outcome.fault?.event).toBe('F_TRANSLATION');
    expect(m.dma(2 ** 51).outcome.fault?.event).toBe('F_TRANSLATION');
  });

  test('both halves of 52 bits: the same VA[51:0] is another page in each, also in the TLB', () => {
    const cd = { IPS: 6, TG0: 1, T0SZ: 12, EPD1: 0, TG1: 3, T1SZ: 12, TTB1 };
    const wide = { granule: 16n, wide: true, txsz: 12n } as const;
    const [m] = mapped({ ...wide, iova: 1n << 51n, pa: 0x10000000n }, cd, WIDE);
    map(m, { ...wide, ttb: TTB1, iova: 1n << 51n, pa: 0x20000000n });
    for (const tlbHit of [false, true]) {
      expect(m.dma('0x0008000000000000').outcome).toMatchObject({ pa: 0x10000000, tlbHit });
      expect(m.dma('0xfff8000000000000').outcome).toMatchObject({ pa: 0x20000000, tlbHit });
    }
    m.run(['CMD_TLBI_NH_VA', { ASID: 1, Address: { hi: 0xfff80000, lo: 0 } }], ['CMD_SYNC']);
    expect(m.smmu.tlb.entries().map(paOf)).toEqual([0x10000000]);
  });

  test('new block sizes: 512 GiB, 64 GiB and 4 TiB', () => {
    for (const [granule, cd, level] of [
      [12n, { ...DS, TG0: 0 }, 0n],
      [14n, { ...DS, TG0: 2 }, 1n],
      [16n, { IPS: 6, TG0: 1, T0SZ: 16 }, 1n],
    ] as const) {
      const [m] = mapped({ granule, wide: true, level, pa: 2n ** 50n }, cd, WIDE);
      expect(m.dma(NUMBER).outcome).toMatchObject({ result: 'ok', pa: 2 ** 50 + NUMBER });
    }
  });

  test('64 KiB with IPS below 52 on an SMMU of 52 bits: address bits [51:48] of a descriptor still count', () => {
    const [m] = mapped({ granule: 16n, wide: true, pa: 2n ** 48n }, { IPS: 5, TG0: 1 }, WIDE);
    expect(m.dma(NUMBER).outcome.fault?.event).toBe('F_ADDR_SIZE');
  });

  test('DS=1 with IPS of 48 bits: address bits [51:48] still count', () => {
    const [m] = mapped({ wide: true, pa: 2n ** 50n }, { ...DS, IPS: 5 }, WIDE);
    expect(m.dma(NUMBER).outcome.fault?.event).toBe('F_ADDR_SIZE');
  });

  test('4 KiB without DS cannot hold more than 48 bits, whatever IPS says', () => {
    const [m] = mapped({ pa: 0x10000000n, attributes: USER_PAGE | (3n << 8n) }, { IPS: 6 }, WIDE);
    expect(m.dma(NUMBER).outcome).toMatchObject({ result: 'ok', pa: 0x10000000 });
  });

  test('a table of fewer than 64 bytes is aligned to 64 when the output has 52 bits', () => {
    // 64 KiB, T0SZ=46: 4 entries of 8 bytes.
    const registers = { ...WIDE, 'IDR3.STT': 1 };
    const of = { granule: 16n, wide: true, txsz: 46n, iova: 0n } as const;
    const [m] = mapped(of, { IPS: 6, TG0: 1, T0SZ: 46, TTB0: TTB0 + 32 }, registers);
    expect(m.dma(0).outcome).toMatchObject({ result: 'ok', pa: 0x10000000 });
    const [narrow] = mapped(
      { ...of, ttb: TTB0 + 32 },
      { IPS: 5, TG0: 1, T0SZ: 46, TTB0: TTB0 + 32 },
      registers,
    );
    expect(narrow.dma(0).outcome).toMatchObject({ result: 'ok', pa: 0x10000000 });
  });
});
