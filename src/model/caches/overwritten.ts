/** What a write of software replaces: IHI 0070 3.21. */

import { hex } from '../../bits/u64.ts';
import type { Machine } from '../machine.ts';
import { DATA } from '../memory.ts';
import type { Effect, Operation } from '../plan.ts';
import type { Version } from './versions.ts';

/** Keeps what a write of software replaces: hardware may have fetched it, and may hold it on. */
export function rememberVersions(
  machine: Machine,
  { space, pa, words }: Operation & { kind: 'memory' },
  effects: Effect[],
): void {
  const memory = machine.memory(space);
  const first = pa - (pa % 8);
  const old = new Uint32Array(2);
  const becomes = new Uint32Array(2);
  for (let at = first; at < pa + words.length * 4; at += 8) {
    if (memory.load(at, old, 0, 2) !== DATA) continue;
    becomes.set(old);
    for (let half = 0; half < 2; half++) {
      const word = words[(at + half * 4 - pa) / 4];
      if (word !== undefined) becomes[half] = word;
    }
    const [lo, hi] = old as unknown as [number, number];
    if (becomes[0] === lo && becomes[1] === hi) continue;
    const entry: Version = { kind: 'version', pa: at, space, hi, lo };
    const what = `the value before at ${hex(at)} may still be cached`;
    effects.push({ kind: 'store', store: machine.versions, op: 'insert', entry, what });
  }
}
