import { hex } from '../bits/u64.ts';
import { UserError } from '../bits/user-error.ts';
import { PAGE_BYTES } from '../model/memory.ts';
import { type Extent, unite, wholePages } from './extents.ts';
import type { ByteFile } from './file.ts';
import { counted, type OpenContext } from './format.ts';

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
