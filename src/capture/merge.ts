import { ALL_PAGES, CHUNK_BYTES, type ChunkSource, PAGE_BYTES } from '../model/memory.ts';
import { unite } from './extents.ts';

/** Nothing: an address space that no file describes. */
const EMPTY_SOURCE: ChunkSource = { fill: () => 0, ranges: [] };

/** Several files of one address space as one. Where two have the same page, the first has it. */
export function mergeSources(sources: readonly ChunkSource[]): ChunkSource {
  const [first] = sources;
  if (!first) return EMPTY_SOURCE;
  if (sources.length === 1) return first;
  const scratch = new Uint8Array(CHUNK_BYTES);
  return {
    ranges: unite(sources.flatMap((s) => s.ranges)),
    fill(chunk, into) {
      let present = 0;
      for (const source of sources) {
        if (present === ALL_PAGES) break;
        scratch.fill(0);
        const more = source.fill(chunk, scratch) & ~present;
        for (let page = 0; page < 16; page++) {
          if (!(more & (1 << page))) continue;
          const at = page * PAGE_BYTES;
          into.set(scratch.subarray(at, at + PAGE_BYTES), at);
        }
        present |= more;
      }
      return present;
    },
  };
}
