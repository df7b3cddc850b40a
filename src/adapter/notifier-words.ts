/** Decisions about notifiers in words: the columns in which they are shown, sorted and looked for. Imports no model. */

import type { World } from '../bits/world.ts';
import { worldName } from '../inspect/text.ts';
import type { NotifierRow } from './notifier-row.ts';

const REASONS: Readonly<Record<NotifierRow['reason'], string>> = {
  delivered: 'delivered',
  'no-configuration': 'no configuration',
  asid: 'other ASID',
  vmid: 'other VMID',
  stage: 'other stage',
  'no-overlap': 'no overlap',
  flag: 'flag not asked for',
  policy: 'policy',
  gap: 'gap of QEMU',
  'qemu-aborts': 'QEMU aborts',
  'illegal-there': 'illegal there',
};

/** What a column says of a row: a text, and what is said beside it. */
export interface Words {
  readonly text: string;
  readonly more?: string;
}

interface Column {
  readonly title: string;
  readonly words: (row: NotifierRow) => Words;
  /** What rows are sorted by; those with equal keys stay in the order of time. */
  readonly key: (row: NotifierRow) => number | string;
}

const worldList = (worlds: readonly World[]): string => worlds.map(worldName).join(', ');

/** Whether an UNMAP names another space than a mapping that the consumer holds. */
export function isWrongSpace({ delivered, space, obtained }: NotifierRow): boolean {
  return delivered && space !== null && obtained.some((world) => world !== space);
}

/** Why, without the command: that has a column of its own. */
export function whyOf({ cause, why }: NotifierRow): string {
  return why.startsWith(`${cause}: `) ? why.slice(cause.length + 2) : why;
}

/** `line 12`, `line 3 of common.smmu`. */
export function lineWords(line: number, file: string | undefined): string {
  return file === undefined ? `line ${line}` : `line ${line} of ${file.split(/[/\\]/).pop() ?? file}`;
}

function timeWords({ history, line, file }: NotifierRow): Words {
  const text = history === null ? 'next' : `op ${history + 1}`;
  return line === undefined ? { text } : { text, more: lineWords(line, file) };
}

/** The command, and the state that it acts on; the queue's only where that is another. */
function commandWords({ cause, queue, actsOn }: NotifierRow): Words {
  const by = queue === null || queue === actsOn ? '' : `by ${worldName(queue)} `;
  return { text: cause, more: `${by}on ${worldName(actsOn)}` };
}

function decisionWords(row: NotifierRow): Words {
  if (row.reason === 'qemu-aborts') return { text: 'QEMU aborts' };
  if (!row.delivered) return { text: 'not told' };
  if (isWrongSpace(row)) return { text: 'told', more: 'wrong space' };
  return row.kept > 0 ? { text: 'told', more: `keeps ${row.kept}` } : { text: 'told' };
}

/** The space of the UNMAP; what is held only where that is not the same. */
function spaceWords({ space, obtained }: NotifierRow): Words {
  const others = obtained.filter((world) => world !== space);
  const text = space === null ? '–' : worldName(space);
  return others.length === 0 ? { text } : { text, more: `held ${worldList(others)}` };
}

/** The first address as a text that sorts like the number. */
function rangeKey({ range }: NotifierRow): string {
  const first = /^0x([\da-f]+)/i.exec(range ?? '')?.[1];
  return first === undefined ? '' : first.padStart(16, '0');
}

/** A text of a column without a number that would have to be sorted by. */
const byWords = (words: (row: NotifierRow) => Words): Pick<Column, 'words' | 'key'> => ({
  words,
  key: (row) => joined(words(row)),
});

/** The columns in the order in which they stand. */
export const NOTIFIER_COLUMNS = {
  time: { title: 'Time', words: timeWords, key: ({ number }) => number },
  command: { title: 'Command', ...byWords(commandWords) },
  device: {
    title: 'Device',
    ...byWords(({ device, sid }) => ({ text: device, more: `sid 0x${sid.toString(16)}` })),
  },
  consumer: {
    title: 'Consumer',
    ...byWords(({ consumer, notifier }) => ({ text: consumer, more: `#${notifier}` })),
  },
  decision: { title: 'Decision', ...byWords(decisionWords) },
  range: {
    title: 'Range',
    words: ({ range, piece }) => ({ text: range ?? '–', ...(piece === null ? {} : { more: piece }) }),
    key: rangeKey,
  },
  space: { title: 'Space', ...byWords(spaceWords) },
  reason: { title: 'Reason', ...byWords((row) => ({ text: REASONS[row.reason], more: whyOf(row) })) },
} as const satisfies Readonly<Record<string, Column>>;

