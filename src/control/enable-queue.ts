import type { World } from '../bits/world.ts';
import { offsetOf } from '../model/bank.ts';
import { REGISTERS, worldRegister } from '../spec/registers.ts';
import type { Debugger } from './debugger.ts';
import { queueThread } from './thread.ts';

const { CMDQEN } = REGISTERS.CR0.layout.fields;
const word = new Uint32Array(1);

/**
 * Sets CMDQEN of a world, as software would, in one operation of the history.
 * @returns false when the queue is enabled already, or the world has none
 */
export function enableQueue(debug: Debugger, world: World): boolean {
  const cr0 = worldRegister(world, 'CR0');
  // Root has a CR0, but no queues (6.3).
  if (!cr0 || !worldRegister(world, 'CMDQ_BASE')) return false;
  const offset = offsetOf(cr0.short);
  word[0] = debug.smmu.bank.peek(offset);
  if (CMDQEN.get(word, 0) === 1) return false;
  CMDQEN.set(word, 0, 1);
  debug.perform(
    queueThread(world).key,
    { kind: 'register', offset, value: word[0] as number, valueHi: 0, bytes: 4, world },
    `set ${cr0.short}.CMDQEN`,
  );
  return true;
}
