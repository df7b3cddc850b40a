import fs from 'node:fs';

/** One program header and what it stands for. Sizes and addresses in bytes. */
export interface ElfSegment {
  readonly paddr: number;
  readonly bytes?: Uint8Array;
  /** p_filesz, where it shall differ from the number of bytes. */
  readonly filesz?: number;
  /** p_memsz. Default: p_filesz. */
  readonly memsz?: number;
  /** p_offset. Default: behind what came before, at a multiple of 4 KiB. */
  readonly offset?: number;
  readonly vaddr?: number;
  readonly type?: number;
}

/** What may be unusual about the file. */
export interface ElfOptions {
  readonly phoff?: number;
  readonly phentsize?: number;
  /** e_phnum, where it shall differ from the number of segments. */
  readonly phnum?: number;
  /** Number in sh_info of section header 0, which goes with e_phnum 0xffff. */
  readonly shInfo?: number;
  readonly elfClass?: number;
  readonly data?: number;
  readonly type?: number;
  readonly machine?: number;
  /** Size of the file, where it shall differ from the end of the last piece. */
  readonly size?: number;
}

interface Piece {
  readonly at: number;
  readonly bytes: Uint8Array;
}

const SECTION_HEADER = 64;

/** An ELF file in memory. */
export function elfBytes(segments: readonly ElfSegment[], options: ElfOptions = {}): Buffer {
  const { pieces, size } = plan(segments, options);
  const out = Buffer.alloc(size);
  for (const { at, bytes } of pieces) if (at < size) out.set(bytes.subarray(0, size - at), at);
  return out;
}

/** An ELF file on disk, sparse between its pieces; gigabytes cost nothing. */
export function writeElf(path: string, segments: readonly ElfSegment[], options: ElfOptions = {}): void {
  const { pieces, size } = plan(segments, options);
  const fd = fs.openSync(path, 'w');
  for (const { at, bytes } of pieces) fs.writeSync(fd, bytes, 0, bytes.length, at);
  fs.ftruncateSync(fd, size);
  fs.closeSync(fd);
}

/** 4 KiB in which every 32-bit word is `seed` plus its index. */
export function page(seed: number): Uint8Array {
  return pages(seed, 1);
}

/** `count` pages in which every 32-bit word is `seed` plus its index. */
export function pages(seed: number, count: number): Uint8Array {
  return new Uint8Array(Uint32Array.from({ length: count * 1024 }, (_, i) => seed + i).buffer);
}

function plan(segments: readonly ElfSegment[], options: ElfOptions): { pieces: Piece[]; size: number } {
  const phoff = options.phoff ?? 64;
  const stride = options.phentsize ?? 56;
  const table = Buffer.alloc(Math.max(segments.length * stride, 56));
  const pieces: Piece[] = [];
  const shoff = options.shInfo === undefined ? 0 : align(phoff + table.length, 64);
  let end = Math.max(
    64,
    phoff < 2 ** 32 ? phoff + table.length : 64,
    shoff === 0 ? 0 : shoff + SECTION_HEADER,
  );
  segments.forEach((segment, i) => {
    const filesz = segment.filesz ?? segment.bytes?.length ?? 0;
    const offset = segment.offset ?? align(end, 4096);
    const at = i * stride;
    table.writeUInt32LE(segment.type ?? 1, at);
    put64(table, at + 8, offset);
    put64(table, at + 16, segment.vaddr ?? segment.paddr);
    put64(table, at + 24, segment.paddr);
    put64(table, at + 32, filesz);
    put64(table, at + 40, segment.memsz ?? filesz);
    if (segment.bytes) pieces.push({ at: offset, bytes: segment.bytes });
    if (segment.offset === undefined) end = offset + (segment.bytes?.length ?? 0);
  });
  pieces.push(
    { at: 0, bytes: header(segments.length, phoff, stride, shoff, options) },
    { at: phoff, bytes: table },
  );
  if (shoff !== 0) pieces.push({ at: shoff, bytes: sectionHeader(options.shInfo ?? 0) });
  const size = options.size ?? Math.max(...pieces.map((p) => p.at + p.bytes.length));
  return { pieces, size };
}

function header(count: number, phoff: number, stride: number, shoff: number, options: ElfOptions): Buffer {
  const out = Buffer.alloc(64);
  out.set([0x7f, 0x45, 0x4c, 0x46, options.elfClass ?? 2, options.data ?? 1, 1]);
  out.writeUInt16LE(options.type ?? 4, 16);
  out.writeUInt16LE(options.machine ?? 183, 18);
  out.writeUInt32LE(1, 20);
  put64(out, 32, phoff);
  put64(out, 40, shoff);
  out.writeUInt16LE(64, 52);
  out.writeUInt16LE(stride, 54);
  out.writeUInt16LE(options.phnum ?? count, 56);
  return out;
}

function sectionHeader(info: number): Buffer {
  const out = Buffer.alloc(SECTION_HEADER);
  out.writeUInt32LE(info, 44);
  return out;
}

function put64(out: Buffer, at: number, value: number): void {
  out.writeBigUInt64LE(BigInt(value), at);
}

function align(n: number, to: number): number {
  return Math.ceil(n / to) * to;
}
