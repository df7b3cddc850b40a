/** The page of the Notifier events view: a grid of which only the rows in sight exist. */

import type { Cell, Choice, FromPage, GridRow, GridState, ToPage } from '../views/notifiers/messages.ts';
import { element, listen, send } from './host.ts';

/** A row is one line where the page is wide enough, else two; heights in CSS pixels, as in the style sheet. */
const WIDE = window.matchMedia('(min-width: 1240px)');
const ONE_LINE = 24;
const TWO_LINES = 40;

/** Rows beside those in sight that are drawn too, and how long one that types is waited for. */
const MARGIN = 20;
const TYPING_MS = 150;

/** Browsers lose precision in elements of more pixels. */
const MOST_PIXELS = 8_000_000;

const text = element('input', 'text');
const world = element('select', 'world');
const decision = element('select', 'decision');
const summary = element('span', 'summary');
const grid = element('div', 'grid');
const head = element('div', 'head');
const body = element('div', 'rows');
const nothing = element('p', 'nothing');
const details = element('div', 'details');

let state: GridState | null = null;
let shown: readonly GridRow[] = [];
let shownFrom = 0;
let selected = -1;
let typing = 0;
let drawing = 0;

const post = (message: FromPage): void => send(message);

const rowHeight = (): number => (WIDE.matches ? ONE_LINE : TWO_LINES);

/** Rows that fit in the pixels of the page. */
function scrollRows(): number {
  return Math.min(state?.matching ?? 0, Math.floor(MOST_PIXELS / rowHeight()));
}

/** Rows between the header and the lower edge. */
const visibleRows = (): number =>
  Math.max(1, Math.floor((grid.clientHeight - head.offsetHeight) / rowHeight()));

/** The first row in sight: the share of the way that was scrolled, where there are more rows than pixels. */
function firstRow(): number {
  const all = state?.matching ?? 0;
  const rows = scrollRows();
  if (rows === all) return Math.floor(grid.scrollTop / rowHeight());
  const way = rows * rowHeight() - visibleRows() * rowHeight();
  return Math.round((Math.min(grid.scrollTop, way) / way) * (all - visibleRows()));
}

function scrollToRow(position: number): void {
  const all = state?.matching ?? 0;
  const first = firstRow();
  const seen = visibleRows();
  let target = first;
  if (position < first) target = position;
  else if (position >= first + seen) target = position - seen + 1;
  if (target === first && position !== 0) return;
  const rows = scrollRows();
  grid.scrollTop =
    rows === all
      ? target * rowHeight()
      : (target / Math.max(1, all - seen)) * (rows * rowHeight() - seen * rowHeight());
}

function isAtEnd(): boolean {
  return grid.scrollTop + grid.clientHeight >= grid.scrollHeight - rowHeight();
}

function ask(): void {
  if (!state || state.matching === 0) return;
  const start = Math.max(0, firstRow() - MARGIN);
  const count = Math.min(visibleRows() + 2 * MARGIN, state.matching - start);
  post({ type: 'window', generation: state.generation, start, count });
}

function cellElement({ text, more, icon, tone, mono }: Cell, column: number): HTMLElement {
  const cell = document.createElement('div');
  cell.setAttribute('role', 'gridcell');
  cell.setAttribute('aria-colindex', String(column + 1));
  cell.className = ['cell', tone ?? '', mono ? 'mono' : ''].join(' ').trim();
  if (icon !== undefined) cell.append(part('icon', icon, true));
  cell.append(part('text', text));
  if (more !== undefined) cell.append(part('more', more));
  cell.title = more === undefined ? text : `${text} – ${more}`;
  return cell;
}

function part(className: string, words: string, isSign = false): HTMLElement {
  const span = document.createElement('span');
  span.className = className;
  span.textContent = words;
  if (isSign) span.setAttribute('aria-hidden', 'true');
  return span;
}

function rowElement({ cells, label }: GridRow, position: number): HTMLElement {
  const row = document.createElement('div');
  row.id = `row-${position}`;
  row.className = position === selected ? 'row selected' : 'row';
  row.setAttribute('role', 'row');
  row.setAttribute('aria-rowindex', String(position + 2));
  row.setAttribute('aria-selected', String(position === selected));
  row.setAttribute('aria-label', label);
  row.append(...cells.map(cellElement));
  row.addEventListener('click', () => choose(position));
  row.addEventListener('dblclick', () => post({ type: 'open', position }));
  return row;
}

function draw(): void {
  const all = state?.matching ?? 0;
  const rows = scrollRows();
  body.style.height = `${rows * rowHeight()}px`;
  // Where there are more rows than pixels the drawn ones hang on the place that is in sight.
  const offset =
    rows === all
      ? shownFrom * rowHeight()
      : Math.max(0, grid.scrollTop - (firstRow() - shownFrom) * rowHeight());
  const elements = shown.map((row, at) => rowElement(row, shownFrom + at));
  for (const [at, row] of elements.entries()) row.style.top = `${offset + at * rowHeight()}px`;
  body.replaceChildren(...elements);
  const active = selected >= shownFrom && selected < shownFrom + shown.length;
  if (active) grid.setAttribute('aria-activedescendant', `row-${selected}`);
  else grid.removeAttribute('aria-activedescendant');
}

