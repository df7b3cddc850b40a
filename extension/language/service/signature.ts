/** Which word or argument is being written. */

import type { Form } from '../../../src/control/script/form.ts';
import { formsOf } from '../../../src/control/script/forms.ts';
import type { Script } from './analysis.ts';
import { hasSubjects, partAt, placedAt } from './place.ts';

/** A statement as a signature; a parameter is a range of the label. */
export interface Signature {
  readonly label: string;
  readonly doc: string;
  readonly parameters: readonly { readonly from: number; readonly to: number; readonly doc: string }[];
}

export interface SignatureHelp {
  readonly signatures: readonly Signature[];
  readonly active: number;
  /** -1: none. */
  readonly parameter: number;
}

interface Slot {
  readonly name: string;
  readonly text: string;
  readonly doc: string;
}

function slotsOf(form: Form): readonly Slot[] {
  const optional = (text: string, is: boolean): string => (is ? `[${text}]` : text);
  return [
    ...form.words.map(({ name, doc, optional: is }) => ({ name, text: optional(name, is === true), doc })),
    ...form.flags.map(({ name, doc }) => ({ name, text: `[${name}]`, doc })),
    ...form.arguments.map(({ name, doc, required }) => ({
      name,
      text: optional(`${name}=…`, required !== true),
      doc,
    })),
  ];
}

function signatureOf(form: Form): Signature {
  let label = [form.keyword, form.subject === 'pa' ? '' : form.subject].filter(Boolean).join(' ');
  const parameters = slotsOf(form).map(({ text, doc }) => {
    label += ' ';
    const from = label.length;
    label += text;
    return { from, to: label.length, doc };
  });
  if (form.fields !== undefined) label += ' FIELD=…';
  if (form.rest !== undefined) label += form.rest === 'all' ? ' EXPR' : ' = EXPR';
  return { label, doc: form.doc, parameters };
}

/** The signatures of the statement in that line, and which parameter the column (from 1) lies in; null: none. */
export function signatureAt(script: Script, line: number, column: number): SignatureHelp | null {
  const placed = placedAt(script, line);
  if (!placed || column <= placed.statement.keyword.end) return null;
  const { form, statement } = placed;
  const undecided = hasSubjects(form.keyword) && form.subject === undefined && statement.rest === null;
  const forms = undecided ? formsOf(form.keyword) : [form];
  const slots = slotsOf(form);
  const part = partAt(placed, column);
  const named = part && 'name' in part ? slots.findIndex(({ name }) => name === part.name) : -1;
  const next = slots.findIndex(
    ({ name }) => form.words.some((word) => word.name === name) && !placed.bound.words.has(name),
  );
  return { signatures: forms.map(signatureOf), active: 0, parameter: part ? named : next };
}
