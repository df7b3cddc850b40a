import type { QueueWorld } from './commands.ts';
import { REGISTERS } from './registers.ts';

/** Names of the global errors, as in GERROR and GERRORN (7.5). An error is active while its two bits differ. */
export type GerrorName = keyof typeof REGISTERS.GERROR.layout.fields;

const LAYOUTS = {
  ns: REGISTERS.GERROR.layout,
  s: REGISTERS.S_GERROR.layout,
  realm: REGISTERS.R_GERROR.layout,
} as const;

/** Errors in the order of their bits. */
export const GERROR_NAMES: readonly GerrorName[] = Object.values(LAYOUTS.ns.fields)
  .sort((a, b) => a.lsb - b.lsb)
  .map((field) => field.name as GerrorName);

/** The error's bit as a mask of GERROR and GERRORN: the same in every world that has the error. */
export function gerrorMask(name: GerrorName): number {
  return 2 ** LAYOUTS.ns.fields[name].lsb;
}

/** Whether a world's GERROR has the error at all. */
export function worldHasGerror(world: QueueWorld, name: GerrorName): boolean {
  return Object.hasOwn(LAYOUTS[world].fields, name);
}

export const GERROR_CMDQ_ERR = gerrorMask('CMDQ_ERR');
export const GERROR_EVENTQ_ABT_ERR = gerrorMask('EVENTQ_ABT_ERR');
