/** From an input address to the output address through the stages that are on, by way of the TLB: IHI 0070 3.3.3. */

import { hex, hex64 } from '../../bits/u64.ts';
import type { World } from '../../bits/world.ts';
import { CLASS_IN } from '../../spec/events.ts';
import { STE } from '../../spec/ste.ts';
import { ipaSpace, outputSpace, throughBoth } from '../caches/entry-spaces.ts';
import {
  ANY_ASID,
  type NestedPart,
  NO_ASID,
  paOf,
  type TlbEntry,
  type TlbSpace,
  tlbPageHi,
  tlbPageLo,
} from '../caches/tlb.ts';
import type { Machine } from '../machine.ts';
import type { Recorder } from '../plan.ts';
import { type Answer, stage1Fault, stage2Fault } from './answer.ts';
import { combineForced, combineStage2, DEFAULT_ATTRIBUTES, withHints } from './attributes.ts';
import type { ContextConfig, Stage2Config, StreamConfig } from './configuration.ts';
import { joinHi, joinLo } from './descriptor.ts';
import { ALL_PERMITTED, ONCE_DIRTY, PERM, permissionText } from './permission.ts';
import { halfOfAddress } from './range.ts';
import { elsewhereText } from './spaces.ts';
import {
  F_AT_HI,
  F_AT_LO,
  F_HI,
  F_LEVEL,
  F_LO,
  F_MEM_ATTR,
  F_PA_HI,
  F_PA_LO,
  F_PERMISSIONS,
  F_SH,
  F_SHIFT,
  F_SPACES,
  found,
  isNonSecureIpa,
  stage2Entry,
  stage2For,
  stage2Space,
  translateStage2,
} from './stage2.ts';
import {
  L_AT_HI,
  L_AT_LO,
  L_ATTRIBUTES,
  L_GLOBAL,
  L_HI,
  L_LEVEL,
  L_LO,
  L_OUT_HI,
  L_OUT_LO,
  L_PERMISSIONS,
  L_SHIFT,
  L_SPACES,
  leaf,
  permitted,
  walkStage1,
} from './walk.ts';

const INSTRUCTION = STE.fields.INSTCFG.names.INSTRUCTION;

/** Bits [5:0]: what is permitted now, without what would be once the page is dirty. */
const NOW = 63;

function addressOf(hi: number, lo: number): number {
  return (hi >>> 0) * 2 ** 32 + (lo >>> 0);
}

/**
 * The TLB space that a context's entries live in (3.3.3, 3.17). Under `combined` a global entry stays with the ASID
 * that it was made for: other ASIDs miss, and an invalidation by that ASID takes it along. A cache may always miss,
 * and more may be invalidated than asked (4.4).
 */
function spaceOf(machine: Machine, stream: StreamConfig, context: ContextConfig): TlbSpace {
  if (context.space) return context.space;
  const { vmid } = stream;
  const { world, streamWorld } = stream.tags;
  const asid = context.twoRanges ? context.asid : NO_ASID;
  context.space = machine.tlb.space({ world, streamWorld, vmid, asid, aset: context.aset, stage: 1 });
  return context.space;
}

/** Where `maximal` keeps a context's global entries: every ASID of the same regime, VMID and ASET finds them (3.17.1). */
function globalSpaceOf(machine: Machine, stream: StreamConfig, context: ContextConfig): TlbSpace {
  if (context.globalSpace) return context.globalSpace;
  const { vmid } = stream;
  const { world, streamWorld } = stream.tags;
  const asid = context.twoRanges ? ANY_ASID : NO_ASID;
  context.globalSpace = machine.tlb.space({ world, streamWorld, vmid, asid, aset: context.aset, stage: 1 });
  return context.globalSpace;
}

/**
 * Translates a VA by stage 1, and by stage 2 after it where that is on.
 * @param vaHi input address [63:32]
 * @param vaLo input address [31:0]
 */
