/** What hardware takes a place in memory for, so that invalidations can be held against it. */

import type { World } from '../../bits/world.ts';
import type { ConfigScope } from '../../spec/commands.ts';
import type { CachedStructure } from './structures.ts';
import type { TlbTag } from './tlb.ts';

/** A configuration structure of a stream. */
export interface StructureLocation {
  readonly kind: 'structure';
  readonly structure: CachedStructure;
  readonly world: World;
  readonly sid: number;
  /** CD: its index; L1CD: the first index that it serves. */
  readonly index: number;
  /** How many StreamIDs an L1STD serves, or CDs an L1CD; otherwise 1. */
  readonly span: number;
}

/** What a TLB holds or may hold: a leaf or a table descriptor of one stage, or both stages at once. */
export interface Covered {
  readonly tag: TlbTag;
  readonly global: boolean;
  /** A table descriptor, not a leaf. */
  readonly table: boolean;
  readonly level: number;
  readonly granuleBits: number;
  /** First page of 4 KiB that the descriptor covers, in the space of `tlbPage`. */
  readonly page: number;
}

/** A descriptor of a translation table. */
export interface DescriptorLocation extends Covered {
  readonly kind: 'descriptor';
}

export type Location = StructureLocation | DescriptorLocation;

/** What a CMD_CFGI_* names. */
export interface CfgiMatch {
  readonly scope: ConfigScope;
  readonly world: World;
  /** StreamIDs, inclusive. */
  readonly first: number;
  readonly last: number;
  readonly ssid: number;
  readonly leaf: boolean;
}

/** Why a CMD_CFGI_* need not remove a structure, or null when it must (4.3). */
export function whyCfgiNot(match: CfgiMatch, of: StructureLocation): string | null {
  const { scope } = match;
  if (of.world !== match.world) return `it acts on world ${match.world}`;
  const lastSid = of.structure === 'L1STD' ? of.sid + of.span - 1 : of.sid;
  if (lastSid < match.first || of.sid > match.last)
    return match.first === match.last
      ? `StreamID ${match.first} is not this stream`
      : `this stream is not among StreamIDs ${match.first} to ${match.last}`;
  if (!scope.drops.includes(of.structure)) {
    if (!scope.unlessLeaf.includes(of.structure)) return `it leaves a cached ${of.structure} alone`;
    if (match.leaf) return `Leaf=1 leaves a cached ${of.structure} alone`;
  }
  if (scope.by !== 'substream') return null;
  if (of.structure === 'CD' && of.index !== match.ssid) return `SubstreamID ${match.ssid} is not this CD`;
  if (of.structure === 'L1CD' && (match.ssid < of.index || match.ssid >= of.index + of.span))
    return `SubstreamID ${match.ssid} is not served by this L1CD`;
  return null;
}
