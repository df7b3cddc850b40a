import { sizeText } from '../bits/size-text.ts';
import { hex, toNumber } from '../bits/u64.ts';
import { UserError } from '../bits/user-error.ts';
import { PA_LIMIT } from '../model/memory.ts';
import { type Extent, ExtentSource, totalSize, unite } from './extents.ts';
import type { ByteFile } from './file.ts';
import { type CaptureFormat, type CaptureImage, counted, hasText, type OpenContext } from './format.ts';
import { warnPartialPages } from './partial-pages.ts';

const HEADER_BYTES = 64;
const PROGRAM_HEADER_BYTES = 56;
const ET_CORE = 4;
const EM_AARCH64 = 183;
const PT_LOAD = 1;
/** e_phnum when the real number stands in sh_info of section header 0. */
const PN_XNUM = 0xffff;
const SH_INFO = 44;
/** Far more than any dump has; bounds the memory that a lying header can ask for. */
const MAX_PROGRAM_HEADERS = 2 ** 18;

const KINDS: Readonly<Record<number, string>> = { 1: 'an object file', 2: 'a program', 3: 'a shared object' };

/** ELF64 little-endian core: kdump's vmcore, QEMU's dump-guest-memory. PT_LOAD by p_paddr. */
export const elf: CaptureFormat = {
  name: 'ELF64 core',
  recognise: (head) => hasText(head, '\x7fELF'),
  open: openElf,
};

/** Whether an ELF file that begins with `head` is a core that {@link elf} can read. */
export function isElfCore(head: Uint8Array): boolean {
  return hasText(head, '\x7fELF\x02\x01') && head[16] === ET_CORE && head[17] === 0;
}

interface Header {
  readonly offset: number;
  readonly count: number;
  readonly stride: number;
}

/** What the program headers say, before it is compared with the file's size. */
interface Segment extends Extent {
  readonly index: number;
  readonly memory: number;
  readonly virtual: number;
}

function openElf(file: ByteFile, context: OpenContext): CaptureImage {
  const header = readHeader(file, context);
  const segments = readSegments(file, header, context);
  if (!segments.some((s) => s.size > 0)) {
    throw new UserError('has no memory in it (no PT_LOAD segment with contents)', {
      where: file.name,
      todo: 'take the dump again',
    });
  }
  refuseProcessCore(file, segments);
  const extents = cutToFile(file, segments, context);
  const source = new ExtentSource(file, extents);
  warnPartialPages(file, extents, context);
  const size = sizeText(totalSize(source.ranges));
  return {
    source,
    declared: unite(segments.map((s) => ({ base: s.base, size: s.memory }))),
    description: `ELF64 core, ${counted(segments.length, 'segment')}, ${size}`,
  };
}

function readHeader(file: ByteFile, context: OpenContext): Header {
  const bytes = new Uint8Array(HEADER_BYTES);
  const where = file.name;
  if (file.read(0, bytes) < HEADER_BYTES) {
    throw new UserError('is truncated within its ELF header', { where, todo: 'copy the file again' });
  }
  const view = new DataView(bytes.buffer);
  const todo = 'only 64-bit little-endian ELF cores are memory images of an Arm system';
  if (bytes[4] !== 2) throw new UserError('is not a 64-bit ELF file (EI_CLASS)', { where, todo });
  if (bytes[5] !== 1) throw new UserError('is not a little-endian ELF file (EI_DATA)', { where, todo });
  const type = view.getUint16(16, true);
  if (type !== ET_CORE) {
    throw new UserError(`is ${KINDS[type] ?? `an ELF file of type ${type}`}, not a memory dump (e_type)`, {
      where,
      todo: 'name the ELF core (vmcore) that was taken of the system',
    });
  }
  const machine = view.getUint16(18, true);
  if (machine !== EM_AARCH64 && machine !== 0) {
    context.warn(`${where}: e_machine is ${machine}, not AArch64 (183); read as it stands`);
  }
  const offset = read64(view, 32);
  const stride = view.getUint16(54, true);
  let count = view.getUint16(56, true);
  if (count === PN_XNUM) count = extendedCount(file, view);
  if (count === 0 || offset === 0) {
    throw new UserError('has no program headers (e_phnum, e_phoff)', { where, todo: 'take the dump again' });
  }
  if (stride < PROGRAM_HEADER_BYTES) {
    throw new UserError(
      `has program headers of ${stride} bytes instead of ${PROGRAM_HEADER_BYTES} (e_phentsize)`,
      {
        where,
        todo: 'take the dump again',
      },
    );
  }
  return { offset, count, stride };
}

