import type { World } from '../bits/world.ts';
import type { FeatureName } from './feature-test.ts';
import type { StreamWorld } from './stream-worlds.ts';

/** What a security state has of its own (3.10). */
export interface WorldFacts {
  /** SEC_SID of its streams; null: it has none. */
  readonly secSid: number | null;
  /** The feature that says whether it exists. */
  readonly present: true | FeatureName;
  readonly registers: string;
  readonly registerAccess: string;
  /** Register with the base of its stream table. */
  readonly streamTable: string | null;
  readonly commandQueue: boolean;
  readonly eventQueue: boolean;
  readonly priQueue: boolean | FeatureName;
  /** Which address space each structure is fetched from. */
  readonly structureSpaces: Readonly<Record<string, string>>;
  /** Where its streams' output may go. */
  readonly outputSpaces: readonly World[];
  readonly streamWorlds: readonly StreamWorld[];
  readonly whileDisabled: string;
  readonly stall: string;
  readonly ats: boolean | FeatureName;
  readonly notes: readonly string[];
}

export const WORLD_FACTS: Readonly<Record<World, WorldFacts>> = {
  ns: {
    secSid: 0,
    present: true,
    registers: 'SMMU_*: page 0 0x0000-0x7FFF, page 1',
    registerAccess: 'any PA space',
    streamTable: 'STRTAB_BASE',
    commandQueue: true,
    eventQueue: true,
    priQueue: 'IDR0.PRI',
    structureSpaces: {
      'STE/L1STD/VMS': 'NS PA',
      'CD/L1CD': 'NS PA or NS IPA',
      tables: 'NS PA/IPA',
      queues: 'NS PA',
      MSI: 'NS PA',
    },
    outputSpaces: ['ns'],
    streamWorlds: ['NS-EL1', 'NS-EL2', 'NS-EL2-E2H'],
    whileDisabled: 'GBPA bypass or abort',
    stall: 'IDR0.STALL_MODEL (filtered by S_CR0.NSSTALLD)',
    ats: 'IDR0.ATS',
    notes: [],
  },
  s: {
    secSid: 1,
    present: 'S_IDR1.SECURE_IMPL',
    registers: 'SMMU_S_* at page 0 0x8000-0xBFFF, ECMDQ control 0xC000',
    registerAccess: 'Secure (and Root); RAZ/WI to Non-secure and Realm; S_INIT may be opened by the system',
    streamTable: 'S_STRTAB_BASE',
    commandQueue: true,
    eventQueue: true,
    priQueue: false,
    structureSpaces: {
      'STE/L1STD/VMS': 'Secure PA',
      'CD/L1CD': 'Secure PA, or Secure IPA through S_S2TTB when stage 2',
      'stage-1 tables': 'Secure, or NS by CD.NSCFG/NSTable',
      'stage-2 tables': 'by S2SW / S2NSW',
      queues: 'Secure PA',
      MSI: 'Secure PA',
    },
    outputSpaces: ['s', 'ns'],
    streamWorlds: ['Secure', 'S-EL2', 'S-EL2-E2H', 'EL3'],
    whileDisabled: 'S_GBPA incl. NSCFG',
    stall: 'S_IDR0.STALL_MODEL',
    ats: false,
    notes: [
      'stage 2 only with S_IDR1.SEL2 and AA64/D128',
      'stage-1-only Secure entries use VMID 0',
      'S_CR0.SIF',
      'S_INIT.INV_ALL drops caches of all states',
      'RME: SEL2 must be 1',
    ],
  },
  realm: {
    secSid: 2,
    present: 'ROOT_IDR0.REALM_IMPL',
    registers: 'SMMU_R_* in Realm pages 0/1 at O_REALM = 0x20000 + BA_REALM*0x10000',
    registerAccess: 'Realm and Root; else RAZ/WI',
    streamTable: 'R_STRTAB_BASE',
    commandQueue: true,
    eventQueue: true,
    priQueue: 'R_IDR0.PRI',
    structureSpaces: {
      'STE/L1STD/VMS': 'Realm PA',
      'CD/L1CD': 'Realm PA or Realm IPA (must resolve to Realm)',
      tables: 'Realm PA (stage-1 tables through stage 2 must resolve to Realm)',
      queues: 'Realm PA',
      MSI: 'Realm PA or NS by NS bit',
    },
    outputSpaces: ['realm', 'ns'],
    streamWorlds: ['Realm-EL1', 'Realm-EL2', 'Realm-EL2-E2H'],
    whileDisabled: 'R_GBPA.ABORT is RO 1: abort',
    stall: 'R_IDR0.STALL_MODEL is 0b01: never stalls; CMD_RESUME/STALL_TERM CERROR_ILL',
    ats: 'R_IDR0.ATS',
    notes: [
      'no LPAE',
      'CD.NSCFGx ignored',
      'Non-secure target instruction fetch gives F_PERMISSION',
      'MECID from STE / R_GMECID',
      'SSec must be 0',
    ],
  },
  root: {
    secSid: null,
    present: 'ROOT_IDR0.ROOT_IMPL',
    registers: 'Root control page, IMPDEF base, 64KB aligned',
    registerAccess: 'Root only; else RAZ/WI',
    streamTable: null,
    commandQueue: false,
    eventQueue: false,
    priQueue: false,
    structureSpaces: {},
    outputSpaces: ['root'],
    streamWorlds: [],
    whileDisabled: 'no streams',
    stall: 'no streams',
    ats: false,
    notes: ['GPT base/config, GPC enable, ACCESSEN', 'ROOT_TLBI by PA', 'GPF_FAR / GPT_CFG_FAR'],
  },
};

