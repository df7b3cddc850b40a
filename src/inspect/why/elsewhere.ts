/** Where else an address is mapped: with another SubstreamID, or in another stream. */

import { hex } from '../../bits/u64.ts';
import { STE } from '../../spec/ste.ts';
import { busDeviceFunction } from '../stream-id.ts';
import { arrayOf, readSte } from '../streams.ts';
import { descriptorsOf, type Facts } from './facts.ts';

/** StreamIDs and SubstreamIDs that are looked at, around the one that was asked with. */
const LOOKED_AT = 2048;
/** Of those, how many valid ones are tried. */
const TRIED = 256;
const NAMED = 3;

/** What was found, and how far the search went. */
export interface Elsewhere {
  /** `StreamID 0x10 (00:02.0)`, `SubstreamID 0x2`. */
  readonly places: readonly string[];
  readonly tried: number;
}

/** SubstreamIDs of the same stream with which the access passes. */
export function otherSubstreams(facts: Facts): Elsewhere {
  const { stream, transaction, scratch } = facts;
  const places: string[] = [];
  let tried = 0;
  if (stream === null || stream.s1CDMax === 0) return { places, tried };
  const first = Math.max(0, transaction.ssid - TRIED / 2);
  const last = Math.min(2 ** stream.s1CDMax, first + TRIED);
  for (let ssid = first; ssid < last && places.length < NAMED; ssid++) {
    if (ssid === transaction.ssid) continue;
    tried++;
    const { outcome } = scratch.plan({ ...transaction, ssid });
    if (outcome.result === 'ok') places.push(`SubstreamID ${hex(ssid)} (PA ${hex(outcome.pa)})`);
  }
  return { places, tried };
}

/** Other streams whose tables map the address for this access; streams that are not translated do not count. */
export function otherStreams(facts: Facts): Elsewhere {
  const { state, transaction, scratch } = facts;
  const memory = scratch.smmu.memory(transaction.world);
  const { streams } = state.streamTable;
  const places: string[] = [];
  let tried = 0;
  const first = Math.max(0, Math.min(transaction.sid - LOOKED_AT / 2, streams - LOOKED_AT));
  for (let sid = first; sid < Math.min(streams, first + LOOKED_AT); sid++) {
    if (sid === transaction.sid || tried >= TRIED || places.length >= NAMED) continue;
    const array = arrayOf(memory, state, sid);
    if (array === null || !translates(readSte(memory, array, sid).words)) continue;
    tried++;
    const plan = scratch.plan({ ...transaction, sid });
    const walked = descriptorsOf(plan, 1).length + descriptorsOf(plan, 2).length > 0;
    if (plan.outcome.result === 'ok' && walked)
      places.push(`StreamID ${hex(sid)} (${busDeviceFunction(sid)}, PA ${hex(plan.outcome.pa)})`);
  }
  return { places, tried };
}

function translates(words: Uint32Array): boolean {
  const { V, Config } = STE.fields;
  return V.get(words, 0) === 1 && Config.get(words, 0) > 4;
}
