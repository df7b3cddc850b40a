/** Transactions of clients, as they arrive at the SMMU. */

import type { World } from '../bits/world.ts';
import { type Attributes, DEFAULT_ATTRIBUTES } from './translate/attributes.ts';

/** A client transaction as it arrives at the SMMU. */
export interface Transaction {
  /** Security state of the stream (SEC_SID). */
  readonly world: World;
  readonly sid: number;
  /** SubstreamID, or -1 when the transaction has none (SSV=0). */
  readonly ssid: number;
  /** Input address, 64 bits as two halves. */
  readonly vaHi: number;
  readonly vaLo: number;
  readonly write: boolean;
  readonly privileged: boolean;
  readonly instruction: boolean;
  readonly kind: TransactionKind;
  /** Memory attributes as they arrive, packed as in `translate/attributes.ts`. */
  readonly attributes: Attributes;
  /** The NS attribute as it arrives; Secure and Realm streams only. */
  readonly ns: boolean;
  /**
   * Of a Realm stream: the access comes with XT=1, so that `ns` says which memory it must reach (3.9.4.3). One with
   * `ns` always does.
   */
  readonly xt?: boolean;
  /** Of a `no-stream-id`: the NSE signal, where there is one; with `ns` it names the physical address space. */
  readonly nse?: boolean;
  /** Of a `request`: its Source-CXL bit (3.9.3). */
  readonly cxl?: boolean;
  /** Of an `atos`. */
  readonly atos?: AtosQuery;
}

/**
 * What a client asks for beside a plain read or write:
 * `atomic` reads and writes (16.7.6); `speculative` is aborted instead of faulting (3.14);
 * `request` is an ATS Translation Request (`write` says NW=0, `instruction` Exe, `privileged` Priv) and `translated`
 * an ATS Translated transaction (3.9); `atos` is an address translation operation of software (9);
 * reads with a side effect, writes and hints that steer caches (3.22); cache maintenance by address (16.7.2);
 * `no-stream-id` comes from a device without StreamID and has a physical address (3.25.1.1);
 * `unsupported` stands for what an interconnect can say and this SMMU cannot do (7.3.2).
 */
export type TransactionKind =
  | 'ordinary'
  | 'atomic'
  | 'speculative'
  | 'request'
  | 'translated'
  | 'atos'
  | 'read-clean-invalidate'
  | 'destructive-read'
  | 'write-prefetch'
  | 'prefetch'
  | 'clean'
  | 'clean-to-persistence'
  | 'clean-invalidate'
  | 'invalidate'
  | 'destructive-hint'
  | 'no-stream-id'
  | 'unsupported';

/** What an address translation operation asks beside its address (9.1.3). */
export interface AtosQuery {
  /** TYPE: 1 stage 1, 2 stage 2, 3 both. */
  readonly stages: 1 | 2 | 3;
  /** HTTUI: the access flag and the dirty state stay as they are. */
  readonly passive: boolean;
  /** VATOS only: the VMID that the stream must have (9.1.6). */
  readonly vmid?: number;
}

/** A transaction of the Non-secure world: an ordinary unprivileged data read unless `some` says otherwise. */
export function transaction(
  some: Partial<Transaction> & Pick<Transaction, 'sid' | 'vaHi' | 'vaLo'>,
): Transaction {
  return {
    world: some.world ?? 'ns',
    sid: some.sid,
    ssid: some.ssid ?? -1,
    vaHi: some.vaHi,
    vaLo: some.vaLo,
    write: some.write ?? false,
    privileged: some.privileged ?? false,
    instruction: some.instruction ?? false,
    kind: some.kind ?? 'ordinary',
    attributes: some.attributes ?? DEFAULT_ATTRIBUTES,
    ns: some.ns ?? false,
    ...(some.xt && { xt: true }),
    ...(some.nse !== undefined && { nse: some.nse }),
    ...(some.cxl && { cxl: true }),
    ...(some.atos && { atos: some.atos }),
  };
}
