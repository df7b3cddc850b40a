/** Commands as people write them: `TLBI_NH_VA ASID=1 Address=0xffda1000 Leaf TG=4KB TTL=3`. */

import type { Field } from '../bits/layout.ts';
import { hex } from '../bits/u64.ts';
import { valueName } from '../bits/values.ts';
import type { World } from '../bits/world.ts';
import { commandByOpcode, commandNameOf, isImpdefOpcode, opcodeOf } from '../spec/commands.ts';
import { type Row, rawWords, rows, valueText } from './rows.ts';

/** Fields that say what the command is about; shown first, and even when they are zero. */
const SUBJECT: readonly string[] = ['StreamID', 'SubstreamID', 'VMID', 'ASID', 'Address'];
const SHOWN_WHEN_ZERO: ReadonlySet<string> = new Set(['StreamID', 'ASID', 'Address']);
const DETAIL: readonly string[] = ['Leaf', 'TG', 'TTL', 'NUM', 'SCALE'];

/** The command's name without `CMD_`; `reserved opcode 0x1f` when nobody defined it. */
export function commandName(words: Uint32Array, at = 0): string {
  const name = commandNameOf(words, at);
  if (name !== undefined) return name.slice('CMD_'.length);
  const opcode = opcodeOf(words, at);
  return `${isImpdefOpcode(opcode) ? 'IMPLEMENTATION DEFINED' : 'reserved'} opcode ${hex(opcode, 2)}`;
}

/** The command at `words[at]` (4 words) on one line. */
export function commandText(words: Uint32Array, at = 0): string {
  const spec = commandByOpcode(opcodeOf(words, at));
  if (!spec) return `${commandName(words, at)} ${rawWords(words, at, 4).join(' ')}`;
  const name = commandName(words, at);
  let text = name;
  for (const field of shownFields(name, spec.layout.list)) {
    const shown = part(field, words, at);
    if (shown !== null) text += ` ${shown}`;
  }
  return text;
}

/** By command; a view of a queue writes the same few over and over. */
const SHOWN = new Map<string, readonly Field[]>();

/** The fields that a command's line may show, the important ones first. */
function shownFields(name: string, fields: readonly Field[]): readonly Field[] {
  const known = SHOWN.get(name);
  if (known) return known;
  const left = (field: Field): boolean =>
    field.name === 'Opcode' || field.name === 'SSV' || (name === 'CFGI_ALL' && field.name !== 'SSec');
  const shown = byImportance(fields.filter((field) => !left(field)));
  SHOWN.set(name, shown);
  return shown;
}

function byImportance(fields: readonly Field[]): Field[] {
  const order = [...SUBJECT, ...DETAIL];
  const rank = (field: Field): number => {
    const at = order.indexOf(field.name);
    return at < 0 ? order.length : at;
  };
  return [...fields].sort((a, b) => rank(a) - rank(b));
}

function part(field: Field, words: Uint32Array, at: number): string | null {
  const value = field.get(words, at);
  if (value === 0 && !SHOWN_WHEN_ZERO.has(field.name)) return null;
  if (field.width === 1) return field.name;
  const name = valueName(field, value);
  if (name !== undefined) return `${field.name}=${name}`;
  const text = field.name === 'StreamID' ? hex(value) : valueText(field, words, at);
  return `${field.name}=${text}`;
}

/** All fields of a command; one row with the opcode when it is reserved. */
export function commandRows(words: Uint32Array, at = 0, world: World = 'ns'): Row[] {
  const opcode = opcodeOf(words, at);
  const spec = commandByOpcode(opcode);
  if (spec) return rows(spec.layout, words, at, { world });
  return [
    {
      name: 'Opcode',
      bits: '[7:0]',
      value: hex(opcode, 2),
      label: isImpdefOpcode(opcode) ? 'IMPLEMENTATION DEFINED' : 'reserved: CERROR_ILL',
      doc: 'Which command this is.',
      section: '4.1',
      address: null,
      conf: null,
      needs: null,
      set: opcode !== 0,
    },
  ];
}
