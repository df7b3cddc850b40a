import { hex } from '../bits/u64.ts';
import type { World } from '../bits/world.ts';
import type { DataPlace } from '../control/stops/data-place.ts';
import type { Slot } from './edit/slot.ts';

/** One variable, before it has a number for the protocol. */
export interface Node {
  readonly name: string;
  readonly value: string;
  /** Shown as a tooltip by clients: what it means. */
  readonly type?: string;
  /** The memory that it names or lies in. */
  readonly memory?: { readonly space: World; readonly pa: number };
  /** Its own bits: they can be watched, and set unless it is read-only. */
  readonly slot?: Slot;
  /** Software cannot write it, and neither can people. */
  readonly readOnly?: true;
  /** Bytes that can be watched, where they are no bits of its own: all of a structure. */
  readonly data?: DataPlace;
  /** What to evaluate to get it again. */
  readonly evaluateName?: string;
  readonly children?: Children;
  /** Only shown on demand. */
  readonly lazy?: boolean;
}

/** What a variable or scope holds; computed when somebody looks. */
export interface Children {
  /** How many named children, when that is known without computing them. */
  readonly named?: number;
  /** How many indexed children; these are fetched in pages. */
  readonly indexed?: number;
  /** All named children. */
  names?(): readonly Node[];
  /** Indexed children from `start`. */
  page?(start: number, count: number): readonly Node[];
}

/** Children that are known at once or cheap to compute. */
export function named(names: () => readonly Node[]): Children {
  return { names };
}

/** The child of that name, whether it is named or indexed. */
export function childNamed(children: Children, name: string): Node | undefined {
  const found = children.names?.().find((node) => node.name === name);
  if (found || !children.indexed) return found;
  // Indexed children are named by their places.
  const place = Number(/^\[?(\d+)\]?$/.exec(name)?.[1] ?? Number.NaN);
  return Number.isNaN(place) ? undefined : children.page?.(place, 1).find((node) => node.name === name);
}

/** A memory reference as clients send it back: an address, with its space before it unless that is Non-secure. */
export function memoryReference(space: World, pa: number): string {
  const address = hex(pa);
  return space === 'ns' ? address : `${space}:${address}`;
}
