/** Nodes of the Streams view and of `tree`: plain data, and ids that are paths. */

import { hex } from '../../bits/u64.ts';
import type { World } from '../../bits/world.ts';
import { ABORT, ABSENT, GPF, isAbort, MISS, type ReadStatus } from '../../model/memory.ts';

export type TreeKind =
  | 'stream-table'
  | 'range'
  | 'ste'
  | 'cd'
  | 'ttb'
  | 'table'
  | 'page'
  | 'unmapped'
  | 'absent'
  | 'note';

/** One node. `children(id)` finds its children from the id alone. */
export interface TreeNode {
  /** A path: `ns/ste.8/cd.0/ttb0/511`. Stays the same while the structures do. */
  readonly id: string;
  readonly label: string;
  /** What it is and does, on the same line as the label. */
  readonly description: string;
  /** Markdown in which nothing from the capture is markup. */
  readonly tooltip: string;
  /** Name of a codicon. */
  readonly icon: string;
  readonly kind: TreeKind;
  readonly collapsible: 'none' | 'collapsed' | 'expanded';
  /** Where the structure lies. `pa` in hexadecimal. */
  readonly address?: { readonly space: World; readonly pa: string; readonly bytes: number };
  /** The stream that the node belongs to, when it is one. */
  readonly sid?: number;
  readonly ssid?: number;
  /** First input address that the node stands for, in hexadecimal. */
  readonly iova?: string;
}

/** A path segment `word.first-last`, `word.n`, `word` or `n`. */
export interface Segment {
  readonly word: string;
  readonly first: number;
  readonly last: number;
}

const SEGMENT = /^([a-z]+[0-9]?)?(?:\.?([0-9]+)(?:-([0-9]+))?)?$/;

/** Parses one segment of an id; null when it is none. */
export function parseSegment(text: string): Segment | null {
  const match = SEGMENT.exec(text);
  if (!match || text === '') return null;
  const first = Number(match[2] ?? 0);
  return { word: match[1] ?? '', first, last: match[3] === undefined ? first : Number(match[3]) };
}

/** What a read that gave no data says to people. */
export function statusText(status: ReadStatus): string {
  switch (status) {
    case ABSENT:
      return 'not in the image';
    case ABORT:
      return 'outside RAM: an external abort';
    case MISS:
      return 'not fetched yet';
    case GPF:
      return 'refused by granule protection';
    default:
      return 'there';
  }
}

/** Icon for a read that gave no data. */
export function statusIcon(status: ReadStatus): string {
  return isAbort(status) ? 'error' : status === MISS ? 'cloud-download' : 'question';
}

/** A node for something that cannot be read. */
export function unreadable(
  id: string,
  label: string,
  status: ReadStatus,
  space: World,
  pa: number,
  bytes: number,
): TreeNode {
  return {
    id,
    label,
    description: `${statusText(status)} (${hex(pa)})`,
    tooltip: `The memory at ${hex(pa)} is ${statusText(status)}.`,
    icon: statusIcon(status),
    kind: 'absent',
    collapsible: 'none',
    address: { space, pa: hex(pa), bytes },
  };
}

/** A node that only says something. */
export function note(id: string, label: string, description: string, icon = 'warning'): TreeNode {
  return { id, label, description, tooltip: '', icon, kind: 'note', collapsible: 'none' };
}
