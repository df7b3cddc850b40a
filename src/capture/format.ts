import type { ChunkSource, MemoryRange } from '../model/memory.ts';
import type { ByteFile } from './file.ts';

/** How many bytes of a file {@link CaptureFormat.recognise} gets to see, fewer when the file is smaller. */
export const HEAD_BYTES = 4096;

/** How far an image has been inflated, in bytes of the compressed file. */
export interface CaptureProgress {
  readonly file: string;
  readonly done: number;
  readonly total: number;
}

/** What the surroundings lend to an opening capture; everything is optional. */
export interface CaptureHost {
  /** Told after each piece of a compressed image. */
  readonly progress?: ((progress: CaptureProgress) => void) | undefined;
  /** Cancels the opening: it fails with a UserError and leaves nothing behind. */
  readonly signal?: AbortSignal | undefined;
  /** Where inflated images go that are too large to be kept in memory. Default: the system's. */
  readonly tmpDir?: string | undefined;
  /** Where relative paths start. Default: the working directory. */
  readonly directory?: string | undefined;
  /** How many bytes an image may inflate to. Default: 64 GiB. */
  readonly inflateLimit?: number | undefined;
  /** Up to how many bytes an inflated image stays in memory. Default: 32 MiB. */
  readonly memoryLimit?: number | undefined;
}

/** What a format gets beside the file. */
export interface OpenContext {
  readonly host: CaptureHost;
  /** PA of the first byte, in bytes; only an image without addresses of its own asks for it. */
  readonly base: number | null;
  /** Notes something that the user should know but that does not keep the capture from opening. */
  warn(text: string): void;
  /** Opens what a wrapper (gzip, zstd) holds; the capture closes `file` at its end. */
  inner(file: ByteFile): Promise<CaptureImage>;
}

/** One opened file: the memory of one physical address space. */
export interface CaptureImage {
  readonly source: ChunkSource;
  /** What the file claims to describe, also where contents are missing (truncated or filtered): RAM. */
  readonly declared: readonly MemoryRange[];
  /** In a few words, for a list of captures: "ELF64 core, 58 segments, 376 KiB". */
  readonly description: string;
}

/** A file format of memory images. One file of this folder each. */
export interface CaptureFormat {
  readonly name: string;
  /** Decides by content; `fileName` helps where content says nothing. */
  recognise(head: Uint8Array, fileName: string): boolean;
  /**
   * Opens a file that {@link recognise} accepted. Reads no more than it must.
   * @throws UserError when nothing of it can be used
   */
  open(file: ByteFile, context: OpenContext): CaptureImage | Promise<CaptureImage>;
}

/** Whether `head` has the bytes of `text` (Latin-1) at `offset`. */
export function hasText(head: Uint8Array, text: string, offset = 0): boolean {
  if (head.length < offset + text.length) return false;
  for (let i = 0; i < text.length; i++) if (head[offset + i] !== text.charCodeAt(i)) return false;
  return true;
}

/** "1 segment", "3 segments". */
export function counted(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? '' : 's'}`;
}

/** A value out of someone's JSON for a message: short, one line, however large or deep it is. */
export function shown(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object' && value !== null) return 'an object';
  return short(JSON.stringify(value) ?? 'nothing');
}

/** The beginning of a long text. */
export function short(text: string): string {
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
