import type { World } from '../bits/world.ts';
import type { NotifyDecision } from '../model/notifiers/decision.ts';
import type { Consumer } from '../spec/notifiers.ts';

/** A row of the Notifier events view: a decision as people read it. */
export interface NotifierRow {
  readonly number: number;
  /** Number of the operation that caused it, for `smmu/history` and `smmu/rewind`; null while it is not done. */
  readonly history: number | null;
  /** Line of the program (from 1) that it belongs to. */
  readonly line?: number;
  /** Path of the file of that line, where an included one has it. */
  readonly file?: string;
  readonly cause: string;
  /** World of the command queue; null for other causes. */
  readonly queue: World | null;
  readonly actsOn: World;
  readonly device: string;
  readonly sid: number;
  readonly deviceWorlds: readonly World[];
  readonly notifier: number;
  readonly consumer: Consumer;
  readonly iommuIndex: number;
  readonly delivered: boolean;
  readonly reason: NotifyDecision['reason'];
  readonly why: string;
  /** What is left in the range of the notifier, `0x1000-0x1fff`, and the range before, as text. */
  readonly range: string | null;
  readonly whole: string | null;
  /** Piece of a split range, `2/3`; null where it was not split. */
  readonly piece: string | null;
  /** Space of the UNMAP, and those of the mappings that were held. */
  readonly space: World | null;
  readonly obtained: readonly World[];
  /** What the consumer said. */
  readonly message: string | null;
  readonly removed: number;
  readonly kept: number;
  /** Texts of the findings about it. */
  readonly findings: readonly string[];
}
