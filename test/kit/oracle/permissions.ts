/** Who may do what: DDI 0487 D8.4 and G5.6, direct permissions; IHI 0070 13.1.1, 13.4.1. */

import { bit, num } from './bits.ts';

/** What an access needs. */
export interface Access {
  readonly read: boolean;
  readonly write: boolean;
  readonly execute: boolean;
  readonly privileged: boolean;
}

export interface Rights {
  readonly r: boolean;
  readonly w: boolean;
  readonly x: boolean;
}

/** What decides the rights of stage 1 beside descriptors. */
export interface Stage1Rules {
  readonly lpae: boolean;
  /** EL2 without E2H: no unprivileged accesses. */
  readonly onePrivilege: boolean;
  readonly dirtyManaged: boolean;
  readonly wxn: boolean;
  readonly uwxn: boolean;
  readonly pan: boolean;
  readonly epan: boolean;
}

/** Hierarchical bits of all tables of a walk, ORed: descriptor bits [63:59]. */
export type TableBits = bigint;

export function stage1Rights(
  leaf: bigint,
  tables: TableBits,
  rules: Stage1Rules,
  access: Pick<Access, 'privileged' | 'execute'>,
): Rights {
  const readOnly = bit(leaf, 7) && !(rules.dirtyManaged && bit(leaf, 51));
  const writable = !readOnly && !bit(tables, 62);
  const xn = bit(leaf, 54) || bit(tables, 60);
  if (rules.onePrivilege) return { r: true, w: writable, x: !xn && !(rules.wxn && writable) };

  const user = bit(leaf, 6) && !bit(tables, 61);
  const userWrites = user && writable;
  const pxn = bit(leaf, 53) || bit(tables, 59);
  const userExecutes = !xn && !(rules.lpae && !user) && !(rules.wxn && userWrites);
  if (!access.privileged) return { r: user, w: userWrites, x: userExecutes };

  const byUser = rules.lpae ? xn || (rules.uwxn && userWrites) : userWrites;
  const executes = !pxn && !byUser && !(rules.wxn && writable);
  const userMay = user || (rules.epan && userExecutes);
  const denied = rules.pan && userMay && !access.execute;
  return { r: !denied, w: writable && !denied, x: executes };
}

/** What decides the rights of stage 2 beside the descriptor. */
export interface Stage2Rules {
  readonly lpae: boolean;
  readonly dirtyManaged: boolean;
  readonly xnx: boolean;
}

export function stage2Rights(leaf: bigint, rules: Stage2Rules, access: Pick<Access, 'privileged'>): Rights {
  const r = bit(leaf, 6);
  const w = bit(leaf, 7) || (rules.dirtyManaged && bit(leaf, 51));
  const xn = num(leaf, 54, 53);
  let x = xn < 2;
  if (rules.xnx) x = access.privileged ? xn === 0 || xn === 3 : xn < 2;
  // Stage 2 of VMSAv8-32 LPAE has no execute-only pages (5.2, S2AA64).
  return { r, w, x: x && (r || !rules.lpae) };
}

/** How an access is denied: writes are looked at before reads (13.1.1). */
export type Denial = 'write' | 'read' | 'execute' | null;

export function denial(access: Access, rights: Rights): Denial {
  if (access.write && !rights.w) return 'write';
  if (access.read && !rights.r) return 'read';
  return access.execute && !rights.x ? 'execute' : null;
}
