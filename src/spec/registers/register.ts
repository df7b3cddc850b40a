import type { FieldSpecs, Layout } from '../../bits/layout.ts';
import { layout } from '../../bits/layout.ts';
import type { World } from '../../bits/world.ts';

/** A block of registers: one page of 64 KiB (the counters may be two), placed as BLOCKS says. */
export type RegisterBlock =
  | 'PAGE_0'
  | 'PAGE_1'
  | 'VATOS'
  | 'S_VATOS'
  | 'CMDQCP'
  | 'R_PAGE_0'
  | 'R_PAGE_1'
  | 'ROOT'
  | 'PMCG';

/**
 * How software may access a register. `W1S`, `W1C`: writing 1 sets, clears; `clear-only`: a write can only clear the
 * whole register; `start`: writing 1 starts, reading tells whether it runs. When it may be written: `update`.
 */
export type RegisterAccess = 'RO' | 'RW' | 'WO' | 'W1S' | 'W1C' | 'clear-only' | 'start';

/** What a register is, without its fields. */
export interface RegisterFacts {
  /** Full name. */
  readonly name: string;
  /** Name without SMMU_. */
  readonly short: string;
  /** Name without SMMU_ and the letter of the security state: the same in every world. */
  readonly stem: string;
  /** Whose register it is; null for the counters, which belong to nobody in particular. */
  readonly world: World | null;
  readonly block: RegisterBlock;
  /** Bytes from the start of the block; of the first, if there are several. */
  readonly offset: number;
  /** Bits. */
  readonly width: 32 | 64;
  readonly access: RegisterAccess;
  readonly section: string;
  readonly doc: string;
  /** At most `count` registers, `stride` bytes apart; null: the stride depends on an ID register. */
  readonly array?: { readonly count: number; readonly stride: number | null };
  /** Features without which the register is RES0, as an expression for `expressionHolds`. */
  readonly needs?: string;
  /** When it may be written, and what a write does. */
  readonly update?: string;
  readonly note?: string;
  readonly conf?: 'medium' | 'low';
  /** Not all fields are known: bits that no field claims are not RES0. */
  readonly partial?: boolean;
}

/** A register of the memory-mapped interface. */
export interface RegisterSpec<D extends FieldSpecs = FieldSpecs> extends RegisterFacts {
  readonly layout: Layout<D>;
}

/** What a table says of a register; the rest follows from its bank and name. */
export type RegisterDeclaration = Omit<RegisterFacts, 'name' | 'short' | 'stem' | 'world' | 'block'>;

/** What the names of a world's registers begin with. */
export const WORLD_PREFIX: Readonly<Record<World, string>> = { ns: '', s: 'S_', realm: 'R_', root: 'ROOT_' };

/** A function that declares the registers of one world in one block. */
export function bank(world: World | null, block: RegisterBlock) {
  const prefix = world === null ? 'PMCG_' : WORLD_PREFIX[world];
  return <const S extends string, const D extends FieldSpecs>(
    short: S,
    facts: RegisterDeclaration,
    fields: D,
  ): RegisterSpec<D> & { readonly short: S } => ({
    ...facts,
    name: `SMMU_${short}`,
    short,
    stem: short.startsWith(prefix) ? short.slice(prefix.length) : short,
    world,
    block,
    layout: layout(short, facts.section, facts.width, fields),
  });
}
