/** Configuration structures compared field by field. */

import type { Field, Layout } from '../../bits/layout.ts';
import { hex64 } from '../../bits/u64.ts';
import type { World } from '../../bits/world.ts';
import type { CachedStructure } from '../../model/caches/structures.ts';
import { CD } from '../../spec/cd.ts';
import { L1CD } from '../../spec/l1cd.ts';
import { L1STD } from '../../spec/l1std.ts';
import { STE } from '../../spec/ste.ts';
import type { Instead } from './past-memory.ts';

const LAYOUTS: Readonly<Record<CachedStructure, Layout>> = { STE, L1STD, CD, L1CD };
/** More are counted, not named. */
const NAMED = 6;

function valueText(field: Field, words: Uint32Array): string {
  return hex64(field.hi(words, 0), field.lo(words, 0));
}

/** Which fields of a structure differ: `V 0x1, in memory 0x0`. */
export function structureText(structure: CachedStructure, old: Uint32Array, now: Uint32Array): string {
  const changed = LAYOUTS[structure].list.filter(
    (field) =>
      field.alternativeTo === undefined &&
      (field.lo(old, 0) !== field.lo(now, 0) || field.hi(old, 0) !== field.hi(now, 0)),
  );
  if (changed.length === 0) return 'bits differ that no field has';
  const parts = changed
    .slice(0, NAMED)
    .map((field) => `${field.name} ${valueText(field, old)}, in memory ${valueText(field, now)}`);
  const more = changed.length - parts.length;
  return `${parts.join('; ')}${more > 0 ? `; and ${more} more fields` : ''}`;
}

/** Puts words over a place in memory. */
export function wordsInstead(pa: number, space: World, words: Uint32Array): Instead {
  return (at, where) => {
    if (where !== space) return null;
    const word = (at - pa) / 4;
    if (word < 0 || word >= words.length) return null;
    return { lo: words[word] as number, hi: words[word + 1] as number };
  };
}
