/** Indirect permissions: IHI 0070 3.26, DDI 0487 D8.4. A leaf holds an index; what it grants stands in CD, STE or register. */

import type { Field } from '../../bits/layout.ts';
import { maskOf } from '../../bits/layout.ts';
import { CD } from '../../spec/cd.ts';
import { S1_LEAF, S2_LEAF } from '../../spec/descriptors.ts';
import { TO_15 } from '../../spec/indexed.ts';
import { S1_INDIRECT_GRANTS, S2_INDIRECT_GRANTS } from '../../spec/permissions.ts';
import { STE } from '../../spec/ste.ts';
import type { ContextConfig } from './configuration.ts';
import { EXECUTES, ONCE_DIRTY, PERM, WRITES } from './permission.ts';

const PIIU: readonly Field[] = TO_15.map((i) => CD.fields[`PIIU${i}`]);
const PIIP: readonly Field[] = TO_15.map((i) => CD.fields[`PIIP${i}`]);
const S2POI: readonly Field[] = TO_15.map((i) => STE.fields[`S2POI${i}`]);

/** Bit 7 of a leaf: nDirty at stage 1, Dirty at stage 2. */
const NOT_DIRTY = maskOf(S1_LEAF.fields.AP2);
const DIRTY = maskOf(S2_LEAF.fields.S2AP1);

const PRIVILEGED_DATA = PERM.pr | PERM.pw;
const UNPRIVILEGED = PERM.ur | PERM.uw | PERM.ux;

/** Beside the bits of {@link PERM} and those {@link ONCE_DIRTY}: writes of hardware to tables may pass here (stage 2). */
export const MOSTLY_READ_ONLY = 1 << 12;

/** Bits of PERM, privileged, by the code of PIIP; three bits higher they are those of PIIU. */
const STAGE1 = Uint8Array.from(S1_INDIRECT_GRANTS, (grants) => {
  const bit = (letter: string, value: number): number => (grants.includes(letter) ? value : 0);
  return bit('r', PERM.pr) | bit('w', PERM.pw) | bit('x', PERM.px);
});
const UNPRIVILEGED_SHIFT = 3;

const STAGE2 = Uint16Array.from(
  S2_INDIRECT_GRANTS,
  (grants) =>
    (grants.read ? PERM.pr | PERM.ur : 0) |
    (grants.write ? WRITES : 0) |
    (grants.px ? PERM.px : 0) |
    (grants.ux ? PERM.ux : 0) |
    (grants.mostly ? MOSTLY_READ_ONLY : 0),
);

/** PIIndex of a VMSAv8-64 leaf: bits 54, 53, 51 and 6. */
export function permissionIndex(hi: number, lo: number): number {
  return (((hi >>> 21) & 3) << 2) | (((hi >>> 19) & 1) << 1) | ((lo >>> 6) & 1);
}

/** What remains while a page is not dirty, and above it what it will have once it is. */
function untilDirty(permissions: number): number {
  return (permissions & ~WRITES) | ((permissions & ~MOSTLY_READ_ONLY) << ONCE_DIRTY);
}

/**
 * Stage-1 permissions of a leaf under the Indirect Permission Scheme (3.26.1). WXN, hierarchical permissions and CD.EPAN
 * have no say. A page that is not dirty lacks its writes and has them {@link ONCE_DIRTY}: with CD.HD=1 hardware marks it,
 * otherwise the refusal has DirtyBit=1 (7.3.16).
 * @param context `pan` is CD.PAN in regimes with two privilege levels
 * @param hi bits [63:32] of the leaf
 * @param lo bits [31:0]
 * @param noExecute the output is Non-secure memory of a Realm stream, or of a Secure one with S_CR0.SIF=1
 * @returns bits of {@link PERM}
 */
export function indirectStage1(
  context: Pick<ContextConfig, 'words' | 'twoRanges' | 'pan'>,
  hi: number,
  lo: number,
  noExecute: boolean,
): number {
  const { words } = context;
  const index = permissionIndex(hi, lo);
  let permissions = STAGE1[(PIIP[index] as Field).get(words, 0)] as number;
  if (context.twoRanges) {
    permissions |= (STAGE1[(PIIU[index] as Field).get(words, 0)] as number) << UNPRIVILEGED_SHIFT;
    if (context.pan && (permissions & UNPRIVILEGED) !== 0) permissions &= ~PRIVILEGED_DATA;
  }
  if (noExecute) permissions &= ~EXECUTES;
  return (lo & NOT_DIRTY) === 0 ? permissions : untilDirty(permissions);
}

/**
 * Stage-2 base permissions of a leaf (3.26.2), dirty or not.
 * @param s2piiHi bits [63:32] of S2PII, S_S2PII or R_S2PII
 * @param s2piiLo bits [31:0]
 * @returns bits of {@link PERM}, and {@link MOSTLY_READ_ONLY}
 */
export function stage2Base(s2piiHi: number, s2piiLo: number, hi: number, lo: number): number {
  const index = permissionIndex(hi, lo);
  const half = index < 8 ? s2piiLo : s2piiHi;
  return STAGE2[(half >>> ((index & 7) * 4)) & 0xf] as number;
}

/**
 * Stage-2 overlay permissions of a leaf: STE.S2POI by POIndex, bits [62:59]. What the base grants and this does not is
 * refused with Overlay=1 (7.3.16).
 * @param ste the words of the STE
 * @param hi bits [63:32] of the leaf
 */
export function stage2Overlay(ste: Uint32Array, hi: number): number {
  return STAGE2[(S2POI[(hi >>> 27) & 0xf] as Field).get(ste, 0)] as number;
}

/**
 * Stage-2 permissions of a leaf under the Indirect Permission Scheme: the base and, with STE.S2POE, the overlay. A page
 * that is not dirty lacks its writes and has them {@link ONCE_DIRTY} (STE.S2HD). {@link MOSTLY_READ_ONLY} says that the
 * bits do not decide about updates of stage-1 tables: those follow DDI 0487.
 * @param base from {@link stage2Base}
 * @param overlay from {@link stage2Overlay}, or null with S2POE=0
 * @param lo bits [31:0] of the leaf
 */
export function indirectStage2(base: number, overlay: number | null, lo: number): number {
  const granted = overlay === null ? base : (base & overlay) | ((base | overlay) & MOSTLY_READ_ONLY);
  return (lo & DIRTY) !== 0 ? granted : untilDirty(granted);
}
