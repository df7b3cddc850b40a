/** Decisions as a file: every field of a row, whatever the view shows of it. */

import type { NotifierRow } from '../../../src/adapter/custom-requests.ts';

type Field = keyof NotifierRow;

/** The fields in the order of the file; the type asks for each of them. */
const FIELDS = Object.keys({
  number: 0,
  history: 0,
  line: 0,
  file: 0,
  cause: 0,
  queue: 0,
  actsOn: 0,
  device: 0,
  sid: 0,
  deviceWorlds: 0,
  notifier: 0,
  consumer: 0,
  iommuIndex: 0,
  delivered: 0,
  reason: 0,
  why: 0,
  range: 0,
  whole: 0,
  piece: 0,
  space: 0,
  obtained: 0,
  message: 0,
  removed: 0,
  kept: 0,
  findings: 0,
} satisfies Readonly<Record<Field, 0>>) as Field[];

/** A table as CSV (RFC 4180), its first line the names of the columns. */
export function csv(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, ...rows].map((cells) => `${cells.map(quoted).join(',')}\r\n`).join('');
}

/** Decisions as CSV; lists are separated by `; `. */
export function rowsAsCsv(rows: readonly NotifierRow[]): string {
  return csv(
    FIELDS,
    rows.map((row) => FIELDS.map((field) => plain(row[field]))),
  );
}

/** Decisions as a JSON list. */
export function rowsAsJson(rows: readonly NotifierRow[]): string {
  return `${JSON.stringify(rows, null, 2)}\n`;
}

function plain(value: NotifierRow[Field]): string {
  if (value === null || value === undefined) return '';
  return typeof value === 'object' ? value.join('; ') : String(value);
}

/** What a spreadsheet would take for a formula is text: names come from files of others. */
function quoted(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]|^'/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