export function translateAddress(
  machine: Machine,
  stream: StreamConfig,
  context: ContextConfig,
  vaHi: number,
  vaLo: number,
  answer: Answer,
  recorder: Recorder | null,
): void {
  const half = halfOfAddress(context, vaHi, vaLo);
  if (half === null) {
    const which = context.halves[context.twoRanges && (vaHi & 0x800000) !== 0 ? 1 : 0];
    const reason = `input address ${hex64(vaHi, vaLo)} is outside the ${which.inputBits}-bit range of ${which.name}`;
    answer.fail(stage1Fault('F_TRANSLATION', reason, '3.4.1', which.startLevel));
    return;
  }
  if (half.e0pd && !answer.privileged) {
    const reason = `unprivileged access to the half of ${half.name}, which CD.E0PD closes`;
    answer.fail(stage1Fault('F_TRANSLATION', reason, '5.4 E0PD', half.startLevel));
    return;
  }
  const space = context.space ?? spaceOf(machine, stream, context);
  const { policy } = machine;
  const maximal = policy === 'maximal';
  if (policy !== 'none' && !answer.stage1Only) {
    let hit = machine.tlb.find(space, vaHi, vaLo);
    if (maximal) {
      hit ??= machine.tlb.find(globalSpaceOf(machine, stream, context), vaHi, vaLo);
      if (hit !== null && conflicts(machine, hit, vaHi, vaLo, answer, recorder)) return;
    }
    if (hit !== null && answers(hit, answer.need)) {
      if (recorder !== null) recordHit(recorder, hit, vaHi, vaLo);
      useEntry(hit, context, vaHi, vaLo, answer);
      return;
    }
    if (recorder !== null) recordMiss(recorder, hit, vaHi, vaLo);
  }
  recorder?.step('decide', () => `${half.name} translates ${hex64(vaHi, vaLo)}`, half.name);
  // Only a nested stage 1 is kept by itself.
  const split = maximal && stream.stage2 !== null;
  if (!(split && usePartial(machine, space, context, vaHi, vaLo, answer, recorder))) {
    if (!half.enabled) {
      const reason = `${half.name} is not walked: CD.EPD${half.name === 'TTB0' ? 0 : 1}=1`;
      answer.fail(stage1Fault('F_TRANSLATION', reason, '5.4 EPD', half.startLevel));
      return;
    }
    if (!walkStage1(machine, stream, context, half, space, vaHi, vaLo, answer, recorder)) return;
    if (split && answer.fault === null)
      fillPartial(machine, stream, context, half.granuleBits, vaHi, vaLo, answer);
  } else if (answer.fault !== null) return;
  deliver(machine, stream, context, half.granuleBits, space, vaHi, vaLo, answer, recorder);
}

/**
 * Entries of different sizes that overlap: software has changed a block size without break-before-make. With BBML 2 the
 * SMMU resolves it silently; otherwise it is worth a remark, and by option the event (3.21.1, 7.3.17).
 */
function conflicts(
  machine: Machine,
  hit: TlbEntry,
  vaHi: number,
  vaLo: number,
  answer: Answer,
  recorder: Recorder | null,
): boolean {
  if (hit.space.shifts.length < 2) return false;
  const all = machine.tlb.findAll(hit.space, vaHi, vaLo);
  if (all.length < 2 || answer.bbml === 2) return false;
  const sizes = all.map(({ shift }) => hex(2 ** shift)).join(' and ');
  const text = `TLB conflict: entries of ${sizes} bytes overlap at ${hex64(vaHi, vaLo)} (IDR3.BBML=${answer.bbml})`;
  recorder?.step('finding', text);
  if (!machine.options.tlbConflict) return false;
  answer.fail({ ...stage1Fault('F_TLB_CONFLICT', text, '7.3.17', hit.level), class: 0 });
  return true;
}

/** Whether an entry can answer: not when its page must be marked dirty first, which needs the descriptors (3.13.3). */
function answers({ permissions, nested }: TlbEntry, need: number): boolean {
  if ((permissions & need) === need && nested === null) return true;
  if (mustBecomeDirty(permissions, need)) return false;
  return nested === null || !mustBecomeDirty(nested.permissions, need);
}

