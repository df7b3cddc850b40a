import type { CustomRequests, NotifierRow } from '../../../src/adapter/custom-requests.ts';
import { type RowOrigin, searchWords } from '../../../src/adapter/notifier-words.ts';
import type { Selection } from './messages.ts';

/** Where rows come from: the requests of the same names. */
export interface RowSource {
  /** Rows from `start` on, or those at some places. */
  rows(of: {
    readonly start?: number;
    readonly count?: number;
    readonly at?: readonly number[];
  }): Promise<Pick<CustomRequests['smmu/notifiers']['body'], 'rows' | 'total'>>;
  /** Places of the rows that a selection has, in its order. */
  order(
    of: Selection & { readonly origin?: RowOrigin },
  ): Promise<CustomRequests['smmu/notifierOrder']['body']>;
}

/** Rows that are asked for at once. */
export const PAGE_ROWS = 200;

/** Pages that are kept: what a window shows, and a few beside it. */
const KEPT_PAGES = 16;

/** The order of time, in which nothing has to be looked for. */
export const BY_TIME: Selection = {
  text: '',
  decision: 'all',
  sort: { column: 'time', descending: false },
};

/** The rows of a selection, filtered and sorted, of which only those in sight are kept. */
export class NotifierRows {
  readonly #source: RowSource;
  readonly #pages = new Map<number, readonly NotifierRow[]>();
  #selection = BY_TIME;
  #total = 0;
  /** Places in the order that is shown; null where that is the order of time. */
  #order: readonly number[] | null = null;
  /** Counts what overtakes what: an answer that comes too late is dropped. */
  #turn = 0;

  constructor(source: RowSource) {
    this.#source = source;
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
    return this.refresh();
  }

  /**
   * Looks at the session again.
   * @returns false when a later change has overtaken it
   */
  async refresh(): Promise<boolean> {
    const turn = ++this.#turn;
    const { text, decision, sort } = this.#selection;
    const isPlain = searchWords(text).length === 0 && decision === 'all' && sort.column === 'time';
    // The policy, and how many there are, come with the rows; none of them is needed yet.
    const { total } = await this.#source.rows({ start: 0, count: 0 });
    const found = isPlain && !sort.descending ? null : await this.#source.order(this.#selection);
    if (turn !== this.#turn) return false;
    this.#pages.clear();
    this.#total = found?.total ?? total;
    this.#order = found?.order ?? null;
    return true;
  }

  /** Rows at the positions `start` to `start + count`, fewer at the end. */
  async window(start: number, count: number): Promise<NotifierRow[]> {
    const turn = this.#turn;
    const end = Math.min(start + count, this.matching);
    const rows: NotifierRow[] = [];
    for (let at = start; at < end && turn === this.#turn; ) {
      const first = Math.floor(at / PAGE_ROWS) * PAGE_ROWS;
      const page = await this.#page(first);
      const part = page.slice(at - first, end - first);
      if (part.length === 0) break;
      rows.push(...part);
      at += part.length;
    }
    return rows;
  }

  /** The position of the first row of an origin; -1 if none that is listed is. */
  async positionOf(origin: RowOrigin): Promise<number> {
    const { order } = await this.#source.order({ ...BY_TIME, origin });
    const places = new Set(order);
    if (this.#order) return this.#order.findIndex((place) => places.has(place));
    return order[0] ?? -1;
  }

  async #page(first: number): Promise<readonly NotifierRow[]> {
    const known = this.#pages.get(first);
    if (known) return known;
    const turn = this.#turn;
    const asked = this.#order
      ? { at: this.#order.slice(first, first + PAGE_ROWS) }
      : { start: first, count: PAGE_ROWS };
    const { rows } = await this.#source.rows(asked);
    if (turn !== this.#turn) return rows;
    const oldest = this.#pages.keys().next();
    if (this.#pages.size >= KEPT_PAGES && !oldest.done) this.#pages.delete(oldest.value);
    this.#pages.set(first, rows);
    return rows;
  }
}
