/** The stage-2 walk: DDI 0487 D8.2, with the SMMU's events (IHI 0070 7.3.12 to 7.3.16, S2=1). */

import { maskOf } from '../../bits/layout.ts';
import { hex, hex64 } from '../../bits/u64.ts';
import { WORLD_INDEX, type World } from '../../bits/world.ts';
import { S2_LEAF } from '../../spec/descriptors.ts';
import { CLASS_CD, CLASS_IN, CLASS_TT, type EventName } from '../../spec/events.ts';
import { descriptorSpace, outputSpace, packSpaces } from '../caches/entry-spaces.ts';
import { NO_ASID, type TlbEntry, type TlbSpace, tlbPageHi, tlbPageLo } from '../caches/tlb.ts';
import type { Machine } from '../machine.ts';
import { DATA, type ReadStatus } from '../memory.ts';
import type { Fault, Recorder } from '../plan.ts';
import { type Answer, type Stage2Class, stage2Fault, stage2WalkAbort } from './answer.ts';
import { mapsDevice } from './attributes.ts';
import type { Stage2Config, StreamConfig } from './configuration.ts';
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
  lacksReadOnly,
  ONCE_DIRTY,
  permissionText,
  stage2Permissions,
  WRITES,
} from './permission.ts';
import { recordDescriptor, recordUse } from './record-walk.ts';
import { elsewhereText, leafSpace } from './spaces.ts';
import { fillPage, fillTable, startOfWalk, walkStart } from './walk-cache.ts';

const AF = maskOf(S2_LEAF.fields.AF);
const S2AP1 = maskOf(S2_LEAF.fields.S2AP1);
const DBM = maskOf(S2_LEAF.fields.DBM);
const NS = maskOf(S2_LEAF.fields.NS);
const AMEC = maskOf(S2_LEAF.fields.AMEC);
const MEM_ATTR_SHIFT = S2_LEAF.fields.MemAttr.lsb;
const SH_SHIFT = S2_LEAF.fields.SH.lsb;
/** Shareability by SH: 0b01 is reserved and acts as Non-shareable. */
const SHAREABILITY = [0, 0, 2, 3];

/**
 * What the last successful stage-2 translation found, as int32 words: an object would put most of them on the heap.
 * Read them by the indices below.
 */
export const found = new Int32Array(16);
export const F_PA_HI = 0;
export const F_PA_LO = 1;
export const F_SHIFT = 2;
/** Bits of PERM, and above {@link ONCE_DIRTY} those once the page is dirty. */
export const F_PERMISSIONS = 3;
export const F_MEM_ATTR = 4;
export const F_SH = 5;
export const F_LEVEL = 6;
export const F_HI = 7;
export const F_LO = 8;
/** Where the leaf lay. */
export const F_AT_HI = 9;
export const F_AT_LO = 10;
/** The spaces of the output and of the leaf itself: see `entry-spaces.ts`. */
export const F_SPACES = 11;

const PURPOSE = {
  [CLASS_CD]: 'the address of the CD',
  [CLASS_TT]: 'the address of a stage-1 descriptor',
  [CLASS_IN]: 'the address',
} as const;

/** The stage 2 that translates IPAs of a space, where the stream has one (3.10.2.2). */
export function stage2For(stream: StreamConfig, space: World): Stage2Config | null {
  const { stage2 } = stream;
  return stage2 !== null && stage2.nonSecure !== null && space === 'ns' ? stage2.nonSecure : stage2;
}

/** Of a Secure stream: the IPAs are Non-secure ones. */
export function isNonSecureIpa({ spaces }: Stage2Config): boolean {
  return spaces !== null && spaces.input === 'ns';
}

/** The TLB space of a stage 2: EL1 of its state, by VMID (3.17); of a Secure one by the space of the IPAs too. */
export function stage2Space(machine: Machine, stream: StreamConfig, s2: Stage2Config): TlbSpace {
  if (s2.space) return s2.space;
  const { world, stage2: streamWorld, byIpaSpace } = stream.tags;
  const tag = { world, streamWorld, vmid: s2.vmid, asid: NO_ASID, aset: 0, stage: 2 } as const;
  const ipaSpace = byIpaSpace && s2.spaces !== null ? s2.spaces.input : undefined;
  s2.space = machine.tlb.space(ipaSpace === undefined ? tag : { ...tag, ipaSpace });
  return s2.space;
}

