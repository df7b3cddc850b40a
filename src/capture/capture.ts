import path from 'node:path';
import { UserError } from '../bits/user-error.ts';
import { WORLDS, type World } from '../bits/world.ts';
import { type ChunkSource, type MemoryOptions, type MemoryRange, SparseMemory } from '../model/memory.ts';
import { elf, isElfCore } from './elf.ts';
import { unite } from './extents.ts';
import { type ByteFile, openHostFile } from './file.ts';
import { foreign } from './foreign.ts';
import {
  type CaptureFormat,
  type CaptureHost,
  type CaptureImage,
  HEAD_BYTES,
  type OpenContext,
} from './format.ts';
import { gzip } from './gzip.ts';
import { mergeSources } from './merge.ts';
import { type CaptureSpec, type Place, parseCaptureSpec } from './place.ts';
import { baseMissing, raw } from './raw.ts';
import { zstd } from './zstd.ts';

/** All formats, in the order in which they are tried. */
export const FORMATS: readonly CaptureFormat[] = [foreign, gzip, zstd, elf, raw];

const MAX_WARNINGS = 20;
/** An archive in an archive is someone's mistake, or an attack. */
const MAX_WRAPPERS = 2;

/** Memory images opened for reading. Nothing is ever written to their files. */
export interface Capture {
  /** The contents of each physical address space; those that no file describes are empty. */
  readonly sources: Readonly<Record<World, ChunkSource>>;
  /** Whole 4 KiB pages that the files hold, by address space. */
  readonly ranges: Readonly<Record<World, readonly MemoryRange[]>>;
  /**
   * From the lowest to the highest address that the files describe, contents or not, by address space: RAM, unless
   * the user says otherwise. An access in it that finds nothing is absent, one outside is an external abort.
   */
  readonly ram: Readonly<Record<World, readonly MemoryRange[]>>;
  /** Complete sentences, each naming its file. */
  readonly warnings: readonly string[];
  /** One line about what was opened. */
  readonly description: string;
  /** Closes the files and deletes temporary ones. May be called twice. */
  close(): void;
}

/**
 * Opens memory images; their formats are recognised by content.
 * @param spec a path, `FILE@BASE` for a raw image, `{file, base?, space?}`, or a list of these
 * @throws UserError naming file, place and cure; nothing stays open or on disk then
 */
export async function openCapture(spec: CaptureSpec, host: CaptureHost = {}): Promise<Capture> {
  const open: ByteFile[] = [];
  const close = (): void => {
    for (const file of open.splice(0)) file.close();
  };
  try {
    const warnings = new Warnings();
    const images: [Place, CaptureImage][] = [];
    for (const place of parseCaptureSpec(spec, host.directory)) {
      images.push([place, await openPlace(place, host, warnings, open)]);
    }
    return assemble(images, warnings.list(), close);
  } catch (error) {
    close();
    throw error;
  }
}

/** The memory of one address space of a capture, with the capture's RAM unless `options` say otherwise. */
export function captureMemory(capture: Capture, space: World, options: MemoryOptions = {}): SparseMemory {
  return new SparseMemory(capture.sources[space], { ram: capture.ram[space], ...options });
}

async function openPlace(
  place: Place,
  host: CaptureHost,
  warnings: Warnings,
  open: ByteFile[],
): Promise<CaptureImage> {
  let wrappers = 0;
  const context: OpenContext = {
    host,
    base: place.base,
    warn: (text) => warnings.add(text),
    inner: async (file) => {
      open.push(file);
      const format = choose(file, place, warnings);
      const wrapper = format === gzip || format === zstd;
      if (wrapper && ++wrappers > MAX_WRAPPERS) {
        throw new UserError('is compressed more than twice', { where: file.name, todo: 'inflate it first' });
      }
      return format.open(file, context);
    },
  };
  return context.inner(openHostFile(path.resolve(host.directory ?? '', place.file), place.file));
}

function choose(file: ByteFile, place: Place, warnings: Warnings): CaptureFormat {
  const buffer = new Uint8Array(HEAD_BYTES);
  const head = buffer.subarray(0, file.read(0, buffer));
  const format = FORMATS.find((f) => f.recognise(head, place.file));
  if (place.base !== null) {
    // An image of RAM may well begin with a loaded ELF program; a core never stands in RAM as such.
    if (!format || (format === elf && !isElfCore(head))) return raw;
    if (format === elf)
      warnings.add(`${file.name}: is an ELF core with addresses of its own; the base is ignored`);
  }
  if (format) return format;
  if (isText(head)) {
    throw new UserError('is a text, not a memory image', {
      where: file.name,
      todo: 'name a dump here, and a register snapshot as registers',
    });
  }
  throw baseMissing(place.file, 'is in no format that is known here');
}

function isText(head: Uint8Array): boolean {
  return head.every((byte) => byte >= 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09);
}

function assemble(images: [Place, CaptureImage][], warnings: string[], close: () => void): Capture {
  const each = <T>(make: (images: CaptureImage[]) => T): Record<World, T> => {
    const of = (space: World): T => make(images.filter(([place]) => place.space === space).map(([, i]) => i));
    return { ns: of('ns'), s: of('s'), realm: of('realm'), root: of('root') };
  };
  const sources = each((list) => mergeSources(list.map((image) => image.source)));
  const ranges = each((list) => unite(list.flatMap((image) => image.source.ranges)));
  const ram = each((list) => span(list.flatMap((image) => image.declared)));
  const spaces = WORLDS.filter((space) => ram[space].length > 0);
  const description = images
    .map(
      ([place, image]) =>
        `${path.basename(place.file)}: ${image.description}${spaces.length > 1 ? ` (${place.space})` : ''}`,
    )
    .join('; ');
  return { sources, ranges, ram, warnings, description, close };
}

function span(ranges: readonly MemoryRange[]): MemoryRange[] {
  const sorted = unite(ranges);
  const first = sorted[0];
  const last = sorted[sorted.length - 1];
  return first && last ? [{ base: first.base, size: last.base + last.size - first.base }] : [];
}

/** A hostile file can give cause for a warning a segment; the user gets the first few. */
class Warnings {
  readonly #list: string[] = [];
  #more = 0;

  add(text: string): void {
    if (this.#list.length < MAX_WARNINGS) this.#list.push(text);
    else this.#more++;
  }

  list(): string[] {
    return this.#more > 0 ? [...this.#list, `and ${this.#more} more warnings`] : this.#list;
  }
}
