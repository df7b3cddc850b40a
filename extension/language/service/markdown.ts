/** Explanations of forms, commands, events, registers, names and numbers, as Markdown. */

import { sizeText } from '../../../src/bits/size-text.ts';
import type { ScriptName } from '../../../src/control/script/check-names.ts';
import type { Form } from '../../../src/control/script/form.ts';
import { commandSpecNamed, eventSpecNamed, type NamedRegister } from '../../../src/control/script/names.ts';
import { scopeName } from '../../../src/control/script/scope-names.ts';
import { hover, sectionText } from '../../../src/inspect/hover.ts';
import { escapeMarkdown } from '../../../src/inspect/text.ts';

const code = (text: string): string => `\`\`\`smmu\n${text}\n\`\`\``;

/** A form: how it is written, what it does, an example. */
export function formText(form: Form): string {
  const parts = [...form.words, ...form.flags, ...form.arguments].map(
    ({ name, doc }) => `- \`${name}\`: ${escapeMarkdown(doc)}`,
  );
  return [
    code(form.usage),
    escapeMarkdown(form.doc),
    ...(parts.length > 0 ? [parts.join('\n')] : []),
    `Example:\n${code(form.example)}`,
  ].join('\n\n');
}

/** A command, with or without CMD_; null when there is none. */
export function commandText(name: string): string | null {
  const found = commandSpecNamed(name);
  if (!found) return null;
  const { spec, doc, section } = found;
  const fields = spec.layout.list.filter((field) => field.name !== 'Opcode').map((field) => field.name);
  const legal = Object.entries(spec.legalText).map(([world, text]) => `- ${world}: ${escapeMarkdown(text)}`);
  return [
    `**${escapeMarkdown(found.name)}** (opcode 0x${spec.opcode.toString(16).padStart(2, '0')})`,
    escapeMarkdown(doc),
    `Fields: ${fields.map((field) => `\`${field}\``).join(', ') || 'none'}`,
    legal.join('\n'),
    escapeMarkdown(sectionText(section)),
  ].join('\n\n');
}

/** An event; null when there is none. */
export function eventText(name: string): string | null {
  const spec = eventSpecNamed(name);
  if (!spec) return null;
  return [
    `**${escapeMarkdown(spec.name)}** (event 0x${spec.number.toString(16).padStart(2, '0')})`,
    escapeMarkdown(spec.doc),
    spec.raised.map((cause) => `- ${escapeMarkdown(cause)}`).join('\n'),
    escapeMarkdown(sectionText(spec.section)),
  ].join('\n\n');
}

/** A register, or a field of one. */
export function registerText({ register, field }: NamedRegister): string {
  if (field) return hover(register.layout, field);
  const fields = register.layout.list.map(({ name }) => `\`${name}\``).join(', ');
  return [
    `**${escapeMarkdown(register.name)}** (${register.width} bits, ${escapeMarkdown(register.access)}, offset 0x${register.offset.toString(16)})`,
    escapeMarkdown(register.doc),
    `Fields: ${fields}`,
    escapeMarkdown(sectionText(register.section)),
  ].join('\n\n');
}

/** A name that the script made. */
export function nameText({ kind, name, statement, value }: ScriptName): string {
  const args = statement.arguments.map((one) => `${one.name.text}=${one.value.text}`);
  const made =
    kind === 'let' ? `let ${name} = ${statement.rest?.text ?? ''}` : `device ${name} ${args.join(' ')}`;
  const number = typeof value === 'bigint' ? [numberText(value)] : [];
  const where = `Made in line ${statement.line} of ${escapeMarkdown(statement.file.split(/[\\/]/).at(-1) ?? '')}`;
  return [code(made), ...number, where].join('\n\n');
}

/** A name that every expression knows; null when there is none. */
export function scopeText(name: string): string | null {
  const known = scopeName(name);
  return known ? [code(known.usage), escapeMarkdown(known.doc)].join('\n\n') : null;
}

/** A number in hexadecimal and decimal, and as a size where that is plain. */
export function numberText(value: bigint): string {
  const sign = value < 0n ? '-' : '';
  const size = value < 0n ? -value : value;
  const bytes =
    size >= 1024n && size % 1024n === 0n && size < 1n << 53n ? ` = ${sizeText(Number(size))}` : '';
  return `${sign}0x${size.toString(16)} = ${value}${sign === '' ? bytes : ''}`;
}
