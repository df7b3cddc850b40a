import { sizeText } from '../../../bits/size-text.ts';
import { UserError } from '../../../bits/user-error.ts';
import type { World } from '../../../bits/world.ts';

/** Tags of TLB entries, which statements give out. */
export type TagKind = 'asid' | 'vmid';

/** PA in bytes of the first byte that is free, and of the one after the last. */
export interface FreeRam {
  readonly next: number;
  readonly end: number;
}

/** What statements have taken of RAM and tags: an immutable value, part of what a program remembers. */
export interface Allocation {
  /** By address space; none where the space has no RAM. */
  readonly free: Readonly<Partial<Record<World, FreeRam>>>;
  /** The next tag of each kind that nobody has. */
  readonly asid: number;
  readonly vmid: number;
}

/** Nothing but what statements take lies in these ranges. */
export function allocationOf(free: Allocation['free']): Allocation {
  return { free, asid: 1, vmid: 1 };
}

/** The same for Non-secure RAM alone, from `base` on. */
export function allocationIn(base: number, size: number): Allocation {
  return allocationOf({ ns: { next: base, end: base + size } });
}

/** Both kinds have 16 bits at most. */
const TAGS = 2 ** 16;

/** Takes RAM. @throws UserError when there is not enough */
export function allocate(
  from: Allocation,
  space: World,
  bytes: number,
): { readonly pa: number; readonly allocation: Allocation } {
  const { next, end } = from.free[space] ?? { next: 0, end: 0 };
  const pa = Math.ceil(next / bytes) * bytes;
  if (pa + bytes > end) {
    const where = space === 'ns' ? '' : ` in ${space} space`;
    throw new UserError(`there is no RAM left${where} for a table of ${sizeText(bytes)}`, {
      todo: 'give the machine a larger size=',
    });
  }
  return { pa, allocation: { ...from, free: { ...from.free, [space]: { next: pa + bytes, end } } } };
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
