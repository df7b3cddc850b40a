/** The stage-1 walk: DDI 0487 D8.2, with the SMMU's events (IHI 0070 7.3.12 to 7.3.16); nested in stage 2 where that is on. */

import { maskOf } from '../../bits/layout.ts';
import { hex, hex64 } from '../../bits/u64.ts';
import { WORLD_INDEX, type World } from '../../bits/world.ts';
import { S1_LEAF, TABLE } from '../../spec/descriptors.ts';
import { CLASS_TT } from '../../spec/events.ts';
import { descriptorSpace, outputSpace, packSpaces } from '../caches/entry-spaces.ts';
import type { TlbSpace } from '../caches/tlb.ts';
import type { Machine } from '../machine.ts';
import { DATA, type ReadStatus } from '../memory.ts';
import type { Fault, Recorder } from '../plan.ts';
import { type Answer, stage1Fault, stage1WalkAbort } from './answer.ts';
import type { ContextConfig, Half, StreamConfig } from './configuration.ts';
import {
  addressField,
  addressLo,
  beyond,
  descriptorKind,
  INVALID,
  joinHi,
  joinLo,
  LEAF_DESCRIPTOR,
  levelShift,
  outputHi,
  swap32,
  tableIndex,
} from './descriptor.ts';
import { pendingHi, pendingLo, readPending, update } from './httu.ts';
import {
  EXECUTES,
  HIERARCHICAL_BITS,
  lacksReadOnly,
  ONCE_DIRTY,
  PERM,
  permissionText,
  stage1Permissions,
} from './permission.ts';
import { recordDescriptor, recordTableAddress, recordUse } from './record-walk.ts';
import { elsewhereText, leafSpace, spaceAt } from './spaces.ts';
import { F_PA_HI, F_PA_LO, F_SPACES, found, stage2For, translateStage2 } from './stage2.ts';
import { fillTable, startOfWalk, walkStart } from './walk-cache.ts';

const AF = maskOf(S1_LEAF.fields.AF);
const TABLE_AF = maskOf(TABLE.fields.AF);
const NOT_GLOBAL = maskOf(S1_LEAF.fields.nG);
const AP2 = maskOf(S1_LEAF.fields.AP2);
const DBM = maskOf(S1_LEAF.fields.DBM);
const NS = maskOf(S1_LEAF.fields.NS);
const AMEC = maskOf(S1_LEAF.fields.AMEC);
const NS_TABLE = maskOf(TABLE.fields.NSTable);
const ATTR_INDX_SHIFT = S1_LEAF.fields.AttrIndx.lsb;
const SH_SHIFT = S1_LEAF.fields.SH.lsb;
const ATTR_INDX_3_SHIFT = S1_LEAF.fields.PBHA_AttrIndx3.lsb - 32;

/**
 * What the last successful stage-1 walk found, as int32 words: see {@link found}. The output is an IPA when stage 2
 * follows, else a PA.
 */
export const leaf = new Int32Array(12);
export const L_OUT_HI = 0;
export const L_OUT_LO = 1;
export const L_SHIFT = 2;
export const L_PERMISSIONS = 3;
export const L_ATTRIBUTES = 4;
export const L_LEVEL = 5;
export const L_HI = 6;
export const L_LO = 7;
/** Where the leaf lay, as PA. */
export const L_AT_HI = 8;
export const L_AT_LO = 9;
/** 1: the translation holds for every ASID. */
export const L_GLOBAL = 10;
/** The spaces of the output and of the leaf itself: see `entry-spaces.ts`. */
export const L_SPACES = 11;

function addressOf(hi: number, lo: number): number {
  return (hi >>> 0) * 2 ** 32 + (lo >>> 0);
}

/**
 * Walks stage 1 and leaves the outcome in {@link leaf}.
 * @param tags the TLB tags of the context
 * @param vaHi input address [63:32]
 * @param vaLo input address [31:0]
 * @returns false when the answer says why not
 */
