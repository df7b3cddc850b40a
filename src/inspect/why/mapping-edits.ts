/** F_TRANSLATION: the descriptor that would map the address. */

import { hiOf, loOf } from '../../bits/u64.ts';
import type { Frame } from '../../model/plan.ts';
import { firstBlockLevel, levelShift } from '../../model/translate/descriptor.ts';
import type { MapRun, TableStart } from '../maps.ts';
import { offsetIn, stage1Start, stage2Start } from './around.ts';
import type { Candidate } from './candidates.ts';
import { descriptorEdit, type Edit, fieldEdit } from './edits.ts';
import type { Nearest } from './explanation.ts';
import { descriptorsOf, type Facts } from './facts.ts';

/** AF, inner shareable, read and write for everybody. */
const S1_ATTRIBUTES = 0x740;
/** AF, inner shareable, S2AP=read and write, MemAttr=Normal write-back. */
const S2_ATTRIBUTES = 0x7fc;
const PAGE_TYPE = 3;
const BLOCK_TYPE = 1;

/** Faults of the range and of disabled walks have other rules than an invalid descriptor. */
const WALK_RULES: readonly string[] = ['DDI 0487 D8.3', 'CD-FETCH-S2'];

/** Changes of the invalid descriptor at which the walk ended. */
export function mappingEdits(facts: Facts): Candidate[] {
  const { fault } = facts;
  if (fault?.event !== 'F_TRANSLATION' || fault.stage === 0 || !WALK_RULES.includes(fault.rule)) return [];
  const stage = fault.stage;
  const frame = descriptorsOf(facts.plan, stage).at(-1);
  const start = stage === 1 ? stage1Start(facts) : stage2Start(facts);
  if (frame === undefined || start === null || frame.words.length !== 2) return [];
  const lo = frame.words[0] as number;
  // What is there, made valid: a descriptor of which software cleared only bit 0.
  const revived = isEmpty(frame) || (lo & 1) !== 0 ? [] : [fieldEdit(frame, 'Valid', 1)];
  const retyped = frame.level === 3 && (lo & 3) === 1 ? [fieldEdit(frame, 'Type', 1)] : [];
  return [...revived, ...retyped, leafEdit(facts, frame, start)].flatMap((edit): Candidate[] =>
    edit === null ? [] : [[edit]],
  );
}

function isEmpty(frame: Frame): boolean {
  return ((frame.words[0] as number) | (frame.words[1] as number)) === 0;
}

/** A page or block where the walk ended, mapping as its neighbour does where it continues one. */
function leafEdit(facts: Facts, frame: Frame, start: TableStart): Edit | null {
  const { fault, nearest, transaction } = facts;
  if (frame.level < firstBlockLevel(start.granuleBits, start.wide)) return null;
  const size = 2 ** levelShift(frame.level, start.granuleBits);
  const at = start.stage === 2 ? (fault?.ipa ?? 0) : offsetIn(start, transaction.vaHi, transaction.vaLo);
  const first = at - (at % size);
  const found = nearest === null ? null : continuing(nearest, first, size, start);
  const pa = found ?? example(facts, size);
  if (pa === null) return null;
  const attributes = start.stage === 1 ? S1_ATTRIBUTES : S2_ATTRIBUTES;
  const type = frame.level === 3 ? PAGE_TYPE : BLOCK_TYPE;
  const what =
    frame.level === 3 ? 'a page' : `a block of 2^${levelShift(frame.level, start.granuleBits)} bytes`;
  const meaning =
    found === null
      ? `${what}, read-write; the output address is only an example, software knows the right one`
      : `${what}, read-write, with the output address that continues the neighbouring mapping`;
  return descriptorEdit(frame, hiOf(pa), (loOf(pa) | attributes | type) >>> 0, meaning);
}

/** The output address that goes on where a neighbour ends or begins, in bytes. */
function continuing(nearest: Nearest, first: number, size: number, start: TableStart): number | null {
  const { below, above } = nearest;
  const offset = (run: MapRun): number => Number(BigInt.asUintN(start.inputBits, BigInt(run.iova)));
  if (below !== null && offset(below) + below.size === first)
    return aligned(Number(below.pa) + below.size, size);
  if (above !== null && offset(above) === first + size) return aligned(Number(above.pa) - size, size);
  return null;
}

function aligned(pa: number, size: number): number | null {
  return pa >= 0 && pa % size === 0 ? pa : null;
}

/** Some output address that exists: what a neighbour maps to, else the beginning of RAM. */
function example({ nearest, smmu, transaction }: Facts, size: number): number | null {
  const near = nearest?.below ?? nearest?.above ?? null;
  const base = near === null ? smmu.memory(transaction.world).ram[0]?.base : Number(near.pa);
  if (base === undefined) return null;
  return Math.ceil(base / size) * size;
}
