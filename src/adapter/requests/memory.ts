import { parseNumber } from '../../bits/u64.ts';
import { UserError } from '../../bits/user-error.ts';
import { isWorld, type World } from '../../bits/world.ts';
import { DATA, PA_LIMIT, type SparseMemory } from '../../model/memory.ts';
import { countOf, numberOf } from '../args.ts';
import { toBase64 } from '../base64.ts';
import type { Handlers } from '../handler.ts';
import { memoryReference } from '../variable-node.ts';

/** Largest answer to one request, in bytes. */
const LIMIT = 0x100000;

export const MEMORY: Handlers = {
  readMemory(session, args) {
    const { space, pa } = parseReference(args['memoryReference']);
    const start = pa + numberOf(args['offset'], 0);
    const count = Math.min(countOf(args['count'], 0), LIMIT);
    if (!(start >= 0 && start + count <= PA_LIMIT && Number.isInteger(start))) {
      throw new UserError('the address is outside the physical address space');
    }
    const memory = session.debuggee.smmu.memory(space);
    const bytes = new Uint8Array(count);
    const word = new Uint32Array(1);
    let readable = 0;
    while (readable < count) {
      const address = start + readable;
      const aligned = address - (address % 4);
      if (memory.load(aligned, word, 0, 1) !== DATA) break;
      for (let i = address - aligned; i < 4 && readable < count; i++) {
        bytes[readable++] = ((word[0] as number) >>> (i * 8)) & 0xff;
      }
    }
    return {
      address: memoryReference(space, start),
      ...(readable > 0 ? { data: toBase64(bytes.subarray(0, readable)) } : {}),
      ...(readable < count ? { unreadableBytes: gap(memory, start + readable, count - readable) } : {}),
    };
  },
};

/** How many of the next `limit` bytes cannot be read before one that can. */
function gap(memory: SparseMemory, start: number, limit: number): number {
  let at = start;
  while (at < start + limit && memory.status(at - (at % 4)) !== DATA) at += 4 - (at % 4);
  return Math.min(at - start, limit);
}

/** `0x1000`, or `s:0x1000` for another address space than the Non-secure one. */
export function parseReference(reference: unknown): { space: World; pa: number } {
  const text = typeof reference === 'string' ? reference : '';
  const colon = text.indexOf(':');
  const space = colon < 0 ? 'ns' : text.slice(0, colon);
  const pa = parseNumber(text.slice(colon + 1));
  if (!isWorld(space) || pa === null) {
    throw new UserError(`${JSON.stringify(reference)} is no memory reference`, {
      todo: 'write an address such as 0x40000000',
    });
  }
  return { space, pa };
}
