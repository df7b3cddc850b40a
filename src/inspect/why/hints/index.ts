import type { Hint } from '../explanation.ts';
import type { Facts } from '../facts.ts';
import { ADDRESS_HINTS } from './addresses.ts';
import type { HintKind } from './hint.ts';
import { LEAF_HINTS } from './leaves.ts';
import { STREAM_HINTS } from './streams.ts';
import { SUBSTREAM_HINTS } from './substreams.ts';

/** Every signature there is. */
export const HINT_KINDS: readonly HintKind[] = [
  ...STREAM_HINTS,
  ...SUBSTREAM_HINTS,
  ...ADDRESS_HINTS,
  ...LEAF_HINTS,
];

/** The signatures that fit. */
export function hintsFor(facts: Facts): Hint[] {
  return HINT_KINDS.flatMap(({ id, when }) => {
    const text = when(facts);
    return text === null ? [] : [{ id, text }];
  });
}