export function walkStage1(
  machine: Machine,
  stream: StreamConfig,
  context: ContextConfig,
  half: Half,
  tags: TlbSpace,
  vaHi: number,
  vaLo: number,
  answer: Answer,
  recorder: Recorder | null,
): boolean {
  const { granuleBits, wide, outputBits, bigEndian, spaces } = half;
  let space: World = 'ns';
  let { stage2 } = stream;
  const stride = granuleBits - 3;
  let level = half.startLevel;
  let indexBits = half.startBits;
  let tableHi = half.baseHi & half.cutMask;
  let tableLo = half.baseLo | 0;
  let tables = 0;
  if (machine.policy === 'maximal' && startOfWalk(machine, tags, vaHi, vaLo, recorder)) {
    level = walkStart[0] as number;
    tableHi = walkStart[1] as number;
    tableLo = walkStart[2] as number;
    tables = walkStart[3] as number;
    indexBits = stride;
    if (spaces !== null) space = outputSpace(walkStart[4] as number);
  } else if (spaces !== null) space = spaces.walk;
  if (spaces !== null) stage2 = stage2For(stream, space);
  let atSpace = space;
  let memory = machine.own(space);
  let shift = levelShift(level, granuleBits);
  for (;;) {
    const ipaLo = (tableLo + tableIndex(vaHi, vaLo, shift, indexBits) * 8) | 0;
    let atHi = tableHi;
    let atLo = ipaLo;
    if (stage2 !== null) {
      if (recorder !== null) recordTableAddress(recorder, space, level, tableHi, ipaLo);
      if (
        !translateStage2(machine, stream, stage2, tableHi, ipaLo, CLASS_TT, PERM.pr, false, answer, recorder)
      )
        return false;
      atHi = found[F_PA_HI] as number;
      atLo = found[F_PA_LO] as number;
      if (spaces !== null) {
        atSpace = outputSpace(found[F_SPACES] as number);
        memory = machine.own(atSpace);
      }
    }
    const words = memory.plain(atHi, atLo);
    let status: ReadStatus = DATA;
    let lo = 0;
    let hi = 0;
    if (words !== null) {
      const word = (atLo & 0xffff) >>> 2;
      // Signed, as all halves here: a number above 2^31 would go to the heap on its way to other functions.
      lo = (words[word] as number) | 0;
      hi = (words[word + 1] as number) | 0;
    } else {
      status = memory.load64(atHi, atLo);
      lo = memory.lo;
      hi = memory.hi;
    }
    if (answer.updates.length !== 0 && readPending(answer, atSpace, atHi, atLo)) {
      hi = pendingHi();
      lo = pendingLo();
    }
    if (bigEndian) {
      const swapped = swap32(hi);
      hi = swap32(lo);
      lo = swapped;
    }
    if (recorder !== null)
      recordDescriptor(recorder, 3, atSpace, 1, half, level, atHi, atLo, hi, lo, status, shift);
    if (status !== DATA) {
      const pa = addressOf(atHi, atLo);
      const abort = stage1WalkAbort(`reading the level ${level} descriptor at ${hex(pa)} aborted`, level, pa);
      answer.unreadable(status, atSpace, pa, `stage 1 level ${level} descriptor`, abort);
      return false;
    }
    const kind = descriptorKind(lo, level, granuleBits, wide);
    if (kind === INVALID) {
      answer.fail(invalid(hi, lo, level, addressOf(atHi, atLo)));
      return false;
    }
    let nextHi = outputHi(hi, lo, half);
    const nextLo = addressLo(lo, granuleBits) | 0;
    if (beyond(nextHi, outputBits)) {
      const reason = `level ${level} descriptor holds address ${hex(addressOf(nextHi, nextLo))}, beyond the ${outputBits}-bit output range`;
      answer.fail({ ...stage1Fault('F_ADDR_SIZE', reason, '3.4', level), field: addressField(kind) });
      return false;
    }
    nextHi &= half.cutMask;
    if (kind === LEAF_DESCRIPTOR) {
      // AFFD is IGNORED where hardware updates the flag (5.4, AFFD).
      if ((lo & AF) === 0 && !half.ha && !half.affd) {
        const reason = `level ${level} leaf has AF=0, and CD.AFFD=0`;
        answer.fail({ ...stage1Fault('F_ACCESS', reason, '7.3.15', level), field: 'AF' });
        return false;
      }
      let permissions = stage1Permissions(context, hi, lo, tables);
      if (half.hd && (hi & DBM) !== 0) {
        const dirty = stage1Permissions(context, hi, lo & ~AP2, tables);
        // Who may execute a page that hardware may mark dirty is decided as if it were dirty already (3.13.8).
        permissions = (permissions & (dirty | ~EXECUTES)) | (dirty << ONCE_DIRTY);
      }
      let global = !context.twoRanges || (lo & NOT_GLOBAL) === 0 ? 1 : 0;
      let outSpace = 0;
      if (spaces !== null) {
        outSpace = leafSpace(spaces, space, (lo & NS) !== 0);
        if (spaces.amec && (hi & AMEC) !== 0 && outSpace !== 0) {
          answer.fail(alternate(level));
          return false;
        }
        if (isElsewhere(answer, stream, outSpace, level)) return false;
        if (outSpace === 0 && !spaces.nsExecutes) permissions &= ~(EXECUTES | (EXECUTES << ONCE_DIRTY));
        // What is read from Non-secure tables is never global (3.10.2.2).
        if (spaces.nsTable && space === 'ns' && context.twoRanges) global = 0;
      }
      leaf[L_OUT_HI] = joinHi(nextHi, vaHi, shift);
      leaf[L_OUT_LO] = joinLo(nextLo, vaLo, shift);
      leaf[L_SHIFT] = shift;
      leaf[L_PERMISSIONS] = permissions;
      leaf[L_ATTRIBUTES] = attributesOf(context, half, hi, lo);
      leaf[L_LEVEL] = level;
      leaf[L_HI] = hi;
      leaf[L_LO] = lo;
      leaf[L_AT_HI] = atHi;
      leaf[L_AT_LO] = atLo;
      leaf[L_GLOBAL] = global;
      leaf[L_SPACES] = spaces === null ? 0 : packSpaces(outSpace, WORLD_INDEX[atSpace]);
      if (recorder !== null) recordUse(recorder, 1, permissions, context.twoRanges);
      // A Translation Request gets what there is; only what it asks for and hardware may grant is marked dirty (3.13.7).
      const need =
        answer.kind === 'request' ? answer.need & (permissions | (permissions >>> ONCE_DIRTY)) : answer.need;
      if (!permitted(permissions, context, need, answer, level)) return false;
      if ((permissions & need) === need && !(half.ha && (lo & AF) === 0)) return true;
      return updateLeaf(machine, stream, half, need, space, tableHi, ipaLo, answer, recorder);
    }
    if (half.haft && (lo & TABLE_AF) === 0) {
      const what = `level ${level} table descriptor: AF=1`;
      const touched = lo | TABLE_AF;
      if (
        !write(
          machine,
          stream,
          half,
          level,
          space,
          tableHi,
          ipaLo,
          atSpace,
          atHi,
          atLo,
          hi,
          touched,
          what,
          answer,
          recorder,
        )
      )
        return false;
    }
    if (!half.had) tables |= hi & HIERARCHICAL_BITS;
    // HADx leaves NSTable alone, and nothing below takes it back (DDI 0487 D8).
    const leaves = spaces?.nsTable === true && space !== 'ns' && (hi & NS_TABLE) !== 0;
    if (machine.policy === 'maximal')
      fillTable(
        machine,
        answer,
        tags,
        half,
        level,
        vaHi,
        vaLo,
        hi,
        lo,
        atHi,
        atLo,
        tables,
        nextHi,
        nextLo,
        spaces === null ? 0 : packSpaces(WORLD_INDEX[leaves ? 'ns' : space], WORLD_INDEX[atSpace]),
      );
    if (leaves) {
      space = 'ns';
      stage2 = stage2For(stream, space);
      if (stage2 === null) {
        atSpace = space;
        memory = machine.own(space);
      }
    }
    tableHi = nextHi;
    tableLo = nextLo;
    level++;
    shift -= stride;
    indexBits = stride;
  }
}

