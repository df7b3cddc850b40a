/** What the registers of one Security state say, decoded once for each change of a register. */

import type { World } from '../bits/world.ts';
import { mostOf } from '../spec/feature-most.ts';
import {
  type FeatureName,
  feature,
  type IdValues,
  iasBits,
  isFeatureName,
  oasBits,
  withFeatures,
} from '../spec/features.ts';
import { GERROR_CMDQ_ERR, GERROR_EVENTQ_ABT_ERR } from '../spec/gerror.ts';
import { L1STD_BYTES, SPLITS } from '../spec/l1std.ts';
import { STE_BYTES } from '../spec/ste.ts';
import { SID_BITS, SSID_BITS } from '../spec/stream-id.ts';
import type { RegisterBank } from './bank.ts';
import { type DptConfig, deriveDpt } from './dpt-config.ts';
import { type FieldBitsByLayout, fieldBits } from './field-bits.ts';
import { PA_BITS } from './memory.ts';
import { gbpaOverrides, tableAttributes } from './translate/attribute-sources.ts';
import type { Attributes, Overrides } from './translate/attributes.ts';

/** What the implementation offers (ID registers). */
export interface Features {
  readonly s1p: boolean;
  readonly s2p: boolean;
  /** Bit 0: VMSAv8-32 LPAE, bit 1: VMSAv8-64. */
  readonly ttf: number;
  readonly httu: number;
  readonly hyp: boolean;
  readonly ats: boolean;
  readonly ns1ats: boolean;
  readonly asid16: boolean;
  readonly vmid16: boolean;
  readonly msi: boolean;
  readonly sev: boolean;
  readonly pri: boolean;
  readonly cd2l: boolean;
  /** 0 mixed, 2 little-endian, 3 big-endian. */
  readonly ttEndian: number;
  readonly termModel: number;
  readonly twoLevelStreamTable: boolean;
  readonly attrTypesOvr: boolean;
  readonly attrPermsOvr: boolean;
  readonly fwb: boolean;
  readonly xnx: boolean;
  readonly mtePerm: boolean;
  readonly bbml: number;
  readonly ptwnnc: boolean;
  readonly pbha: boolean;
  readonly mpam: boolean;
  readonly dpt: boolean;
  readonly had: boolean;
  readonly e0pd: boolean;
  readonly epan: boolean;
  readonly s1pi: boolean;
  readonly stt: boolean;
  readonly ril: boolean;
  readonly ds: boolean;
  readonly d128: boolean;
  readonly vax: number;
  readonly gran4k: boolean;
  readonly gran16k: boolean;
  readonly gran64k: boolean;
}

/** Where the stream table lies, as the hardware uses it. */
export interface StreamTable {
  /** PA in bytes, aligned down to the size of the (level-1) table: IHI 0070 6.3.24. */
  readonly base: number;
  /** STRTAB_BASE.ADDR as software wrote it. */
  readonly programmedBase: number;
  /** log2 of the number of StreamIDs: MIN(LOG2SIZE, IDR1.SIDSIZE). */
  readonly log2size: number;
  readonly programmedLog2size: number;
  readonly twoLevel: boolean;
  /** 2^log2size: the number of StreamIDs. */
  readonly streams: number;
  /** StreamID bits that index a level-2 table. */
  readonly split: number;
  /** Entries of the table at `base`: L1STDs or STEs. */
  readonly entries: number;
  /** Size of the table at `base`. */
  readonly bytes: number;
}

/** What the registers of one Security state say. */
export interface WorldState {
  readonly world: World;
  readonly smmuEnabled: boolean;
  readonly cmdqEnabled: boolean;
  readonly eventqEnabled: boolean;
  readonly streamTable: StreamTable;
  readonly features: Features;
  /** The ID registers, with the effective STALL_MODEL in IDR0: what the tables' conditions are asked with. */
  readonly ids: IdValues;
  readonly oasBits: number;
  /** 2^oasBits: the first address beyond. */
  readonly oasLimit: number;
  /** Input range of stage 2, and of a bypassed stage 1 before it. */
  readonly iasBits: number;
  readonly sidBits: number;
  readonly ssidBits: number;
  /** Architecture version 3.x. */
  readonly minorVersion: number;
  /** Effective STALL_MODEL: 0 software chooses, 1 never, 2 always. */
  readonly stallModel: number;
  readonly recInvSid: boolean;
  /** CR2.REC_CFG_ATS: configuration errors that ATS and PRI meet are recorded (6.3.12). */
  readonly recCfgAts: boolean;
  /** CR0.ATSCHK: Translated transactions are checked against their STE (3.9.1). */
  readonly atsChecked: boolean;
  readonly e2h: boolean;
  /** Memory attributes of reads of the stream table (13.8). */
  readonly tableAttributes: Attributes;
  /** GMPAM and GBPMPAM, as they are. */
  readonly gmpam: number;
  readonly gbpmpam: number;
  readonly gbpaAbort: boolean;
  /** What GBPA replaces of the attributes of traffic while SMMUEN=0; null when nothing. */
  readonly gbpaOverride: Overrides | null;
  readonly gbpaPrivCfg: number;
  readonly gbpaInstCfg: number;
  /** VMID bits that invalidations ignore (CR0.VMW). */
  readonly vmwBits: number;
  /** Active CERROR code, or 0. */
  readonly cmdqError: number;
  /** The command queue stopped, and GERROR.CMDQ_ERR is not acknowledged. */
  readonly cmdqStopped: boolean;
  readonly eventqAborted: boolean;
  /** What of structures, commands and registers counts, by the features. */
  readonly bits: FieldBitsByLayout;
  /** Reserved bits that are not 0 make a structure invalid and a command illegal. */
  readonly strict: boolean;
  /** The Device Permission Table; null where the world has none. */
  readonly dpt: DptConfig | null;
  /** Rules of the validity table that are switched off (tests only). */
  readonly rulesOff: ReadonlySet<string>;
}