function mustBecomeDirty(permissions: number, need: number): boolean {
  return (permissions & need) !== need && ((permissions >>> ONCE_DIRTY) & need) === need;
}

/** From the stage-1 result in {@link leaf} to the answer, through stage 2 where that is on; and what a TLB would keep. */
function deliver(
  machine: Machine,
  stream: StreamConfig,
  context: ContextConfig,
  granuleBits: number,
  space: TlbSpace,
  vaHi: number,
  vaLo: number,
  answer: Answer,
  recorder: Recorder | null,
): void {
  let spaces = leaf[L_SPACES] as number;
  const stage2 = answer.stage1Only ? null : stage2For(stream, outputSpace(spaces));
  let attributes = leaf[L_ATTRIBUTES] as number;
  let outHi = leaf[L_OUT_HI] as number;
  let outLo = leaf[L_OUT_LO] as number;
  const leafShift = leaf[L_SHIFT] as number;
  if (answer.kind !== 'ordinary') answer.ipa = addressOf(outHi, outLo);
  let shift = leafShift;
  let nested: NestedPart | null = null;
  let permissions = leaf[L_PERMISSIONS] as number;
  if (stage2 !== null) {
    if (answer.kind === 'request' && grantsNothing(stream, context, permissions, answer)) {
      // Stage 2 does not see the address then (3.9.1.2).
      answer.permissions = 0;
      answer.shift = leafShift;
      return;
    }
    if (recorder !== null) recordIpa(recorder, outHi, outLo);
    if (
      !translateStage2(
        machine,
        stream,
        stage2,
        outHi,
        outLo,
        CLASS_IN,
        neededOfStage2(answer, permissions),
        false,
        answer,
        recorder,
      )
    )
      return;
    shift = Math.min(shift, found[F_SHIFT] as number);
    attributes = joinAttributes(attributes, stage2);
    if (machine.policy !== 'none') nested = nestedPart(stage2, outHi, outLo, shift);
    outHi = found[F_PA_HI] as number;
    outLo = found[F_PA_LO] as number;
    spaces = throughBoth(spaces, found[F_SPACES] as number);
    answer.permissions = permissions & (found[F_PERMISSIONS] as number) & NOW;
  } else answer.permissions = permissions & NOW;
  permissions = leaf[L_PERMISSIONS] as number;
  const pa = addressOf(outHi, outLo);
  answer.pa = pa;
  answer.space = outputSpace(spaces);
  answer.shift = shift;
  answer.global = leaf[L_GLOBAL] === 1;
  answer.attributes =
    answer.attributes === DEFAULT_ATTRIBUTES ? attributes : withHints(answer.attributes, attributes);
  if (machine.policy === 'none' || answer.stage1Only) return;
  const global = leaf[L_GLOBAL] === 1;
  answer.fillTlb = {
    space: global && machine.policy === 'maximal' ? globalSpaceOf(machine, stream, context) : space,
    global,
    pageHi: tlbPageHi(vaHi, shift),
    pageLo: tlbPageLo(vaHi, vaLo, shift),
    shift,
    paHi: joinHi(outHi, 0, shift),
    paLo: joinLo(outLo, 0, shift),
    spaces,
    level: leaf[L_LEVEL] as number,
    granuleBits,
    permissions,
    attributes,
    leafShift,
    nested,
    descriptorAtHi: leaf[L_AT_HI] as number,
    descriptorAtLo: leaf[L_AT_LO] as number,
    descriptorHi: leaf[L_HI] as number,
    descriptorLo: leaf[L_LO] as number,
    leaving: false,
  };
}

/** A Translation Request asks stage 2 for no more than stage 1 permits: it is marked dirty for no other write (3.13.7). */
function neededOfStage2(answer: Answer, permissions: number): number {
  return answer.kind === 'request' ? answer.need & permissions : answer.need;
}

