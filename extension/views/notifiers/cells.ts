/** A decision about a notifier as a row of the grid: the words are the adapter's, signs and tracks the view's. */

import type { NotifierRow } from '../../../src/adapter/custom-requests.ts';
import {
  DECISION_KINDS,
  isWrongSpace,
  NOTIFIER_COLUMNS,
  type NotifierColumn,
  rowSentence,
  whyOf,
} from '../../../src/adapter/notifier-words.ts';
import { worldName } from '../../../src/inspect/text.ts';
import type { Cell, Choice, GridColumn, GridRow } from './messages.ts';

type Look = (row: NotifierRow) => Pick<Cell, 'icon' | 'tone' | 'mono'>;

interface View {
  readonly wide: string;
  readonly narrow: string;
  readonly look?: Look;
}

function decisionLook(row: NotifierRow): ReturnType<Look> {
  if (row.reason === 'qemu-aborts') return { icon: '✖', tone: 'bad' };
  if (!row.delivered) return { icon: '○', tone: row.findings.length > 0 ? 'bad' : 'quiet' };
  return isWrongSpace(row) || row.kept > 0 ? { icon: '⚠', tone: 'warning' } : { icon: '✓', tone: 'good' };
}

/** How wide each column is, in one line and in two, and how its cells look. */
const VIEWS: Readonly<Record<NotifierColumn, View>> = {
  time: { wide: '104px', narrow: '62px' },
  command: { wide: 'minmax(250px, 1.2fr)', narrow: '164px' },
  device: { wide: 'minmax(104px, 0.5fr)', narrow: 'minmax(64px, 0.3fr)' },
  consumer: { wide: '104px', narrow: '82px' },
  decision: { wide: '150px', narrow: '98px', look: decisionLook },
  range: {
    wide: 'minmax(150px, 0.8fr)',
    narrow: 'minmax(150px, 0.4fr)',
    look: () => ({ mono: true }),
  },
  space: { wide: 'minmax(170px, 0.6fr)', narrow: 'minmax(118px, 0.5fr)' },
  reason: { wide: 'minmax(150px, 2fr)', narrow: 'minmax(94px, 1.5fr)' },
};

/** The columns in their order. */
const COLUMNS = Object.keys(NOTIFIER_COLUMNS) as NotifierColumn[];

/** What the page knows of the columns. */
export const GRID_COLUMNS: readonly GridColumn[] = COLUMNS.map((id) => {
  const { wide, narrow } = VIEWS[id];
  return { id, title: NOTIFIER_COLUMNS[id].title, wide, narrow };
});

/** The filters by decision, as a page offers them. */
export const DECISION_CHOICES: readonly Choice[] = Object.entries(DECISION_KINDS).map(
  ([value, { words }]) => ({
    value,
    words,
  }),
);

/** A row as the page shows it. */
export function gridRow(row: NotifierRow): GridRow {
  const cells = COLUMNS.map((id) => ({ ...NOTIFIER_COLUMNS[id].words(row), ...VIEWS[id].look?.(row) }));
  return { cells, label: rowSentence(row) };
}

/** What is told of the row that is selected. */
export function detailLines(row: NotifierRow): string[] {
  const worlds = row.deviceWorlds.map(worldName).join(' and ');
  const unmap = row.space === null ? 'no UNMAP' : `UNMAP in ${worldName(row.space)}`;
  const held =
    row.obtained.length === 0
      ? 'nothing was held in the range'
      : `mappings held in ${row.obtained.map(worldName).join(', ')}`;
  const cropped = row.whole !== null && row.whole !== row.range ? ` (of ${row.whole})` : '';
  return [
    `${row.cause}: ${whyOf(row)}`,
    `${row.device} (${worlds}), ${row.consumer} #${row.notifier}, IOMMU index ${row.iommuIndex}. ` +
      `Range ${row.range ?? 'none'}${cropped}. ${unmap}, ${held}; ${row.removed} removed, ${row.kept} kept.`,
    ...(row.message === null ? [] : [`${row.consumer} says: ${row.message}`]),
    ...row.findings.map((text) => `⚠ ${text}`),
  ];
}