export type NotifierColumn = keyof typeof NOTIFIER_COLUMNS;

/** Which decisions are listed. */
export const DECISION_KINDS = {
  all: { words: 'All decisions', has: () => true },
  told: { words: 'Told', has: (row) => row.delivered },
  untold: { words: 'Not told', has: (row) => !row.delivered },
  'wrong-space': { words: 'Wrong space', has: isWrongSpace },
  findings: { words: 'With findings', has: (row) => row.findings.length > 0 },
} as const satisfies Readonly<
  Record<string, { readonly words: string; readonly has: (row: NotifierRow) => boolean }>
>;

export type DecisionKind = keyof typeof DECISION_KINDS;

/** The kind that a text names, or that which has everything. */
export function decisionKind(text: unknown): DecisionKind {
  return namedBy(DECISION_KINDS, text) ?? 'all';
}

/** The column that a text names, or time. */
export function notifierColumn(text: unknown): NotifierColumn {
  return namedBy(NOTIFIER_COLUMNS, text) ?? 'time';
}

function namedBy<Name extends string>(table: Readonly<Record<Name, unknown>>, text: unknown): Name | null {
  return (Object.keys(table) as Name[]).find((name) => name === text) ?? null;
}

/** A whole row as one sentence, with the name of each column. */
export function rowSentence(row: NotifierRow): string {
  return Object.values(NOTIFIER_COLUMNS)
    .map(({ title, words }) => `${title} ${joined(words(row))}`)
    .join(', ');
}

const joined = ({ text, more }: Words): string => (more === undefined ? text : `${text} ${more}`);

/** The words of what somebody typed to look for. */
export function searchWords(text: string): string[] {
  return text
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
}

/**
 * What rows belong to: operations of the history from one to before another, or a line (from 1) of the program or of a
 * file that it includes.
 */
export type RowOrigin =
  | { readonly from: number; readonly to: number }
  | { readonly line: number; readonly file?: string };

/** The origin that a client sent, or null. */
export function rowOrigin(given: unknown): RowOrigin | null {
  if (typeof given !== 'object' || given === null) return null;
  if ('line' in given && typeof given.line === 'number') {
    const file = 'file' in given && typeof given.file === 'string' ? { file: given.file } : {};
    return { line: given.line, ...file };
  }
  if (!('from' in given && 'to' in given)) return null;
  const { from, to } = given;
  return typeof from === 'number' && typeof to === 'number' ? { from, to } : null;
}

/** Whether a row belongs to an origin; what is not done belongs to no operation yet. */
export function isFrom({ history, line, file }: NotifierRow, origin: RowOrigin): boolean {
  if ('line' in origin) return line === origin.line && file === origin.file;
  return history !== null && history >= origin.from && history < origin.to;
}

/** Whether a row has every word, in whatever column, message or finding, and is of a kind. */
export function isFound(row: NotifierRow, words: readonly string[], kind: DecisionKind): boolean {
  if (!DECISION_KINDS[kind].has(row)) return false;
  if (words.length === 0) return true;
  const text = `${rowSentence(row)} ${row.message ?? ''} ${row.findings.join(' ')}`.toLowerCase();
  return words.every((word) => text.includes(word));
}

/** What all rows are sorted by in a column, and whether from the last to the first. */
export interface RowOrder {
  readonly column: NotifierColumn;
  readonly descending: boolean;
}

/** Numbers in the order of their keys; equal ones stay as they are, also when the order is turned round. */
export function sortedBy(
  found: readonly { readonly at: number; readonly key: number | string }[],
  descending: boolean,
): number[] {
  const collator = new Intl.Collator('en', { numeric: true });
  const sign = descending ? -1 : 1;
  return [...found]
    .sort(({ key: a }, { key: b }) =>
      typeof a === 'number' && typeof b === 'number'
        ? sign * (a - b)
        : sign * collator.compare(String(a), String(b)),
    )
    .map(({ at }) => at);
}
