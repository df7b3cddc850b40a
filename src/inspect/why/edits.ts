/** Single changes of structures, descriptors and registers: made on a scratch copy, and told as rows. */

import type { Field } from '../../bits/layout.ts';
import { fieldOf } from '../../bits/layout.ts';
import { hex, hex64 } from '../../bits/u64.ts';
import { offsetOf } from '../../model/bank.ts';
import type { Frame } from '../../model/plan.ts';
import { swap32 } from '../../model/translate/descriptor.ts';
import { registerByName } from '../../spec/registers.ts';
import { layoutByName } from '../layouts.ts';
import { bitsText, labelOf, valueText } from '../rows.ts';
import type { Change } from './explanation.ts';
import type { Scratch } from './scratch.ts';

/** A change that can be tried. */
export interface Edit {
  readonly change: Change;
  /** Makes it on a copy; false when the place does not hold what the change begins with. */
  apply(scratch: Scratch): boolean;
}

/** Changes to try together. */
export type Candidate = readonly Edit[];

/** What a structure is called in a change. */
export function structureName(frame: Frame): string {
  const name = frame.name.replace(/ \(cached\)$/, '');
  return frame.kind === 'descriptor' ? `${name} descriptor` : name;
}

/** A field of a structure that was read, with another value; null where there is no such field. */
export function fieldEdit(frame: Frame, name: string, value: number): Edit | null {
  const layout = layoutByName(frame.layout);
  const field = layout && fieldOf(layout, name);
  if (!field || frame.pa === null || frame.words.length === 0) return null;
  const words = frame.words.slice();
  field.set(words, 0, value);
  return wordsEdit(frame, words, {
    field: `${layout.name}.${field.name} ${bitsText(field)}`,
    from: valueText(field, frame.words, 0),
    to: valueText(field, words, 0),
    meaning: labelOf(field, value, frame.space),
  });
}

/** A whole descriptor with another value, as halves. */
export function descriptorEdit(frame: Frame, hi: number, lo: number, meaning: string): Edit | null {
  if (frame.pa === null || frame.words.length !== 2) return null;
  const [oldLo, oldHi] = frame.words as unknown as [number, number];
  return wordsEdit(frame, Uint32Array.of(lo, hi), {
    field: 'descriptor',
    from: hex64(oldHi, oldLo),
    to: hex64(hi, lo),
    meaning,
  });
}

function wordsEdit(
  frame: Frame,
  words: Uint32Array,
  texts: Pick<Change, 'field' | 'from' | 'to' | 'meaning'>,
): Edit {
  const pa = frame.pa as number;
  return {
    change: { structure: structureName(frame), address: hex(pa), ...texts },
    apply(scratch) {
      const before = scratch.read(frame.space, pa, words.length);
      if (before === null) return false;
      // Another change of the same structure may have been made before: only what this one changes is written.
      const swapped =
        frame.kind === 'descriptor' && !same(before, frame.words) && same(before, swap(frame.words));
      const [from, to] = swapped ? [swap(frame.words), swap(words)] : [frame.words, words];
      const after = before.map(
        (word, i) => (word & ~differing(from, to, i)) | ((to[i] ?? 0) & differing(from, to, i)),
      );
      scratch.write(frame.space, pa, after);
      return true;
    },
  };
}

function differing(from: Uint32Array, to: Uint32Array, i: number): number {
  return (from[i] ?? 0) ^ (to[i] ?? 0);
}

function same(a: Uint32Array, b: Uint32Array): boolean {
  return a.every((word, i) => word === b[i]);
}

/** A big-endian descriptor as memory holds it. */
function swap(words: Uint32Array): Uint32Array {
  return Uint32Array.of(swap32(words[1] ?? 0), swap32(words[0] ?? 0));
}

/** A field of a register of at most 32 bits, with another value; null where there is no such field. */
export function registerEdit(scratch: Scratch, register: string, name: string, value: number): Edit | null {
  const layout = registerByName(register)?.layout;
  const field: Field | undefined = layout && fieldOf(layout, name);
  if (!field || field.msb > 31) return null;
  const offset = offsetOf(register);
  const words = Uint32Array.of(scratch.smmu.bank.peek(offset));
  const from = valueText(field, words, 0);
  field.set(words, 0, value);
  return {
    change: {
      structure: `register ${register}`,
      field: `${register}.${field.name} ${bitsText(field)}`,
      address: hex(offset),
      from,
      to: valueText(field, words, 0),
      meaning: labelOf(field, value),
    },
    apply(on) {
      const word = Uint32Array.of(on.smmu.bank.peek(offset));
      field.set(word, 0, value);
      on.poke(offset, word[0] as number);
      return true;
    },
  };
}
