import type { NotifierRow } from '../../../src/adapter/custom-requests.ts';
import { COLUMNS, filterWords, matches } from './cells.ts';
import type { Selection } from './messages.ts';

/** A page of decisions as the adapter answers it. */
export interface NotifierPage {
  readonly rows: readonly NotifierRow[];
  readonly total: number;
}

/** Rows from `start` on, `count` of them at most. */
export type FetchPage = (start: number, count: number) => Promise<NotifierPage>;

/** Rows that are asked for at once. */
export const PAGE_ROWS = 1000;

/** Pages that are kept: what a window shows, and a few beside it. */
const KEPT_PAGES = 8;

/** The order of time, in which nothing has to be looked through. */
export const BY_TIME: Selection = {
  text: '',
  decision: 'all',
  sort: { column: 'time', descending: false },
};

/**
 * The rows of a selection, filtered and sorted, of which only those in sight are kept. A filter or another order looks
 * through all rows once and keeps a number and a key for each that matches.
 */
export class NotifierRows {
  readonly #fetch: FetchPage;
  readonly #pages = new Map<number, readonly NotifierRow[]>();
  #selection = BY_TIME;
  #total = 0;
  /** Row numbers in the order that is shown; null where that is the order of time. */
  #order: Uint32Array | null = null;
  #found: { readonly at: number; readonly key: number | string }[] = [];
  /** Rows that were looked through and can no longer change. */
  #scanned = 0;
  /** The last of these, to see whether the session went another way since. */
  #last = '';
  #turn = 0;

  constructor(fetch: FetchPage) {
    this.#fetch = fetch;
  }

  get selection(): Selection {
    return this.#selection;
  }

  /** Rows of the session. */
  get total(): number {
    return this.#total;
  }

  /** Rows that match. */
  get matching(): number {
    return this.#order?.length ?? this.#total;
  }

  /**
   * Shows another selection.
   * @returns false when a later change has overtaken it
   */
  select(selection: Selection): Promise<boolean> {
    this.#selection = selection;
    this.#forgetScan();
    return this.refresh();
  }

  /**
   * Looks at the session again. What was looked through before is not asked for again while it stands.
   * @returns false when a later change has overtaken it
   */
  async refresh(): Promise<boolean> {
    const turn = ++this.#turn;
    this.#pages.clear();
    const { total } = await this.#fetch(0, 0);
    if (turn !== this.#turn) return false;
    if (!this.#needsScan()) {
      this.#total = total;
      this.#order = null;
      return true;
    }
    if (!(await this.#stillStands(total))) this.#forgetScan();
    return this.#scan(turn, total);
  }

  /** Rows at the positions `start` to `start + count`, fewer at the end. */
  async window(start: number, count: number): Promise<NotifierRow[]> {
    const rows: NotifierRow[] = [];
    const turn = this.#turn;
    for (let at = start; at < Math.min(start + count, this.matching); at++) {
      const row = await this.#row(this.#numberAt(at));
      if (row === undefined || turn !== this.#turn) break;
      rows.push(row);
    }
    return rows;
  }

  /**
   * The position of the first row that `is` holds for, from the first row of the session on; -1 if none is shown.
   * @param is must be true of the row looked for alone
   */
  async positionOf(is: (row: NotifierRow) => boolean): Promise<number> {
    for (let at = 0; at < this.#total; at++) {
      const row = await this.#row(at);
      if (row && is(row)) return this.#positionOfNumber(at);
    }
    return -1;
  }

  #needsScan(): boolean {
    const { text, decision, sort } = this.#selection;
    return filterWords(text).length > 0 || decision !== 'all' || sort.column !== 'time';
  }

  #forgetScan(): void {
    this.#found = [];
    this.#scanned = 0;
    this.#last = '';
  }

  async #stillStands(total: number): Promise<boolean> {
    if (this.#scanned === 0 || this.#scanned > total) return false;
    const { rows } = await this.#fetch(this.#scanned - 1, 1);
    return JSON.stringify(rows[0]) === this.#last;
  }

  async #scan(turn: number, total: number): Promise<boolean> {
    const { text, decision, sort } = this.#selection;
    const words = filterWords(text);
    const column = COLUMNS.find(({ id }) => id === sort.column);
    const found = [...this.#found];
    let scanned = this.#scanned;
    let last = this.#last;
    let settled = found.length;
    for (let start = scanned; start < total; start += PAGE_ROWS) {
      const { rows } = await this.#fetch(start, Math.min(PAGE_ROWS, total - start));
      if (turn !== this.#turn) return false;
      for (const [i, row] of rows.entries()) {
        if (matches(row, words, decision)) found.push({ at: start + i, key: column?.key(row) ?? row.number });
        // What belongs to an operation that is not done may be another next time.
        if (row.history === null || scanned !== start + i) continue;
        scanned = start + i + 1;
        settled = found.length;
        last = JSON.stringify(row);
      }
      if (rows.length === 0) break;
    }
    this.#found = found.slice(0, settled);
    this.#scanned = scanned;
    this.#last = last;
    this.#total = total;
    this.#order = Uint32Array.from(sorted(found), ({ at }) => at);
    if (sort.descending) this.#order.reverse();
    return true;
  }

  #numberAt(position: number): number {
    if (this.#order) return this.#order[position] ?? -1;
    return this.#selection.sort.descending ? this.#total - 1 - position : position;
  }

  #positionOfNumber(at: number): number {
    if (this.#order) return this.#order.indexOf(at);
    return this.#selection.sort.descending ? this.#total - 1 - at : at;
  }

  async #row(at: number): Promise<NotifierRow | undefined> {
    if (at < 0) return undefined;
    const page = Math.floor(at / PAGE_ROWS);
    let rows = this.#pages.get(page);
    if (!rows) {
      const turn = this.#turn;
      rows = (await this.#fetch(page * PAGE_ROWS, PAGE_ROWS)).rows;
      if (turn === this.#turn) {
        const oldest = this.#pages.keys().next();
        if (this.#pages.size >= KEPT_PAGES && !oldest.done) this.#pages.delete(oldest.value);
        this.#pages.set(page, rows);
      }
    }
    return rows[at % PAGE_ROWS];
  }
}

type Found = { readonly at: number; readonly key: number | string };

function sorted(found: readonly Found[]): Found[] {
  const collator = new Intl.Collator('en', { numeric: true });
  return [...found].sort(({ key: a }, { key: b }) =>
    typeof a === 'number' && typeof b === 'number' ? a - b : collator.compare(String(a), String(b)),
  );
}
