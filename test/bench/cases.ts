/** The bench cases: conformance cases with a key `bench` that says what to repeat. */

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parseHex64 } from '../../src/bits/u64.ts';
import type { ConformCase } from '../../src/cli/conform/case.ts';

/** Translate `iova + k * stride`, k = 0 .. pages-1 round and round. */
export interface TranslationBench {
  /** Emptied before each: 0 nothing, 1 the TLB, 2 the TLB and the cached configuration, 3 the configuration only. */
  readonly kind: 0 | 1 | 2 | 3;
  readonly iova: string;
  readonly stride: number;
  readonly pages: number;
}

/** Consume commands. */
export interface CommandBench {
  /** The first ones, 16 bytes in memory order as hex; they are repeated. */
  readonly commands: readonly string[];
  /** How many stand in the queue. */
  readonly repeat_to: number;
  /** Live TLB entries, none of which the commands match. */
  readonly tlb_entries: number;
}

export type TranslationCase = ConformCase & { readonly bench: TranslationBench };
export type CommandCase = ConformCase & { readonly bench: CommandBench };

const FILE = path.resolve(import.meta.dirname, '../vectors/bench-cases.jsonl');

export function benchCases(): (TranslationCase | CommandCase)[] {
  const lines = readFileSync(FILE, 'utf8').split('\n');
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as TranslationCase | CommandCase);
}

export function isTranslation(of: TranslationCase | CommandCase): of is TranslationCase {
  return 'kind' in of.bench;
}

/** A number below 2^53 in a case. */
export function numberIn(text: string): number {
  const word = parseHex64(text);
  if (word === null) throw new RangeError(`not a number: ${text}`);
  return word.hi * 2 ** 32 + word.lo;
}

/** A case's memory from its first to its last page, as one array. */
export interface FlatMemory {
  /** PA of the first word in bytes. */
  readonly base: number;
  readonly words: Uint32Array;
}

export function flatMemory(of: ConformCase): FlatMemory {
  const places = of.mem.map(([address]) => numberIn(address));
  const base = Math.floor(Math.min(...places) / 4096) * 4096;
  const words = new Uint32Array((Math.floor(Math.max(...places) / 4096) * 4096 + 4096 - base) / 4);
  for (const [address, value] of of.mem) {
    const word = parseHex64(value);
    if (word === null) throw new RangeError(`not a number: ${value}`);
    words.set([word.lo, word.hi], (numberIn(address) - base) / 4);
  }
  return { base, words };
}