/**
 * What an SMMU does with reserved bits that software did not leave 0: chapter 5 and 4.1.5 of IHI 0070 permit both.
 * `strict`: C_BAD_STE, C_BAD_CD, CERROR_ILL; `ignore`: they count as 0.
 */
export const RESERVED_BITS = ['ignore', 'strict'] as const;
export type ReservedBits = (typeof RESERVED_BITS)[number];

function featuresOf(ids: IdValues): Features {
  const value = (name: FeatureName): number => feature(ids, name);
  const has = (name: FeatureName): boolean => feature(ids, name) !== 0;
  return {
    s1p: has('IDR0.S1P'),
    s2p: has('IDR0.S2P'),
    ttf: value('IDR0.TTF'),
    httu: value('IDR0.HTTU'),
    hyp: has('IDR0.Hyp'),
    ats: has('IDR0.ATS'),
    ns1ats: has('IDR0.NS1ATS'),
    asid16: has('IDR0.ASID16'),
    vmid16: has('IDR0.VMID16'),
    msi: has('IDR0.MSI'),
    sev: has('IDR0.SEV'),
    pri: has('IDR0.PRI'),
    cd2l: has('IDR0.CD2L'),
    ttEndian: value('IDR0.TTENDIAN'),
    termModel: value('IDR0.TERM_MODEL'),
    twoLevelStreamTable: value('IDR0.ST_LEVEL') === 1,
    attrTypesOvr: has('IDR1.ATTR_TYPES_OVR'),
    attrPermsOvr: has('IDR1.ATTR_PERMS_OVR'),
    fwb: has('IDR3.FWB'),
    xnx: has('IDR3.XNX'),
    mtePerm: has('IDR3.MTEPERM'),
    bbml: value('IDR3.BBML'),
    ptwnnc: has('IDR3.PTWNNC'),
    pbha: has('IDR3.PBHA'),
    mpam: has('IDR3.MPAM'),
    dpt: has('IDR3.DPT'),
    had: has('IDR3.HAD'),
    e0pd: has('IDR3.E0PD'),
    epan: has('IDR3.EPAN'),
    s1pi: has('IDR3.S1PI'),
    stt: has('IDR3.STT'),
    ril: has('IDR3.RIL'),
    ds: has('IDR5.DS'),
    d128: has('IDR5.D128'),
    vax: value('IDR5.VAX'),
    gran4k: has('IDR5.GRAN4K'),
    gran16k: has('IDR5.GRAN16K'),
    gran64k: has('IDR5.GRAN64K'),
  };
}

/** STRTAB_BASE_CFG.SPLIT: reserved values act as the smallest (6.3.25). */
function splitOf(raw: number): number {
  return SPLITS.find((split) => split === raw) ?? SPLITS[0];
}

/** A level-1 table is aligned to its size, and to 64 bytes at least (6.3.24). */
const SMALLEST_ALIGNMENT = 64;

function streamTableOf(
  bank: RegisterBank,
  features: Features,
  sidBits: number,
  oasBits: number,
): StreamTable {
  const programmedBase = bank.field('STRTAB_BASE', 'ADDR');
  const programmedLog2size = bank.field('STRTAB_BASE_CFG', 'LOG2SIZE');
  const log2size = Math.min(programmedLog2size, sidBits);
  const twoLevel = features.twoLevelStreamTable && bank.field('STRTAB_BASE_CFG', 'FMT') === 1;
  const split = splitOf(bank.field('STRTAB_BASE_CFG', 'SPLIT'));
  const entries = 2 ** (twoLevel ? Math.max(0, log2size - split) : log2size);
  const entryBytes = twoLevel ? L1STD_BYTES : STE_BYTES;
  const programmed = 2 ** (twoLevel ? Math.max(0, programmedLog2size - split) : programmedLog2size);
  const alignment = Math.max(SMALLEST_ALIGNMENT, programmed * entryBytes);
  const base = (Math.floor(programmedBase / alignment) * alignment) % 2 ** oasBits;
  const bytes = entries * entryBytes;
  const streams = 2 ** log2size;
  return { base, programmedBase, log2size, programmedLog2size, twoLevel, streams, split, entries, bytes };
}