/** R, W and so the whole of a Translation Completion are 0 by what stage 1 permits (13.7.1). */
function grantsNothing(
  stream: StreamConfig,
  context: ContextConfig,
  permissions: number,
  answer: Answer,
): boolean {
  const bits = answer.privileged || !context.twoRanges ? permissions : permissions >>> 3;
  const reads = stream.instCfg === INSTRUCTION ? PERM.px : PERM.pr;
  return (bits & (reads | PERM.pw)) === 0;
}

/** The permissions that the transaction must have: a Translation Request is granted what there is (3.9.1.2). */
function demanded(answer: Answer): number {
  return answer.kind === 'request' ? 0 : answer.need;
}

function nestedPart(stage2: Stage2Config, ipaHi: number, ipaLo: number, shift: number): NestedPart {
  return {
    ipaHi: joinHi(ipaHi, 0, shift),
    ipaLo: joinLo(ipaLo, 0, shift),
    permissions: found[F_PERMISSIONS] as number,
    level: found[F_LEVEL] as number,
    granuleBits: stage2.granuleBits,
    descriptorAtHi: found[F_AT_HI] as number,
    descriptorAtLo: found[F_AT_LO] as number,
    descriptorHi: found[F_HI] as number,
    descriptorLo: found[F_LO] as number,
  };
}

/** Attributes of stage 1, or of a bypassing transaction, with those of stage 2 in {@link found} (13.1.5, 13.1.6). */
function joinAttributes(attributes: number, stage2: Stage2Config): number {
  const memAttr = found[F_MEM_ATTR] as number;
  const sh = found[F_SH] as number;
  const combine = stage2.fwb ? combineForced : combineStage2;
  return combine(attributes, memAttr, sh, stage2.mtePerm);
}

/** Answers from an entry that goes to the PA at once. */
function useEntry(entry: TlbEntry, context: ContextConfig, vaHi: number, vaLo: number, answer: Answer): void {
  const { shift, nested, permissions, attributes } = entry;
  answer.tlbHit = true;
  const need = demanded(answer);
  if ((permissions & need) !== need && !permitted(permissions, context, need, answer, entry.level)) return;
  if (nested !== null && (nested.permissions & need) !== need) {
    const ipa = addressOf(joinHi(nested.ipaHi, vaHi, shift), joinLo(nested.ipaLo, vaLo, shift));
    const reason = `stage 2 does not permit the access of the address (IPA ${hex(ipa)}): ${permissionText(nested.permissions, true)}`;
    // The record counts it on Secure streams only.
    const ipaNs = entry.space.tag.world === 's' && ipaSpace(entry.spaces) === 'ns';
    answer.fail(stage2Fault('F_PERMISSION', reason, '7.3.16', nested.level, CLASS_IN, ipa, ipaNs));
    return;
  }
  if (answer.mustReach !== null && isElsewhere(entry, vaHi, vaLo, answer.mustReach, answer)) return;
  const pa = addressOf(joinHi(entry.paHi, vaHi, shift), joinLo(entry.paLo, vaLo, shift));
  answer.pa = pa;
  if (answer.kind !== 'ordinary')
    answer.ipa =
      nested === null ? pa : addressOf(joinHi(nested.ipaHi, vaHi, shift), joinLo(nested.ipaLo, vaLo, shift));
  answer.space = outputSpace(entry.spaces);
  answer.permissions = permissions & (nested === null ? ALL_PERMITTED : nested.permissions) & NOW;
  answer.shift = shift;
  answer.global = entry.global;
  answer.attributes =
    answer.attributes === DEFAULT_ATTRIBUTES ? attributes : withHints(answer.attributes, attributes);
}

/** A cached translation leads to another space than the client names (3.9.4.3); a refusal is left in the answer. */
function isElsewhere(entry: TlbEntry, hi: number, lo: number, mustReach: World, answer: Answer): boolean {
  const { nested, shift, level, space } = entry;
  const reached = outputSpace(entry.spaces);
  if (mustReach === reached) return false;
  const reason = elsewhereText(mustReach, reached);
  if (nested !== null) {
    const ipa = addressOf(joinHi(nested.ipaHi, hi, shift), joinLo(nested.ipaLo, lo, shift));
    answer.fail(stage2Fault('F_PERMISSION', reason, '3.9.4.3', nested.level, CLASS_IN, ipa));
  } else if (space.tag.stage === 2)
    answer.fail(stage2Fault('F_PERMISSION', reason, '3.9.4.3', level, CLASS_IN, addressOf(hi, lo)));
  else answer.fail(stage1Fault('F_PERMISSION', reason, '3.9.4.3', level));
  return true;
}

