import type { FeatureTest } from './feature-test.ts';

/** Translation regime of a stream: the StreamWorld of its TLB entries (3.3.4, 3.17). */
export type StreamWorld =
  | 'NS-EL1'
  | 'NS-EL2'
  | 'NS-EL2-E2H'
  | 'Secure'
  | 'S-EL2'
  | 'S-EL2-E2H'
  | 'EL3'
  | 'Realm-EL1'
  | 'Realm-EL2'
  | 'Realm-EL2-E2H';

export interface StreamWorldFacts {
  /** Security state of the streams. */
  readonly world: 'ns' | 's' | 'realm';
  /** Entries bear a VMID when this feature is there; absent: never. */
  readonly vmid?: FeatureTest;
  /** Non-global entries bear an ASID. */
  readonly asid: boolean;
  /** VA[55] chooses between TTB0 and TTB1; otherwise there is TTB0 only. */
  readonly twoRanges: boolean;
  /** Privileged and unprivileged accesses have permissions of their own. */
  readonly twoPrivileges: boolean;
  readonly doc: string;
}

export const STREAM_WORLDS: Readonly<Record<StreamWorld, StreamWorldFacts>> = {
  'NS-EL1': {
    world: 'ns',
    vmid: 'IDR0.S2P',
    asid: true,
    twoRanges: true,
    twoPrivileges: true,
    doc: 'Non-secure EL1 and EL0.',
  },
  'NS-EL2': { world: 'ns', asid: false, twoRanges: false, twoPrivileges: false, doc: 'Non-secure EL2.' },
  'NS-EL2-E2H': {
    world: 'ns',
    asid: true,
    twoRanges: true,
    twoPrivileges: true,
    doc: 'Non-secure EL2 with E2H (CR2.E2H).',
  },
  Secure: {
    world: 's',
    vmid: 'S_IDR1.SEL2',
    asid: true,
    twoRanges: true,
    twoPrivileges: true,
    doc: 'Secure EL1 and EL0; stage-1-only streams tag VMID 0.',
  },
  'S-EL2': { world: 's', asid: false, twoRanges: false, twoPrivileges: false, doc: 'Secure EL2.' },
  'S-EL2-E2H': {
    world: 's',
    asid: true,
    twoRanges: true,
    twoPrivileges: true,
    doc: 'Secure EL2 with E2H (S_CR2.E2H).',
  },
  EL3: { world: 's', asid: false, twoRanges: false, twoPrivileges: false, doc: 'EL3.' },
  'Realm-EL1': {
    world: 'realm',
    vmid: 'IDR0.S2P',
    asid: true,
    twoRanges: true,
    twoPrivileges: true,
    doc: 'Realm EL1 and EL0.',
  },
  'Realm-EL2': { world: 'realm', asid: false, twoRanges: false, twoPrivileges: false, doc: 'Realm EL2.' },
  'Realm-EL2-E2H': {
    world: 'realm',
    asid: true,
    twoRanges: true,
    twoPrivileges: true,
    doc: 'Realm EL2 with E2H (R_CR2.E2H).',
  },
};
