/**
 * Entries of stores that a few words make, together with something that very many of them share. The journal keeps the
 * words and not the entry: a million commands then cost their words and nothing more.
 */

/** What many entries have in common; it makes an entry again from its words. */
export interface PackSource {
  /** Makes an entry from its words, which begin at `at`. */
  unpack(words: Uint32Array, at: number): PackedEntry;
}

/** How many words an entry is. */
export const PACKED_WORDS = 5;

/** An entry that its words and its source say all of; what it is made into later is equal, not the same object. */
export abstract class PackedEntry {
  abstract get source(): PackSource;
  /** Writes its {@link PACKED_WORDS} words to `into` from `at` on. */
  abstract pack(into: Uint32Array, at: number): void;
}
