import type { RowSource } from '../../extension/views/notifiers/rows.ts';
import type { NotifierRow } from '../../src/adapter/custom-requests.ts';
import {
  isFound,
  isFrom,
  NOTIFIER_COLUMNS,
  searchWords,
  sortedBy,
} from '../../src/adapter/notifier-words.ts';

/** A decision as the adapter answers it: told, of a Secure device, unless said otherwise. */
export function notifierRow(number: number, more: Partial<NotifierRow> = {}): NotifierRow {
  return {
    number,
    history: number,
    cause: 'CMD_TLBI_S_EL2_VA',
    queue: 's',
    actsOn: 's',
    device: 'nic',
    sid: 8,
    deviceWorlds: ['s'],
    notifier: 0,
    consumer: 'vhost',
    iommuIndex: 0,
    delivered: true,
    reason: 'delivered',
    why: 'the range overlaps',
    range: '0x1000-0x1fff',
    whole: '0x1000-0x1fff',
    piece: null,
    space: 's',
    obtained: ['s'],
    message: null,
    removed: 1,
    kept: 0,
    findings: [],
    ...more,
  };
}

/** Answers as the adapter gives them for a list that may change meanwhile, and what was asked for. */
export class RowList implements RowSource {
  readonly list: NotifierRow[];
  /** Rows that went over. */
  sent = 0;
  orders = 0;

  constructor(list: readonly NotifierRow[]) {
    this.list = [...list];
  }

  async rows({ start = 0, count = 0, at }: Parameters<RowSource['rows']>[0]): ReturnType<RowSource['rows']> {
    const places = at ?? Array.from({ length: count }, (_, i) => start + i);
    const rows = places.flatMap((place) => this.list[place] ?? []);
    this.sent += rows.length;
    return { rows, total: this.list.length };
  }

  async order({
    text,
    decision,
    sort,
    origin,
  }: Parameters<RowSource['order']>[0]): ReturnType<RowSource['order']> {
    this.orders++;
    const { key } = NOTIFIER_COLUMNS[sort.column];
    const found = this.list
      .map((row, at) => ({ row, at, key: key(row) }))
      .filter(({ row }) => isFound(row, searchWords(text), decision) && (!origin || isFrom(row, origin)));
    return { order: sortedBy(found, sort.descending), total: this.list.length };
  }
}