const STALL_MODEL_SHIFT = 24;
const STALL_MODEL_MASK = 3 << STALL_MODEL_SHIFT;
const NO_STALLS = 1 << STALL_MODEL_SHIFT;

/** The ID registers as Non-secure streams meet them: Secure software may forbid stalls (IHI 0070 3.12.2). */
function effectiveIds(bank: RegisterBank): IdValues {
  const ids = bank.ids();
  const forbidden = feature(ids, 'S_IDR0.STALL_MODEL') === 0 && bank.field('S_CR0', 'NSSTALLD') === 1;
  return forbidden ? { ...ids, IDR0: ((ids.IDR0 ?? 0) & ~STALL_MODEL_MASK) | NO_STALLS } : ids;
}

const FEATURE_RULE = 'feature:';

/** The ID registers with those features at their most whose rule is switched off: `feature:IDR3.HAD`. */
function withRulesOff(ids: IdValues, rulesOff: ReadonlySet<string>): IdValues {
  let forced = ids;
  for (const rule of rulesOff) {
    const name = rule.startsWith(FEATURE_RULE) ? rule.slice(FEATURE_RULE.length) : '';
    if (isFeatureName(name)) forced = withFeatures(forced, { [name]: mostOf(name) });
  }
  return forced;
}

/** CR0.VMW: values above 4 are reserved and act as 0 (6.3.9). */
function vmwBitsOf(vmw: number): number {
  return vmw > 4 ? 0 : vmw;
}

/** Decodes the Non-secure registers. */
export function deriveState(
  bank: RegisterBank,
  rulesOff: ReadonlySet<string>,
  reservedBits: ReservedBits = 'ignore',
): WorldState {
  const ids = withRulesOff(effectiveIds(bank), rulesOff);
  const features = featuresOf(ids);
  const outputBits = Math.min(oasBits(ids), PA_BITS);
  // More than the architecture has (6.3.2) is a snapshot's mistake.
  const sidBits = Math.min(feature(ids, 'IDR1.SIDSIZE'), SID_BITS);
  const active = (bank.lo('GERROR') ^ bank.lo('GERRORN')) >>> 0;
  return {
    world: 'ns',
    smmuEnabled: bank.field('CR0', 'SMMUEN') === 1,
    cmdqEnabled: bank.field('CR0', 'CMDQEN') === 1,
    eventqEnabled: bank.field('CR0', 'EVENTQEN') === 1,
    streamTable: streamTableOf(bank, features, sidBits, outputBits),
    features,
    ids,
    oasBits: outputBits,
    oasLimit: 2 ** outputBits,
    iasBits: Math.min(iasBits(ids), PA_BITS),
    sidBits,
    ssidBits: Math.min(feature(ids, 'IDR1.SSIDSIZE'), SSID_BITS),
    minorVersion: feature(ids, 'AIDR.ArchMinorRev'),
    stallModel: feature(ids, 'IDR0.STALL_MODEL'),
    recInvSid: bank.field('CR2', 'RECINVSID') === 1,
    recCfgAts: feature(ids, 'IDR0.ATSRECERR') === 1 && bank.field('CR2', 'REC_CFG_ATS') === 1,
    atsChecked: features.ats && bank.field('CR0', 'ATSCHK') === 1,
    e2h: bank.field('CR2', 'E2H') === 1,
    tableAttributes: tableAttributes(bank.lo('CR1'), bank.field('STRTAB_BASE', 'RA') === 1),
    gmpam: bank.lo('GMPAM'),
    gbpmpam: bank.lo('GBPMPAM'),
    gbpaAbort: bank.field('GBPA', 'ABORT') === 1,
    gbpaOverride: features.attrTypesOvr ? gbpaOverrides(bank.lo('GBPA'), true) : null,
    gbpaPrivCfg: features.attrPermsOvr ? bank.field('GBPA', 'PRIVCFG') : 0,
    gbpaInstCfg: features.attrPermsOvr ? bank.field('GBPA', 'INSTCFG') : 0,
    vmwBits: features.s2p && feature(ids, 'IDR0.VMW') === 1 ? vmwBitsOf(bank.field('CR0', 'VMW')) : 0,
    cmdqStopped: (active & GERROR_CMDQ_ERR) !== 0,
    cmdqError: active & GERROR_CMDQ_ERR ? bank.field('CMDQ_CONS', 'ERR') : 0,
    eventqAborted: (active & GERROR_EVENTQ_ABT_ERR) !== 0,
    bits: fieldBits(ids, rulesOff),
    strict: reservedBits === 'strict',
    dpt: deriveDpt(bank, 'ns', ids, outputBits),
    rulesOff,
  };
}
