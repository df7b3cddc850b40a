/** A comparison of policies as text. */

import type { PolicyColumn, PolicyComparison, PolicyRow } from './policies.ts';

const HEADS: readonly (readonly [head: string, of: (column: PolicyColumn) => number | string])[] = [
  ['policy', ({ policy }) => policy],
  ['registered', ({ registered }) => registered],
  ['refused', ({ refused }) => refused],
  ['told', ({ told }) => told],
  ['not told', ({ untold }) => untold],
  ['missed', ({ missed }) => missed],
  ['wrong space', ({ wrongSpace }) => wrongSpace],
  ['findings', ({ findings }) => findings.length],
  ['QEMU aborts', ({ aborts }) => aborts],
];

/** A line for each policy, and below it what each makes of the invalidations in which they differ. */
export function policyTable({ columns, rows }: PolicyComparison): readonly string[] {
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
  lines.push(
    `${rows.length} invalidations of a device; the policies differ in ${differing.length}`,
    ...differing.flatMap((row) => rowLines(row, columns)),
  );
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
