/** A comparison of policies as text. */

import type { PolicyColumn, PolicyComparison, PolicyRow } from './policies.ts';

/** Rows that a table names. */
const MOST_PRINTED = 1000;

const HEADS: readonly (readonly [head: string, of: (column: PolicyColumn) => number | string])[] = [
  ['policy', ({ policy }) => policy],
  ['registered', ({ registered }) => registered],
  ['refused', ({ refused }) => refused],
  ['told', ({ told }) => told],
  ['not told', ({ untold }) => untold],
  ['missed', ({ missed }) => missed],
  ['wrong space', ({ wrongSpace }) => wrongSpace],
  ['findings', ({ findings, moreFindings }) => findings.length + moreFindings],
  ['QEMU aborts', ({ aborts }) => aborts],
];

/** A line for each policy, and below it what each makes of the invalidations in which they differ. */
export function policyTable({ columns, rows, more }: PolicyComparison): readonly string[] {
  const cells = [
    HEADS.map(([head]) => head),
    ...columns.map((one) => HEADS.map(([, of]) => String(of(one)))),
  ];
  const widths = HEADS.map((_, i) => Math.max(...cells.map((line) => line[i]?.length ?? 0)));
  const lines = cells.map((line) =>
    line
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  const differing = rows.filter(({ differs }) => differs);
  const of = more === 0 ? `${rows.length}` : `the first ${rows.length} of ${rows.length + more}`;
  lines.push(
    `${of} invalidations of a device; the policies differ in ${differing.length}`,
    ...differing.slice(0, MOST_PRINTED).flatMap((row) => rowLines(row, columns)),
  );
  if (differing.length > MOST_PRINTED)
    lines.push(`… and ${differing.length - MOST_PRINTED} more in which they differ`);
  if (more > 0) lines.push(`… and ${more} more invalidations that are in the counts only`);
  return lines;
}

/** Policies that make the same of it share a line. */
function rowLines(
  { cause, place, actsOn, consumer, device, outcomes }: PolicyRow,
  columns: readonly PolicyColumn[],
): string[] {
  const by = new Map<string, string[]>();
  for (const [i, outcome] of outcomes.entries()) {
    const policies = by.get(outcome) ?? [];
    policies.push(columns[i]?.policy ?? '');
    by.set(outcome, policies);
  }
  return [
    `${place === '' ? cause : `${place}: ${cause}`} on entries of ${actsOn}, ${consumer} of ${device}:`,
    ...[...by].map(([outcome, policies]) => `    ${outcome}: ${policies.join(', ')}`),
  ];
}
