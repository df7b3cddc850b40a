/** What a hover says. */

import { fieldOf } from '../../../src/bits/layout.ts';
import { valueByName, valueText } from '../../../src/bits/values.ts';
import { numeralAt } from '../../../src/control/expression/numbers.ts';
import { checkExpression } from '../../../src/control/script/check-expression.ts';
import { layoutOf } from '../../../src/control/script/check-words.ts';
import { fieldNamed, registerNamed, SCRIPT_STRUCTURES } from '../../../src/control/script/names.ts';
import { hover as fieldHover } from '../../../src/inspect/hover.ts';
import { escapeMarkdown } from '../../../src/inspect/text.ts';
import { featureNamed } from '../../../src/spec/features.ts';
import { PRESETS } from '../../../src/spec/presets.ts';
import { namesAt, type Script } from './analysis.ts';
import {
  commandText,
  eventText,
  formText,
  nameText,
  numberText,
  registerText,
  scopeText,
} from './markdown.ts';
import { type Part, type Placed, partAt, pathAt, placedAt } from './place.ts';

/** An explanation, and what it explains: columns from 1. */
export interface Hover {
  readonly line: number;
  readonly start: number;
  readonly end: number;
  readonly markdown: string;
}

/** The explanation of what stands at a place; line and column from 1. */
export function hoverAt(script: Script, line: number, column: number): Hover | null {
  const placed = placedAt(script, line);
  const part = placed && partAt(placed, column);
  if (!placed || !part) return null;
  const own = ownText(placed, part, script);
  if (own !== null) return { line, start: part.word.start, end: part.word.end, markdown: own };
  const path = pathAt(script.lines[line - 1] ?? '', column);
  const text = path && pathText(script, line, path.text);
  if (path && text !== null && path.start >= part.word.start) {
    return { line, start: path.start, end: path.end, markdown: text };
  }
  const general = 'doc' in part && part.doc !== '' ? escapeMarkdown(part.doc) : null;
  return general === null ? null : { line, start: part.word.start, end: part.word.end, markdown: general };
}

function ownText(placed: Placed, part: Part, script: Script): string | null {
  const { text } = part.word;
  switch (part.kind) {
    case 'keyword':
      return formText(placed.form);
    case 'word':
      if (part.takes === 'mnemonic') return commandText(text);
      if (part.takes === 'event') return eventText(text);
      return part.takes === 'register' ? registerOf(text) : null;
    case 'value':
      return part.takes === 'preset' ? presetText(text) : null;
    case 'flag':
    case 'argument':
      return `**${escapeMarkdown(text)}**\n\n${escapeMarkdown(part.doc)}`;
    case 'field':
      return fieldText(placed, part.name);
    case 'field-value':
      return fieldValueText(placed, part.name, text, script);
    case 'rest':
      return null;
  }
}

function presetText(name: string): string | null {
  const preset = PRESETS.find((one) => one.name === name);
  return preset ? `**${escapeMarkdown(preset.name)}**\n\n${escapeMarkdown(preset.doc)}` : null;
}

function registerOf(text: string): string | null {
  const found = registerNamed(text);
  return 'unknown' in found ? null : registerText(found);
}

function fieldText({ bound }: Placed, name: string): string | null {
  const feature = featureNamed(name);
  if (bound.form.fields === 'features') {
    return feature ? `**${escapeMarkdown(name)}**\n\n${escapeMarkdown(feature.field.doc)}` : null;
  }
  const of = layoutOf(bound);
  const field = of && fieldNamed(of, name);
  return of && field ? fieldHover(of, field) : null;
}

/** What a value means for its field: `S1` is 5, stage 1 only. */
function fieldValueText(placed: Placed, name: string, text: string, script: Script): string | null {
  const of = layoutOf(placed.bound);
  const field = of ? fieldNamed(of, name) : featureNamed(name)?.field;
  if (!field) return null;
  const named = valueByName(field, text);
  const word = { line: placed.statement.line, start: 1, end: 1, text, quoted: false };
  const { value } = checkExpression(word, namesAt(script, placed.statement.line));
  const number = named ?? (typeof value === 'bigint' ? Number(value) : undefined);
  if (number === undefined) return null;
  const meaning = valueText(field, number);
  if (meaning === undefined && named === undefined) return null;
  return `**${escapeMarkdown(`${name}=${text}`)}** is ${number}${meaning === undefined ? '' : `: ${escapeMarkdown(meaning)}`}`;
}

function pathText(script: Script, line: number, path: string): string | null {
  const numeral = numeralAt(path, 0);
  if (numeral && numeral.length === path.length) return numberText(numeral.value);
  const [, structure, field = ''] = /^(ste|cd)\([^()]*\)\.(\w+)$/.exec(path) ?? [];
  if (structure !== undefined) {
    const of = structure === 'ste' ? SCRIPT_STRUCTURES.STE : SCRIPT_STRUCTURES.CD;
    const found = fieldOf(of, field) ?? fieldNamed(of, field);
    return found ? fieldHover(of, found) : null;
  }
  const register = path.startsWith('reg.') ? registerOf(path.slice('reg.'.length)) : null;
  if (register !== null) return register;
  const first = path.split('.')[0] ?? path;
  const name = namesAt(script, line).get(first);
  if (name) return nameText(name);
  return eventText(path) ?? scopeText(first);
}
