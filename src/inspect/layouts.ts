/** Layouts by name, for frames of a plan and for names that people type. */

import type { Layout } from '../bits/layout.ts';
import { CD } from '../spec/cd.ts';
import { COMMAND_LIST } from '../spec/commands.ts';
import { S1_LEAF, S2_LEAF, TABLE } from '../spec/descriptors.ts';
import { DPT_L0_BLOCK, DPT_L0_NOACCESS, DPT_L0_TABLE, DPT_L1 } from '../spec/dpt.ts';
import { EVENT_HEADER, EVENT_LIST } from '../spec/events.ts';
import { L1CD } from '../spec/l1cd.ts';
import { L1STD } from '../spec/l1std.ts';
import { PRIQ_ENTRY } from '../spec/priq.ts';
import { registerByName } from '../spec/registers.ts';
import { STE } from '../spec/ste.ts';
import { VMS } from '../spec/vms.ts';

const STRUCTURES: readonly Layout[] = [
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