/** The space of equal tags among the entries from VA to IPA. */
function partialOf(machine: Machine, space: TlbSpace): TlbSpace {
  space.partial ??= machine.partial.space(space.tag);
  return space.partial;
}

/** A cached VA to IPA entry in place of the walk; its result goes to {@link leaf}. */
function usePartial(
  machine: Machine,
  space: TlbSpace,
  context: ContextConfig,
  vaHi: number,
  vaLo: number,
  answer: Answer,
  recorder: Recorder | null,
): boolean {
  const { partial } = machine;
  const global = context.globalSpace;
  const entry =
    partial.find(partialOf(machine, space), vaHi, vaLo) ??
    (global ? partial.find(partialOf(machine, global), vaHi, vaLo) : null);
  if (entry === null || !answers(entry, answer.need)) return false;
  recorder?.entry(
    'cache-hit',
    () => `TLB hit: VA ${hex64(vaHi, vaLo)} to IPA${entry.leaving ? ', on its way out' : ''}`,
    { kind: 'tlb', store: 'partial', entry },
  );
  const { shift } = entry;
  leaf[L_OUT_HI] = joinHi(entry.paHi, vaHi, shift);
  leaf[L_OUT_LO] = joinLo(entry.paLo, vaLo, shift);
  leaf[L_SHIFT] = shift;
  leaf[L_PERMISSIONS] = entry.permissions;
  leaf[L_ATTRIBUTES] = entry.attributes;
  leaf[L_LEVEL] = entry.level;
  leaf[L_HI] = entry.descriptorHi;
  leaf[L_LO] = entry.descriptorLo;
  leaf[L_AT_HI] = entry.descriptorAtHi;
  leaf[L_AT_LO] = entry.descriptorAtLo;
  leaf[L_GLOBAL] = entry.global ? 1 : 0;
  leaf[L_SPACES] = entry.spaces;
  permitted(entry.permissions, context, demanded(answer), answer, entry.level);
  return true;
}

/** What `maximal` keeps of a nested stage 1 by itself: VA to IPA. */
function fillPartial(
  machine: Machine,
  stream: StreamConfig,
  context: ContextConfig,
  granuleBits: number,
  vaHi: number,
  vaLo: number,
  answer: Answer,
): void {
  const { partial } = machine;
  const global = leaf[L_GLOBAL] === 1;
  const own = global ? globalSpaceOf(machine, stream, context) : spaceOf(machine, stream, context);
  const shift = leaf[L_SHIFT] as number;
  const entry: TlbEntry = {
    space: partialOf(machine, own),
    global,
    pageHi: tlbPageHi(vaHi, shift),
    pageLo: tlbPageLo(vaHi, vaLo, shift),
    shift,
    paHi: joinHi(leaf[L_OUT_HI] as number, 0, shift),
    paLo: joinLo(leaf[L_OUT_LO] as number, 0, shift),
    spaces: leaf[L_SPACES] as number,
    level: leaf[L_LEVEL] as number,
    granuleBits,
    permissions: leaf[L_PERMISSIONS] as number,
    attributes: leaf[L_ATTRIBUTES] as number,
    leafShift: shift,
    nested: null,
    descriptorAtHi: leaf[L_AT_HI] as number,
    descriptorAtLo: leaf[L_AT_LO] as number,
    descriptorHi: leaf[L_HI] as number,
    descriptorLo: leaf[L_LO] as number,
    leaving: false,
  };
  answer.fills.push({ store: partial, entry, what: partialText });
}

function partialText(entry: TlbEntry): string {
  return `TLB keeps VA to IPA ${hex(paOf(entry))}`;
}

