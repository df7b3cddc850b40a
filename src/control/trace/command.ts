/** Commands as a trace tells them: a name, and the fields that the lines after it quote. */

import { encode, type FieldValue, type Layout } from '../../bits/layout.ts';
import { COMMANDS, type CommandName, RANGE_ALL } from '../../spec/commands.ts';
import type { TraceEvent } from './event.ts';
import type { TraceLog } from './log.ts';

/** What the lines of one command say. */
export interface TracedCommand {
  /** The 16 bytes, or null when the trace does not quote enough of them. */
  readonly words: Uint32Array | null;
  /** Why there are no words. */
  readonly why: string;
  /** The trace's SMMU reported an error for it. */
  readonly error: boolean;
}

/** No command quotes more lines: a range is split into at most one line for each bit of an address. */
const LINES_LIMIT = 128;

/** Commands without fields that decide, and hints without effect: what the trace leaves out of them does not matter. */
const COMPLETE: readonly string[] = [
  'CMD_SYNC',
  'CMD_TLBI_NSNH_ALL',
  'CMD_TLBI_EL2_ALL',
  'CMD_TLBI_NH_ALL',
  'CMD_PREFETCH_CONFIG',
  'CMD_PREFETCH_ADDR',
];

type Values = Record<string, FieldValue>;

/** What a line adds to the fields of its command. */
const QUOTES: Readonly<Record<string, (event: TraceEvent, values: Values) => void>> = {
  smmuv3_cmdq_cfgi_ste: (event, values) => {
    values['StreamID'] = event.number('streamid');
  },
  smmuv3_cmdq_cfgi_cd: (event, values) => {
    values['StreamID'] = event.number('streamid');
  },
  smmuv3_cmdq_cfgi_ste_range: (event, values) => {
    const start = event.number('start');
    const count = event.number('end') - start + 1;
    values['StreamID'] = start;
    values['Range'] = Math.min(RANGE_ALL, Math.max(0, Math.round(Math.log2(count)) - 1));
  },
  smmuv3_cmdq_tlbi_nh: (event, values) => {
    values['VMID'] = event.has('vmid') ? event.number('vmid') : 0;
  },
  smmuv3_cmdq_tlbi_nh_asid: (event, values) => {
    values['ASID'] = event.number('asid');
  },
  smmuv3_cmdq_tlbi_s12_vmid: (event, values) => {
    values['VMID'] = event.number('vmid');
  },
  smmuv3_s1_range_inval: quoteRange,
  smmuv3_range_inval: quoteRange,
};

/** A range is quoted in pieces, each a power of two of pages; the first tells where it begins. */
function quoteRange(event: TraceEvent, values: Values): void {
  if (!('Address' in values)) {
    values['Address'] = event.wide('addr');
    values['TG'] = event.number('tg');
    values['TTL'] = event.number('ttl');
    values['Leaf'] = event.number('leaf');
    if (event.number('asid') >= 0) values['ASID'] = event.number('asid');
    if (event.has('vmid') && event.number('vmid') >= 0) values['VMID'] = event.number('vmid');
  }
  values['pages'] = Number(values['pages'] ?? 0) + event.number('num_pages');
}

const NUM_LIMIT = 32;

/** NUM and SCALE of so many pages (4.4.1.1): (NUM + 1) * 2^SCALE. */
function scaled(pages: number): { readonly NUM: number; readonly SCALE: number } {
  let rest = pages;
  let scale = 0;
  while (rest > NUM_LIMIT || (rest % 2 === 0 && scale > 0 && rest > 1)) {
    rest /= 2;
    scale++;
  }
  return { NUM: Math.ceil(rest) - 1, SCALE: scale };
}

/** The command whose name stands at a line. @param index from 0, of `smmuv3_cmdq_opcode` */
export function commandAt(log: TraceLog, index: number): TracedCommand {
  const name = `CMD_${log.event(index)?.word('SMMU_CMD_') ?? ''}`;
  const values: Values = {};
  let quoted = false;
  let error = false;
  for (let at = index + 1; at < index + LINES_LIMIT; at++) {
    const event = log.event(at);
    if (event === null) {
      if (at >= log.count) break;
      continue;
    }
    if (event.name === 'smmuv3_cmdq_consume_error') error = true;
    if (event.name === 'smmuv3_cmdq_consume' || event.name === 'smmuv3_cmdq_consume_out') break;
    if (event.name.startsWith('smmuv3_config_cache_hit') || event.name.startsWith('smmuv3_translate')) break;
    const quote = QUOTES[event.name];
    if (quote === undefined) continue;
    if (event.damage !== null) return { words: null, why: `line ${at + 1}: ${event.damage}`, error };
    quote(event, values);
    quoted = true;
  }
  if (!isCommand(name)) return { words: null, why: `${name} is no command of the architecture`, error };
  if (!quoted && !COMPLETE.includes(name)) {
    return { words: null, why: `the trace does not quote the fields of ${name}`, error };
  }
  return { words: wordsOf(name, values), why: '', error };
}

function isCommand(name: string): name is CommandName {
  return Object.hasOwn(COMMANDS, name);
}

function wordsOf(name: CommandName, values: Values): Uint32Array {
  const { layout, opcode }: { readonly layout: Layout; readonly opcode: number } = COMMANDS[name];
  const { pages, ...fields } = values;
  // Without TG there is no range: one line for one page.
  const all: Values = fields['TG'] ? { ...fields, ...scaled(Number(pages)) } : fields;
  const known = Object.entries(all).filter(([field]) => field in layout.fields);
  const words = encode(layout, Object.fromEntries(known));
  words[0] = (((words[0] ?? 0) & ~0xff) | opcode) >>> 0;
  return words;
}
