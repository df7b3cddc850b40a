import type { CommandName, QueueWorld } from './commands.ts';

/** Which command has the scope of a broadcast invalidation, in each Security state; null: the state has none. */
type CommandOf = Readonly<Record<QueueWorld, CommandName | null>>;

/** A TLB invalidation that a PE broadcasts (3.17). */
export interface BroadcastFacts {
  readonly command: CommandOf;
  /** Which one acts on stage 1 alone, where there is no stage 2: the message is not lost for that (3.17). */
  readonly stage1Command?: CommandName;
  /** Exception level of the regime. */
  readonly level: 1 | 2 | 3;
  /** Entries with CD.ASET=1 may stay: always, or only where the regime has no ASIDs. */
  readonly sparesAset: 'never' | 'always' | 'without-asid';
  /** Only the last level of the walk. */
  readonly leaf: boolean;
  readonly doc: string;
}

const same = (command: CommandName): CommandOf => ({ ns: command, s: command, realm: command });
const el2 = (ns: CommandName, s: CommandName): CommandOf => ({ ns, s, realm: ns });
const el3 = (command: CommandName): CommandOf => ({ ns: null, s: command, realm: null });

const facts = (
  command: CommandOf,
  level: 1 | 2 | 3,
  sparesAset: BroadcastFacts['sparesAset'],
  doc: string,
  leaf = false,
): BroadcastFacts => ({ command, level, sparesAset, leaf, doc });

/** Of all that EL1 has: where there is no stage 2, of its stage 1. */
const everyStage = (command: CommandOf, doc: string): BroadcastFacts => ({
  ...facts(command, 1, 'never', doc),
  stage1Command: 'CMD_TLBI_NH_ALL',
});

/** The invalidations by the names of the PE's instructions, without IS or OS (3.17, 3.17.2, 3.17.5). */
export const BROADCASTS = {
  ALLE1: everyStage(el2('CMD_TLBI_NSNH_ALL', 'CMD_TLBI_SNH_ALL'), 'All of EL1, every VMID.'),
  VMALLE1: facts(same('CMD_TLBI_NH_ALL'), 1, 'never', 'Stage 1 of a VMID.'),
  VMALLS12E1: everyStage(el2('CMD_TLBI_S12_VMALL', 'CMD_TLBI_S_S12_VMALL'), 'Both stages of a VMID.'),
  ASIDE1: facts(same('CMD_TLBI_NH_ASID'), 1, 'always', 'Non-global entries of an ASID.'),
  VAE1: facts(same('CMD_TLBI_NH_VA'), 1, 'always', 'An address of an ASID.'),
  VALE1: facts(same('CMD_TLBI_NH_VA'), 1, 'always', 'An address of an ASID, last level.', true),
  VAAE1: facts(same('CMD_TLBI_NH_VAA'), 1, 'never', 'An address in every ASID.'),
  VAALE1: facts(same('CMD_TLBI_NH_VAA'), 1, 'never', 'An address in every ASID, last level.', true),
  IPAS2E1: facts(el2('CMD_TLBI_S2_IPA', 'CMD_TLBI_S_S2_IPA'), 1, 'never', 'An IPA, stage 2.'),
  IPAS2LE1: facts(
    el2('CMD_TLBI_S2_IPA', 'CMD_TLBI_S_S2_IPA'),
    1,
    'never',
    'An IPA, stage 2, last level.',
    true,
  ),
  ALLE2: facts(el2('CMD_TLBI_EL2_ALL', 'CMD_TLBI_S_EL2_ALL'), 2, 'never', 'All of EL2.'),
  ASIDE2: facts(
    el2('CMD_TLBI_EL2_ASID', 'CMD_TLBI_S_EL2_ASID'),
    2,
    'always',
    'Non-global entries of an ASID, with E2H.',
  ),
  VAE2: facts(el2('CMD_TLBI_EL2_VA', 'CMD_TLBI_S_EL2_VA'), 2, 'always', 'An address of EL2.'),
  VALE2: facts(el2('CMD_TLBI_EL2_VA', 'CMD_TLBI_S_EL2_VA'), 2, 'always', 'The same, last level.', true),
  VAAE2: facts(
    el2('CMD_TLBI_EL2_VAA', 'CMD_TLBI_S_EL2_VAA'),
    2,
    'without-asid',
    'An address of EL2 in every ASID.',
  ),
  VAALE2: facts(
    el2('CMD_TLBI_EL2_VAA', 'CMD_TLBI_S_EL2_VAA'),
    2,
    'without-asid',
    'The same, last level.',
    true,
  ),
  ALLE3: facts(el3('CMD_TLBI_EL3_ALL'), 3, 'never', 'All of EL3.'),
  VAE3: facts(el3('CMD_TLBI_EL3_VA'), 3, 'always', 'An address of EL3.'),
  VALE3: facts(el3('CMD_TLBI_EL3_VA'), 3, 'always', 'The same, last level.', true),
} as const satisfies Readonly<Record<string, BroadcastFacts>>;

/** Invalidations of the granule protection table that PEs at EL3 broadcast (3.17.7); they name physical addresses. */
export const GPT_BROADCASTS = {
  PAALLOS: { all: true, lastLevel: false, doc: 'All that is kept of the granule protection table.' },
  RPAOS: { all: false, lastLevel: false, doc: 'A range of physical addresses.' },
  RPALOS: { all: false, lastLevel: true, doc: 'A range of physical addresses, last level.' },
} as const;

export type GptBroadcastName = keyof typeof GPT_BROADCASTS;

export type BroadcastName = keyof typeof BROADCASTS;
