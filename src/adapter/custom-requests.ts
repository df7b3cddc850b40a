/**
 * The whole conversation beyond the Debug Adapter Protocol, on one screen: requests named `smmu/*` that views send,
 * with plain JSON both ways. Views refresh after the standard events `stopped` and `invalidated`.
 */

import type { World } from '../bits/world.ts';
import type { ThreadKey } from '../control/thread.ts';
import type { TreeNode } from '../inspect/tree.ts';

export type { TreeNode } from '../inspect/tree.ts';

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
}

/** Requests by name: what goes in, what comes back. */
export interface CustomRequests {
  /** Children of a node of the Streams tree; `id: null` asks for the roots. */
  'smmu/tree': { args: { readonly id: string | null }; body: { readonly nodes: readonly TreeNode[] } };
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
  /** Operations from `start` on, the oldest first; without `start` the last `count` of them. */
  'smmu/history': {
    args: { readonly start?: number; readonly count?: number };
    body: { readonly entries: readonly HistoryEntry[]; readonly total: number };
  };
  /** Takes everything back from operation `to` on; a `stopped` event follows. */
  'smmu/rewind': { args: { readonly to: number }; body: { readonly history: number } };
}

export type CustomRequest = keyof CustomRequests;
