/** What the page of the Notifier events view and the extension tell each other. Types alone: the page loads no code of it. */

import type { DecisionKind, RowOrder } from '../../../src/adapter/notifier-words.ts';
import type { ShownWorld } from '../world-words.ts';

/** How a cell wants to be seen; a word always says the same. */
export type Tone = 'good' | 'bad' | 'warning' | 'quiet';

export interface Cell {
  readonly text: string;
  /** Further text, less prominent. */
  readonly more?: string;
  /** A sign before the text, not read aloud. */
  readonly icon?: string;
  readonly tone?: Tone;
  readonly mono?: boolean;
}

export interface GridRow {
  readonly cells: readonly Cell[];
  /** The whole row for screen readers. */
  readonly label: string;
}

export interface GridColumn {
  readonly id: string;
  readonly title: string;
  /** Track of CSS grid where a row is one line. */
  readonly wide: string;
  /** Track where it is two: {@link Cell.more} stands below. */
  readonly narrow: string;
}

export interface Selection {
  readonly text: string;
  readonly decision: DecisionKind;
  readonly sort: RowOrder;
}

export interface Choice {
  readonly value: string;
  readonly words: string;
}

/** Everything about the list but its rows. */
export interface GridState {
  /** Rows of another generation are no longer wanted. */
  readonly generation: number;
  readonly columns: readonly GridColumn[];
  readonly selection: Selection;
  readonly decisions: readonly Choice[];
  readonly world: ShownWorld;
  readonly worlds: readonly Choice[];
  /** Rows that match, of how many. */
  readonly matching: number;
  readonly total: number;
  /** One line about the list: policy, counts. */
  readonly summary: string;
  /** Why there are no rows; empty where there are. */
  readonly nothing: string;
}

export type ToPage =
  | ({ readonly type: 'state' } & GridState)
  | {
      readonly type: 'rows';
      readonly generation: number;
      readonly start: number;
      readonly rows: readonly GridRow[];
    }
  | { readonly type: 'details'; readonly position: number; readonly lines: readonly string[] }
  | { readonly type: 'reveal'; readonly position: number };

export type FromPage =
  | { readonly type: 'ready' }
  | { readonly type: 'window'; readonly generation: number; readonly start: number; readonly count: number }
  | { readonly type: 'filter'; readonly text: string; readonly decision: string }
  | { readonly type: 'world'; readonly world: string }
  | { readonly type: 'sort'; readonly column: string }
  | { readonly type: 'select'; readonly position: number }
  | { readonly type: 'open'; readonly position: number }
  | { readonly type: 'export' };
