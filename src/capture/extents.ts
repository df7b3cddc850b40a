import { CHUNK_BYTES, type ChunkSource, type MemoryRange, PAGE_BYTES } from '../model/memory.ts';
import type { ByteFile } from './file.ts';

/** `size` bytes of physical memory at PA `base`, found at `offset` of a file. */
export interface Extent {
  readonly base: number;
  readonly size: number;
  readonly offset: number;
}

/**
 * Orders extents by address and resolves overlaps: where two hold the same byte, the one that came first in
 * `extents` has it. At most twice as many come out as went in.
 */
export function flatten(extents: readonly Extent[]): Extent[] {
  const order = extents.map((_, i) => i).filter((i) => (extents[i] as Extent).size > 0);
  order.sort((a, b) => (extents[a] as Extent).base - (extents[b] as Extent).base || a - b);
  const out: Extent[] = [];
  const open = new IndexHeap();
  let next = 0;
  let at = 0;
  while (next < order.length || open.top >= 0) {
    if (open.top < 0) at = Math.max(at, baseOf(extents, order[next]));
    while (next < order.length && baseOf(extents, order[next]) <= at) open.push(order[next++] as number);
    const best = extents[open.top] as Extent;
    const end = best.base + best.size;
    if (end <= at) {
      open.pop();
      continue;
    }
    // A later start may belong to an extent that came first, so look again there.
    const stop = next < order.length ? Math.min(end, baseOf(extents, order[next])) : end;
    append(out, { base: at, size: stop - at, offset: best.offset + (at - best.base) });
    at = stop;
  }
  return out;
}

/** Joins ranges that touch or overlap. */
export function unite(ranges: readonly MemoryRange[]): MemoryRange[] {
  const sorted = ranges.filter((r) => r.size > 0).sort((a, b) => a.base - b.base);
  const out: { base: number; size: number }[] = [];
  for (const r of sorted) {
    const last = out[out.length - 1];
    if (last && r.base <= last.base + last.size) {
      last.size = Math.max(last.size, r.base + r.size - last.base);
    } else out.push({ base: r.base, size: r.size });
  }
  return out;
}

/** The 4 KiB pages that lie in `ranges` as a whole. */
export function wholePages(ranges: readonly MemoryRange[]): MemoryRange[] {
  const out: MemoryRange[] = [];
  for (const r of ranges) {
    const base = Math.ceil(r.base / PAGE_BYTES) * PAGE_BYTES;
    const end = Math.floor((r.base + r.size) / PAGE_BYTES) * PAGE_BYTES;
    if (end > base) out.push({ base, size: end - base });
  }
  return out;
}

/** Sum of the sizes, in bytes. */
export function totalSize(ranges: readonly MemoryRange[]): number {
  return ranges.reduce((sum, r) => sum + r.size, 0);
}

/**
 * Physical memory that lies in pieces in one file. Presence is kept per 4 KiB, so a page of which the file has
 * only a part counts as absent: half of it would otherwise read as zero.
 */
export class ExtentSource implements ChunkSource {
  readonly ranges: readonly MemoryRange[];
  readonly #file: ByteFile;
  readonly #extents: readonly Extent[];

  constructor(file: ByteFile, extents: readonly Extent[]) {
    this.#file = file;
    this.#extents = flatten(extents);
    this.ranges = wholePages(unite(this.#extents));
  }

  fill(chunk: number, into: Uint8Array): number {
    const start = chunk * CHUNK_BYTES;
    const end = start + CHUNK_BYTES;
    let pages = 0;
    let runStart = 0;
    let runEnd = -1;
    for (let i = this.#firstBehind(start); i < this.#extents.length; i++) {
      const extent = this.#extents[i] as Extent;
      if (extent.base >= end) break;
      const from = Math.max(extent.base, start);
      const to = Math.min(extent.base + extent.size, end);
      const got = this.#file.read(
        extent.offset + (from - extent.base),
        into.subarray(from - start, to - start),
      );
      if (from !== runEnd) {
        pages |= pagesOf(runStart - start, runEnd - start);
        runStart = from;
      }
      runEnd = from + got;
    }
    return pages | pagesOf(runStart - start, runEnd - start);
  }

  /** Index of the first extent that ends behind `pa`. */
  #firstBehind(pa: number): number {
    let low = 0;
    let high = this.#extents.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const extent = this.#extents[middle] as Extent;
      if (extent.base + extent.size > pa) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}

/** Bits of the pages that [from, to) covers as a whole, counted from the start of the chunk. */
function pagesOf(from: number, to: number): number {
  const first = Math.ceil(from / PAGE_BYTES);
  const behind = Math.floor(to / PAGE_BYTES);
  return behind > first ? ((1 << behind) - 1) & ~((1 << first) - 1) : 0;
}

function baseOf(extents: readonly Extent[], index: number | undefined): number {
  return (extents[index as number] as Extent).base;
}

function append(out: Extent[], extent: Extent): void {
  const last = out[out.length - 1];
  if (last && last.base + last.size === extent.base && last.offset + last.size === extent.offset) {
    out[out.length - 1] = { base: last.base, size: last.size + extent.size, offset: last.offset };
  } else out.push(extent);
}

/** Smallest number first; keeps {@link flatten} fast for any nesting of extents. */
class IndexHeap {
  readonly #items: number[] = [];

  /** The smallest index, or -1. */
  get top(): number {
    return this.#items[0] ?? -1;
  }

  push(index: number): void {
    const items = this.#items;
    let at = items.push(index) - 1;
    while (at > 0) {
      const parent = (at - 1) >>> 1;
      if ((items[parent] as number) <= index) break;
      items[at] = items[parent] as number;
      at = parent;
    }
    items[at] = index;
  }

  pop(): void {
    const items = this.#items;
    const last = items.pop();
    if (last === undefined || items.length === 0) return;
    let at = 0;
    for (let child = 1; child < items.length; child = 2 * at + 1) {
      if (child + 1 < items.length && (items[child + 1] as number) < (items[child] as number)) child++;
      if ((items[child] as number) >= last) break;
      items[at] = items[child] as number;
      at = child;
    }
    items[at] = last;
  }
}
