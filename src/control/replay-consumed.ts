import type { World } from '../bits/world.ts';
import { offsetOf } from '../model/bank.ts';
import { DATA } from '../model/memory.ts';
import { entryAddress, ring } from '../model/queues/ring.ts';
import { commandNameOf } from '../spec/commands.ts';
import { worldRegister } from '../spec/registers.ts';
import type { Debugger } from './debugger.ts';
import { queueThread } from './thread.ts';

/**
 * Makes the consumed commands that are still in a command queue's ring pending again: CONS goes back over every entry
 * that holds a command, at most to the oldest that PROD has not overwritten. One operation of the history.
 * @returns how many there are
 */
export function replayConsumed(debug: Debugger, world: World): number {
  const { smmu } = debug;
  const cons = worldRegister(world, 'CMDQ_CONS');
  if (!cons) return 0;
  const queue = ring(smmu.bank, 'CMDQ', world);
  const entries = 2 ** queue.log2size;
  const words = new Uint32Array(4);
  let count = 0;
  for (; count < entries - queue.used; count++) {
    const index = (queue.cons - count - 1 + entries) % entries;
    const status = smmu.memory(world).load(entryAddress(queue, index), words, 0, 4);
    if (status !== DATA || commandNameOf(words, 0) === undefined) break;
  }
  if (count === 0) return 0;
  const offset = offsetOf(cons.short);
  const places = 2 * entries;
  const place = smmu.bank.peek(offset) % places;
  const value = (smmu.bank.peek(offset) - place + ((place - count + places) % places)) >>> 0;
  const what = `CONS goes back over ${count} consumed commands`;
  debug.perform(
    queueThread(world).key,
    { kind: 'learned', space: world, memory: [], registers: [{ offset, value, what }] },
    what,
  );
  return count;
}