function choose(position: number): void {
  const all = state?.matching ?? 0;
  if (all === 0) return;
  selected = Math.min(Math.max(position, 0), all - 1);
  post({ type: 'select', position: selected });
  scrollToRow(selected);
  draw();
}

function header({ columns, selection }: GridState): void {
  const focused = document.activeElement?.getAttribute('data-column');
  const cells = columns.map(({ id, title }, at) => {
    const isSorted = selection.sort.column === id;
    const order = selection.sort.descending ? 'descending' : 'ascending';
    const cell = document.createElement('div');
    cell.setAttribute('role', 'columnheader');
    cell.setAttribute('aria-colindex', String(at + 1));
    cell.setAttribute('aria-sort', isSorted ? order : 'none');
    const button = document.createElement('button');
    button.type = 'button';
    button.dataset['column'] = id;
    button.title = `Sort by ${title.toLowerCase()}`;
    button.append(part('text', title));
    if (isSorted) button.append(part('icon', selection.sort.descending ? '▾' : '▴', true));
    button.addEventListener('click', () => post({ type: 'sort', column: id }));
    cell.append(button);
    return cell;
  });
  head.replaceChildren(...cells);
  const tracks = columns.map(({ wide, narrow }) => (WIDE.matches ? wide : narrow));
  grid.style.setProperty('--tracks', tracks.join(' '));
  grid.setAttribute('aria-colcount', String(columns.length));
  if (focused) head.querySelector<HTMLElement>(`[data-column="${focused}"]`)?.focus();
}

function options(select: HTMLSelectElement, choices: readonly Choice[], value: string): void {
  if (select.options.length !== choices.length)
    select.replaceChildren(...choices.map((choice) => new Option(choice.words, choice.value)));
  select.value = value;
}

/** What a list is of: another one has other rows at the same positions. */
const listOf = ({ selection, world }: GridState): string => JSON.stringify([selection, world]);

function take(next: GridState): void {
  const follows = state === null || isAtEnd();
  const isSame = state !== null && listOf(state) === listOf(next);
  state = next;
  if (!isSame || selected >= next.matching) {
    selected = -1;
    details.hidden = true;
  } else if (selected >= 0) post({ type: 'select', position: selected });
  header(next);
  options(world, next.worlds, next.world);
  options(decision, next.decisions, next.selection.decision);
  if (document.activeElement !== text) text.value = next.selection.text;
  summary.textContent = next.summary;
  nothing.textContent = next.nothing;
  nothing.hidden = next.nothing === '';
  grid.hidden = next.nothing !== '';
  grid.setAttribute('aria-rowcount', String(next.matching + 1));
  body.style.height = `${scrollRows() * rowHeight()}px`;
  if (next.matching === 0) {
    shown = [];
    draw();
  }
  if (!isSame) grid.scrollTop = 0;
  else if (follows) grid.scrollTop = grid.scrollHeight;
  ask();
}

function typed(): void {
  window.clearTimeout(typing);
  typing = window.setTimeout(
    () => post({ type: 'filter', text: text.value, decision: decision.value }),
    TYPING_MS,
  );
}

const MOVES: Readonly<Record<string, (at: number) => number>> = {
  ArrowDown: (at) => at + 1,
  ArrowUp: (at) => (at < 0 ? 0 : at - 1),
  PageDown: (at) => at + visibleRows(),
  PageUp: (at) => at - visibleRows(),
  Home: () => 0,
  End: () => (state?.matching ?? 1) - 1,
};

grid.addEventListener('keydown', (event) => {
  if (event.target !== grid) return;
  const move = MOVES[event.key];
  if (move) choose(move(selected));
  else if (event.key === 'Enter' && selected >= 0) post({ type: 'open', position: selected });
  else return;
  event.preventDefault();
});
grid.addEventListener('scroll', () => {
  window.cancelAnimationFrame(drawing);
  drawing = window.requestAnimationFrame(ask);
});
window.addEventListener('resize', ask);
WIDE.addEventListener('change', () => {
  if (!state) return;
  header(state);
  draw();
  ask();
});
text.addEventListener('input', typed);
decision.addEventListener('change', typed);
world.addEventListener('change', () => post({ type: 'world', world: world.value }));
element('button', 'export').addEventListener('click', () => post({ type: 'export' }));

listen<ToPage>((message) => {
  if (message.type === 'state') take(message);
  else if (message.type === 'reveal') {
    choose(message.position);
    grid.focus();
  } else if (message.type === 'details') {
    if (message.position !== selected) return;
    details.replaceChildren(...message.lines.map((line) => part('line', line)));
    details.hidden = false;
    // The strip takes room from the grid: the row must stay in sight.
    scrollToRow(selected);
  } else if (message.generation === state?.generation) {
    shown = message.rows;
    shownFrom = message.start;
    draw();
  }
});
post({ type: 'ready' });