/** The IPA in bytes. */
function ipaOf(hi: number, lo: number): number {
  return (hi >>> 0) * 2 ** 32 + (lo >>> 0);
}

/**
 * Translates an IPA and leaves the outcome in {@link found}. One function from the range check to the permissions: a
 * nested walk runs it for each stage-1 descriptor.
 * @param cls what the address is for: CLASS of the faults
 * @param need bits of PERM that the access needs
 * @param tableWrite the access is hardware's update of a stage-1 descriptor
 * @returns false when the answer says why not
 */
export function translateStage2(
  machine: Machine,
  stream: StreamConfig,
  s2: Stage2Config,
  ipaHi: number,
  ipaLo: number,
  cls: Stage2Class,
  need: number,
  tableWrite: boolean,
  answer: Answer,
  recorder: Recorder | null,
): boolean {
  if (!inInput(s2, ipaHi, ipaLo)) {
    const ipa = ipaOf(ipaHi, ipaLo);
    const reason = `${PURPOSE[cls]}, IPA ${hex(ipa)}, is outside the ${s2.inputBits}-bit range of stage 2`;
    answer.fail(
      stage2Fault('F_TRANSLATION', reason, 'S2-RANGE', s2.startLevel, cls, ipa, isNonSecureIpa(s2)),
    );
    return false;
  }
  const maximal = machine.policy === 'maximal';
  if (maximal && useStage2Entry(machine, stream, s2, ipaHi, ipaLo, need, recorder)) {
    const wanted = wantedOf(answer, cls, need, found[F_PERMISSIONS] as number);
    return permitted(s2, ipaHi, ipaLo, cls, wanted, tableWrite, answer);
  }
  const { granuleBits, wide, outputBits, bigEndian, spaces } = s2;
  const space: World = spaces === null ? 'ns' : spaces.walk;
  const memory = machine.own(space);
  const depth = recorder === null ? 0 : recorder.depth;
  const stride = granuleBits - 3;
  let level = s2.startLevel;
  let indexBits = s2.startBits;
  let tableHi = s2.baseHi & s2.cutMask;
  let tableLo = s2.baseLo | 0;
  if (maximal && startOfWalk(machine, stage2Space(machine, stream, s2), ipaHi, ipaLo, recorder)) {
    level = walkStart[0] as number;
    tableHi = walkStart[1] as number;
    tableLo = walkStart[2] as number;
    indexBits = stride;
  }
  let shift = levelShift(level, granuleBits);
  for (;;) {
    const at = (tableLo + tableIndex(ipaHi, ipaLo, shift, indexBits) * 8) | 0;
    const words = memory.plain(tableHi, at);
    let status: ReadStatus = DATA;
    let lo = 0;
    let hi = 0;
    if (words !== null) {
      const word = (at & 0xffff) >>> 2;
      // Signed, as all halves here: a number above 2^31 would go to the heap on its way to other functions.
      lo = (words[word] as number) | 0;
      hi = (words[word + 1] as number) | 0;
    } else {
      status = memory.load64(tableHi, at);
      lo = memory.lo;
      hi = memory.hi;
    }
    if (answer.updates.length !== 0 && readPending(answer, space, tableHi, at)) {
      hi = pendingHi();
      lo = pendingLo();
    }
    if (bigEndian) {
      const swapped = swap32(hi);
      hi = swap32(lo);
      lo = swapped;
    }
    if (recorder !== null)
      recordDescriptor(recorder, depth, space, 2, s2, level, tableHi, at, hi, lo, status, shift);
    if (status !== DATA) {
      const pa = ipaOf(tableHi, at);
      const reason = `reading the stage 2 level ${level} descriptor at ${hex(pa)} aborted`;
      const abort = stage2WalkAbort(reason, level, cls, pa, isNonSecureIpa(s2));
      answer.unreadable(status, space, pa, `stage 2 level ${level} descriptor`, abort);
      return false;
    }
    const kind = descriptorKind(lo, level, granuleBits, wide);
    if (kind === INVALID) {
      answer.fail(invalid(s2, hi, lo, level, ipaOf(tableHi, at), cls, ipaOf(ipaHi, ipaLo)));
      return false;
    }
    let nextHi = outputHi(hi, lo, s2);
    const nextLo = addressLo(lo, granuleBits) | 0;
    if (beyond(nextHi, outputBits)) {
      const reason = `stage 2 level ${level} descriptor holds address ${hex(ipaOf(nextHi, nextLo))}, beyond the ${outputBits}-bit output range`;
      const fault = faultOf(s2, 'F_ADDR_SIZE', reason, '3.4', level, cls, ipaHi, ipaLo);
      answer.fail({ ...fault, field: addressField(kind) });
      return false;
    }
    nextHi &= s2.cutMask;
    if (kind === LEAF_DESCRIPTOR) {
      // AFFD is IGNORED where hardware updates the flag (5.2, S2AFFD).
      if ((lo & AF) === 0 && !s2.ha && !s2.affd) {
        const reason = `stage 2 level ${level} leaf has AF=0, and STE.S2AFFD=0`;
        const fault = faultOf(s2, 'F_ACCESS', reason, '7.3.15', level, cls, ipaHi, ipaLo);
        answer.fail({ ...fault, field: 'AF' });
        return false;
      }
      const lpae = s2.format === 'VMSAv8-32';
      let permissions = stage2Permissions(hi, lo, s2.xnx, lpae);
      if (s2.hd && (hi & DBM) !== 0)
        permissions |= stage2Permissions(hi, lo | S2AP1, s2.xnx, lpae) << ONCE_DIRTY;
      let outSpace = 0;
      if (spaces !== null) {
        outSpace = leafSpace(spaces, space, (hi & NS) !== 0);
        if (spaces.amec && (hi & AMEC) !== 0 && outSpace !== 0) {
          // There are no alternate MECIDs (18).
          const reason = `stage 2 level ${level} leaf has AMEC=1: alternate memory encryption contexts do not exist`;
          const fault = faultOf(s2, 'F_TRANSLATION', reason, '18', level, cls, ipaHi, ipaLo);
          answer.fail({ ...fault, field: 'AMEC' });
          return false;
        }
        if (outSpace === 0 && !spaces.nsExecutes) permissions &= ~(EXECUTES | (EXECUTES << ONCE_DIRTY));
      }
      found[F_SPACES] = spaces === null ? 0 : packSpaces(outSpace, WORLD_INDEX[space]);
      found[F_PA_HI] = joinHi(nextHi, ipaHi, shift);
      found[F_PA_LO] = joinLo(nextLo, ipaLo, shift);
      found[F_SHIFT] = shift;
      found[F_PERMISSIONS] = permissions;
      found[F_MEM_ATTR] = (lo >>> MEM_ATTR_SHIFT) & 0xf;
      found[F_SH] = s2.sh >= 0 ? s2.sh : (SHAREABILITY[(lo >>> SH_SHIFT) & 3] as number);
      found[F_LEVEL] = level;
      found[F_HI] = hi;
      found[F_LO] = lo;
      found[F_AT_HI] = tableHi;
      found[F_AT_LO] = at;
      if (recorder !== null) recordUse(recorder, 2, permissions, true);
      const wanted = wantedOf(answer, cls, need, permissions);
      if (!permitted(s2, ipaHi, ipaLo, cls, wanted, tableWrite, answer)) return false;
      if (
        ((permissions & wanted) !== wanted || (s2.ha && (lo & AF) === 0)) &&
        !updateLeaf(machine, s2, cls, wanted, answer, recorder)
      )
        return false;
      if (maximal) fillPage(machine, answer, stage2Entry(stage2Space(machine, stream, s2), s2, ipaHi, ipaLo));
      return true;
    }
    if (s2.haft && (lo & AF) === 0) {
      const what = `stage 2 level ${level} table descriptor: AF=1`;
      if (!update(machine, answer, space, tableHi, at, hi, lo | AF, bigEndian, what, recorder)) {
        answer.fail(updateAbort(s2, level, cls, ipaOf(tableHi, at)));
        return false;
      }
    }
    if (maximal)
      fillTable(
        machine,
        answer,
        stage2Space(machine, stream, s2),
        s2,
        level,
        ipaHi,
        ipaLo,
        hi,
        lo,
        tableHi,
        at,
        0,
        nextHi,
        nextLo,
        spaces === null ? 0 : packSpaces(WORLD_INDEX[space], WORLD_INDEX[space]),
      );
    tableHi = nextHi;
    tableLo = nextLo;
    level++;
    shift -= stride;
    indexBits = stride;
  }
}

