/** Registers without those of hidden worlds: they read as zero, and {@link ViewedBank.shows} says that they are not. */

import { maskOf } from '../../bits/layout.ts';
import type { World } from '../../bits/world.ts';
import { offsetOf, RegisterBank } from '../../model/bank.ts';
import { blockOf, controlPageOf, fieldPlace } from '../../model/places.ts';
import { ID_REGISTERS } from '../../spec/features.ts';
import { BLOCKS, REGISTER_LIST, REGISTERS, type RegisterBlock } from '../../spec/registers.ts';

const BY_BLOCK = new Map<RegisterBlock, World | null>(
  REGISTER_LIST.map(({ block, world }) => [block, world]),
);

/** Secure registers have the upper half of page 0 (6.2.1), and nothing else lies there. */
const FIRST_SECURE = BLOCKS.PAGE_0.bytes / 2;

/** The world whose register lies at a place of the bank; null for counters, which tell by themselves who may see them. */
export function placeWorld(place: number): World | null {
  const at = blockOf(place);
  if (at === null) return null;
  if (at.block === 'PAGE_0') return at.offset < FIRST_SECURE ? 'ns' : 's';
  if (at.block === 'PAGE_1') return 'ns';
  if (at.block === 'CMDQCP') return controlPageOf(at.copy).world;
  return BY_BLOCK.get(at.block) ?? null;
}

/** What the SMMU is, which everybody may know: without it nothing of the rest could be decoded. */
const IDENTIFICATION: ReadonlySet<number> = new Set(ID_REGISTERS.map(offsetOf));

const ROOT_IDR0 = offsetOf('ROOT_IDR0');
const { ROOT_IMPL } = REGISTERS.ROOT_IDR0.layout.fields;

export class ViewedBank extends RegisterBank {
  readonly #all: RegisterBank;
  readonly #hidden: readonly World[];
  readonly #words = new Uint32Array(2);

  constructor(all: RegisterBank, hidden: readonly World[]) {
    super();
    this.#all = all;
    this.#hidden = hidden;
  }

  override get version(): number {
    return this.#all.version;
  }

  override get counterGroups(): number {
    return this.#all.counterGroups;
  }

  override shows(place: number): boolean {
    const world = placeWorld(place);
    return world === null || !this.#hidden.includes(world);
  }

  override peek(place: number): number {
    if (this.shows(place)) return this.#all.peek(place);
    if (!IDENTIFICATION.has(place)) return 0;
    // Where nothing is known of granule protection, nothing is to be judged by it.
    return place === ROOT_IDR0 ? this.#all.peek(place) & ~maskOf(ROOT_IMPL) : this.#all.peek(place);
  }

  override lo(name: string): number {
    return this.peek(offsetOf(name));
  }

  override hi(name: string): number {
    return this.peek(offsetOf(name) + 4);
  }

  override field(register: string, field: string): number {
    const { place, field: declared } = fieldPlace(register, field);
    this.#words[0] = this.peek(place);
    this.#words[1] = this.peek(place + 4);
    return declared.get(this.#words, 0);
  }

  override placeAt(offset: number): number | null {
    return this.#all.placeAt(offset);
  }
}
