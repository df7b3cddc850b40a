/** The form of conformance cases: what an SMMU is given and what another implementation answered. */

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
const OPERATIONS: ReadonlySet<unknown> = new Set(['dma', 'mem', 'cmd', 'reg']);

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
  const steps = value['steps'] as readonly unknown[];
  const bad = steps.findIndex((step) => !isObject(step) || !OPERATIONS.has(step['op']));
  if (bad >= 0) return `has a step ${bad} whose "op" is none of dma, mem, cmd, reg`;
  return value as unknown as ConformCase;
}
