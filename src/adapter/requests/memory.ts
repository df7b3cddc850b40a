import { hex, parseNumber } from '../../bits/u64.ts';
import { UserError } from '../../bits/user-error.ts';
import { isWorld, type World } from '../../bits/world.ts';
import { DATA, PA_LIMIT, type SparseMemory } from '../../model/memory.ts';
import { countOf, numberOf } from '../args.ts';
import { fromBase64, toBase64 } from '../base64.ts';
import { perform } from '../edit/write.ts';
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
    const { smmu, viewer } = session.debuggee;
    if (!viewer.sees(space)) return { address: memoryReference(space, start), unreadableBytes: count };
    const memory = smmu.memory(space);
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

  writeMemory(session, args) {
    const { debuggee } = session;
    debuggee.requireStopped();
    const { space, pa } = parseReference(args['memoryReference']);
    debuggee.viewer.require(space);
    const bytes = bytesOf(args['data']);
    const offset = numberOf(args['offset'], 0);
    const start = pa + offset;
    if (!(start >= 0 && start + bytes.length <= PA_LIMIT && Number.isInteger(start))) {
      throw new UserError('the address is outside the physical address space');
    }
    const words = wordsAround(debuggee.smmu.memory(space), start, bytes);
    const missing = words.bytes < bytes.length;
    if (missing && (args['allowPartial'] !== true || words.bytes === 0)) {
      throw new UserError(`the memory at PA ${hex(start + words.bytes)} (${space}) is not in the image`, {
        todo: 'nothing was written',
      });
    }
    if (bytes.length === 0) return { offset: 0, bytesWritten: 0 };
    const text = `${words.bytes} bytes at PA ${hex(start)} (${space})`;
    perform(session, { kind: 'memory', space, pa: words.pa, words: words.words }, text);
    return missing ? { offset, bytesWritten: words.bytes } : { bytesWritten: words.bytes };
  },
};

/** Bytes as the 32-bit words that hold them, as many as can be read in one stretch: memory is written in words. */
function wordsAround(
  memory: SparseMemory,
  start: number,
  bytes: Uint8Array,
): { pa: number; words: Uint32Array; bytes: number } {
  const pa = start - (start % 4);
  const count = Math.ceil((start + bytes.length - pa) / 4);
  const words = new Uint32Array(count);
  let held = 0;
  while (held < count && memory.load(pa + held * 4, words, held, 1) === DATA) held++;
  const usable = Math.max(0, Math.min(bytes.length, pa + held * 4 - start));
  for (let i = 0; i < usable; i++) {
    const at = start - pa + i;
    const shift = (at % 4) * 8;
    const old = words[at >>> 2] as number;
    words[at >>> 2] = (old & ~(0xff << shift)) | ((bytes[i] as number) << shift);
  }
  return { pa, words: words.subarray(0, held), bytes: usable };
}

/** Reads base64 of at most {@link LIMIT} bytes. */
function bytesOf(data: unknown): Uint8Array {
  // Four characters are three bytes: what is far too long is not read at all.
  const tooLong = typeof data === 'string' && data.length > LIMIT * 2;
  if (tooLong) throw new UserError(`more than ${LIMIT} bytes in one request`);
  const bytes = typeof data === 'string' ? fromBase64(data) : null;
  if (!bytes) throw new UserError('the data is no base64');
  if (bytes.length > LIMIT) throw new UserError(`more than ${LIMIT} bytes in one request`);
  return bytes;
}

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
