/** Explanations of single fields and of whole structures, in Markdown in which the data is never markup. */

import type { Field, Layout } from '../bits/layout.ts';
import { bitsText, labelOf, type Row, type RowContext, rows, valueText } from './rows.ts';
import { escapeMarkdown } from './text.ts';

/**
 * What a field is, and what its value means when a structure is given.
 * First line: `**STE.Config** [3:1] = 2 (reserved)`.
 */
export function hover(
  of: Layout,
  field: Field,
  words?: Uint32Array,
  at = 0,
  context: RowContext = {},
): string {
  const lines: string[] = [];
  const name = `**${escapeMarkdown(`${of.name}.${field.name}`)}** ${escapeMarkdown(bitsText(field))}`;
  if (words) {
    const label = labelOf(field, field.get(words, at), context.world);
    const value = `${valueText(field, words, at)}${label === null ? '' : ` (${label})`}`;
    lines.push(`${name} = ${escapeMarkdown(value)}`);
  } else lines.push(name);
  lines.push(escapeMarkdown(field.doc));
  if (field.applies !== undefined) lines.push(`Used when: ${escapeMarkdown(field.applies)}`);
  if (field.needs !== undefined) lines.push(`Needs: ${escapeMarkdown(field.needs)}`);
  if (field.conf !== undefined) lines.push(`Certainty of these facts: ${field.conf}`);
  if (!words && field.values) {
    lines.push(
      Object.entries(field.values)
        .map(([value, text]) => `- ${escapeMarkdown(value)}: ${escapeMarkdown(text)}`)
        .join('\n'),
    );
  }
  lines.push(escapeMarkdown(sectionText(field.section ?? of.section)));
  return lines.join('\n\n');
}

/** `IHI 0070 5.2`; other manuals are named in the table. */
export function sectionText(section: string): string {
  return /^[0-9]/.test(section) ? `IHI 0070 ${section}` : section;
}

/**
 * A structure as a Markdown table: fields that hold something, and those named in `always`.
 * @param title one line of plain text
 */
export function structureHover(
  of: Layout,
  words: Uint32Array,
  at: number,
  title: string,
  context: RowContext = {},
  always: readonly string[] = [],
): string {
  const shown = rows(of, words, at, context).filter((r) => r.set || always.includes(r.name));
  return [
    `**${escapeMarkdown(title)}**`,
    table(shown),
    `${escapeMarkdown(sectionText(of.section))}. Fields that are zero are left out.`,
  ].join('\n\n');
}

function table(list: readonly Row[]): string {
  if (list.length === 0) return 'All fields are zero.';
  const lines = ['| Field | Bits | Value | Meaning |', '| --- | --- | --- | --- |'];
  for (const r of list) {
    const meaning = r.label === null ? r.doc : `${r.label}. ${r.doc}`;
    lines.push(`| ${[r.name, r.bits, r.value, meaning].map(escapeMarkdown).join(' | ')} |`);
  }
  return lines.join('\n');
}
