/** Applying effects, each time yielding the effect that takes it back; and the journal of those. */

import { WORLDS, type World } from '../bits/world.ts';
import type { ConfigEntry } from './caches/config.ts';
import type { TlbEntry } from './caches/tlb.ts';
import { ReferenceStack, WordStack } from './chunked.ts';
import type { QueueMachine } from './machine.ts';
import { ABSENT, DATA, MISS, type SparseMemory } from './memory.ts';
import { PACKED_WORDS, PackedEntry, type PackSource } from './packed.ts';
import type { Effect, Store } from './plan.ts';

/** What effects act on. */
export type Changeable = QueueMachine;

const one = new Uint32Array(1);
const packed = new Uint32Array(PACKED_WORDS);

function applyMemory(memory: SparseMemory, effect: Effect & { kind: 'memory' }): Effect {
  const count = effect.words.length;
  const words = new Uint32Array(count);
  const absent: boolean[] = [];
  for (let i = 0; i < count; i++) {
    const pa = effect.pa + i * 4;
    const status = memory.load(pa, words, i, 1);
    absent.push(status === ABSENT || status === MISS);
    if (effect.absent?.[i]) memory.forget(pa);
    else {
      one[0] = effect.words[i] as number;
      memory.store(pa, one, 0, 1);
    }
  }
  const inverse = { ...effect, words };
  return absent.includes(true) ? { ...inverse, absent } : withoutAbsent(inverse);
}

function withoutAbsent(effect: Effect & { kind: 'memory' }): Effect {
  const { kind, space, pa, words, what } = effect;
  return { kind, space, pa, words, what };
}

/**
 * Applies an effect.
 * @returns the effect that takes it back
 */
export function applyEffect(on: Changeable, effect: Effect): Effect {
  switch (effect.kind) {
    case 'memory':
      return applyMemory(on.memory(effect.space), effect);
    case 'register': {
      const value = on.bank.peek(effect.offset);
      on.bank.poke(effect.offset, effect.value);
      return { ...effect, value };
    }
    case 'config':
      if (effect.op === 'insert') on.config.insert(effect.entry);
      else on.config.remove(effect.entry);
      return { ...effect, op: effect.op === 'insert' ? 'remove' : 'insert' };
    case 'tlb':
      if (effect.op === 'insert') on.tlb.insert(effect.entry);
      else on.tlb.remove(effect.entry);
      return { ...effect, op: effect.op === 'insert' ? 'remove' : 'insert' };
    case 'store':
      if (effect.op === 'insert') effect.store.insert(effect.entry);
      else effect.store.remove(effect.entry);
      return { ...effect, op: effect.op === 'insert' ? 'remove' : 'insert' };
    case 'signal':
      return effect;
  }
}

/** Whether a memory effect can be applied: its words lie in RAM. */
export function isWritable(memory: SparseMemory, pa: number): boolean {
  const status = memory.status(pa);
  return status === DATA || status === ABSENT;
}

/** What a record is, in the lowest bits of its last word; what it needs beside that precedes it. */
const REGISTER = 0;
const MEMORY_WORD = 1;
const ABSENT_WORD = 2;
/** An effect as it is. */
const WHOLE = 3;
const TLB = 4;
const CONFIG = 5;
const STORE = 6;
/** An entry of a store by its words. */
const PACKED = 7;
const TAG_BITS = 3;
const TAG_MASK = (1 << TAG_BITS) - 1;
/** To be inserted, not removed. */
const INSERT = 1 << TAG_BITS;
const PAYLOAD_SHIFT = TAG_BITS + 1;
const SPACE_BITS = 2;
const SPACE_MASK = (1 << SPACE_BITS) - 1;
const PA_SHIFT = PAYLOAD_SHIFT + SPACE_BITS;
/** A place from here on does not fit into a payload as a number of words. */
const PLACE_LIMIT = 2 ** (32 - PAYLOAD_SHIFT + 2);
/** Longer writes are kept as arrays. */
const MOST_WORDS = 16;
const TWO_32 = 2 ** 32;

