/** Policies side by side: what each makes of the same session, and of each of its invalidations. */

import type { PolicyColumn, PolicyRow } from '../../../src/adapter/custom-requests.ts';
import { shownWorldName } from '../world-words.ts';
import { csv } from './export.ts';
import { escapeHtml, type Page } from './page.ts';

export interface Policies {
  readonly columns: readonly PolicyColumn[];
  readonly rows: readonly PolicyRow[];
  /** Rows beyond, which are in the numbers only. */
  readonly more: number;
}

/** Rows that are drawn; an export has all of them. */
export const MOST_DRAWN = 2000;

const MEASURES: readonly { readonly words: string; readonly of: (column: PolicyColumn) => number }[] = [
  { words: 'Registered', of: ({ registered }) => registered },
  { words: 'Refused', of: ({ refused }) => refused },
  { words: 'Told', of: ({ told }) => told },
  { words: 'Not told', of: ({ untold }) => untold },
  { words: 'Missed', of: ({ missed }) => missed },
  { words: 'In the wrong space', of: ({ wrongSpace }) => wrongSpace },
  { words: 'QEMU aborts', of: ({ aborts }) => aborts },
  { words: 'Findings', of: ({ findings, moreFindings }) => findings.length + moreFindings },
];

/** The page of a comparison. Rows in which policies differ come with a mark and a word. */
export function policiesPage({ columns, rows, more }: Policies): Page {
  const differing = rows.filter(({ differs }) => differs).length;
  // Where not all can be drawn, those that differ are.
  const drawn = rows.length > MOST_DRAWN ? rows.filter(({ differs }) => differs).slice(0, MOST_DRAWN) : rows;
  const left =
    drawn.length < rows.length
      ? ` ${drawn.length} of ${rows.length} rows are drawn, those that differ; an export has all of them.`
      : '';
  const beyond = more > 0 ? ` ${more} more are in the numbers of the whole session only.` : '';
  const body = `<h1>Notifier policies side by side</h1>
<p role="status">${differing} of ${rows.length} decisions differ between the policies.${left}${beyond} A cell marked ≠ is another outcome than the first column’s.</p>
<div class="bar"><label><input type="checkbox" id="differing"> Only differences</label>
<button type="button" id="export">Export…</button></div>
<div class="scroll" tabindex="0" role="region" aria-label="Comparison">
<table class="policies">
<thead><tr><th scope="col" colspan="3">Whole session</th>${heads(columns)}</tr></thead>
<tbody>
${MEASURES.map(({ words, of }) => summaryRow(words, columns.map(of))).join('\n')}
</tbody>
<thead><tr><th scope="col">Invalidation</th><th scope="col">Acts on</th><th scope="col">Device</th>${heads(columns)}</tr></thead>
<tbody>
${drawn.map(decisionRow).join('\n')}
</tbody>
</table>
</div>
${findingsHtml(columns)}`;
  return { title: 'Notifier policies', kind: 'tables', body };
}

const heads = (columns: readonly PolicyColumn[]): string =>
  columns.map(({ policy }) => `<th scope="col">${escapeHtml(policy)}</th>`).join('');

function summaryRow(words: string, values: readonly number[]): string {
  return row(`<th scope="row" colspan="3">${words}</th>`, values.map(String));
}

function decisionRow({ cause, actsOn, device, consumer, outcomes }: PolicyRow): string {
  const head = `<th scope="row">${escapeHtml(cause)}</th><td>${shownWorldName(actsOn)}</td>
<td>${escapeHtml(device)} <span class="more">${escapeHtml(consumer)}</span></td>`;
  return row(head, outcomes);
}

function row(head: string, outcomes: readonly string[]): string {
  const isSame = outcomes.every((outcome) => outcome === outcomes[0]);
  const cells = outcomes.map((outcome) =>
    outcome === outcomes[0]
      ? `<td>${escapeHtml(outcome)}</td>`
      : `<td class="differs"><span class="icon" aria-hidden="true">≠</span><span class="aloud">differs: </span>${escapeHtml(outcome)}</td>`,
  );
  return `<tr class="${isSame ? 'same' : 'different'}">${head}${cells.join('')}</tr>`;
}

function findingsHtml(columns: readonly PolicyColumn[]): string {
  const lists = columns
    .filter(({ findings }) => findings.length > 0)
    .map(
      ({ policy, findings, moreFindings }) =>
        `<h2>Findings under ${escapeHtml(policy)}</h2><ul>${findings.map((text) => `<li>${escapeHtml(text)}</li>`).join('')}</ul>${moreFindings > 0 ? `<p>… and ${moreFindings} more</p>` : ''}`,
    );
  return lists.join('\n');
}

/** A comparison as CSV: the whole session first, then each decision. */
export function policiesAsCsv({ columns, rows, more }: Policies): string {
  const head = [
    'invalidation',
    'actsOn',
    'device',
    'consumer',
    'differs',
    ...columns.map(({ policy }) => policy),
  ];
  const whole = MEASURES.map(({ words, of }) => {
    const values = columns.map((column) => String(of(column)));
    return [words, '', '', '', String(values.some((value) => value !== values[0])), ...values];
  });
  const each = rows.map(({ cause, actsOn, device, consumer, differs, outcomes }) => [
    cause,
    actsOn,
    device,
    consumer,
    String(differs),
    ...outcomes,
  ]);
  const beyond = more > 0 ? [[`${more} more, in the numbers only`]] : [];
  return csv(head, [...whole, ...each, ...beyond]);
}
