/**
 * What each kind of access needs of a translation, and what becomes of it without: IHI 0070 3.14, 3.22 (reads, writes
 * and prefetches with a hint), 16.7.2 (cache maintenance), 16.7.6 (atomic accesses).
 */

import { STE } from '../../spec/ste.ts';
import type { Downgrade, Transaction, TransactionKind } from '../plan.ts';
import type { Answer } from './answer.ts';
import { neededPermission, PERM } from './permission.ts';

/** One kind of access. */
export interface AccessKind {
  /** Whether it counts as a write, or `given`: as the transaction says. Records say RnW=0 of writes. */
  readonly write: boolean | 'given';
  /** Never an instruction fetch. */
  readonly data: boolean;
  /** A read that also needs write permission to be what was asked for, without marking the page dirty. */
  readonly wantsWrite: boolean;
  /** A write that also needs read permission. */
  readonly needsRead: boolean;
  /** Any permission at all is enough. */
  readonly anyPermission: boolean;
  /** What it becomes where write permission is wanted and missing. */
  readonly without: Downgrade | null;
  /** The STE bit that must be 1 for it to stay what it is, where a stage translates, and what it becomes otherwise. */
  readonly control: { readonly field: 'DRE' | 'DCP'; readonly becomes: Downgrade } | null;
  /** What SMMUv3.0, which knows none of these, makes of it (3.22, 16.7.2); `unsupported` is F_UUT. */
  readonly before31: Downgrade | 'unsupported' | null;
  /** A hint: where it faults it just does nothing, and no abort is returned. */
  readonly hint: boolean;
  /** No event and no stall: a fault is an abort. */
  readonly quiet: boolean;
}

const PLAIN: AccessKind = {
  write: 'given',
  data: false,
  wantsWrite: false,
  needsRead: false,
  anyPermission: false,
  without: null,
  control: null,
  before31: null,
  hint: false,
  quiet: false,
};

const maintenance: AccessKind = { ...PLAIN, write: false, before31: 'unsupported' };

export const ACCESS_KINDS: Readonly<Record<TransactionKind, AccessKind>> = {
  ordinary: PLAIN,
  atomic: { ...PLAIN, write: true, data: true, needsRead: true },
  speculative: { ...PLAIN, quiet: true },
  request: PLAIN,
  translated: PLAIN,
  atos: { ...PLAIN, quiet: true },
  'no-stream-id': PLAIN,
  'read-clean-invalidate': { ...PLAIN, write: false, before31: 'read' },
  'destructive-read': {
    ...PLAIN,
    write: false,
    wantsWrite: true,
    without: 'read',
    control: { field: 'DRE', becomes: 'read' },
    before31: 'read',
  },
  'write-prefetch': {
    ...PLAIN,
    write: true,
    control: { field: 'DCP', becomes: 'write' },
    before31: 'write',
  },
  prefetch: {
    ...PLAIN,
    write: false,
    anyPermission: true,
    control: { field: 'DCP', becomes: 'no-op' },
    before31: 'no-op',
    hint: true,
  },
  clean: maintenance,
  'clean-to-persistence': maintenance,
  'clean-invalidate': maintenance,
  invalidate: {
    ...maintenance,
    wantsWrite: true,
    without: 'clean-invalidate',
    control: { field: 'DRE', becomes: 'clean-invalidate' },
  },
  'destructive-hint': {
    ...maintenance,
    wantsWrite: true,
    without: 'no-op',
    control: { field: 'DRE', becomes: 'no-op' },
    hint: true,
  },
  unsupported: PLAIN,
};

/** The transaction with the direction and the nature that its kind has, whatever it claims. */
export function normalised(t: Transaction): Transaction {
  const kind = ACCESS_KINDS[t.kind];
  const write = kind.write === 'given' ? t.write : kind.write;
  const instruction = t.instruction && !kind.data;
  return write === t.write && instruction === t.instruction ? t : { ...t, write, instruction };
}

/** Whether the STE lets a kind of access stay what it is, where a stage translates (3.22.1, 16.7.2.1). */
export function controlled(kind: TransactionKind, ste: Uint32Array): Downgrade | null {
  const { control } = ACCESS_KINDS[kind];
  return control && STE.fields[control.field].get(ste, 0) === 0 ? control.becomes : null;
}

/** The bits of {@link PERM} that a transaction cannot do without (3.22.2, 16.7.2.2, 16.7.6). */
export function neededOf(t: Transaction, privileged: boolean, instruction: boolean): number {
  if (t.kind === 'ordinary') return neededPermission(privileged, instruction, t.write, false);
  const { anyPermission, needsRead } = ACCESS_KINDS[t.kind];
  return anyPermission ? 0 : neededPermission(privileged, instruction, t.write, needsRead);
}

/** What a permitted access becomes for want of write permission, or of any (3.22.2, 16.7.2.2). */
export function settleAccess(answer: Answer): void {
  const { wantsWrite, anyPermission, without } = ACCESS_KINDS[answer.kind];
  // Without a stage there is nothing that could refuse.
  if (answer.becomes !== null || answer.shift === 0) return;
  const privileged = answer.privileged || (answer.context !== null && !answer.context.twoRanges);
  const bits = privileged ? answer.permissions : answer.permissions >>> 3;
  if (wantsWrite && (bits & PERM.pw) === 0) answer.becomes = without;
  if (anyPermission && (bits & (PERM.pr | PERM.pw | PERM.px)) === 0) answer.becomes = 'no-op';
}
