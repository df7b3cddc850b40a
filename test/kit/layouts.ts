import type { Layout } from '../../src/bits/layout.ts';
import { CD } from '../../src/spec/cd.ts';
import { COMMAND_LIST } from '../../src/spec/commands.ts';
import { S1_LEAF, S2_LEAF, TABLE } from '../../src/spec/descriptors.ts';
import { DPT_L0_BLOCK, DPT_L0_NOACCESS, DPT_L0_TABLE, DPT_L1 } from '../../src/spec/dpt.ts';
import { EVENT_HEADER, EVENT_LIST } from '../../src/spec/events.ts';
import { GPT_L0_BLOCK, GPT_L0_TABLE, GPT_L1_CONTIG, GPT_L1_GRANULES } from '../../src/spec/gpt.ts';
import { L1CD } from '../../src/spec/l1cd.ts';
import { L1STD } from '../../src/spec/l1std.ts';
import { PRIQ_ENTRY } from '../../src/spec/priq.ts';
import { REGISTER_LIST } from '../../src/spec/registers.ts';
import { STE } from '../../src/spec/ste.ts';
import { VMS } from '../../src/spec/vms.ts';

/** Layouts of structures in memory. */
export const STRUCTURES: readonly Layout[] = [
  STE,
  CD,
  L1STD,
  L1CD,
  VMS,
  GPT_L0_BLOCK,
  GPT_L0_TABLE,
  GPT_L1_CONTIG,
  GPT_L1_GRANULES,
  DPT_L0_NOACCESS,
  DPT_L0_BLOCK,
  DPT_L0_TABLE,
  DPT_L1,
  PRIQ_ENTRY,
  S1_LEAF,
  S2_LEAF,
  TABLE,
  EVENT_HEADER,
];

/** Every layout that the tables declare. */
export const ALL: readonly Layout[] = [
  ...STRUCTURES,
  ...COMMAND_LIST.map((c) => c.layout),
  ...EVENT_LIST.map((e) => e.layout),
  ...REGISTER_LIST.map((r) => r.layout),
];
