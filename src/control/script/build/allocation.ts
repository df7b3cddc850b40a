import { sizeText } from '../../../bits/size-text.ts';
import { UserError } from '../../../bits/user-error.ts';

/** Tags of TLB entries, which statements give out. */
export type TagKind = 'asid' | 'vmid';

/** What statements have taken of RAM and tags: an immutable value, part of what a program remembers. */
export interface Allocation {
  /** PA in bytes of the first byte that is free, and of the one after the last. */
  readonly next: number;
  readonly end: number;
  /** The next tag of each kind that nobody has. */
  readonly asid: number;
  readonly vmid: number;
}

/** Nothing but what statements take lies from `base` on. */
export function allocationIn(base: number, size: number): Allocation {
  return { next: base, end: base + size, asid: 1, vmid: 1 };
}

/** Both kinds have 16 bits at most. */
const TAGS = 2 ** 16;

/** Takes RAM. @throws UserError when there is not enough */
export function allocate(
  from: Allocation,
  bytes: number,
): { readonly pa: number; readonly allocation: Allocation } {
  const pa = Math.ceil(from.next / bytes) * bytes;
  if (pa + bytes > from.end) {
    throw new UserError(`there is no RAM left for a table of ${sizeText(bytes)}`, {
      todo: 'give the machine a larger size=',
    });
  }
  return { pa, allocation: { ...from, next: pa + bytes } };
}

/** Takes a tag. @throws UserError when all are taken */
export function freshTag(
  from: Allocation,
  kind: TagKind,
): { readonly tag: number; readonly allocation: Allocation } {
  const tag = from[kind];
  if (tag >= TAGS) throw new UserError(`all ${kind === 'asid' ? 'ASIDs' : 'VMIDs'} are taken`);
  return { tag, allocation: { ...from, [kind]: tag + 1 } };
}
