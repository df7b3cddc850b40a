/** Each command in its smallest case: what can be seen before it and after it. */

import type { CommandName } from '../../../src/spec/commands.ts';
import { type Registers, SID, type TestOptions, TestSmmu, type Values } from '../../kit/smmu.ts';
import { mapStage2, S2_STE, SECURE_S2_STE } from '../../kit/stage2.ts';
import { map } from '../../kit/tables.ts';

const MSI = 0x40a00000;
const PAGE = 0x1000;
const CERROR_ILL = 1;

export interface CommandCase {
  /** The command queue that takes it; default the Non-secure one. */
  readonly queue?: 's';
  /** States beside the Non-secure one. */
  readonly worlds?: TestOptions['worlds'];
  readonly registers?: Registers;
  /** What there is for the command to act on. */
  readonly arrange?: (m: TestSmmu) => void;
  readonly values?: Values;
  /** What the command changes. */
  readonly see: (m: TestSmmu) => unknown;
  readonly before: unknown;
  readonly after: unknown;
}

/** A page of the stream is translated, so that the TLB and the configuration cache know it. */
function translated(ste: Values = {}): (m: TestSmmu) => void {
  return (m) => {
    m.ste(ste);
    m.cd();
    map(m, { iova: BigInt(PAGE), pa: 0x10001000n });
    m.dma(PAGE);
  };
}

function translatedByStage2(m: TestSmmu): void {
  m.ste(m.world === 's' ? SECURE_S2_STE : S2_STE);
  mapStage2(m, { ipa: BigInt(PAGE), pa: 0x10001000n });
  m.dma(PAGE);
}

const tlb = { see: (m: TestSmmu) => m.smmu.tlb.size, before: 1, after: 0 } as const;
const config = { see: (m: TestSmmu) => m.smmu.config.size, before: 1, after: 0 } as const;

const EL1: CommandCase = { ...tlb, arrange: translated() };
const EL2: CommandCase = { ...tlb, arrange: translated({ STRW: 2 }) };
const E2H: CommandCase = { ...EL2, registers: { 'CR2.E2H': 1 } };
const CONFIG: CommandCase = { ...config, arrange: translated(), values: { StreamID: SID } };

/** The error of the Non-secure queue. */
const error = (m: TestSmmu): unknown =>
  ((m.read('GERROR') ^ m.read('GERRORN')) & 1) === 0 ? null : m.smmu.bank.field('CMDQ_CONS', 'ERR');
/** Of what this SMMU does nothing else for: a hint that is malformed. */
const ILLEGAL = { see: error, before: null, after: CERROR_ILL } as const;
/** A hint, which may be ignored and is; that it is a Non-secure one is checked (4.2). */
const HINT: CommandCase = { ...ILLEGAL, values: { SSec: 1 } };
/** Only the Secure queue takes these (4.4.2, 4.4.4.1, 4.4.5). EL3 contexts exist without RME alone. */
const SECURE: CommandCase = { ...EL1, queue: 's', worlds: 'secure' };
const EL3: CommandCase = { ...SECURE, arrange: translated({ STRW: 1 }) };
const S_EL2: CommandCase = { ...SECURE, arrange: translated({ STRW: 2 }) };
const S_E2H: CommandCase = { ...S_EL2, registers: { 'S_CR2.E2H': 1 } };

function granted(m: TestSmmu): void {
  m.ste({ EATS: 1 });
  m.cd();
  map(m, { iova: BigInt(PAGE), pa: 0x10001000n });
  m.dma(PAGE, { kind: 'request' });
}

function asked(m: TestSmmu): void {
  m.ste({ EATS: 1 });
  const rights = { read: true, write: false, execute: false, privileged: false };
  const request = { world: 'ns', sid: SID, ssid: -1, addressHi: 0, addressLo: PAGE, ...rights } as const;
  m.smmu.commit(
    m.smmu.plan({ kind: 'page-request', request: { ...request, last: true, prgIndex: 5 } }).effects,
  );
}

function stalled(m: TestSmmu): void {
  m.ste();
  m.cd({ S: 1 });
  m.dma(PAGE);
}

const stalls = {
  arrange: stalled,
  see: (m: TestSmmu) => m.smmu.traffic.stalls.size,
  before: 1,
  after: 0,
} as const;

const dpt: CommandCase = {
  registers: { 'IDR3.DPT': 1 },
  arrange: (m) =>
    m.smmu.dpt.insert({
      world: 'ns',
      page: 0x40000,
      shift: 12,
      access: 3,
      write: true,
      vmid: 0,
      source: 'walk',
    }),
  see: (m) => m.smmu.dpt.entries('ns').length,
  before: 1,
  after: 0,
};

