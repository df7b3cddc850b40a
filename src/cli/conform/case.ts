/** The form of conformance cases: what an SMMU is given and what another implementation answered. */

import { parseHex64 } from '../../bits/u64.ts';

/** One step of a case. */
export type CaseStep =
  | {
      readonly op: 'dma';
      readonly sid: number;
      readonly iova: string;
      readonly size: number;
      readonly rw: 'r' | 'w';
    }
  | { readonly op: 'mem'; readonly words: readonly (readonly [address: string, value: string])[] }
  | { readonly op: 'cmd'; readonly entries: readonly string[] }
  | { readonly op: 'reg'; readonly off: string; readonly val: string; readonly size: number };

/** What an implementation answered to a step. Numbers that may exceed 32 bits are hex strings. */
export interface StepAnswer {
  readonly ok?: boolean;
  readonly pa?: string;
  readonly abort?: boolean;
  /** New event records: 32 bytes in memory order, as hex. */
  readonly ev?: readonly string[];
  readonly cons?: string;
  readonly gerror?: string;
  /** The answer with everything cached invalidated just before. */
  readonly fresh?: StepAnswer;
}

export interface ConformCase {
  readonly name: string;
  readonly family: string;
  /** SMMU_IDR0 to IDR5. */
  readonly idr: readonly string[];
  readonly aidr: string;
  readonly ram: readonly [base: string, size: string];
  /** Register writes after the memory is loaded: offset from the base, value, bytes. */
  readonly regs: readonly (readonly [offset: string, value: string, bytes: number])[];
  readonly mem: readonly (readonly [address: string, value: string])[];
  readonly steps: readonly CaseStep[];
  readonly expect?: { readonly steps: readonly StepAnswer[] } | null;
  readonly qemu_deviates?: string;
  readonly arch_expect?: Readonly<Record<string, StepAnswer>>;
}

/** What the model answered to a case. */
export interface CaseAnswer {
  readonly name: string;
  readonly family: string;
  readonly steps: readonly StepAnswer[];
  /** Why the case says nothing about the model, when it asks for what the model does not cover. */
  readonly leftOut?: string;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const ARRAYS = ['idr', 'ram', 'regs', 'mem', 'steps'] as const;

/** A number of up to 64 bits, as text or (where it is small) as a number. */
function isNumber(value: unknown): boolean {
  if (typeof value === 'number') return Number.isInteger(value) && value >= 0;
  return typeof value === 'string' && parseHex64(value) !== null;
}

/** A list of lists of `length` numbers. */
function isTable(value: unknown, length: number): boolean {
  const isRow = (row: unknown): boolean => Array.isArray(row) && row.length === length && row.every(isNumber);
  return Array.isArray(value) && value.every(isRow);
}

/** What each operation relies on: field, and whether its value will do. */
const STEP_FIELDS: Readonly<Record<string, Readonly<Record<string, (value: unknown) => boolean>>>> = {
  dma: { sid: isNumber, iova: isNumber, rw: (value) => value === 'r' || value === 'w' },
  mem: { words: (value) => isTable(value, 2) },
  cmd: {
    entries: (value) =>
      Array.isArray(value) && value.every((e) => typeof e === 'string' && /^[0-9a-f]{32}$/i.test(e)),
  },
  reg: { off: isNumber, val: isNumber, size: (value) => value === 4 || value === 8 },
};

/** What is wrong with a step, or null. */
function wrongWithStep(step: unknown): string | null {
  if (!isObject(step)) return 'is not an object';
  const op = step['op'];
  const fields = typeof op === 'string' && Object.hasOwn(STEP_FIELDS, op) ? STEP_FIELDS[op] : undefined;
  if (!fields) return 'has an "op" that is none of dma, mem, cmd, reg';
  const bad = Object.entries(fields).find(([name, fits]) => !fits(step[name]));
  return bad ? `is a ${op} without a usable "${bad[0]}"` : null;
}

/**
 * Whether a parsed line is a case; the parts that running it relies on are looked at.
 * @returns the case, or what is wrong with it
 */
export function asCase(value: unknown): ConformCase | string {
  if (!isObject(value)) return 'is not a JSON object';
  if (typeof value['name'] !== 'string') return 'has no "name"';
  if (typeof value['family'] !== 'string') return 'has no "family"';
  if (typeof value['aidr'] !== 'string') return 'has no "aidr"';
  for (const key of ARRAYS) if (!Array.isArray(value[key])) return `has no list "${key}"`;
  if (!isNumber(value['aidr'])) return 'has an "aidr" that is not a number';
  if (!isTable([value['idr']], 6)) return 'has an "idr" that is not a list of 6 numbers';
  if (!isTable([value['ram']], 2)) return 'has a "ram" that is not base and size';
  if (!isTable(value['mem'], 2)) return 'has a "mem" that is not a list of address and value';
  if (!isTable(value['regs'], 3)) return 'has "regs" that are not a list of offset, value and bytes';
  for (const [i, step] of (value['steps'] as readonly unknown[]).entries()) {
    const wrong = wrongWithStep(step);
    if (wrong !== null) return `has a step ${i} that ${wrong}`;
  }
  return value as unknown as ConformCase;
}
