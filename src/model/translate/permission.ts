/** Direct permissions of both stages: DDI 0487 D8.4, in its order. */

import { maskOf } from '../../bits/layout.ts';
import { S1_LEAF, S2_LEAF, TABLE } from '../../spec/descriptors.ts';
import type { ContextConfig } from './configuration.ts';

/** What a translation permits: privileged and unprivileged read, write, execute. */
export const PERM = { pr: 1, pw: 2, px: 4, ur: 8, uw: 16, ux: 32 } as const;

/** Everything is permitted: what a stage permits that does not translate. */
export const ALL_PERMITTED = 63;
export const EXECUTES = PERM.px | PERM.ux;
const READS = PERM.pr | PERM.ur;
export const WRITES = PERM.pw | PERM.uw;

/**
 * How far above the bits of {@link PERM} a translation keeps those that it will have once hardware has marked its page
 * dirty (3.13); 0 where it may not.
 */
export const ONCE_DIRTY = 6;

const AP1 = maskOf(S1_LEAF.fields.AP1);
const AP2 = maskOf(S1_LEAF.fields.AP2);
const PXN = maskOf(S1_LEAF.fields.PXN);
const UXN = maskOf(S1_LEAF.fields.UXN_XN);
const S2AP0 = maskOf(S2_LEAF.fields.S2AP0);
const S2AP1 = maskOf(S2_LEAF.fields.S2AP1);
const S2_XN_SHIFT = S2_LEAF.fields.XN.lsb - 32;
const PXN_TABLE = maskOf(TABLE.fields.PXNTable);
const XN_TABLE = maskOf(TABLE.fields.XNTable);
const AP_TABLE_0 = maskOf(TABLE.fields.APTable0);
const AP_TABLE_1 = maskOf(TABLE.fields.APTable1);
/** Bits of the upper half of table descriptors that restrict what lies below. */
export const HIERARCHICAL_BITS = PXN_TABLE | XN_TABLE | AP_TABLE_0 | AP_TABLE_1;

/**
 * The permissions of a stage-1 leaf.
 * @param hi upper half of the leaf descriptor
 * @param lo lower half
 * @param tables upper halves of the table descriptors above, joined by OR; 0 where HADx=1
 * @returns bits of {@link PERM}
 */
export function stage1Permissions(context: ContextConfig, hi: number, lo: number, tables: number): number {
  const lpae = context.format === 'VMSAv8-32';
  const readOnly = (lo & AP2) !== 0 || (tables & AP_TABLE_1) !== 0;
  if (!context.twoRanges) {
    // One privilege level: AP[1] counts as 1, and XN is bit 54.
    const x = (hi & UXN) === 0 && (tables & XN_TABLE) === 0 && !(context.wxn && !readOnly);
    return PERM.pr | (readOnly ? 0 : PERM.pw) | (x ? PERM.px : 0);
  }
  const user = (lo & AP1) !== 0 && (tables & AP_TABLE_0) === 0;
  const userWrite = user && !readOnly;
  let px = (hi & PXN) === 0 && (tables & PXN_TABLE) === 0 && !(userWrite && (!lpae || context.uwxn));
  let ux = (hi & UXN) === 0 && (tables & XN_TABLE) === 0;
  if (lpae) {
    // XN is for both privileges there, and what executes must be readable.
    px = px && ux;
    ux = ux && user;
  }
  if (context.wxn) {
    px = px && readOnly;
    ux = ux && !userWrite;
  }
  const hidden = context.pan && (user || (context.epan && ux));
  return (
    (hidden ? 0 : PERM.pr) |
    (hidden || readOnly ? 0 : PERM.pw) |
    (px ? PERM.px : 0) |
    (user ? PERM.ur : 0) |
    (userWrite ? PERM.uw : 0) |
    (ux ? PERM.ux : 0)
  );
}

/** Who may execute, by XN[1:0] of a stage-2 leaf (IDR3.XNX). */
const S2_EXECUTE = [PERM.px | PERM.ux, PERM.ux, 0, PERM.px];

/**
 * The permissions of a stage-2 leaf.
 * @param hi upper half of the leaf descriptor
 * @param lo lower half
 * @param xnx XN[0] counts, and with it the privilege; otherwise XN[1] alone denies
 * @param lpae VMSAv8-32: what executes must be readable (5.2, S2AA64)
 * @returns bits of {@link PERM}
 */
export function stage2Permissions(hi: number, lo: number, xnx: boolean, lpae: boolean): number {
  const xn = (hi >>> S2_XN_SHIFT) & (xnx ? 3 : 2);
  const reads = (lo & S2AP0) !== 0;
  const executes = lpae && !reads ? 0 : (S2_EXECUTE[xn] as number);
  return (reads ? READS : 0) | ((lo & S2AP1) !== 0 ? WRITES : 0) | executes;
}

/**
 * The bits of {@link PERM} that an access needs. Writes are never instruction fetches, and an atomic reads and writes
 * (16.7.6).
 */
export function neededPermission(
  privileged: boolean,
  instruction: boolean,
  write: boolean,
  atomic: boolean,
): number {
  const kind = atomic ? PERM.pr | PERM.pw : write ? PERM.pw : instruction ? PERM.px : PERM.pr;
  return privileged ? kind : kind << 3;
}

/** Of an access that reads and writes: the write is permitted, and the read is not (13.1.1). */
export function lacksReadOnly(permissions: number, need: number): boolean {
  const has = permissions | (permissions >>> ONCE_DIRTY);
  return (need & READS) !== 0 && (need & has & WRITES) !== 0;
}

/** `rwx` of both privilege levels, for people: `priv rw- user r--`. */
export function permissionText(bits: number, twoRanges: boolean): string {
  const rwx = (b: number): string => `${b & 1 ? 'r' : '-'}${b & 2 ? 'w' : '-'}${b & 4 ? 'x' : '-'}`;
  return twoRanges ? `privileged ${rwx(bits)} unprivileged ${rwx(bits >> 3)}` : rwx(bits);
}
