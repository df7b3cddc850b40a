/** Each event, raised on the smallest machine that has it, and its record by the bits of IHI 0070 7.3. */

import type { EventName } from '../../../src/spec/events.ts';
import { bytes, cls, fetch, IND, input, number, PNU, RNW, SSV, ssid, stream } from '../../kit/record-bits.ts';
import {
  type Access,
  CDTAB,
  NOWHERE,
  type Registers,
  SID,
  type TestOptions,
  TestSmmu,
  type Values,
} from '../../kit/smmu.ts';
import { NESTED_STE } from '../../kit/stage2.ts';
import { LEAF, map, USER_PAGE } from '../../kit/tables.ts';

const TT = 1;
const IN = 2;

export interface EventCase {
  readonly registers?: Registers;
  readonly ste?: Values;
  readonly cd?: Values;
  /** What the SMMU is built to report. */
  readonly built?: Pick<TestOptions, 'caches' | 'options'>;
  /** What raises it. */
  readonly raise: (m: TestSmmu) => void;
  /** The 32 bytes, most significant first. */
  readonly record: string;
}

/** A transaction as what raises an event. */
const dma =
  (address: number | string, access: Access = {}, sid = SID) =>
  (m: TestSmmu): void => {
    m.dma(address, access, sid);
  };

/** One page is mapped, at 0x1000. */
export function machineOf(of: EventCase, off: readonly string[] = []): TestSmmu {
  const { registers = {}, built = {} } = of;
  const m = new TestSmmu({ ...built, registers, rulesOff: new Set(off) });
  m.ste(of.ste ?? {});
  m.cd(of.cd ?? {});
  map(m, { iova: 0x1000n, pa: 0x10001000n });
  return m;
}

/** A page with these attributes is at 0x4000, and is accessed. */
const page =
  (attributes: bigint, access: Access = {}) =>
  (m: TestSmmu): void => {
    map(m, { iova: 0x4000n, pa: 0x10004000n, attributes });
    m.dma(0x4678, access);
  };

/** A page is cached, then a block in its place as well, without break-before-make (3.21.1). */
function overlap(m: TestSmmu): void {
  const path = map(m, { iova: 0x200000n, pa: 0x10000000n });
  m.dma(0x200000);
  m.run(['CMD_TLBI_NH_VA', { ASID: 1, Address: 0x201000, Leaf: 0 }], ['CMD_SYNC']);
  m.descriptor(path.get(2n) as number, 0x10000000n | USER_PAGE | 1n);
  m.dma(0x205000);
  m.dma(0x200678);
}

/** A page hint for pR, pW and uR of 16 pages. */
function hint(m: TestSmmu): void {
  const rights = 1 | 2 | 8;
  const said = { world: 'ns', sid: SID, ssid: 7, addressHi: 0, span: 16, permissions: rights } as const;
  m.smmu.commit(m.smmu.plan({ kind: 'page-hint', hint: { ...said, addressLo: 0xabcd0123 } }).effects);
}

