/**
 * The whole conversation beyond the Debug Adapter Protocol, on one screen: requests named `smmu/*` that views send,
 * with plain JSON both ways. Views refresh after the standard events `stopped` and `invalidated`.
 */

import type { World } from '../bits/world.ts';
import type { PolicyComparison } from '../control/isolation/policies.ts';
import type { ThreadKey } from '../control/thread.ts';
import type { TreeNode } from '../inspect/tree.ts';
import type { Consumer, NotifierAccepts, NotifierPolicy } from '../spec/notifiers.ts';
import type { NotifierRow } from './notifier-row.ts';
import type { DecisionKind, NotifierColumn, RowOrigin } from './notifier-words.ts';

export type { PolicyColumn, PolicyRow } from '../control/isolation/policies.ts';
export type { TreeNode } from '../inspect/tree.ts';
export type { NotifierRow } from './notifier-row.ts';

/** The state of a session in a few numbers, for titles, pickers and welcome texts. */
export interface SessionState {
  /** Stable name of the capture, as in the URIs of its documents. */
  readonly capture: string;
  /** One line about what was opened. */
  readonly description: string;
  readonly threads: readonly { readonly id: number; readonly key: ThreadKey; readonly name: string }[];
  readonly worlds: readonly {
    readonly world: World;
    readonly smmuEnabled: boolean;
    readonly cmdqEnabled: boolean;
    /** Commands between CONS and PROD. */
    readonly commandsPending: number;
    /** Event records between CONS and PROD. */
    readonly eventsPending: number;
  }[];
  /** How many operations can be taken back. */
  readonly history: number;
  readonly warnings: readonly string[];
}

/** An operation that was committed and can be taken back. */
export interface HistoryEntry {
  /** Its number, the oldest being 0. */
  readonly index: number;
  readonly thread: ThreadKey;
  /** One line for people. */
  readonly text: string;
  /** Line of the program (from 1) that it belongs to. */
  readonly line?: number;
  /** Path of the file of that line, where an included one has it. */
  readonly file?: string;
  /** Security states of the queue, transaction, access or device; left out where there is none. */
  readonly worlds?: readonly World[];
}

/** A row of the Notifier matrix: a consumer of a device in one world. */
export interface NotifierMatrixRow {
  readonly device: string;
  readonly sid: number;
  readonly world: World;
  readonly consumer: Consumer;
  /** Its number in the device; -1 when it was refused. */
  readonly notifier: number;
  /** Why the registration was refused; null when it was accepted. */
  readonly refused: string | null;
  /** Decisions about invalidations of this world. */
  readonly told: number;
  readonly untold: number;
  /** Mappings that it holds though they were invalidated. */
  readonly missed: number;
  /** UNMAPs whose space was another than that of the mapping. */
  readonly wrongSpace: number;
  readonly held: number;
}

/** Requests by name: what goes in, what comes back. */
export interface CustomRequests {
  /** Children of a node of the Streams tree; `id: null` asks for the roots, with `world` for that of one state alone. */
  'smmu/tree': {
    args: { readonly id: string | null; readonly world?: World };
    body: { readonly nodes: readonly TreeNode[] };
  };
  'smmu/state': { args: Record<string, never>; body: SessionState };
  /** Text of a virtual document by its URI. */
  'smmu/document': { args: { readonly uri: string }; body: { readonly text: string } };
  /** The explanation of a line of a document or of the program's file, for a hover; null when there is none. */
  'smmu/why': {
    args: { readonly uri: string; readonly line: number };
    body: { readonly text: string | null };
  };
  /** Sets CMDQEN in the model, as an operation that can be taken back. */
  'smmu/enableQueue': { args: { readonly world?: World }; body: { readonly changed: boolean } };
  /**
   * Operations from `start` on, the oldest first; without `start` the last `count` of them. With `world` those of other
   * states are left out: `start`, `count` and `total` count them all the same.
   */
  'smmu/history': {
    args: { readonly start?: number; readonly count?: number; readonly world?: World };
    body: { readonly entries: readonly HistoryEntry[]; readonly total: number };
  };
  /**
   * Decisions about notifiers from `start` on (counted over those that match), the oldest first; without `start` the last
   * `count`. With `at` those at these places alone.
   */
  'smmu/notifiers': {
    args: {
      readonly start?: number;
      readonly count?: number;
      readonly at?: readonly number[];
      readonly world?: World;
    };
    body: {
      readonly rows: readonly NotifierRow[];
      readonly total: number;
      /** How many of the oldest are no longer kept. */
      readonly dropped: number;
      readonly policy: NotifierPolicy;
      readonly accepts: NotifierAccepts;
    };
  };
  /** Places of the decisions that have all words of a text, are of a kind and of an origin, sorted; `total` counts all. */
  'smmu/notifierOrder': {
    args: {
      readonly world?: World;
      readonly text?: string;
      readonly decision?: DecisionKind;
      readonly column?: NotifierColumn;
      readonly descending?: boolean;
      readonly origin?: RowOrigin;
    };
    body: { readonly order: readonly number[]; readonly total: number };
  };
  'smmu/notifierMatrix': {
    args: Record<string, never>;
    body: { readonly rows: readonly NotifierMatrixRow[] };
  };
  /** The session run again under every policy; takes a while, reports progress and can be cancelled. */
  'smmu/policies': {
    args: Record<string, never>;
    body: PolicyComparison;
  };
  /**
   * From here on scopes and threads are those of one state, and those of none; without `world` those of all. The thread
   * that stopped is always there.
   */
  'smmu/showWorld': { args: { readonly world?: World }; body: Record<string, never> };
  /** Takes everything back from operation `to` on; a `stopped` event follows. */
  'smmu/rewind': { args: { readonly to: number }; body: { readonly history: number } };
}

export type CustomRequest = keyof CustomRequests;
