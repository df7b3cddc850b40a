/** CMD_CFGI_*: IHI 0070 4.3. Under the `combined` policy a stream's configuration goes as a whole. */

import { hex } from '../../bits/u64.ts';
import type { World } from '../../bits/world.ts';
import { RANGE_ALL } from '../../spec/commands.ts';
import { argument, type CommandContext } from './context.ts';
import { dropStreamMaps, invalidatePartidMap } from './partid-maps.ts';

/** The StreamIDs that a command names, inclusive. */
function streams(c: CommandContext): readonly [first: number, last: number] {
  const sid = argument(c, 'StreamID');
  const scope = c.spec.config;
  if (scope?.by !== 'stream-range') return [sid, sid];
  const range = argument(c, 'Range');
  if (range === RANGE_ALL) return [0, 0xffffffff];
  // The bottom Range+1 bits of StreamID are ignored (4.3.2).
  const size = 2 ** (range + 1);
  const first = Math.floor(sid / size) * size;
  return [first, first + size - 1];
}

/** CMD_CFGI_*: drops the entries of the StreamIDs that the command names. */
export function invalidateConfig(c: CommandContext): void {
  const world: World = c.world === 's' && argument(c, 'SSec') === 0 ? 'ns' : c.world;
  if (c.spec.config?.by === 'vmid') {
    invalidatePartidMap(c, world);
    return;
  }
  const [first, last] = streams(c);
  dropStreamMaps(c, world, first, last);
  const gone = c.machine.config.range(world, first, last);
  for (const entry of gone) {
    c.recorder?.step('cache-remove', `configuration of StreamID ${hex(entry.sid)} leaves the cache`);
    c.effects.push({ kind: 'config', op: 'remove', entry });
  }
  if (gone.length === 0) c.recorder?.step('decide', 'no cached configuration matches');
}
