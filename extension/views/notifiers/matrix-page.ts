/** The Notifier matrix as a table: a row for each notifier, a column for each Security state. */

import type { NotifierMatrixRow } from '../../../src/adapter/custom-requests.ts';
import { WORLDS, type World } from '../../../src/bits/world.ts';
import { type ShownWorld, shownWorldName } from '../world-words.ts';
import { escapeHtml, type Page } from './page.ts';

const keyOf = ({ device, sid, consumer, notifier }: NotifierMatrixRow): string =>
  JSON.stringify([device, sid, consumer, notifier]);

/** The page for some rows, in the order in which they came. */
export function matrixPage(rows: readonly NotifierMatrixRow[], shown: ShownWorld): Page {
  return { title: 'Notifier matrix', kind: 'tables', body: matrixBody(rows, shown) };
}

/** The page with a sentence instead of a table. */
export function sentencePage(title: string, sentence: string): Page {
  return { title, kind: 'tables', body: `<p role="status">${escapeHtml(sentence)}</p>` };
}

function matrixBody(all: readonly NotifierMatrixRow[], shown: ShownWorld): string {
  const rows = all.filter(({ world }) => shown === 'all' || world === shown);
  if (rows.length === 0) return sentencePage('', nothing(all.length, shown)).body;
  const worlds = WORLDS.filter((world) => rows.some((row) => row.world === world));
  const lines = new Map<string, NotifierMatrixRow[]>();
  for (const row of rows) lines.set(keyOf(row), [...(lines.get(keyOf(row)) ?? []), row]);
  const heads = worlds.map((world) => `<th scope="col">${shownWorldName(world)}</th>`).join('');
  const body = [...lines.values()].map((line) => rowHtml(line, worlds)).join('\n');
  return `<table class="matrix" aria-label="Notifiers by device, consumer and Security state">
<thead><tr><th scope="col">Device</th><th scope="col">Consumer</th>${heads}</tr></thead>
<tbody>
${body}
</tbody>
</table>`;
}

function nothing(count: number, shown: ShownWorld): string {
  if (count > 0 && shown !== 'all') return `No device of the ${shownWorldName(shown)} state has a notifier.`;
  return 'No device has a notifier. A script or “devices” of launch.json makes some.';
}

function rowHtml(line: readonly NotifierMatrixRow[], worlds: readonly World[]): string {
  const [first] = line;
  if (!first) return '';
  const cells = worlds.map((world) => cellHtml(line.find((row) => row.world === world)));
  return `<tr><th scope="row">${escapeHtml(first.device)} <span class="more">sid 0x${first.sid.toString(16)}</span></th>
<td>${escapeHtml(first.consumer)} <span class="more">#${first.notifier}</span></td>
${cells.join('\n')}</tr>`;
}

function cellHtml(row: NotifierMatrixRow | undefined): string {
  if (!row) return '<td class="quiet"><span class="text">no such transactions</span></td>';
  const { device, world, refused, told, untold, held, missed, wrongSpace } = row;
  const lines =
    refused === null
      ? [sign('good', '✓', 'registered')]
      : [sign('bad', '✖', 'refused'), `<span class="more">${escapeHtml(refused)}</span>`];
  lines.push(`<span class="text">${told} told, ${untold} not told, holds ${held}</span>`);
  if (missed > 0) lines.push(sign('bad', '✖', `${missed} missed`));
  if (wrongSpace > 0) lines.push(sign('warning', '⚠', `${wrongSpace} in the wrong space`));
  const where = `data-device="${escapeHtml(device)}" data-world="${world}"`;
  const words = `Events of ${device}, ${shownWorldName(world)}`;
  const button = `<button type="button" class="link" ${where} aria-label="${escapeHtml(words)}">Events</button>`;
  return `<td>${lines.map((line) => `<div>${line}</div>`).join('')}${button}</td>`;
}

const sign = (tone: string, icon: string, words: string): string =>
  `<span class="${tone}"><span class="icon" aria-hidden="true">${icon}</span><span class="text">${words}</span></span>`;
