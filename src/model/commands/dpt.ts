/** CMD_DPTI_*: IHI 0070 4.6. */

import { hex } from '../../bits/u64.ts';
import { DPTI_SIZE_LOG2_MAX } from '../../spec/dpt.ts';
import { type DptEntry, dptEntryText } from '../caches/dpt.ts';
import { argument, type CommandContext } from './context.ts';
import { endpointWorld } from './reach.ts';

/** log2 of the largest region that begins at the address and that a command can name. */
function alignmentOf(address: number): number {
  let bits = DPTI_SIZE_LOG2_MAX;
  while (bits > 12 && address % 2 ** bits !== 0) bits--;
  return bits;
}

/**
 * The entries that the command may name. Where SIZE lies in the command is not certain, so it does not decide: the
 * region goes as far as the address is aligned. A misaligned command need do nothing, so no SIZE reaches further, and
 * what goes in excess a cache may always lose.
 */
function named(c: CommandContext): DptEntry[] {
  // A Secure queue acts on the Non-secure table (4.6.1).
  const acted = endpointWorld(c);
  const world = acted === 'realm' ? 'realm' : 'ns';
  if (c.spec.dpt?.address !== 'pa') return c.machine.dpt.entries(world);
  const address = argument(c, 'Address') % 2 ** c.state.oasBits;
  const bits = alignmentOf(address);
  c.recorder?.step('decide', `addresses: ${hex(address)} + ${hex(2 ** bits)} bytes`, 'Address');
  return c.machine.dpt.overlapping(world, address, address + 2 ** bits - 1);
}

/** CMD_DPTI_ALL and CMD_DPTI_PA: drops what the TLB of the Device Permission Table keeps, of all or of a region. */
export function invalidateDpt(c: CommandContext): void {
  const gone = named(c);
  for (const entry of gone) {
    const what = `${dptEntryText(entry)} leaves the DPT TLB`;
    c.recorder?.entry('cache-remove', what, { kind: 'dpt', entry });
    c.effects.push({ kind: 'store', store: c.machine.dpt, op: 'remove', entry, what });
  }
  if (gone.length === 0) c.recorder?.step('decide', 'no entry of the DPT TLB matches');
}