/** The last stage leads to another space than the client names (3.9.4.3); a refusal is left in the answer. */
function isElsewhere(answer: Answer, { stage2 }: StreamConfig, outSpace: number, level: number): boolean {
  const { mustReach } = answer;
  if (mustReach === null || stage2 !== null || WORLD_INDEX[mustReach] === outSpace) return false;
  const reason = elsewhereText(mustReach, spaceAt(outSpace));
  answer.fail(stage1Fault('F_PERMISSION', reason, '3.9.4.3', level));
  return true;
}

/** There are no alternate MECIDs: a Realm leaf that asks for one does not translate (18). */
function alternate(level: number): Fault {
  const reason = `level ${level} leaf has AMEC=1: alternate memory encryption contexts do not exist`;
  return { ...stage1Fault('F_TRANSLATION', reason, '18', level), field: 'AMEC' };
}

function invalid(hi: number, lo: number, level: number, pa: number): Fault {
  const why =
    (lo & 1) === 0 ? 'bit 0 is clear' : level === 3 ? 'type 0b01 at level 3' : 'no block at this level';
  const reason = `level ${level} descriptor ${hex64(hi, lo)} at ${hex(pa)} is invalid: ${why}`;
  return stage1Fault('F_TRANSLATION', reason, 'DDI 0487 D8.3', level);
}

