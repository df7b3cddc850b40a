/** What is wrong with an update, in sentences. */

import type { Field } from '../../bits/layout.ts';
import { hex, hex64 } from '../../bits/u64.ts';
import type { UpdateProblem } from './entry-watch.ts';
import { stallsWithAts } from './mixes.ts';
import { planUpdate, type UpdatePlan } from './plan-update.ts';
import type { EntryName, MixKind } from './update-finding.ts';
import { isValid, layoutOf, type ReadBy, type UpdatedStructure, usedBits, validField } from './used.ts';

/** The structure, as people call it: `STE 0x8`, `CD 0 of StreamID 0x8`. */
export function entryText({ structure, sid, index, span }: EntryName): string {
  switch (structure) {
    case 'STE':
      return `STE ${hex(sid)}`;
    case 'L1STD':
      return `L1STD of StreamIDs ${hex(sid)} to ${hex(sid + span - 1)}`;
    case 'CD':
      return `CD ${index} of StreamID ${hex(sid)}`;
    case 'L1CD':
      return `L1CD of CDs ${index} to ${index + span - 1} of StreamID ${hex(sid)}`;
  }
}

/** The smallest CMD_CFGI_* that covers a structure (4.3, 5.1, 5.3). */
export function coveringCommand({ structure }: Pick<EntryName, 'structure'>): string {
  switch (structure) {
    case 'STE':
      return 'CMD_CFGI_STE';
    case 'L1STD':
      return 'CMD_CFGI_STE with Leaf=0';
    case 'CD':
      return 'CMD_CFGI_CD';
    case 'L1CD':
      return 'CMD_CFGI_CD with Leaf=0';
  }
}

function valueText(field: Field, words: Uint32Array): string {
  const value = hex64(field.hi(words, 0), field.lo(words, 0));
  const name = Object.entries(field.names ?? {}).find(([, of]) => of === field.get(words, 0))?.[0];
  return `${field.name}=${name ?? value}`;
}

const SHOWN_FIELDS = 3;

function some(fields: readonly Field[], words: Uint32Array): string {
  const shown = fields.slice(0, SHOWN_FIELDS).map((field) => valueText(field, words));
  const more = fields.length - shown.length;
  return more > 0 ? `${shown.join(', ')} and ${more} more` : shown.join(', ');
}

function same(field: Field, a: Uint32Array, b: Uint32Array): boolean {
  return field.hi(a, 0) === field.hi(b, 0) && field.lo(a, 0) === field.lo(b, 0);
}

/** Which fields a mix has of the old content and which of the new one. */
function partsOf(
  structure: UpdatedStructure,
  mix: Uint32Array,
  { start, end }: { readonly start: Uint32Array; readonly end: Uint32Array },
  by: ReadBy,
): { readonly old: Field[]; readonly fresh: Field[]; readonly other: Field[] } {
  const used = usedBits(structure, mix, by);
  const fields = layoutOf(structure).list.filter((field) => {
    const read = field.hi(used, 0) !== 0 || field.lo(used, 0) !== 0;
    return read && (!same(field, mix, start) || !same(field, mix, end));
  });
  return {
    old: fields.filter((field) => same(field, mix, start)),
    fresh: fields.filter((field) => same(field, mix, end)),
    other: fields.filter((field) => !same(field, mix, start) && !same(field, mix, end)),
  };
}

/** The order of a plan, in words. */
function orderText(structure: UpdatedStructure, plan: UpdatePlan): string {
  const parts: string[] = [];
  let group: string[] = [];
  for (const step of plan.steps) {
    if (step.kind === 'write') group.push(String(step.dw));
    else {
      parts.push(`doubleword${group.length > 1 ? 's' : ''} ${group.join(', ')}`);
      group = [];
    }
  }
  const each = parts.length > 1 ? 'each followed' : 'followed';
  return `write ${parts.join(', then ')}, ${each} by ${coveringCommand({ structure })} and CMD_SYNC`;
}

function wordsText(words: Uint32Array): string {
  const shown: string[] = [];
  for (let i = 0; i < words.length; i += 2) shown.push(hex64(words[i + 1] as number, words[i] as number));
  while (shown.length > 1 && shown[shown.length - 1] === '0x0') shown.pop();
  return shown.join(' ');
}

/** What kind of mistake led to a mix. */
export function mixKind(
  structure: UpdatedStructure,
  { mix, start, end, torn }: UpdateProblem & { readonly kind: 'neither' },
): MixKind {
  if (torn) return 'torn';
  const meant = stallsWithAts(structure, start) || stallsWithAts(structure, end);
  if (!meant && stallsWithAts(structure, mix.words)) return 'stall-with-ats';
  return isValid(structure, start) ? 'neither' : 'valid-too-early';
}

/** What is said of a problem: one sentence and further ones. */
export interface ProblemText {
  readonly text: string;
  readonly more: readonly string[];
}

/** @param place where an operation stands in the program, for people */
export function problemText(
  name: EntryName,
  problem: UpdateProblem,
  by: ReadBy,
  place: (operation: number) => string,
): ProblemText {
  const { structure } = name;
  const who = entryText(name);
  const when =
    problem.first === problem.last
      ? `after ${place(problem.first)}`
      : place(problem.first) === place(problem.last)
        ? `within ${place(problem.first)}`
        : `between ${place(problem.first)} and ${place(problem.last)}`;
  if (problem.kind === 'v-zero-window') {
    const order = orderText(structure, planUpdate(structure, problem.from, problem.to, by));
    return {
      text: `${who}: ${when} it was invalid, and traffic meanwhile gets ${structure === 'STE' ? 'C_BAD_STE' : 'C_BAD_CD'}, though an order without that exists: ${order}`,
      more: [],
    };
  }
  const { mix, start, end } = problem;
  const { old, fresh, other } = partsOf(structure, mix.words, problem, by);
  const parts = [
    fresh.length > 0 ? `the new ${some(fresh, mix.words)}` : '',
    old.length > 0 ? `the old ${some(old, mix.words)}` : '',
    other.length > 0 ? `${some(other, mix.words)} of a moment between` : '',
  ].filter((part) => part !== '');
  const cure = curesOf(structure, problem, by);
  return {
    text: `${who}: ${when} hardware can fetch ${parts.join(' with ')}: neither old nor new; ${cure}`,
    more: [
      `Fetched: ${wordsText(mix.words)}`,
      `Old: ${wordsText(start)}`,
      `New: ${wordsText(end)}`,
      'Hardware reads 64 bits at once, but the doublewords of a structure in any order.',
      ...(mix.bounded ? ['More combinations were possible than were looked at.'] : []),
    ],
  };
}

function curesOf(
  structure: UpdatedStructure,
  problem: UpdateProblem & { readonly kind: 'neither' },
  by: ReadBy,
): string {
  const kind = mixKind(structure, problem);
  const sync = `${coveringCommand({ structure })} and CMD_SYNC`;
  if (kind === 'torn') return 'write each doubleword with one access of 64 bits';
  if (kind === 'valid-too-early')
    return `issue ${sync} after the other doublewords, before setting ${validField(structure)}`;
  const plan = planUpdate(structure, problem.start, problem.end, by);
  const order = orderText(structure, plan);
  return plan.breaks ? `make it invalid first (V=0): ${order}` : order;
}
