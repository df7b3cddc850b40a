import type { ChunkSource } from '../../src/model/memory.ts';
import { type ElfSegment, writeElf } from './elf.ts';

const BASE = 0x4000_0000;
/** Bytes of memory in the core. */
export const BIG_CORE_BYTES = 2 ** 32;
const PAGE = 0x1000;
const CHUNK = 0x1_0000;
/** Of the segment's contents in the file. */
const OFFSET = PAGE;

/** Writes an uncompressed ELF core of 4 GiB in one segment, sparse on disk, that holds the pages of `source`. */
export function writeBigCore(file: string, source: ChunkSource): void {
  const pages: ElfSegment[] = [];
  for (const { base, size } of source.ranges) {
    for (let pa = base; pa < base + size; pa += PAGE) {
      const chunk = new Uint8Array(CHUNK);
      source.fill(Math.floor(pa / CHUNK), chunk);
      const bytes = chunk.slice(pa % CHUNK, (pa % CHUNK) + PAGE);
      pages.push({ paddr: 0, bytes, filesz: 0, offset: OFFSET + (pa - BASE) });
    }
  }
  const ram = { paddr: BASE, filesz: BIG_CORE_BYTES, offset: OFFSET };
  // The program header counts the first segment only; the others just put bytes into the file.
  writeElf(file, [ram, ...pages], { phoff: OFFSET + BIG_CORE_BYTES, phnum: 1 });
}
