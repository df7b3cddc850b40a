/** F_TRANSLATION: the descriptor that would map the address. */

import { sizeText } from '../../bits/size-text.ts';
import { hiOf, loOf } from '../../bits/u64.ts';
import type { Frame } from '../../model/plan.ts';
import { firstBlockLevel, levelShift } from '../../model/translate/descriptor.ts';
import type { MapRun, TableStart } from '../maps.ts';
import { offsetIn, stage1Start, stage2Start } from './around.ts';
import { type Candidate, descriptorEdit, type Edit, fieldEdit } from './edits.ts';
import type { Nearest } from './explanation.ts';
import { descriptorsOf, type Facts } from './facts.ts';

/** AF, inner shareable, read and write for everybody. */
const S1_ATTRIBUTES = 0x740;
/** AF, inner shareable, S2AP=read and write. */
const S2_ATTRIBUTES = 0x7c0;
/** MemAttr with S2FWB=0: Normal, inner and outer write-back. */
const S2_WRITE_BACK = 0xf;

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
  return [...revived, ...retyped, ...leafEdits(facts, frame, start)].flatMap((edit): Candidate[] =>
    edit === null ? [] : [[edit]],
  );
}

function isEmpty(frame: Frame): boolean {
  return ((frame.words[0] as number) | (frame.words[1] as number)) === 0;
}

/**
 * A page or block where the walk ended: as its neighbour goes on where it continues one, else a page with some output
 * address that exists.
 */
function leafEdits(facts: Facts, frame: Frame, start: TableStart): (Edit | null)[] {
  const { fault, nearest, transaction } = facts;
  if (frame.level < firstBlockLevel(start.granuleBits, start.wide)) return [];
  const size = 2 ** levelShift(frame.level, start.granuleBits);
  const at = start.stage === 2 ? (fault?.ipa ?? 0) : offsetIn(start, transaction.vaHi, transaction.vaLo);
  const near = nearest?.below ?? nearest?.above ?? null;
  const index = (near?.attrIdx ?? (start.stage === 1 ? 0 : S2_WRITE_BACK)) << 2;
  const bits = (start.stage === 1 ? S1_ATTRIBUTES : S2_ATTRIBUTES) | index | (frame.level === 3 ? 3 : 1);
  const leaf = (pa: number, meaning: string): Edit | null =>
    descriptorEdit(frame, hiOf(pa), (loOf(pa) | bits) >>> 0, meaning);
  const going = nearest === null ? null : continuing(nearest, at - (at % size), size, start);
  const what = frame.level === 3 ? 'a page' : `a block of ${sizeText(size)}`;
  if (going !== null)
    return [
      leaf(going, `${what}, read-write, with the output address that continues the neighbouring mapping`),
    ];
  if (frame.level < 3) return [];
  const ram = facts.smmu.memory(transaction.world).ram[0]?.base;
  const examples = [near === null ? undefined : Number(near.pa), ram].filter((pa) => pa !== undefined);
  return examples.map((pa) =>
    leaf(
      Math.ceil(pa / size) * size,
      `${what}, read-write; the output address is only an example, software knows the right one`,
    ),
  );
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
