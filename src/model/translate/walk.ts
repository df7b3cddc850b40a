/** The stage-1 walk: DDI 0487 D8.2, with the SMMU's events (IHI 0070 7.3.12 to 7.3.16). */

import { maskOf } from '../../bits/layout.ts';
import { hex, hex64 } from '../../bits/u64.ts';
import { S1_LEAF } from '../../spec/descriptors.ts';
import { NO_ASID, type TlbEntry, type TlbSpace, tlbPage } from '../caches/tlb.ts';
import type { Machine } from '../machine.ts';
import { DATA } from '../memory.ts';
import type { Recorder } from '../plan.ts';
import { judgeAccess } from './access-kind.ts';
import { type Answer, stage1Fault, stage1WalkAbort } from './answer.ts';
import type { ContextConfig, Half, StreamConfig } from './configuration.ts';
import {
  addressHi,
  addressLo,
  beyond,
  contiguousCount,
  descriptorKind,
  INVALID,
  isContiguous,
  LEAF_DESCRIPTOR,
  levelShift,
  swap32,
} from './descriptor.ts';
import {
  HIERARCHICAL_BITS,
  neededPermission,
  ONCE_DIRTY,
  permissionText,
  stage1Permissions,
} from './permission.ts';

const AF = maskOf(S1_LEAF.fields.AF);
const NOT_GLOBAL = maskOf(S1_LEAF.fields.nG);
const AP2 = maskOf(S1_LEAF.fields.AP2);
const DBM = maskOf(S1_LEAF.fields.DBM);

/** The index into a table: bits [shift + stride - 1 : shift] of the address. */
function tableIndex(vaHi: number, vaLo: number, shift: number, bits: number): number {
  const value = shift >= 32 ? vaHi >>> (shift - 32) : (vaLo >>> shift) | (vaHi << (32 - shift));
  return value & ((1 << bits) - 1);
}

/** Which half translates the address: VA[55], or TTB0 always where there is only that. */
export function halfOfAddress(context: ContextConfig, vaHi: number): Half {
  return context.halves[context.twoRanges && (vaHi & 0x800000) !== 0 ? 1 : 0];
}

/**
 * Whether the address lies in the range of its half (3.4.1): the bits above the input size equal VA[55], or are zero
 * where there is one range; TBI frees [63:56].
 */
export function inRange(context: ContextConfig, half: Half, vaHi: number, vaLo: number): boolean {
  const top = half.tbi ? vaHi & 0xffffff : vaHi;
  const ones = context.twoRanges && (vaHi & 0x800000) !== 0;
  const all = ones ? (half.tbi ? 0xffffff : 0xffffffff) : 0;
  const differs = (top ^ all) >>> 0;
  if (half.inputBits >= 32) return differs >>> (half.inputBits - 32) === 0;
  return differs === 0 && ((ones ? ~vaLo : vaLo) >>> 0) >>> half.inputBits === 0;
}

/** Output address from a leaf's or TLB entry's base: the offset bits of the input go below it. */
function outputAddress(baseHi: number, baseLo: number, vaHi: number, vaLo: number, shift: number): number {
  if (shift >= 32) {
    const mask = (1 << (shift - 32)) - 1;
    return (((baseHi & ~mask) | (vaHi & mask)) >>> 0) * 2 ** 32 + (vaLo >>> 0);
  }
  const mask = (1 << shift) - 1;
  return baseHi * 2 ** 32 + (((baseLo & ~mask) | (vaLo & mask)) >>> 0);
}

/**
 * Walks stage 1 and leaves the outcome in `answer`.
 * @param vaHi input address [63:32]
 * @param vaLo input address [31:0]
 */