export const EVENT_CASES: Readonly<Record<EventName, EventCase>> = {
  F_UUT: {
    // Incoming PnU and InD, though the STE would turn them round.
    ste: { PRIVCFG: 2, INSTCFG: 2 },
    raise: dma(0x5678, { kind: 'unsupported', ssid: 3, privileged: true, instruction: true }),
    record: bytes(number(0x01), SSV, ssid(3), stream(), PNU, IND, RNW, input(0x5678)),
  },
  C_BAD_STREAMID: {
    raise: dma(0, { ssid: 0xfffff }, 0x12345),
    record: bytes(number(0x02), SSV, ssid(0xfffff), stream(0x12345)),
  },
  F_STE_FETCH: {
    registers: { 'STRTAB_BASE.ADDR': NOWHERE },
    raise: dma(0),
    record: bytes(number(0x03), stream(), fetch(NOWHERE + SID * 64)),
  },
  C_BAD_STE: {
    ste: { V: 0 },
    raise: dma(0),
    record: bytes(number(0x04), stream()),
  },
  F_BAD_ATS_TREQ: {
    raise: dma(0x5678, { kind: 'request', write: true }),
    // R and W of R, W, X, Priv in [103:100]; one unit in Span; InputAddr from bit 12.
    record: bytes(number(0x05), stream(), [103, 100, 0b1100], [115, 108, 1], [191, 140, 0x5]),
  },
  F_STREAM_DISABLED: {
    ste: { S1CDMax: 2, S1DSS: 2 },
    raise: dma(0, { ssid: 0 }),
    record: bytes(number(0x06), stream()),
  },
  F_TRANSL_FORBIDDEN: {
    registers: { 'CR0.ATSCHK': 1 },
    raise: dma(0x5678, { kind: 'translated' }),
    record: bytes(number(0x07), stream(), RNW, input(0x5678)),
  },
  C_BAD_SUBSTREAMID: {
    raise: dma(0, { ssid: 0x54321 }),
    // No SSV: SubstreamID is always valid.
    record: bytes(number(0x08), ssid(0x54321), stream()),
  },
  F_CD_FETCH: {
    ste: { S1ContextPtr: NOWHERE },
    raise: dma(0),
    record: bytes(number(0x09), stream(), fetch(NOWHERE)),
  },
  C_BAD_CD: {
    cd: { V: 0 },
    raise: dma(0),
    record: bytes(number(0x0a), stream()),
  },
  F_WALK_EABT: {
    cd: { TTB0: NOWHERE },
    raise: dma(0x5678, { write: true }),
    record: bytes(number(0x0b), stream(), cls(TT), input(0x5678), fetch(NOWHERE)),
  },
  F_TRANSLATION: {
    cd: { S: 1 },
    raise: dma(0x9678, { privileged: true, instruction: true }),
    record: bytes(number(0x10), stream(), [79, 64, 0], [95, 95, 1], PNU, IND, RNW, cls(IN), input(0x9678)),
  },
  F_ADDR_SIZE: {
    ste: { Config: 4 },
    raise: dma('0x8001000000001000'),
    record: bytes(number(0x11), stream(), RNW, cls(IN), input(0x8001000000001000n)),
  },
  F_ACCESS: {
    raise: page(LEAF.nG | LEAF.USER),
    record: bytes(number(0x12), stream(), RNW, cls(IN), input(0x4678)),
  },
  F_PERMISSION: {
    raise: page(LEAF.nG | LEAF.AF, { write: true }),
    record: bytes(number(0x13), stream(), cls(IN), input(0x4678)),
  },
  F_TLB_CONFLICT: {
    registers: { 'IDR3.BBML': 1 },
    built: { caches: 'maximal', options: { tlbConflict: true } },
    raise: overlap,
    record: bytes(number(0x20), stream(), RNW, input(0x200678)),
  },
  F_CFG_CONFLICT: {
    ste: { CONT: 1 },
    built: { options: { configConflict: true } },
    raise: (m) => {
      m.ste({ CONT: 1, S1ContextPtr: CDTAB + 64 }, SID + 1);
      m.dma(0x1678);
    },
    record: bytes(number(0x21), stream()),
  },
  E_PAGE_REQUEST: {
    raise: hint,
    // uX 98, uW 99, uR 100, pX 101, pW 102, pR 103.
    record: bytes(
      number(0x24),
      SSV,
      ssid(7),
      stream(),
      [103, 98, 0b110100],
      [115, 108, 16],
      [191, 140, 0xabcd0n],
    ),
  },
  F_VMS_FETCH: {
    registers: { 'IDR3.MPAM': 1, 'MPAMIDR.PARTID_MAX': 63 },
    ste: { ...NESTED_STE, S1MPAM: 1, VMSPtr: NOWHERE },
    raise: dma(0),
    record: bytes(number(0x25), stream(), fetch(NOWHERE)),
  },
};
