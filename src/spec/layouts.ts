/** Layouts by name, for frames of a plan and for names that people type. */

import type { Layout } from '../bits/layout.ts';
import { CD } from './cd.ts';
import { COMMAND_LIST } from './commands.ts';
import { S1_LEAF, S2_LEAF, TABLE } from './descriptors.ts';
import { DPT_L0_BLOCK, DPT_L0_NOACCESS, DPT_L0_TABLE, DPT_L1 } from './dpt.ts';
import { EVENT_HEADER, EVENT_LIST } from './events.ts';
import { GPT_L0_BLOCK, GPT_L0_TABLE, GPT_L1_CONTIG, GPT_L1_GRANULES } from './gpt.ts';
import { L1CD } from './l1cd.ts';
import { L1STD } from './l1std.ts';
import { PRIQ_ENTRY } from './priq.ts';
import { registerByName } from './registers.ts';
import { STE } from './ste.ts';
import { VMS } from './vms.ts';

/** Structures in memory, descriptors and records, by themselves. */
export const STRUCTURES: readonly Layout[] = [
  STE,
  CD,
  L1STD,
  L1CD,
  S1_LEAF,
  S2_LEAF,
  TABLE,
  VMS,
  DPT_L0_NOACCESS,
  DPT_L0_BLOCK,
  DPT_L0_TABLE,
  DPT_L1,
  GPT_L0_BLOCK,
  GPT_L0_TABLE,
  GPT_L1_CONTIG,
  GPT_L1_GRANULES,
  PRIQ_ENTRY,
  EVENT_HEADER,
];

const BY_NAME = new Map<string, Layout>([
  ...STRUCTURES.map((of) => [of.name, of] as const),
  ...COMMAND_LIST.map((c) => [c.name, c.layout] as const),
  ...EVENT_LIST.map((e) => [e.name, e.layout] as const),
]);

/** The structure, descriptor, command (with or without CMD_), event or register of that name. */
export function layoutByName(name: string): Layout | undefined {
  return BY_NAME.get(name) ?? BY_NAME.get(`CMD_${name}`) ?? registerByName(name)?.layout;
}
