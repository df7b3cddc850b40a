import { sizeText } from '../bits/size-text.ts';
import { hex } from '../bits/u64.ts';
import { UserError } from '../bits/user-error.ts';
import { PA_LIMIT } from '../model/memory.ts';
import { type Extent, ExtentSource } from './extents.ts';
import type { ByteFile } from './file.ts';
import type { CaptureFormat, CaptureImage, OpenContext } from './format.ts';
import { warnPartialPages } from './partial-pages.ts';

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