/** Translates the input of a stream whose stage 1 is bypassed: it is an IPA. */
export function translateIpa(
  machine: Machine,
  stream: StreamConfig,
  stage2: Stage2Config,
  ipaHi: number,
  ipaLo: number,
  answer: Answer,
  recorder: Recorder | null,
): void {
  const space = stage2Space(machine, stream, stage2);
  if (machine.policy === 'combined') {
    const hit = machine.tlb.find(space, ipaHi, ipaLo);
    if (hit !== null && answers(hit, answer.need)) {
      if (recorder !== null) recordHit(recorder, hit, ipaHi, ipaLo);
      useIpaEntry(hit, stage2, ipaHi, ipaLo, answer);
      return;
    }
    if (recorder !== null) recordMiss(recorder, hit, ipaHi, ipaLo);
  }
  const before = answer.fills.length;
  if (!translateStage2(machine, stream, stage2, ipaHi, ipaLo, CLASS_IN, answer.need, false, answer, recorder))
    return;
  if (machine.policy === 'maximal') answer.tlbHit = answer.fills.length === before;
  answer.permissions = (found[F_PERMISSIONS] as number) & NOW;
  finishIpa(
    stage2,
    found[F_SHIFT] as number,
    addressOf(found[F_PA_HI] as number, found[F_PA_LO] as number),
    answer,
  );
  answer.space = outputSpace(found[F_SPACES] as number);
  if (machine.policy === 'combined') answer.fillTlb = stage2Entry(space, stage2, ipaHi, ipaLo);
}

function finishIpa(stage2: Stage2Config, shift: number, pa: number, answer: Answer): void {
  answer.pa = pa;
  answer.shift = shift;
  answer.attributes = joinAttributes(answer.attributes, stage2);
}

function useIpaEntry(
  entry: TlbEntry,
  stage2: Stage2Config,
  ipaHi: number,
  ipaLo: number,
  answer: Answer,
): void {
  answer.tlbHit = true;
  const need = demanded(answer);
  if ((entry.permissions & need) !== need) {
    const ipa = addressOf(ipaHi, ipaLo);
    const reason = `stage 2 does not permit the access of the address (IPA ${hex(ipa)}): ${permissionText(entry.permissions, true)}`;
    const ipaNs = isNonSecureIpa(stage2);
    answer.fail(stage2Fault('F_PERMISSION', reason, '7.3.16', entry.level, CLASS_IN, ipa, ipaNs));
    return;
  }
  if (answer.mustReach !== null && isElsewhere(entry, ipaHi, ipaLo, answer.mustReach, answer)) return;
  found[F_MEM_ATTR] = entry.attributes & 0xf;
  found[F_SH] = entry.attributes >>> 8;
  answer.permissions = entry.permissions & NOW;
  answer.space = outputSpace(entry.spaces);
  const { shift } = entry;
  const pa = addressOf(joinHi(entry.paHi, ipaHi, shift), joinLo(entry.paLo, ipaLo, shift));
  finishIpa(stage2, shift, pa, answer);
}

function recordHit(recorder: Recorder, hit: TlbEntry, hi: number, lo: number): void {
  recorder.entry(
    'cache-hit',
    () =>
      `TLB hit: ${hex64(hi, lo)}, made from the level ${hit.level} descriptor${hit.leaving ? ', on its way out' : ''}`,
    { kind: 'tlb', store: 'tlb', entry: hit },
  );
}

function recordMiss(recorder: Recorder, hit: TlbEntry | null, hi: number, lo: number): void {
  recorder.step('cache-miss', () =>
    hit === null
      ? `TLB miss: ${hex64(hi, lo)}`
      : `TLB hit: ${hex64(hi, lo)}, but its page must be marked dirty: the tables are walked`,
  );
}

function recordIpa(recorder: Recorder, ipaHi: number, ipaLo: number): void {
  recorder.leave(3);
  recorder.step(
    'decide',
    () => `stage 1 gives IPA ${hex(addressOf(ipaHi, ipaLo))}, which stage 2 translates`,
  );
}