/** Where entries that are packed lie, and what makes them. */
interface Pack {
  readonly store: Store<unknown>;
  readonly source: PackSource;
}

/**
 * Everything that was committed, so that it can be taken back exactly. Registers and words of memory are packed into
 * 8 to 12 bytes each; what caches keep is held by reference. Signals leave nothing behind.
 */
export class Journal {
  readonly #words = new WordStack();
  readonly #references = new ReferenceStack<unknown>();
  readonly #stores: Store<unknown>[] = [];
  readonly #packs: Pack[] = [];
  readonly #packIndices = new Map<PackSource, number>();

  /** Mark of the present moment, for {@link undo}. It grows with what is recorded, by no fixed amount. */
  get length(): number {
    return this.#words.length;
  }

  /** Records an effect that takes something back, as {@link applyEffect} returns it. */
  record(inverse: Effect): void {
    switch (inverse.kind) {
      case 'register':
        this.#register(inverse.offset, inverse.value, inverse);
        return;
      case 'memory':
        this.#memory(inverse);
        return;
      case 'tlb':
        this.#reference(TLB, inverse.op, inverse.entry);
        return;
      case 'config':
        this.#reference(CONFIG, inverse.op, inverse.entry);
        return;
      case 'store':
        if (inverse.entry instanceof PackedEntry) {
          this.#pack(inverse.store, inverse.op, inverse.entry);
          return;
        }
        this.#reference(
          STORE | (this.#storeIndex(inverse.store) << PAYLOAD_SHIFT),
          inverse.op,
          inverse.entry,
        );
        return;
      case 'signal':
        return;
    }
  }

  /** Applies an effect and records how to take it back. */
  commit(on: Changeable, effect: Effect): void {
    if (effect.kind === 'register') {
      // Without an object: every command moves an index.
      this.#register(effect.offset, on.bank.peek(effect.offset), effect);
      on.bank.poke(effect.offset, effect.value);
    } else this.record(applyEffect(on, effect));
  }

