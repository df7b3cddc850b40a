/**
 * CMD_CFGI_*: IHI 0070 4.3. Under `combined` a stream's configuration goes as a whole; under `maximal` exactly the
 * structures that the command names.
 */

import type { World } from '../../bits/world.ts';
import { type ConfigScope, type QueueWorld, RANGE_ALL } from '../../spec/commands.ts';
import { type CfgiMatch, whyCfgiNot } from '../caches/location.ts';
import type { Reading } from '../caches/noted.ts';
import type { StructureEntry } from '../caches/structures.ts';
import { tellOfConfig } from '../notifiers/causes.ts';
import { argument, type CommandContext } from './context.ts';
import { dropConfig, dropStructure, noteInvalidation } from './drop.ts';
import { dropStreamMaps, invalidatePartidMap } from './partid-maps.ts';
import { isOutOfReach, type Reaching, streamWorld } from './reach.ts';

/** StreamIDs have 32 bits at most. */
const LAST_SID = 0xffff_ffff;

/** How many StreamIDs a command names. */
function countOf(c: Reaching, scope: ConfigScope): number {
  if (scope.by !== 'stream-range') return 1;
  const range = argument(c, 'Range');
  return range === RANGE_ALL ? 2 ** 32 : 2 ** (range + 1);
}

/** The Security state that a command acts on, and its StreamIDs, first and last. */
function streamsOf(
  c: Reaching,
  scope: ConfigScope,
): Pick<CfgiMatch, 'first' | 'last'> & { readonly world: QueueWorld } {
  const sid = argument(c, 'StreamID');
  const count = countOf(c, scope);
  // The bottom Range+1 bits of StreamID are ignored (4.3.2).
  const first = count === 1 ? sid : count >= 2 ** 32 ? 0 : Math.floor(sid / count) * count;
  return { world: streamWorld(c), first, last: Math.min(first + count - 1, LAST_SID) };
}

/** All that a command names. */
function matchOf(c: Reaching, scope: ConfigScope): CfgiMatch & { readonly world: QueueWorld } {
  const ssid = argument(c, 'SubstreamID');
  return { scope, ...streamsOf(c, scope), ssid, leaf: argument(c, 'Leaf') === 1 };
}

/** CMD_CFGI_*: drops the entries of the StreamIDs that the command names. */
export function invalidateConfig(c: CommandContext): void {
  const scope = c.spec.config;
  if (!scope) return;
  if ((c.world !== 'ns' || c.machine.notifiers.devices.size !== 0) && !reaches(c, scope)) return;
  if (scope.by === 'vmid') {
    invalidatePartidMap(c, streamWorld(c));
    return;
  }
  const { world, first, last } = streamsOf(c, scope);
  dropStreamMaps(c, world, first, last);
  if (c.machine.policy === 'maximal') dropStructures(c, scope);
  else dropStreams(c, world, first, last);
}

/** Whether the command may act on what it names; notifiers are told of it. */
function reaches(c: CommandContext, scope: ConfigScope): boolean {
  const { world, first, last } = streamsOf(c, scope);
  if (isOutOfReach(c, world)) return false;
  // VMIDs name no stream.
  if (c.machine.notifiers.devices.size !== 0) tellOfConfig(c, world, first, scope.by === 'vmid' ? -1 : last);
  return true;
}

function dropStreams(c: CommandContext, world: World, first: number, last: number): void {
  const { config } = c.machine;
  if (first === last) {
    const one = config.find(world, first);
    if (one !== null) dropConfig(c, one);
    else c.recorder?.step('decide', 'no cached configuration matches');
    return;
  }
  const gone = config.range(world, first, last);
  for (const entry of gone) dropConfig(c, entry);
  if (gone.length === 0) c.recorder?.step('decide', 'no cached configuration matches');
}

/** What words of such a command say of a location; it keeps nothing of the context. */
function readingOf({ spec, world, state }: CommandContext, scope: ConfigScope): Reading {
  return (words) => {
    const match = matchOf({ spec, words, world, state }, scope);
    return (location) =>
      location.kind === 'structure'
        ? whyCfgiNot(match, location)
        : 'it acts on configuration, not on translations';
  };
}

function dropStructures(c: CommandContext, scope: ConfigScope): void {
  const { structures } = c.machine;
  const match = matchOf(c, scope);
  const { world, first, last } = match;
  noteInvalidation(c, readingOf(c, scope));
  const candidates = first === last ? near(c, world, first) : structures.entries();
  let count = 0;
  for (const entry of candidates) {
    if (whyCfgiNot(match, { kind: 'structure', ...entry }) !== null) continue;
    dropStructure(c, entry);
    count++;
  }
  if (count === 0) c.recorder?.step('decide', 'no cached structure matches');
}

/** What is cached of one StreamID, and of the L1STD that serves it. */
function near(c: CommandContext, world: QueueWorld, sid: number): StructureEntry[] {
  const { structures } = c.machine;
  const { split, twoLevel } = (world === c.world ? c.state : c.machine.state(world)).streamTable;
  const own = structures.ofStream(world, sid);
  const start = sid - (sid % 2 ** split);
  if (!twoLevel || start === sid) return own;
  const l1std = structures.find('L1STD', world, start);
  return l1std ? [...own, l1std] : own;
}
