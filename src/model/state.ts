/** What the registers of one Security state say, decoded once for each change of a register. */

import type { World } from '../bits/world.ts';
import { type FeatureName, feature, type IdValues, iasBits, oasBits } from '../spec/features.ts';
import { GERROR_CMDQ_ERR, GERROR_EVENTQ_ABT_ERR } from '../spec/gerror.ts';
import { L1STD_BYTES, SPLITS } from '../spec/l1std.ts';
import { worldRegister } from '../spec/registers.ts';
import { STE_BYTES } from '../spec/ste.ts';
import { SID_BITS, SSID_BITS } from '../spec/stream-id.ts';
import type { RegisterBank } from './bank.ts';
import { type DptConfig, deriveDpt } from './dpt-config.ts';
import { type FieldBitsByLayout, fieldBits } from './field-bits.ts';
import { PA_BITS } from './memory.ts';
import { queueOwner } from './queues/world-queues.ts';
import { gbpaOverrides, tableAttributes } from './translate/attribute-sources.ts';
import type { Attributes, Overrides } from './translate/attributes.ts';
import { effectiveIds, idsOfWorld, isPresent } from './world-ids.ts';
import { worldRuleOff } from './world-rules.ts';

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
  /** Memory encryption contexts of Realm accesses (18). */
  readonly mec: boolean;
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
  /** Whether the state exists (3.10). */
  readonly present: boolean;
  /** As whose the configuration of its streams is cached: StreamIDs of two states are unrelated (3.10.1). */
  readonly configWorld: World;
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
  /** R_GMECID.GMECID; 0 in other states. */
  readonly gmecid: number;
  readonly gbpaAbort: boolean;
  /** What GBPA replaces of the attributes of traffic while SMMUEN=0; null when nothing. */
  readonly gbpaOverride: Overrides | null;
  /** S_GBPA.NSCFG; 0 in other states. */
  readonly gbpaNsCfg: number;
  readonly gbpaPrivCfg: number;
  readonly gbpaInstCfg: number;
  /** S_CR0.SIF: Secure instruction fetches from Non-secure memory fault (6.3.57). */
  readonly secureFetchOnly: boolean;
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
    mec: has('R_IDR3.MEC'),
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

function streamTableOf(read: WorldReader, features: Features, sidBits: number, oasBits: number): StreamTable {
  const programmedBase = read.field('STRTAB_BASE', 'ADDR');
  const programmedLog2size = read.field('STRTAB_BASE_CFG', 'LOG2SIZE');
  const log2size = Math.min(programmedLog2size, sidBits);
  const twoLevel = features.twoLevelStreamTable && read.field('STRTAB_BASE_CFG', 'FMT') === 1;
  const split = splitOf(read.field('STRTAB_BASE_CFG', 'SPLIT'));
  const entries = 2 ** (twoLevel ? Math.max(0, log2size - split) : log2size);
  const entryBytes = twoLevel ? L1STD_BYTES : STE_BYTES;
  const programmed = 2 ** (twoLevel ? Math.max(0, programmedLog2size - split) : programmedLog2size);
  const alignment = Math.max(SMALLEST_ALIGNMENT, programmed * entryBytes);
  const base = (Math.floor(programmedBase / alignment) * alignment) % 2 ** oasBits;
  const bytes = entries * entryBytes;
  const streams = 2 ** log2size;
  return { base, programmedBase, log2size, programmedLog2size, twoLevel, streams, split, entries, bytes };
}

/** A table without streams: of a state that has none. */
const NO_TABLE: StreamTable = {
  base: 0,
  programmedBase: 0,
  log2size: 0,
  programmedLog2size: 0,
  twoLevel: false,
  streams: 0,
  split: SPLITS[0],
  entries: 0,
  bytes: 0,
};

/** Whose registers say where the streams of a state have their STEs; null: nobody's. */
function tableOwner(world: World, present: boolean, rulesOff: ReadonlySet<string>): World | null {
  const off = worldRuleOff(rulesOff, world, 'STRTAB');
  if (world === 'ns') return off ? null : 'ns';
  if (off) return 'ns';
  return world === 'root' || !present ? null : world;
}

/** CR0.VMW: values above 4 are reserved and act as 0 (6.3.9). */
function vmwBitsOf(vmw: number): number {
  return vmw > 4 ? 0 : vmw;
}

/** Reads the registers of one state by the names that they have in every state. */
interface WorldReader {
  /** 0 where the state has no such field. */
  field(stem: string, field: string): number;
  /** Bits [31:0]; 0 where the state has no such register. */
  lo(stem: string): number;
}

function readerOf(bank: RegisterBank, world: World): WorldReader {
  return {
    field: (stem, field) => {
      const register = worldRegister(world, stem);
      return register !== undefined && Object.hasOwn(register.layout.fields, field)
        ? bank.field(register.short, field)
        : 0;
    },
    lo: (stem) => {
      const register = worldRegister(world, stem);
      return register === undefined ? 0 : bank.lo(register.short);
    },
  };
}