  /** Takes back everything after a mark, newest first. */
  undo(on: Changeable, mark: number): void {
    const words = this.#words;
    while (words.length > mark) {
      const header = words.pop();
      const payload = header >>> PAYLOAD_SHIFT;
      const insert = (header & INSERT) !== 0;
      switch (header & TAG_MASK) {
        case REGISTER:
          on.bank.poke(payload * 4, words.pop());
          break;
        case MEMORY_WORD: {
          const pa = (header >>> PA_SHIFT) * TWO_32 + words.pop();
          one[0] = words.pop();
          on.memory(WORLDS[payload & SPACE_MASK] as World).store(pa, one, 0, 1);
          break;
        }
        case ABSENT_WORD: {
          const pa = (header >>> PA_SHIFT) * TWO_32 + words.pop();
          on.memory(WORLDS[payload & SPACE_MASK] as World).forget(pa);
          break;
        }
        case TLB:
          change(on.tlb, insert, this.#references.pop() as TlbEntry);
          break;
        case CONFIG:
          change(on.config, insert, this.#references.pop() as ConfigEntry);
          break;
        case STORE:
          change(this.#stores[payload] as Store<unknown>, insert, this.#references.pop());
          break;
        case PACKED: {
          const { store, source } = this.#packs[payload] as Pack;
          for (let i = PACKED_WORDS - 1; i >= 0; i--) packed[i] = words.pop();
          change(store, insert, source.unpack(packed, 0));
          break;
        }
        default:
          applyEffect(on, this.#references.pop() as Effect);
      }
    }
  }

  /** The effects that take back everything after a mark, newest first, for whoever commits them as something new. */
  inverse(mark: number): Effect[] {
    const words = this.#words;
    const effects: Effect[] = [];
    const what = 'as it was before';
    let reference = this.#references.length;
    for (let at = words.length; at > mark; ) {
      const header = words.at(--at);
      const payload = header >>> PAYLOAD_SHIFT;
      const op = (header & INSERT) !== 0 ? 'insert' : 'remove';
      const tag = header & TAG_MASK;
      if (tag === REGISTER) {
        effects.push({ kind: 'register', offset: payload * 4, value: words.at(--at), what });
      } else if (tag === MEMORY_WORD || tag === ABSENT_WORD) {
        const space = WORLDS[payload & SPACE_MASK] as World;
        const pa = (header >>> PA_SHIFT) * TWO_32 + words.at(--at);
        const value = tag === MEMORY_WORD ? words.at(--at) : 0;
        const memory = { kind: 'memory', space, pa, words: Uint32Array.of(value), what } as const;
        effects.push(tag === MEMORY_WORD ? memory : { ...memory, absent: [true] });
      } else if (tag === PACKED) {
        const { store, source } = this.#packs[payload] as Pack;
        for (let i = PACKED_WORDS - 1; i >= 0; i--) packed[i] = words.at(--at);
        effects.push({ kind: 'store', store, op, entry: source.unpack(packed, 0), what });
      } else {
        const entry = this.#references.at(--reference);
        if (tag === TLB) effects.push({ kind: 'tlb', op, entry: entry as TlbEntry });
        else if (tag === CONFIG) effects.push({ kind: 'config', op, entry: entry as ConfigEntry });
        else if (tag === STORE) {
          effects.push({ kind: 'store', store: this.#stores[payload] as Store<unknown>, op, entry, what });
        } else effects.push(entry as Effect);
      }
    }
    return effects;
  }

  /** @param value what the register held */
  #register(offset: number, value: number, effect: Effect & { kind: 'register' }): void {
    if (offset >= PLACE_LIMIT) {
      this.#reference(WHOLE, 'insert', { ...effect, value });
      return;
    }
    this.#words.push(value);
    this.#words.push(REGISTER | ((offset >>> 2) << PAYLOAD_SHIFT));
  }

  #memory(inverse: Effect & { kind: 'memory' }): void {
    const { space, pa, words, absent } = inverse;
    if (words.length > MOST_WORDS) {
      this.#reference(WHOLE, 'insert', inverse);
      return;
    }
    const where = WORLDS.indexOf(space) << PAYLOAD_SHIFT;
    for (let i = 0; i < words.length; i++) {
      const at = pa + i * 4;
      const isAbsent = absent?.[i] === true;
      if (!isAbsent) this.#words.push(words[i] as number);
      this.#words.push(at >>> 0);
      this.#words.push(
        (isAbsent ? ABSENT_WORD : MEMORY_WORD) | where | (Math.floor(at / TWO_32) << PA_SHIFT),
      );
    }
  }

  #reference(header: number, op: 'insert' | 'remove', entry: unknown): void {
    this.#references.push(entry);
    this.#words.push(op === 'insert' ? header | INSERT : header);
  }

  #pack(store: Store<unknown>, op: 'insert' | 'remove', entry: PackedEntry): void {
    const { source } = entry;
    entry.pack(packed, 0);
    let index = this.#packIndices.get(source);
    if (index === undefined) {
      index = this.#packs.push({ store, source }) - 1;
      this.#packIndices.set(source, index);
    }
    for (let i = 0; i < PACKED_WORDS; i++) this.#words.push(packed[i] as number);
    this.#words.push(PACKED | (index << PAYLOAD_SHIFT) | (op === 'insert' ? INSERT : 0));
  }

  #storeIndex(store: Store<unknown>): number {
    const known = this.#stores.indexOf(store);
    return known >= 0 ? known : this.#stores.push(store) - 1;
  }
}

function change<Entry>(store: Store<Entry>, insert: boolean, entry: Entry): void {
  if (insert) store.insert(entry);
  else store.remove(entry);
}