/** A Translation Request gets what there is of what it asks for (3.9.1.2); everything else needs all of it. */
function wantedOf(answer: Answer, cls: Stage2Class, need: number, permissions: number): number {
  if (answer.kind !== 'request' || cls !== CLASS_IN) return need;
  return need & (permissions | (permissions >>> ONCE_DIRTY));
}

function updateAbort(s2: Stage2Config, level: number, cls: Stage2Class, pa: number): Fault {
  return stage2WalkAbort(
    `updating the stage 2 level ${level} descriptor at ${hex(pa)} aborted`,
    level,
    cls,
    pa,
    isNonSecureIpa(s2),
  );
}

/** A stage-2 fault that says of which space the IPA is. */
function faultOf(
  s2: Stage2Config,
  event: EventName,
  reason: string,
  rule: string,
  level: number,
  cls: Stage2Class,
  ipaHi: number,
  ipaLo: number,
): Fault {
  return stage2Fault(event, reason, rule, level, cls, ipaOf(ipaHi, ipaLo), isNonSecureIpa(s2));
}

/** Hardware's update of the leaf in {@link found}: its access flag, and S2AP[1] for a write (3.13.3). */
function updateLeaf(
  machine: Machine,
  s2: Stage2Config,
  cls: Stage2Class,
  need: number,
  answer: Answer,
  recorder: Recorder | null,
): boolean {
  const permissions = found[F_PERMISSIONS] as number;
  const lo = found[F_LO] as number;
  const level = found[F_LEVEL] as number;
  const dirty = (permissions & need) !== need;
  const newLo = lo | AF | (dirty ? S2AP1 : 0);
  const atHi = found[F_AT_HI] as number;
  const atLo = found[F_AT_LO] as number;
  const what = `stage 2 level ${level} leaf: ${dirty ? 'S2AP[1]=1, AF=1' : 'AF=1'}`;
  const hi = found[F_HI] as number;
  const space = descriptorSpace(found[F_SPACES] as number);
  if (!update(machine, answer, space, atHi, atLo, hi, newLo, s2.bigEndian, what, recorder)) {
    answer.fail(updateAbort(s2, level, cls, ipaOf(atHi, atLo)));
    return false;
  }
  found[F_LO] = newLo;
  if (dirty) found[F_PERMISSIONS] = permissions | ((permissions >>> ONCE_DIRTY) & WRITES);
  return true;
}