/** VMID bits that invalidations of a state's entries ignore (3.17.6); each state has a VMW of its own. */
function vmwBits(
  bank: RegisterBank,
  read: WorldReader,
  ids: IdValues,
  world: World,
  off: ReadonlySet<string>,
): number {
  const tagged = world !== 's' || feature(ids, 'S_IDR1.SEL2') === 1;
  if (!tagged || feature(ids, 'IDR0.S2P') === 0 || feature(ids, 'IDR0.VMW') === 0) return 0;
  return vmwBitsOf(off.has('world:TLB-VMW') ? bank.field('CR0', 'VMW') : read.field('CR0', 'VMW'));
}

/** Decodes the registers of a state as {@link deriveState} does, with all else settled. */
export type Derive = (bank: RegisterBank, world: World) => WorldState;

/**
 * Decodes the registers of a state. One that does not exist has nothing enabled, and Root has no streams or queues.
 * @param rulesOff see `SmmuOptions`
 */
export function deriveState(
  bank: RegisterBank,
  world: World,
  rulesOff: ReadonlySet<string>,
  reservedBits: ReservedBits = 'ignore',
): WorldState {
  const every = effectiveIds(bank.ids(), rulesOff);
  const ids = idsOfWorld(bank, every, world, rulesOff);
  const features = featuresOf(ids);
  const present = isPresent(every, world, rulesOff);
  const read = readerOf(bank, world);
  const on = (stem: string, field: string): boolean => present && read.field(stem, field) === 1;
  const queueOn = (queue: 'CMDQ' | 'EVENTQ'): boolean => {
    const of = present ? queueOwner(rulesOff, world, queue) : null;
    return of !== null && readerOf(bank, of).field('CR0', `${queue}EN`) === 1;
  };
  const outputBits = Math.min(oasBits(ids), PA_BITS);
  // More than the architecture has (6.3.2) is a snapshot's mistake.
  const sidBits = Math.min(feature(ids, 'IDR1.SIDSIZE'), SID_BITS);
  const active = (read.lo('GERROR') ^ read.lo('GERRORN')) >>> 0;
  const owner = tableOwner(world, present, rulesOff);
  return {
    world,
    present,
    configWorld: rulesOff.has('world:CANNOT-SID') ? 'ns' : world,
    smmuEnabled: on('CR0', 'SMMUEN'),
    cmdqEnabled: queueOn('CMDQ'),
    eventqEnabled: queueOn('EVENTQ'),
    streamTable:
      owner === null ? NO_TABLE : streamTableOf(readerOf(bank, owner), features, sidBits, outputBits),
    features,
    ids,
    oasBits: outputBits,
    oasLimit: 2 ** outputBits,
    iasBits: Math.min(iasBits(ids), PA_BITS),
    sidBits,
    ssidBits: Math.min(feature(ids, 'IDR1.SSIDSIZE'), SSID_BITS),
    minorVersion: feature(ids, 'AIDR.ArchMinorRev'),
    stallModel: feature(ids, 'IDR0.STALL_MODEL'),
    recInvSid: on('CR2', 'RECINVSID'),
    recCfgAts: feature(ids, 'IDR0.ATSRECERR') === 1 && on('CR2', 'REC_CFG_ATS'),
    // R_CR0.ATSCHK is RES1 (6.3.128).
    atsChecked: features.ats && ((world === 'realm' && !rulesOff.has('world:R-ATS')) || on('CR0', 'ATSCHK')),
    e2h: on('CR2', 'E2H'),
    tableAttributes: tableAttributes(read.lo('CR1'), read.field('STRTAB_BASE', 'RA') === 1),
    gmpam: read.lo('GMPAM'),
    gbpmpam: read.lo('GBPMPAM'),
    gmecid: read.field('GMECID', 'GMECID'),
    gbpaAbort: read.field('GBPA', 'ABORT') === 1,
    gbpaNsCfg: read.field('GBPA', 'NSCFG'),
    gbpaOverride: features.attrTypesOvr ? gbpaOverrides(read.lo('GBPA'), true) : null,
    gbpaPrivCfg: features.attrPermsOvr ? read.field('GBPA', 'PRIVCFG') : 0,
    gbpaInstCfg: features.attrPermsOvr ? read.field('GBPA', 'INSTCFG') : 0,
    secureFetchOnly: on('CR0', 'SIF'),
    vmwBits: vmwBits(bank, read, ids, world, rulesOff),
    cmdqStopped: (active & GERROR_CMDQ_ERR) !== 0,
    cmdqError: active & GERROR_CMDQ_ERR ? read.field('CMDQ_CONS', 'ERR') : 0,
    eventqAborted: (active & GERROR_EVENTQ_ABT_ERR) !== 0,
    bits: fieldBits(ids, rulesOff),
    strict: reservedBits === 'strict',
    dpt: deriveDpt(bank, world, ids, outputBits),
    rulesOff,
  };
}
