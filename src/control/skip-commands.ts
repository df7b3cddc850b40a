import { hex } from '../bits/u64.ts';
import type { World } from '../bits/world.ts';
import { offsetOf } from '../model/bank.ts';
import { ring } from '../model/queues/ring.ts';
import { worldRegister } from '../spec/registers.ts';
import type { Debugger } from './debugger.ts';
import { queueThread } from './thread.ts';

/**
 * Moves CONS of a command queue to a pending command, so that those before it are never consumed. One operation of the
 * history. Software cannot do that (6.3.28 CMDQ_CONS is the SMMU's to move): it is something that people suppose.
 * @param index place in the ring
 * @returns false when that command is not pending, or is the next one
 */
export function skipTo(debug: Debugger, world: World, index: number): boolean {
  const { smmu } = debug;
  const cons = worldRegister(world, 'CMDQ_CONS');
  const queue = ring(smmu.bank, 'CMDQ', world);
  const entries = 2 ** queue.log2size;
  const skipped = (index - queue.cons + entries) % entries;
  if (!cons || skipped === 0 || skipped >= queue.used || index >= entries) return false;
  const offset = offsetOf(cons.short);
  const places = 2 * entries;
  const word = smmu.bank.peek(offset);
  const place = word % places;
  const value = (word - place + ((place + skipped) % places)) >>> 0;
  const what = `CONS skips ${skipped} ${skipped === 1 ? 'command' : 'commands'} to ${hex(index)}`;
  debug.perform(
    queueThread(world).key,
    { kind: 'learned', space: world, memory: [], registers: [{ offset, value, what }] },
    what,
  );
  return true;
}