export function walkStage1(
  machine: Machine,
  stream: StreamConfig,
  context: ContextConfig,
  half: Half,
  vaHi: number,
  vaLo: number,
  write: boolean,
  answer: Answer,
  recorder: Recorder | null,
): void {
  const memory = machine.memory(stream.world);
  const { granuleBits, wide } = half;
  const stride = granuleBits - 3;
  const { outputBits, bigEndian } = context;
  let level = half.startLevel;
  let shift = levelShift(level, granuleBits);
  let indexBits = half.inputBits - shift;
  let tableHi = half.baseHi;
  let tableLo = half.baseLo;
  let tables = 0;
  for (;;) {
    const at = (tableLo + tableIndex(vaHi, vaLo, shift, indexBits) * 8) >>> 0;
    const status = memory.load64(tableHi, at);
    const lo = bigEndian ? swap32(memory.hi) : memory.lo;
    const hi = bigEndian ? swap32(memory.lo) : memory.hi;
    if (recorder) recordFetch(recorder, stream, level, tableHi, at, hi, lo, status, half, shift);
    if (status !== DATA) {
      const pa = tableHi * 2 ** 32 + at;
      const abort = stage1WalkAbort(`reading the level ${level} descriptor at ${hex(pa)} aborted`, level, pa);
      answer.unreadable(status, stream.world, pa, `stage 1 level ${level} descriptor`, abort);
      return;
    }
    const kind = descriptorKind(lo, level, granuleBits, wide);
    if (kind === INVALID) {
      const where = hex(tableHi * 2 ** 32 + at);
      const why =
        (lo & 1) === 0 ? 'bit 0 is clear' : level === 3 ? 'type 0b01 at level 3' : 'no block at this level';
      const reason = `level ${level} descriptor ${hex64(hi, lo)} at ${where} is invalid: ${why}`;
      answer.fail(stage1Fault('F_TRANSLATION', reason, 'DDI 0487 D8.3', level));
      return;
    }
    const nextHi = addressHi(hi, lo, granuleBits, wide);
    if (beyond(nextHi, outputBits)) {
      const address = nextHi * 2 ** 32 + addressLo(lo, granuleBits);
      const reason = `level ${level} descriptor holds address ${hex(address)}, beyond the ${outputBits}-bit output range`;
      answer.fail(stage1Fault('F_ADDR_SIZE', reason, '3.4', level));
      return;
    }
    if (kind === LEAF_DESCRIPTOR) {
      finish(machine, stream, context, half, vaHi, vaLo, write, answer, recorder, {
        hi,
        lo,
        baseHi: nextHi,
        tables: half.had ? 0 : tables,
        level,
        shift,
        descriptorPa: tableHi * 2 ** 32 + at,
      });
      return;
    }
    tables |= hi & HIERARCHICAL_BITS;
    tableHi = nextHi;
    tableLo = addressLo(lo, granuleBits);
    level++;
    shift -= stride;
    indexBits = stride;
  }
}

interface LeafFound {
  readonly hi: number;
  readonly lo: number;
  readonly baseHi: number;
  readonly tables: number;
  readonly level: number;
  readonly shift: number;
  readonly descriptorPa: number;
}

/** Access flag, permission, output address, and the entry that a TLB would keep. */
function finish(
  machine: Machine,
  stream: StreamConfig,
  context: ContextConfig,
  half: Half,
  vaHi: number,
  vaLo: number,
  write: boolean,
  answer: Answer,
  recorder: Recorder | null,
  leaf: LeafFound,
): void {
  const { hi, lo, level, shift } = leaf;
  // AFFD is IGNORED where hardware updates the flag (5.4, AFFD).
  if ((lo & AF) === 0 && (context.ha || !context.affd)) {
    if (context.ha) {
      answer.decline('the access flag would be set by hardware (CD.HA=1)', '3.13');
      return;
    }
    answer.fail(stage1Fault('F_ACCESS', `level ${level} leaf has AF=0, and CD.AFFD=0`, '7.3.15', level));
    return;
  }
  let permissions = stage1Permissions(context, hi, lo, leaf.tables);
  if (context.hd && (hi & DBM) !== 0)
    permissions |= stage1Permissions(context, hi, lo & ~AP2, leaf.tables) << ONCE_DIRTY;
  recorder?.step('decide', `permissions: ${permissionText(permissions, context.twoRanges)}`, 'AP2');
  const global = !context.twoRanges || (lo & NOT_GLOBAL) === 0;
  if (answer.kind !== 'ordinary') answer.found(permissions, shift, global);
  if (!permitted(permissions, context, write, answer, level)) return;
  const baseLo = addressLo(lo, half.granuleBits);
  answer.pa = outputAddress(leaf.baseHi, baseLo, vaHi, vaLo, shift);
  answer.space = stream.world;
  if (machine.policy === 'none') return;
  answer.fillTlb = {
    space: spaceOf(machine, stream, context),
    global,
    page: tlbPage(vaHi, vaLo, shift),
    shift,
    pa: outputAddress(leaf.baseHi, baseLo, 0, 0, shift),
    level,
    granuleBits: half.granuleBits,
    permissions,
    descriptorPa: leaf.descriptorPa,
    descriptorHi: hi,
    descriptorLo: lo,
  };
}

