/** What the SMMU answers to an ATS Translation Request: IHI 0070 3.9.1.2, 13.6 and 13.7. */

import type { World } from '../../bits/world.ts';

/** `ur` Unsupported Request, `ca` Completer Abort. */
export type AtsStatus = 'success' | 'ur' | 'ca';

/** A Translation Completion with one data entry. */
export interface AtsCompletion {
  readonly status: AtsStatus;
  /** Translated address of the first byte of the range (PA in bytes, or IPA with split-stage ATS). */
  readonly address: number;
  /** The address is an IPA: STE.EATS=2. */
  readonly isIpa: boolean;
  /** log2 of the bytes that the entry translates; the entry's S bit says that it is more than 4 KiB. */
  readonly shift: number;
  readonly read: boolean;
  readonly write: boolean;
  /** Exe: granted only where it was asked for. */
  readonly execute: boolean;
  /** Priv: as in the request, whatever PRIVCFG says (13.7.1). */
  readonly privileged: boolean;
  /** Always false: no two contexts of an endpoint need agree (3.9.1). */
  readonly global: false;
  /** Always false: the SMMU does not steer No_snoop by the page (13.6.2.1). */
  readonly noSnoop: false;
  /** U, untranslated access only: always false (13.6.4). */
  readonly untranslatedOnly: false;
  /** CXL.io: the device must not cache the range by CXL.cache (3.9.3). */
  readonly cxlIo: boolean;
  /** TE: the address is one of Realm memory; R_IDR3.XT only (3.9.4.2). */
  readonly te: boolean;
  /** One line for people. */
  readonly text: string;
}

/** A translation that an endpoint keeps. */
export interface AtcEntry {
  readonly world: World;
  readonly sid: number;
  /** PASID of the request, or -1. */
  readonly ssid: number;
  /** First untranslated address of the range, as halves. */
  readonly addressHi: number;
  readonly addressLo: number;
  readonly completion: AtsCompletion;
}

/** A completion that gives nothing but its status. */
export function refused(status: 'ur' | 'ca', text: string): AtsCompletion {
  return { ...NOTHING, status, text };
}

/** Success that grants nothing: R=W=0, as large as the smallest translation unit (3.9.1.2). */
export function noAccess(shift: number, privileged: boolean, text: string): AtsCompletion {
  return { ...NOTHING, status: 'success', shift, privileged, text };
}

const NOTHING = {
  address: 0,
  isIpa: false,
  shift: 0,
  read: false,
  write: false,
  execute: false,
  privileged: false,
  global: false,
  noSnoop: false,
  untranslatedOnly: false,
  cxlIo: false,
  te: false,
} as const;
