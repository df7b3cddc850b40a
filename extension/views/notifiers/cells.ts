/** A decision about a notifier as a row of the view: its columns, their order when sorted, and the filter. */

import type { NotifierRow } from '../../../src/adapter/custom-requests.ts';
import { WORLD_WORDS } from '../world-words.ts';
import type { Cell, Choice, DecisionFilter, GridColumn, GridRow } from './messages.ts';

interface Column extends GridColumn {
  readonly cell: (row: NotifierRow) => Cell;
  /** What rows are sorted by; equal keys stay in the order of time. */
  readonly key: (row: NotifierRow) => number | string;
}

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

/** Whether an UNMAP names another space than a mapping that the consumer holds. */
export function isWrongSpace({ delivered, space, obtained }: NotifierRow): boolean {
  return delivered && space !== null && obtained.some((world) => world !== space);
}

function decisionCell(row: NotifierRow): Cell {
  if (row.reason === 'qemu-aborts') return { icon: '✖', text: 'QEMU aborts', tone: 'bad' };
  if (!row.delivered) return { icon: '○', text: 'not told', tone: row.findings.length > 0 ? 'bad' : 'quiet' };
  if (isWrongSpace(row)) return { icon: '⚠', text: 'told, wrong space', tone: 'warning' };
  if (row.kept > 0) return { icon: '⚠', text: `told, keeps ${row.kept}`, tone: 'warning' };
  return { icon: '✓', text: 'told', tone: 'good' };
}

function spaceCell({ space, obtained }: NotifierRow): Cell {
  const held = obtained.map((world) => WORLD_WORDS[world]).join(', ');
  const text = space === null ? '–' : WORLD_WORDS[space];
  return { text, ...(held === '' ? {} : { more: `holds ${held}` }) };
}

const timeText = (row: NotifierRow): string => (row.history === null ? 'next' : `op ${row.history + 1}`);

/** The first address as a text that sorts like the number. */
function rangeKey({ range }: NotifierRow): string {
  const first = /^0x([\da-f]+)/i.exec(range ?? '')?.[1];
  return first === undefined ? '' : first.padStart(16, '0');
}

export const COLUMNS: readonly Column[] = [
  {
    id: 'time',
    title: 'Time',
    track: '100px',
    cell: (row) => ({
      text: timeText(row),
      ...(row.line === undefined ? {} : { more: `line ${row.line}` }),
    }),
    key: (row) => row.number,
  },
  {
    id: 'command',
    title: 'Command',
    track: 'minmax(176px, 1.2fr)',
    cell: (row) => ({
      text: row.cause,
      ...(row.queue === null || row.queue === row.actsOn ? {} : { more: `${WORLD_WORDS[row.queue]} queue` }),
    }),
    key: (row) => row.cause,
  },
  {
    id: 'world',
    title: 'Acts on',
    track: '82px',
    cell: (row) => ({ text: WORLD_WORDS[row.actsOn] }),
    key: (row) => WORLD_WORDS[row.actsOn],
  },
  {
    id: 'device',
    title: 'Device',
    track: 'minmax(104px, 0.6fr)',
    cell: (row) => ({ text: row.device, more: `sid 0x${row.sid.toString(16)}` }),
    key: (row) => row.device,
  },
  {
    id: 'consumer',
    title: 'Consumer',
    track: '98px',
    cell: (row) => ({ text: row.consumer, more: `#${row.notifier}` }),
    key: (row) => row.consumer,
  },
  {
    id: 'decision',
    title: 'Decision',
    track: '132px',
    cell: decisionCell,
    key: (row) => decisionCell(row).text,
  },
  {
    id: 'range',
    title: 'Range',
    track: 'minmax(150px, 0.8fr)',
    cell: (row) => ({
      text: row.range ?? '–',
      mono: true,
      ...(row.piece === null ? {} : { more: row.piece }),
    }),
    key: rangeKey,
  },
  {
    id: 'space',
    title: 'Space',
    track: 'minmax(150px, 0.7fr)',
    cell: spaceCell,
    key: (row) => `${spaceCell(row).text} ${spaceCell(row).more ?? ''}`,
  },
  {
    id: 'reason',
    title: 'Reason',
    track: 'minmax(112px, 2fr)',
    cell: (row) => ({ text: REASONS[row.reason], more: row.why }),
    key: (row) => `${REASONS[row.reason]} ${row.why}`,
  },
];

/** A row as the page shows it. */
export function gridRow(row: NotifierRow): GridRow {
  const cells = COLUMNS.map(({ cell }) => cell(row));
  const label = COLUMNS.map(({ title }, at) => `${title} ${wordsOf(cells[at] as Cell)}`).join(', ');
  return { cells, label };
}

const wordsOf = ({ text, more }: Cell): string => (more === undefined ? text : `${text} ${more}`);

/** What is told of the row that is selected. */
export function detailLines(row: NotifierRow): string[] {
  const worlds = row.deviceWorlds.map((world) => WORLD_WORDS[world]).join(' and ');
  const unmap = row.space === null ? 'no UNMAP' : `UNMAP in ${WORLD_WORDS[row.space]}`;
  const held =
    row.obtained.length === 0
      ? 'nothing was held in the range'
      : `mappings held in ${row.obtained.map((world) => WORLD_WORDS[world]).join(', ')}`;
  const cropped = row.whole !== null && row.whole !== row.range ? ` (of ${row.whole})` : '';
  return [
    `${row.cause}: ${row.why}`,
    `${row.device} (${worlds}), ${row.consumer} #${row.notifier}, IOMMU index ${row.iommuIndex}. ` +
      `Range ${row.range ?? 'none'}${cropped}. ${unmap}, ${held}; ${row.removed} removed, ${row.kept} kept.`,
    ...(row.message === null ? [] : [`${row.consumer} says: ${row.message}`]),
    ...row.findings.map((text) => `⚠ ${text}`),
  ];
}

const FILTERS: Readonly<
  Record<DecisionFilter, { readonly words: string; readonly has: (row: NotifierRow) => boolean }>
> = {
  all: { words: 'All decisions', has: () => true },
  told: { words: 'Told', has: (row) => row.delivered },
  untold: { words: 'Not told', has: (row) => !row.delivered },
  'wrong-space': { words: 'Wrong space', has: isWrongSpace },
  findings: { words: 'With findings', has: (row) => row.findings.length > 0 },
};

/** The filters by decision, as a page offers them. */
export const DECISIONS: readonly Choice[] = Object.entries(FILTERS).map(([value, { words }]) => ({
  value,
  words,
}));

/** The filter that a text names, or that which lists everything. */
export function decisionFilter(text: string): DecisionFilter {
  return isDecisionFilter(text) ? text : 'all';
}

function isDecisionFilter(text: string): text is DecisionFilter {
  return Object.hasOwn(FILTERS, text);
}

/** Whether a row has every word of a text, in any column, and is of a kind of decision. */
export function matches(row: NotifierRow, words: readonly string[], decision: DecisionFilter): boolean {
  if (!FILTERS[decision].has(row)) return false;
  if (words.length === 0) return true;
  const text = `${gridRow(row).label} ${row.message ?? ''} ${row.findings.join(' ')}`.toLowerCase();
  return words.every((word) => text.includes(word));
}

/** The words of what somebody typed to filter by. */
export function filterWords(text: string): string[] {
  return text
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
}
