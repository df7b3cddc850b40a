import type { World } from '../bits/world.ts';

/** A line of execution: the command queue of a security state, or the transactions that people start. */
export type ThreadKey = `cmdq.${World}` | 'dma';

/** A thread as people see it. */
export interface ThreadInfo {
  readonly key: ThreadKey;
  readonly name: string;
}

/** The thread of transactions. */
export const DMA: ThreadInfo = { key: 'dma', name: 'DMA' };

/** The thread of a command queue. */
export function queueThread(world: World): ThreadInfo {
  return { key: `cmdq.${world}`, name: `CMDQ ${world}` };
}

/** The security state whose command queue the thread runs, or null for the DMA thread. */
export function worldOf(key: ThreadKey): World | null {
  return key === 'dma' ? null : (key.slice('cmdq.'.length) as World);
}
