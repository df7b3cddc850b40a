/**
 * Decoded structures by their address. Decoding is a pure function of the words and the registers; a configuration
 * miss on words that have not changed since need not do it again.
 */

import type { Fault } from '../plan.ts';
import type { WorldState } from '../state.ts';
import type { ContextConfig, StreamConfig } from './configuration.ts';

/** Structures that are remembered of each kind: the newest of those whose addresses agree in bits [15:6]. */
const SLOTS = 1024;
const STRUCTURE_WORDS = 16;

export interface Remembered<D> {
  readonly pa: number;
  /** The StreamID of an STE, the index of a CD. */
  readonly id: number;
  /** Never changed: others may hold them too. */
  readonly words: Uint32Array;
  readonly state: WorldState;
  /** The stream that a CD belongs to. */
  readonly stream: StreamConfig | null;
  readonly decoded: D;
}

class Memo<D extends object> {
  readonly #slots = new Array<Remembered<D> | undefined>(SLOTS).fill(undefined);

  /** What was decoded there last, if it was for the same registers and stream; its words may have changed since. */
  at(pa: number, id: number, state: WorldState, stream: StreamConfig | null): Remembered<D> | null {
    const found = this.#slots[(pa >>> 6) & (SLOTS - 1)];
    const same =
      found !== undefined &&
      found.pa === pa &&
      found.id === id &&
      found.state === state &&
      found.stream === stream;
    return same ? found : null;
  }

  find(
    pa: number,
    id: number,
    words: Uint32Array,
    state: WorldState,
    stream: StreamConfig | null,
  ): Remembered<D> | null {
    const found = this.at(pa, id, state, stream);
    if (found === null) return null;
    const known = found.words;
    for (let i = 0; i < STRUCTURE_WORDS; i++) if (known[i] !== words[i]) return null;
    return found;
  }

  keep(
    pa: number,
    id: number,
    words: Uint32Array,
    state: WorldState,
    stream: StreamConfig | null,
    decoded: D,
  ): Remembered<D> {
    const kept = { pa, id, words: words.slice(), state, stream, decoded };
    this.#slots[(pa >>> 6) & (SLOTS - 1)] = kept;
    return kept;
  }
}

export class DecodeMemo {
  readonly streams = new Memo<StreamConfig | Fault>();
  readonly contexts = new Memo<ContextConfig | Fault>();
}