/**
 * What a state says of its own in place of the Non-secure ID registers: the field there, and the field here (6.3.52,
 * 6.3.53, 6.3.122, 6.3.125). All else is shared.
 */
export const OWN_FEATURES: Readonly<Record<World, readonly (readonly [FeatureName, FeatureName])[]>> = {
  ns: [],
  s: [
    ['IDR0.STALL_MODEL', 'S_IDR0.STALL_MODEL'],
    ['IDR0.MSI', 'S_IDR0.MSI'],
    ['IDR1.SIDSIZE', 'S_IDR1.S_SIDSIZE'],
  ],
  realm: [
    ['IDR0.STALL_MODEL', 'R_IDR0.STALL_MODEL'],
    ['IDR0.MSI', 'R_IDR0.MSI'],
    ['IDR0.ATS', 'R_IDR0.ATS'],
    ['IDR0.PRI', 'R_IDR0.PRI'],
    ['IDR3.DPT', 'R_IDR3.DPT'],
    // STE.MPAM_NS is there by what the stream's own state says (5.2).
    ['S_MPAMIDR.HAS_MPAM_NS', 'R_MPAMIDR.HAS_MPAM_NS'],
  ],
  root: [],
};

/**
 * Where each kind of structure may lie that is read for the streams of a Security state (3.10.2): what tells of the
 * stream, its contexts, its translation tables. Of Secure streams Non-secure memory counts by STE, CD and NSTable.
 */
export const STRUCTURE_SPACES: Readonly<
  Record<World, Readonly<Record<'stream' | 'context' | 'table', readonly World[]>>>
> = {
  ns: { stream: ['ns'], context: ['ns'], table: ['ns'] },
  s: { stream: ['s'], context: ['s', 'ns'], table: ['s', 'ns'] },
  realm: { stream: ['realm'], context: ['realm'], table: ['realm'] },
  root: { stream: [], context: [], table: [] },
};

/** World by SEC_SID; 3 is reserved. Without S_IDR1.SECURE_IMPL every SEC_SID counts as 0. */
export const WORLD_BY_SEC_SID: readonly (World | undefined)[] = ['ns', 's', 'realm', undefined];

/** Physical address space by NSE:NS. */
export const SPACE_BY_NSE_NS: readonly World[] = ['s', 'ns', 'root', 'realm'];

/** Physical address space by the FPAS field of the fault registers. */
export const SPACE_BY_FPAS: readonly World[] = ['s', 'ns', 'root', 'realm'];