/** Checks the access against what the translation permits; a refusal is left in the answer. */
function permitted(
  permissions: number,
  context: ContextConfig,
  write: boolean,
  answer: Answer,
  level: number,
): boolean {
  const privileged = answer.privileged || !context.twoRanges;
  const need = neededPermission(privileged, answer.instruction, write);
  let readRefused = false;
  if (answer.kind === 'ordinary') {
    if ((permissions & need) !== 0) return true;
  } else {
    // Requests are granted what there is (3.9.1.2), unless the page would become dirty.
    const request = answer.kind === 'request';
    if (request && !(write && context.hd && ((permissions >>> ONCE_DIRTY) & ~permissions & need) !== 0))
      return true;
    const asked = { kind: answer.kind, write };
    const verdict = judgeAccess(asked, permissions, privileged, answer.instruction, answer.becomes);
    answer.becomes = verdict.becomes;
    if (verdict.refused === null) return true;
    readRefused = verdict.refused === 'read';
  }
  if (write && context.hd && ((permissions >>> ONCE_DIRTY) & need) !== 0) {
    answer.decline('the page would be marked dirty by hardware (CD.HD=1, DBM=1)', '3.13');
    return false;
  }
  const what = write ? 'write' : answer.instruction ? 'instruction fetch' : 'read';
  const who = context.twoRanges ? (privileged ? 'privileged ' : 'unprivileged ') : '';
  const reason = `${who}${what} is not permitted: ${permissionText(permissions, context.twoRanges)}`;
  const fault = stage1Fault('F_PERMISSION', reason, '7.3.16', level);
  answer.fail(write && readRefused ? { ...fault, readRefused } : fault);
  return false;
}

/** Answers from a TLB entry. */
export function useEntry(
  entry: TlbEntry,
  context: ContextConfig,
  vaHi: number,
  vaLo: number,
  write: boolean,
  answer: Answer,
): void {
  answer.tlbHit = true;
  if (answer.kind !== 'ordinary') answer.found(entry.permissions, entry.shift, entry.global);
  if (!permitted(entry.permissions, context, write, answer, entry.level)) return;
  answer.pa = outputAddress(Math.floor(entry.pa / 2 ** 32), entry.pa >>> 0, vaHi, vaLo, entry.shift);
  answer.space = entry.space.tag.world;
}

/**
 * The TLB space that a context's entries live in (3.3.3, 3.17). A global entry stays with the ASID that it was made
 * for: other ASIDs miss, and an invalidation by that ASID takes it along. A cache may always miss, and more may be
 * invalidated than asked (4.4).
 */
export function spaceOf(machine: Machine, stream: StreamConfig, context: ContextConfig): TlbSpace {
  if (context.space) return context.space;
  const { world, vmid, streamWorld } = stream;
  const asid = context.twoRanges ? context.asid : NO_ASID;
  context.space = machine.tlb.space({ world, streamWorld, vmid, asid, aset: context.aset });
  return context.space;
}

function recordFetch(
  recorder: Recorder,
  stream: StreamConfig,
  level: number,
  paHi: number,
  paLo: number,
  hi: number,
  lo: number,
  status: 0 | 1 | 2 | 3,
  half: Half,
  shift: number,
): void {
  const pa = paHi * 2 ** 32 + paLo;
  const kind = descriptorKind(lo, level, half.granuleBits, half.wide);
  recorder.enter(3, {
    kind: 'descriptor',
    name: `stage 1 level ${level}`,
    layout: kind === LEAF_DESCRIPTOR || level === 3 ? 'S1_LEAF' : 'TABLE',
    space: stream.world,
    pa,
    words: status === DATA ? Uint32Array.of(lo, hi) : new Uint32Array(0),
    status,
    stage: 1,
    level,
  });
  recorder.step('fetch', `read level ${level} descriptor at ${hex(pa)}`);
  if (status !== DATA) return;
  if (kind === INVALID)
    recorder.step('decide', `${hex64(hi, lo)} is invalid`, (lo & 1) === 0 ? 'Valid' : 'Type');
  else if (kind === LEAF_DESCRIPTOR) {
    const joined = isContiguous(hi) ? contiguousCount(level, half.granuleBits) : 1;
    const span = joined > 1 ? `, contiguous with ${joined} entries` : '';
    const what = level === 3 ? 'page' : 'block';
    recorder.step('decide', `${hex64(hi, lo)}: ${what} of ${hex(2 ** shift)} bytes${span}`, 'Type');
  } else {
    const next = addressHi(hi, lo, half.granuleBits, half.wide) * 2 ** 32 + addressLo(lo, half.granuleBits);
    recorder.step('decide', `${hex64(hi, lo)}: table at ${hex(next)}`, 'NextTable');
  }
}