function extendedCount(file: ByteFile, view: DataView): number {
  const offset = read64(view, 40);
  const info = new Uint8Array(4);
  if (offset !== 0 && offset < file.size && file.read(offset + SH_INFO, info) === 4) {
    const count = new DataView(info.buffer).getUint32(0, true);
    if (count > 0) return count;
  }
  throw new UserError(
    'has 65,535 or more program headers, but not the section header that holds their number',
    {
      where: `${file.name}, e_shoff ${hex(offset)}`,
      todo: 'copy the file again',
    },
  );
}

function readSegments(file: ByteFile, header: Header, context: OpenContext): Segment[] {
  const room = Math.max(0, Math.floor((file.size - header.offset) / header.stride));
  const count = Math.min(header.count, room, MAX_PROGRAM_HEADERS);
  const where = `${file.name}, e_phoff ${hex(header.offset)}`;
  if (count === 0) {
    throw new UserError(`has its program headers behind its end (${hex(file.size)})`, {
      where,
      todo: 'copy the file again',
    });
  }
  if (count < header.count) {
    context.warn(
      count === MAX_PROGRAM_HEADERS
        ? `${where}: claims ${header.count} program headers; only the first ${count} are used`
        : `${where}: claims ${header.count} program headers, but the file ends after ${count}; these are used`,
    );
  }
  const batch = Math.max(1, Math.floor(0x10000 / header.stride));
  const bytes = new Uint8Array(batch * header.stride);
  const view = new DataView(bytes.buffer);
  const out: Segment[] = [];
  let strange = 0;
  for (let i = 0; i < count; i++) {
    if (i % batch === 0) file.read(header.offset + i * header.stride, bytes);
    const at = (i % batch) * header.stride;
    if (view.getUint32(at, true) !== PT_LOAD) continue;
    const size = read64(view, at + 32);
    const memory = Math.max(read64(view, at + 40), 0);
    if (size === 0 && memory === 0) continue;
    const base = read64(view, at + 24);
    const offset = read64(view, at + 8);
    // A core has p_memsz >= p_filesz; 0 comes from tools that leave it out.
    const held = memory === 0 ? size : Math.min(size, memory);
    const described = Math.max(memory, held);
    if (base + described > PA_LIMIT || offset + held > Number.MAX_SAFE_INTEGER) {
      if (strange++ === 0) {
        context.warn(
          `${file.name}, segment ${i}: p_paddr ${hex(base)} with p_memsz ${hex(described)} is no physical address ` +
            'of 52 bits; segments like it are left out',
        );
      }
      continue;
    }
    if (held < size) {
      context.warn(
        `${file.name}, segment ${i}: p_filesz is larger than p_memsz (${hex(memory)}); cut to that`,
      );
    }
    out.push({ index: i, base, size: held, offset, memory: described, virtual: read64(view, at + 16) });
  }
  return out;
}

/** A core of a user process has virtual addresses only: all of its segments lie at PA 0. */
function refuseProcessCore(file: ByteFile, segments: readonly Segment[]): void {
  if (segments.length < 2 || segments.some((s) => s.base !== 0) || segments.every((s) => s.virtual === 0))
    return;
  throw new UserError('is the core of a process, without physical addresses (every p_paddr is 0)', {
    where: file.name,
    todo: 'name a dump of the whole system (vmcore, dump-guest-memory)',
  });
}

/** Keeps what the file really has, and says what a truncated one lacks. */
function cutToFile(file: ByteFile, segments: readonly Segment[], context: OpenContext): Extent[] {
  const out: Extent[] = [];
  const cut: Segment[] = [];
  let missing = 0;
  for (const segment of segments) {
    const size = Math.max(0, Math.min(segment.size, file.size - segment.offset));
    if (size > 0) out.push({ base: segment.base, size, offset: segment.offset });
    if (size === segment.size) continue;
    cut.push(segment);
    missing += segment.size - size;
  }
  const first = cut[0];
  if (!first) return out;
  const others = cut.length > 1 ? ` and ${counted(cut.length - 1, 'later segment')}` : '';
  const place = `segment ${first.index} (PA ${hex(first.base)}, offset ${hex(first.offset)})${others}`;
  const end = `the file ends at ${hex(file.size)}`;
  if (out.length === 0) {
    throw new UserError(`has no contents: ${end}, before the contents of ${place}`, {
      where: file.name,
      todo: 'copy the file again',
    });
  }
  context.warn(
    `${file.name}: truncated: ${end}; ${sizeText(missing)} of ${place} are absent; copy the file again`,
  );
  return out;
}

/** A little-endian 64-bit word; exact below 2^53, which is all that is ever used. */
function read64(view: DataView, at: number): number {
  return toNumber(view.getUint32(at + 4, true), view.getUint32(at, true));
}
