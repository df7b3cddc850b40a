import type { World } from '../bits/world.ts';

/** A line of execution: a program, the command queue of a security state, or the transactions that people start. */
export type ThreadKey = 'program' | `cmdq.${World}` | 'dma';

/** A thread as people see it. */
export interface ThreadInfo {
  readonly key: ThreadKey;
  readonly name: string;
}

/** The thread of transactions. */
export const DMA: ThreadInfo = { key: 'dma', name: 'DMA' };

/** The thread of a script or a trace log. */
export const PROGRAM: ThreadInfo = { key: 'program', name: 'Program' };

/** The thread of a command queue. */
export function queueThread(world: World): ThreadInfo {
  return { key: `cmdq.${world}`, name: `CMDQ ${world}` };
}

/** The security state whose command queue the thread runs, or null for another thread. */
export function worldOf(key: ThreadKey): World | null {
  return key === 'dma' || key === 'program' ? null : (key.slice('cmdq.'.length) as World);
}
