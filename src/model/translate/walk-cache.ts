/** What the policy `maximal` keeps of walks beside the result: each table descriptor by itself (3.21.1, 4.4.1). */

import { hex } from '../../bits/u64.ts';
import { paOf, type TlbEntry, type TlbSpace, tlbPageHi, tlbPageLo } from '../caches/tlb.ts';
import type { Machine } from '../machine.ts';
import type { Recorder } from '../plan.ts';
import type { Answer } from './answer.ts';
import type { Tables } from './configuration.ts';
import { levelShift } from './descriptor.ts';

/** Where the last {@link startOfWalk} lets a walk begin: level, table (halves), hierarchical bits so far, spaces. */
export const walkStart = new Int32Array(5);

/** The space of equal tags among the cached table descriptors. */
function walksOf(machine: Machine, space: TlbSpace): TlbSpace {
  space.walks ??= machine.walks.space(space.tag);
  return space.walks;
}

/** Looks for the deepest cached table descriptor of an address, and leaves what follows from it in {@link walkStart}. */
export function startOfWalk(
  machine: Machine,
  space: TlbSpace,
  inHi: number,
  inLo: number,
  recorder: Recorder | null,
): boolean {
  const entry = machine.walks.find(walksOf(machine, space), inHi, inLo);
  if (entry === null) return false;
  walkStart[0] = entry.level + 1;
  walkStart[1] = entry.paHi;
  walkStart[2] = entry.paLo;
  walkStart[3] = entry.attributes;
  walkStart[4] = entry.spaces;
  recorder?.entry(
    'cache-hit',
    () =>
      `walk cache hit: stage ${space.tag.stage} level ${entry.level} table descriptor, next table ${hex(paOf(entry))}${entry.leaving ? ', on its way out' : ''}`,
    { kind: 'tlb', store: 'walks', entry },
  );
  return true;
}

/**
 * Remembers a table descriptor, unless it is cached already.
 * @param inHi input address [63:32]
 * @param hi the descriptor as it was read
 * @param atHi where it lay, as PA
 * @param hierarchy hierarchical bits of this level and those above
 * @param nextHi where the next table lies
 * @param spaces of the next table and of the descriptor: see `entry-spaces.ts`
 */
export function fillTable(
  machine: Machine,
  answer: Answer,
  space: TlbSpace,
  tables: Tables,
  level: number,
  inHi: number,
  inLo: number,
  hi: number,
  lo: number,
  atHi: number,
  atLo: number,
  hierarchy: number,
  nextHi: number,
  nextLo: number,
  spaces: number,
): void {
  const shift = levelShift(level, tables.granuleBits);
  const own = walksOf(machine, space);
  const entry: TlbEntry = {
    space: own,
    global: false,
    pageHi: tlbPageHi(inHi, shift),
    pageLo: tlbPageLo(inHi, inLo, shift),
    shift,
    paHi: nextHi,
    paLo: nextLo | 0,
    spaces,
    level,
    granuleBits: tables.granuleBits,
    permissions: 0,
    attributes: hierarchy,
    leafShift: shift,
    nested: null,
    descriptorAtHi: atHi,
    descriptorAtLo: atLo | 0,
    descriptorHi: hi | 0,
    descriptorLo: lo | 0,
    leaving: false,
  };
  if (machine.walks.displaced(entry)) return;
  answer.fills.push({ store: machine.walks, entry, what: tableText });
}

function tableText({ space, level }: TlbEntry): string {
  return `walk cache keeps the stage ${space.tag.stage} level ${level} table descriptor`;
}

/** Remembers the result of one stage by itself, unless it is cached already. */
export function fillPage(machine: Machine, answer: Answer, entry: TlbEntry): void {
  if (machine.tlb.displaced(entry)) return;
  answer.fills.push({ store: machine.tlb, entry, what: pageText });
}

function pageText(entry: TlbEntry): string {
  return `TLB keeps IPA to PA ${hex(paOf(entry))}`;
}