/**
 * Hardware's update of the leaf in {@link leaf}: its access flag, and AP[2] for a write (3.13.3).
 * @param ipaHi where stage 1 says that the leaf lies, in `space`
 */
function updateLeaf(
  machine: Machine,
  stream: StreamConfig,
  half: Half,
  need: number,
  space: World,
  ipaHi: number,
  ipaLo: number,
  answer: Answer,
  recorder: Recorder | null,
): boolean {
  const permissions = leaf[L_PERMISSIONS] as number;
  const lo = leaf[L_LO] as number;
  const level = leaf[L_LEVEL] as number;
  const dirty = (permissions & need) !== need;
  const newLo = (lo | AF) & (dirty ? ~AP2 : -1);
  const atHi = leaf[L_AT_HI] as number;
  const atLo = leaf[L_AT_LO] as number;
  const hi = leaf[L_HI] as number;
  const what = `level ${level} leaf: ${dirty ? 'AP[2]=0, AF=1' : 'AF=1'}`;
  const atSpace = descriptorSpace(leaf[L_SPACES] as number);
  if (
    !write(
      machine,
      stream,
      half,
      level,
      space,
      ipaHi,
      ipaLo,
      atSpace,
      atHi,
      atLo,
      hi,
      newLo,
      what,
      answer,
      recorder,
    )
  )
    return false;
  leaf[L_LO] = newLo;
  if (dirty) leaf[L_PERMISSIONS] = permissions | ((permissions >>> ONCE_DIRTY) & (PERM.pw | PERM.uw));
  return true;
}

/** The memory attributes of a leaf (13.4.2). */
function attributesOf(context: ContextConfig, half: Half, hi: number, lo: number): number {
  let index = (lo >>> ATTR_INDX_SHIFT) & 7;
  if (context.attributeIndexBit3) index |= ((hi >>> ATTR_INDX_3_SHIFT) & 1) << 3;
  const sh = half.sh >= 0 ? half.sh : (lo >>> SH_SHIFT) & 3;
  return context.attributes[(index << 2) | sh] as number;
}

/** Hardware's update of a stage-1 descriptor: a write, which stage 2 must permit (3.13.5). */
function write(
  machine: Machine,
  stream: StreamConfig,
  half: Half,
  level: number,
  space: World,
  ipaHi: number,
  ipaLo: number,
  atSpace: World,
  atHi: number,
  atLo: number,
  hi: number,
  lo: number,
  what: string,
  answer: Answer,
  recorder: Recorder | null,
): boolean {
  const stage2 = stage2For(stream, space);
  if (
    stage2 !== null &&
    !translateStage2(machine, stream, stage2, ipaHi, ipaLo, CLASS_TT, PERM.pw, true, answer, recorder)
  )
    return false;
  if (update(machine, answer, atSpace, atHi, atLo, hi, lo, half.bigEndian, what, recorder)) return true;
  const pa = addressOf(atHi, atLo);
  answer.fail(stage1WalkAbort(`updating the level ${level} descriptor at ${hex(pa)} aborted`, level, pa));
  return false;
}

/**
 * Checks the access against what stage 1 permits; a refusal is left in the answer.
 * @param need bits of PERM
 */
export function permitted(
  permissions: number,
  context: ContextConfig,
  need: number,
  answer: Answer,
  level: number,
): boolean {
  if ((permissions & need) === need || ((permissions >>> ONCE_DIRTY) & need) === need) return true;
  const what =
    (need & (PERM.pw | PERM.uw)) !== 0 ? 'write' : answer.instruction ? 'instruction fetch' : 'read';
  const who = context.twoRanges ? (need < PERM.ur ? 'privileged ' : 'unprivileged ') : '';
  const reason = `${who}${what} is not permitted: ${permissionText(permissions, context.twoRanges)}`;
  const fetched = context.twoRanges && need < PERM.ur ? 'PXN' : 'UXN_XN';
  const field = what === 'write' ? 'AP2' : what === 'read' ? 'AP1' : fetched;
  const fault = { ...stage1Fault('F_PERMISSION', reason, '7.3.16', level), field };
  answer.fail(lacksReadOnly(permissions, need) ? { ...fault, readRefused: true } : fault);
  return false;
}