/** Whether the IPA has no bits above the input size (3.4). */
function inInput(s2: Stage2Config, ipaHi: number, ipaLo: number): boolean {
  if (s2.inputBits >= 32) return ipaHi >>> (s2.inputBits - 32) === 0;
  return ipaHi === 0 && (ipaLo >>> 0) >>> s2.inputBits === 0;
}

/** A cached IPA to PA entry that answers the access; one whose page must be marked dirty first does not. */
function useStage2Entry(
  machine: Machine,
  stream: StreamConfig,
  s2: Stage2Config,
  ipaHi: number,
  ipaLo: number,
  need: number,
  recorder: Recorder | null,
): boolean {
  const entry = machine.tlb.find(stage2Space(machine, stream, s2), ipaHi, ipaLo);
  if (entry === null) return false;
  if ((entry.permissions & need) !== need && ((entry.permissions >>> ONCE_DIRTY) & need) === need)
    return false;
  recorder?.entry(
    'cache-hit',
    () => `TLB hit: IPA ${hex(ipaOf(ipaHi, ipaLo))}${entry.leaving ? ', on its way out' : ''}`,
    { kind: 'tlb', store: 'tlb', entry },
  );
  takeStage2Entry(entry, ipaHi, ipaLo);
  return true;
}

/** Puts a cached IPA to PA entry into {@link found}. */
function takeStage2Entry(entry: TlbEntry, ipaHi: number, ipaLo: number): void {
  const { shift } = entry;
  found[F_PA_HI] = joinHi(entry.paHi, ipaHi, shift);
  found[F_PA_LO] = joinLo(entry.paLo, ipaLo, shift);
  found[F_SHIFT] = shift;
  found[F_PERMISSIONS] = entry.permissions;
  found[F_MEM_ATTR] = entry.attributes & 0xf;
  found[F_SH] = entry.attributes >>> 8;
  found[F_LEVEL] = entry.level;
  found[F_HI] = entry.descriptorHi;
  found[F_LO] = entry.descriptorLo;
  found[F_AT_HI] = entry.descriptorAtHi;
  found[F_AT_LO] = entry.descriptorAtLo;
  found[F_SPACES] = entry.spaces;
}

