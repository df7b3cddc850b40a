import { hex } from '../bits/u64.ts';
import { UserError } from '../bits/user-error.ts';
import { PAGE_BYTES } from '../model/memory.ts';
import { type Extent, ExtentSource, unite, wholePages } from './extents.ts';
import type { ByteFile } from './file.ts';
import { type CaptureFormat, type CaptureImage, counted, type OpenContext, sizeText } from './format.ts';

const PA_LIMIT = 2 ** 52;

/**
 * A raw image: memory as it stood, first byte at a base address that only the user knows (pmemsave, dd,
 * a debugger's "save binary"). Nothing in it can be recognised, so it is chosen by a base being given.
 */
export const raw: CaptureFormat = {
  name: 'raw image',
  recognise: () => false,
  open: openRaw,
};

function openRaw(file: ByteFile, context: OpenContext): CaptureImage {
  const { base } = context;
  if (base === null) throw baseMissing(file.name, 'is a raw image');
  if (base + file.size > PA_LIMIT) {
    throw new UserError(`ends above the 52-bit physical address space when it starts at ${hex(base)}`, {
      where: file.name,
      todo: 'check the base address',
    });
  }
  const extents: Extent[] = [{ base, size: file.size, offset: 0 }];
  warnPartialPages(file, extents, context);
  return {
    source: new ExtentSource(file, extents),
    declared: [{ base, size: file.size }],
    description: `raw image at ${hex(base)}, ${sizeText(file.size)}`,
  };
}

/** The error for an image that needs a base address. */
export function baseMissing(name: string, what: string): UserError {
  return new UserError(what, {
    where: name,
    todo: `if it is a raw memory image, give its physical base address: ${name}@0x40000000, or "base" in launch.json`,
  });
}

/** Says which bytes are not used because they do not fill a 4 KiB page. */
export function warnPartialPages(file: ByteFile, extents: readonly Extent[], context: OpenContext): void {
  const ranges = unite(extents);
  let count = 0;
  let first = -1;
  for (const r of ranges) {
    const end = r.base + r.size;
    const firstPage = Math.floor(r.base / PAGE_BYTES);
    const lastPage = Math.floor(end / PAGE_BYTES);
    const headPartial = r.base % PAGE_BYTES !== 0;
    const tailPartial = end % PAGE_BYTES !== 0 && !(headPartial && firstPage === lastPage);
    if (headPartial || tailPartial) {
      if (first < 0) first = (headPartial ? firstPage : lastPage) * PAGE_BYTES;
      count += Number(headPartial) + Number(tailPartial);
    }
  }
  if (count === 0) return;
  const what = `has only a part of ${counted(count, 'page')} of 4 KiB (the first at PA ${hex(first)})`;
  const todo = 'dump whole pages';
  if (wholePages(ranges).length === 0) throw new UserError(what, { where: file.name, todo });
  context.warn(`${file.name}: ${what}: absent; ${todo}`);
}
