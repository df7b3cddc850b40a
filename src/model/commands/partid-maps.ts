/** PARTID maps that configuration commands drop: IHI 0070 4.3.5 and 5.6.2. */

import { hex } from '../../bits/u64.ts';
import type { World } from '../../bits/world.ts';
import type { PartidMap } from '../caches/partid-maps.ts';
import { argument, type CommandContext } from './context.ts';

const LAST = 0xffffffff;

function drop(c: CommandContext, maps: readonly PartidMap[]): void {
  for (const entry of maps) {
    const what = `PARTID map of ${entry.by === 'vmid' ? 'VMID' : 'StreamID'} ${hex(entry.key)} leaves the cache`;
    c.recorder?.entry('cache-remove', what, { kind: 'partid-map', entry });
    c.effects.push({ kind: 'store', store: c.machine.partidMaps, op: 'remove', entry, what });
  }
}

/** CMD_CFGI_VMS_PIDM: the maps that are kept by this VMID. CR0.VMW does not widen it (5.6.2). */
export function invalidatePartidMap(c: CommandContext, world: World): void {
  const vmid = argument(c, 'VMID');
  const maps = c.machine.partidMaps.range(world, 'vmid', vmid, vmid);
  drop(c, maps);
  if (maps.length === 0) c.recorder?.step('decide', `no PARTID map is kept for VMID ${hex(vmid)}`);
}

/**
 * CMD_CFGI_STE and wider: the maps that are kept with these streams; all of them, and those by VMID too, with
 * CMD_CFGI_ALL.
 * @param first StreamID
 * @param last StreamID, inclusive
 */
export function dropStreamMaps(c: CommandContext, world: World, first: number, last: number): void {
  if (!c.spec.config?.drops.includes('VMS')) return;
  drop(c, c.machine.partidMaps.range(world, 'stream', first, last));
  if (first === 0 && last === LAST) drop(c, c.machine.partidMaps.range(world, 'vmid', 0, LAST));
}
