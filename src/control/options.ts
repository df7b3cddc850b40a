import type { World } from '../bits/world.ts';
import type { Operation, Plan } from '../model/plan.ts';
import type { Checker } from './checker.ts';
import type { Finding } from './finding.ts';
import type { Program, ProgramNote } from './program.ts';
import type { Stop } from './stop.ts';
import type { Breakpoints } from './stops/breakpoints.ts';

/** What a debugger is made of, beside its SMMU and the time. */
export interface DebuggerOptions {
  /** Security states whose command queue is a thread. Default: Non-secure. */
  readonly worlds?: readonly World[];
  /** What the program thread runs. Default: there is none. */
  readonly program?: Program | null;
  readonly checkers?: readonly Checker[];
  readonly breakpoints?: Breakpoints;
  /** Brings to people what the program says. */
  readonly tell?: (note: ProgramNote) => void;
  /** Brings to people what checkers noticed about an operation that is about to be committed. */
  readonly notice?: (findings: readonly Finding[], operation: Operation, entry: number) => void;
}

/** What a transaction came to: completed, or stopped on the way and still on the DMA thread. */
export interface Transacted {
  readonly plan: Plan;
  readonly stop: Stop | null;
  readonly findings: readonly Finding[];
  /** A transaction that stood uncommitted on the DMA thread and was given up for this one. */
  readonly dropped: Plan | null;
}
