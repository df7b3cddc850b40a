/** Ranges of physical addresses by which granule protection is invalidated: IHI 0070 3.17.7, 6.3.118. */

import { sizeText } from '../bits/size-text.ts';
import { hex } from '../bits/u64.ts';
import { UserError } from '../bits/user-error.ts';
import { GPT_BROADCASTS, type GptBroadcastName } from '../spec/broadcast.ts';
import { GPT_TLBI_LOG2 } from '../spec/gpc.ts';

/**
 * SIZE of a range, as ROOT_TLBI and the broadcasts code it.
 * @param what names the invalidation
 * @param pa in bytes
 * @param size in bytes
 * @throws UserError when there is no such size, or the address is not aligned to it
 */
export function sizeCodeOf(what: string, pa: number, size: number): number {
  const code = GPT_TLBI_LOG2.findIndex((bits) => bits !== undefined && 2 ** bits === size);
  if (code < 0) {
    const sizes = GPT_TLBI_LOG2.flatMap((bits) => (bits === undefined ? [] : [sizeText(2 ** bits)]));
    throw new UserError(`${what} has no size of ${sizeText(size)}`, { todo: `use ${sizes.join(', ')}` });
  }
  if (pa % size !== 0) throw new UserError(`${hex(pa)} is no multiple of ${sizeText(size)}`);
  return code;
}

/** Whether a PE broadcasts an invalidation of that name by physical address. */
export function isGptBroadcast(name: string): name is GptBroadcastName {
  return Object.hasOwn(GPT_BROADCASTS, name);
}