export const COMMAND_CASES: Readonly<Record<CommandName, CommandCase>> = {
  CMD_PREFETCH_CONFIG: HINT,
  CMD_PREFETCH_ADDR: HINT,
  CMD_CFGI_STE: CONFIG,
  CMD_CFGI_STE_RANGE: CONFIG,
  CMD_CFGI_CD: CONFIG,
  CMD_CFGI_CD_ALL: CONFIG,
  CMD_CFGI_VMS_PIDM: {
    registers: { 'IDR3.MPAM': 1, 'MPAMIDR.PARTID_MAX': 63 },
    arrange: (m) =>
      m.smmu.partidMaps.insert({ world: 'ns', by: 'vmid', key: 7, pa: PAGE, words: new Uint32Array(16) }),
    values: { VMID: 7 },
    see: (m) => m.smmu.partidMaps.entries().length,
    before: 1,
    after: 0,
  },
  CMD_TLBI_NH_ALL: EL1,
  CMD_TLBI_NH_ASID: { ...EL1, values: { ASID: 1 } },
  CMD_TLBI_NH_VA: { ...EL1, values: { ASID: 1, Address: PAGE } },
  CMD_TLBI_NH_VAA: { ...EL1, values: { Address: PAGE } },
  CMD_TLBI_EL3_ALL: EL3,
  CMD_TLBI_EL3_VA: { ...EL3, values: { Address: PAGE } },
  CMD_TLBI_EL2_ALL: EL2,
  CMD_TLBI_EL2_ASID: { ...E2H, values: { ASID: 1 } },
  CMD_TLBI_EL2_VA: { ...EL2, values: { Address: PAGE } },
  CMD_TLBI_EL2_VAA: { ...EL2, values: { Address: PAGE } },
  CMD_TLBI_S12_VMALL: { ...EL1, arrange: translated({ S2VMID: 5 }), values: { VMID: 5 } },
  CMD_TLBI_S2_IPA: { ...tlb, arrange: translatedByStage2, values: { VMID: 3, Address: PAGE } },
  CMD_TLBI_NSNH_ALL: EL1,
  CMD_TLBI_S_EL2_ALL: S_EL2,
  CMD_TLBI_S_EL2_ASID: { ...S_E2H, values: { ASID: 1 } },
  CMD_TLBI_S_EL2_VA: { ...S_EL2, values: { Address: PAGE } },
  CMD_TLBI_S_EL2_VAA: { ...S_EL2, values: { Address: PAGE } },
  CMD_TLBI_S_S12_VMALL: { ...SECURE, arrange: translatedByStage2, values: { VMID: 3 } },
  CMD_TLBI_S_S2_IPA: { ...SECURE, arrange: translatedByStage2, values: { VMID: 3, Address: PAGE } },
  CMD_TLBI_SNH_ALL: SECURE,
  CMD_ATC_INV: {
    arrange: granted,
    values: { StreamID: SID, Size: 52 },
    see: (m) => m.smmu.traffic.atc.entries().length,
    before: 1,
    after: 0,
  },
  CMD_PRI_RESP: {
    registers: {
      'PRIQ_BASE.ADDR': MSI,
      'PRIQ_BASE.LOG2SIZE': 2,
      'CR0.PRIQEN': 1,
      'CR0ACK.PRIQEN': 1,
    },
    arrange: asked,
    // Success, which PCIe writes as 0 (4.5.2).
    values: { StreamID: SID, PRGIndex: 5, Resp: 2 },
    see: (m) => m.smmu.traffic.pages.entries().map(({ response }) => response),
    before: [-1],
    after: [0],
  },
  CMD_RESUME: { ...stalls, values: { StreamID: SID, STAG: 0, Ac: 0, Ab: 1 } },
  CMD_STALL_TERM: { ...stalls, values: { StreamID: SID } },
  CMD_SYNC: {
    values: { CS: 1, MSIAddress: MSI, MSIData: 0xcafe },
    see: (m) => m.words(MSI, 1),
    before: [0],
    after: [0xcafe],
  },
  CMD_DPTI_ALL: dpt,
  CMD_DPTI_PA: { ...dpt, values: { Address: 0x40000000 } },
};

/** The machine of a case, with what the command acts on. */
export function machineOf(of: CommandCase, off: readonly string[] = []): TestSmmu {
  const { registers = {}, worlds } = of;
  const m = new TestSmmu({ registers, rulesOff: new Set(off), ...(worlds && { worlds }) });
  const view = m.in(of.queue ?? 'ns');
  of.arrange?.(view);
  return view;
}
