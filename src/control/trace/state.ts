import type { Group } from './group.ts';

/** Indices of the command queue as `smmuv3_cmdq_consume` quotes them: without the wrap bit. */
export interface QueueIndices {
  readonly prod: number;
  readonly cons: number;
  readonly prodWrap: number;
  readonly consWrap: number;
}

/** What was counted of a trace. */
export interface TraceCounts {
  /** Trace events that were passed. */
  readonly lines: number;
  /** Operations that the model made, without those that only learn. */
  readonly operations: number;
  /** Answers that could be compared. */
  readonly compared: number;
  readonly differing: number;
  /** Translations, commands and accesses that could not. */
  readonly unchecked: number;
  /** Look-ups that the caches of both answered alike, or not: a cache may always miss. */
  readonly lookups: { readonly alike: number; readonly other: number };
}

/** All that the program remembers, immutable. What it has learned stands in the SMMU, where the journal undoes it. */
export interface TraceState extends TraceCounts {
  /** Line from 0, or the number of lines at the end. */
  readonly line: number;
  /** The operation of this line was begun. */
  readonly begun: boolean;
  readonly group: Group | null;
  readonly queue: QueueIndices | null;
  /** Offsets of registers that the trace has shown. Shared until one comes to it. */
  readonly known: ReadonlySet<number>;
  /** What a running SMMU must have was assumed. */
  readonly assumed: boolean;
}

export function startOf(line: number): TraceState {
  return {
    line,
    begun: false,
    group: null,
    queue: null,
    known: new Set(),
    assumed: false,
    lines: 0,
    operations: 0,
    compared: 0,
    differing: 0,
    unchecked: 0,
    lookups: { alike: 0, other: 0 },
  };
}
