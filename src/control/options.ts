import type { World } from '../bits/world.ts';
import type { Operation, Plan } from '../model/plan.ts';
import type { Smmu } from '../model/smmu.ts';
import type { Checker } from './checker.ts';
import type { Finding } from './finding.ts';
import type { Program, ProgramNote } from './program.ts';
import type { Stop } from './stop.ts';
import type { Breakpoints } from './stops/breakpoints.ts';

/** What somebody sees who may not see all: nothing stops in what is hidden, and conditions and messages read none of it. */
export interface Viewed {
  /** What is to be read. */
  readonly smmu: Smmu;
  /** The world to which an operation belongs that is hidden; null when it is seen. */
  hides(operation: Operation): World | null;
  /** A plan without what is hidden of it; its steps keep their places. */
  plan(plan: Plan): Plan;
}

/** What a debugger is made of, beside its SMMU and the time. */
export interface DebuggerOptions {
  /** Security states whose command queue is a thread. Default: Non-secure. */
  readonly worlds?: readonly World[];
  /** What the program thread runs. Default: there is none. */
  readonly program?: Program | null;
  readonly checkers?: readonly Checker[];
  readonly breakpoints?: Breakpoints;
  /** What whoever looks may see, where that is not everything. */
  readonly viewed?: Viewed;
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
