/** What the rules of single registers work on: one 32-bit write that reaches its register. */

import type { World } from '../../bits/world.ts';
import type { Register } from '../../spec/registers.ts';
import type { RegisterBank } from '../bank.ts';
import { type Signals, wordAfter } from '../interrupts.ts';

/** A 32-bit word of a register. */
export interface RegisterWord {
  readonly register: Register;
  /** Which register of an array. */
  readonly index: number;
  /** 0 for bits [31:0], 1 for bits [63:32]. */
  readonly word: 0 | 1;
  readonly place: number;
  /** Which control page or counter group. */
  readonly copy: number;
  /** Security state of the register; null where the register itself says who reaches it. */
  readonly world: World | null;
}

/** A 32-bit write. */
export interface WordWrite {
  /** Where effects go; its world is the register's. */
  readonly on: Signals;
  readonly bank: RegisterBank;
  readonly at: RegisterWord;
  /** `S_`, `R_` or nothing: before the names of registers of the same world. */
  readonly prefix: string;
  /** Physical address space of the access. */
  readonly from: World;
  /** As software wrote it. */
  readonly value: number;
  readonly before: number;
  /** The bits that exist. */
  readonly bits: number;
  /** What people should know of the write: why it is ignored, what is UNPREDICTABLE about it. */
  readonly remarks: string[];
}

/** What is special about writing a register. Without a rule, the bits that exist are stored. */
export interface Rule {
  /** Why the register cannot be written just now, or null. */
  readonly guard?: (w: WordWrite) => string | null;
  /** Which bits a write changes. Default: all that exist. */
  readonly bits?: (w: WordWrite) => number;
  /** Does the write instead of storing it. */
  readonly write?: (w: WordWrite) => void;
  /** What follows from the write. */
  readonly after?: (w: WordWrite, value: number) => void;
}

/** Adds the effect of a word's new value, if it is one. */
export function store(w: WordWrite, value: number, place = w.at.place, what?: string): void {
  if (wordAfter(w.bank, w.on.effects, place) === value) return;
  const text = what ?? `${w.at.register.short} is written`;
  w.on.effects.push({ kind: 'register', offset: place, value: value >>> 0, what: text });
}
