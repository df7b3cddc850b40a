import type { World } from '../bits/world.ts';

/** The groups of registers that start address translation operations (9.1): each has CTRL, SID, ADDR and PAR. */
export const ATOS_GROUPS = ['GATOS', 'VATOS', 'S_GATOS', 'S_VATOS'] as const;

export type AtosGroup = (typeof ATOS_GROUPS)[number];

/** Whose CR0.SMMUEN guards a group. */
export const ATOS_WORLD: Readonly<Record<AtosGroup, World>> = {
  GATOS: 'ns',
  VATOS: 'ns',
  S_GATOS: 's',
  S_VATOS: 's',
};