/** The entry that a TLB would keep of what {@link found} holds. */
export function stage2Entry(space: TlbSpace, s2: Stage2Config, ipaHi: number, ipaLo: number): TlbEntry {
  const shift = found[F_SHIFT] as number;
  return {
    space,
    global: true,
    pageHi: tlbPageHi(ipaHi, shift),
    pageLo: tlbPageLo(ipaHi, ipaLo, shift),
    shift,
    paHi: joinHi(found[F_PA_HI] as number, 0, shift),
    paLo: joinLo(found[F_PA_LO] as number, 0, shift),
    spaces: found[F_SPACES] as number,
    level: found[F_LEVEL] as number,
    granuleBits: s2.granuleBits,
    permissions: found[F_PERMISSIONS] as number,
    attributes: (found[F_MEM_ATTR] as number) | ((found[F_SH] as number) << 8),
    leafShift: shift,
    nested: null,
    descriptorAtHi: found[F_AT_HI] as number,
    descriptorAtLo: found[F_AT_LO] as number,
    descriptorHi: found[F_HI] as number,
    descriptorLo: found[F_LO] as number,
    leaving: false,
  };
}

function invalid(
  s2: Stage2Config,
  hi: number,
  lo: number,
  level: number,
  pa: number,
  cls: Stage2Class,
  ipa: number,
): Fault {
  const why =
    (lo & 1) === 0 ? 'bit 0 is clear' : level === 3 ? 'type 0b01 at level 3' : 'no block at this level';
  const reason = `stage 2 level ${level} descriptor ${hex64(hi, lo)} at ${hex(pa)} is invalid: ${why} (IPA ${hex(ipa)})`;
  return stage2Fault('F_TRANSLATION', reason, 'DDI 0487 D8.3', level, cls, ipa, isNonSecureIpa(s2));
}

/** Checks the access against {@link found}; a refusal is left in the answer. */
function permitted(
  s2: Stage2Config,
  ipaHi: number,
  ipaLo: number,
  cls: Stage2Class,
  need: number,
  tableWrite: boolean,
  answer: Answer,
): boolean {
  const permissions = found[F_PERMISSIONS] as number;
  const level = found[F_LEVEL] as number;
  if ((permissions & need) !== need && ((permissions >>> ONCE_DIRTY) & need) !== need) {
    const access = tableWrite ? 'write' : cls === CLASS_IN ? 'access' : 'read';
    const reason = `stage 2 does not permit the ${access} of ${PURPOSE[cls]} (IPA ${hex(ipaOf(ipaHi, ipaLo))}): ${permissionText(permissions, true)}`;
    const fault = faultOf(s2, 'F_PERMISSION', reason, '7.3.16', level, cls, ipaHi, ipaLo);
    if (tableWrite) answer.fail({ ...fault, tableWrite });
    else if (cls === CLASS_IN && lacksReadOnly(permissions, need))
      answer.fail({ ...fault, readRefused: true });
    else answer.fail(fault);
    return false;
  }
  const { spaces } = s2;
  if (cls === CLASS_IN) {
    const { mustReach } = answer;
    if (mustReach === null) return true;
    const space = outputSpace(found[F_SPACES] as number);
    if (mustReach === space) return true;
    const reason = elsewhereText(mustReach, space);
    answer.fail(faultOf(s2, 'F_PERMISSION', reason, '3.9.4.3', level, cls, ipaHi, ipaLo));
    return false;
  }
  if (spaces !== null) {
    const space = outputSpace(found[F_SPACES] as number);
    const wanted = cls === CLASS_CD ? spaces.contexts : spaces.tables;
    if (wanted !== null && space !== wanted) {
      const reason = `${PURPOSE[cls]} (IPA ${hex(ipaOf(ipaHi, ipaLo))}) is in the ${space} space at stage 2, not in ${wanted}`;
      const fault = faultOf(s2, 'F_PERMISSION', reason, '7.3.16', level, cls, ipaHi, ipaLo);
      answer.fail(tableWrite ? { ...fault, tableWrite } : fault);
      return false;
    }
  }
  if (s2.ptw && mapsDevice(found[F_MEM_ATTR] as number, s2.fwb, s2.mtePerm)) {
    const reason = `${PURPOSE[cls]} (IPA ${hex(ipaOf(ipaHi, ipaLo))}) is Device memory at stage 2, and STE.S2PTW=1`;
    const fault = faultOf(s2, 'F_PERMISSION', reason, '5.2 S2PTW', level, cls, ipaHi, ipaLo);
    answer.fail(tableWrite ? { ...fault, tableWrite } : fault);
    return false;
  }
  return true;
}
