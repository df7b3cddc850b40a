/** Signatures of stream tables and STEs. */

import { hex } from '../../../bits/u64.ts';
import { STE } from '../../../spec/ste.ts';
import { busDeviceFunction } from '../../stream-id.ts';
import type { Facts } from '../facts.ts';
import type { HintKind } from './hint.ts';

const { V, Config } = STE.fields;

function isZero(words: Uint32Array): boolean {
  return words.every((word) => word === 0);
}

/** The StreamID as a PCI function, for those who know their devices so. */
function who({ transaction: { sid } }: Facts): string {
  return `StreamID ${hex(sid)} (as a PCI function ${busDeviceFunction(sid)})`;
}

const neverConfigured: HintKind = {
  id: 'ste-never-configured',
  when(facts) {
    const { ste, fault } = facts;
    if (ste === null || fault?.rule !== 'STE-V') return null;
    return isZero(ste.words)
      ? `the STE of ${who(facts)} is all zero: it looks like a stream that no driver has set up, or that firmware does not describe`
      : `the STE of ${who(facts)} has V=0 but is not empty (Config=${Config.get(ste.words, 0)}): it looks like one that was taken down, or is just being written`;
  },
};

const outOfTable: HintKind = {
  id: 'sid-out-of-range',
  when(facts) {
    const { state, transaction } = facts;
    const table = state.streamTable;
    if (facts.fault === null || transaction.sid < table.streams || !state.smmuEnabled) return null;
    const ruler = `STRTAB_BASE_CFG.LOG2SIZE=${table.programmedLog2size} and IDR1.SIDSIZE=${state.sidBits} give StreamIDs 0 to ${hex(table.streams - 1)}`;
    const why =
      transaction.sid >= 2 ** state.sidBits
        ? 'no table of this SMMU reaches it: it looks like a device of another SMMU, or like a wrong mapping of requester IDs'
        : 'the table is too small for it';
    return `${who(facts)}: ${ruler}; ${why}`;
  },
};

const noLevel2: HintKind = {
  id: 'no-level-2-table',
  when(facts) {
    const { l1std, ste, fault, state } = facts;
    if (fault === null || ste !== null || l1std === null || l1std.words.length === 0) return null;
    // An STE that could not be read has its place in a level-2 table.
    if (facts.plan.frames.some(({ kind }) => kind === 'ste')) return null;
    const { split } = state.streamTable;
    return `${who(facts)} belongs to L1STD ${facts.transaction.sid >>> split}, which serves ${2 ** split} StreamIDs; ${
      isZero(l1std.words)
        ? 'it is all zero: it looks like a bus on which no driver has claimed a device'
        : 'its Span does not reach this one'
    }`;
  },
};

const tableFormat: HintKind = {
  id: 'stream-table-format',
  when({ state, smmu, fault }) {
    if (fault === null || !state.smmuEnabled || !/STREAMID|STE/.test(fault.event ?? '')) return null;
    const fmt = smmu.bank.field('STRTAB_BASE_CFG', 'FMT');
    const split = smmu.bank.field('STRTAB_BASE_CFG', 'SPLIT');
    const table = state.streamTable;
    if (fmt === 1 && !state.features.twoLevelStreamTable)
      return 'STRTAB_BASE_CFG.FMT=1 asks for a two-level table, but IDR0.ST_LEVEL=0: the table is read as linear';
    if (fmt === 1 && table.split !== split)
      return `STRTAB_BASE_CFG.SPLIT=${split} is reserved and acts as ${table.split} (6.3.25)`;
    if (table.programmedLog2size > state.sidBits)
      return `STRTAB_BASE_CFG.LOG2SIZE=${table.programmedLog2size} is more than IDR1.SIDSIZE=${state.sidBits}, and counts as that`;
    return table.programmedBase === table.base
      ? null
      : `STRTAB_BASE.ADDR=${hex(table.programmedBase)} is not aligned to the table: the SMMU reads it from ${hex(table.base)}`;
  },
};

/** Registers and STEs decide what happens to traffic that is not translated at all. */
const policy: HintKind = {
  id: 'effective-policy',
  when({ state, fault, smmu, ste }) {
    if (!state.smmuEnabled) {
      const abort = smmu.bank.field('GBPA', 'ABORT');
      const why =
        abort === 1
          ? '; it looks like DMA that was quieted before a reset, which stays so until ABORT is cleared'
          : '';
      return `effective policy now: SMMUEN=0, so no table is read; GBPA.ABORT=${abort} ${abort === 1 ? 'terminates all traffic of this Security state' : 'lets all traffic bypass'}${why}`;
    }
    if (fault?.event !== null || ste === null || V.get(ste.words, 0) === 0) return null;
    const config = Config.get(ste.words, 0);
    return config < 4
      ? `effective policy now: STE.Config=${config} terminates the stream without any event`
      : null;
  },
};

/** What the fields for stage 2 hold decides nothing where stage 2 is off (5.2). */
const leftOver: HintKind = {
  id: 'ignored-fields',
  when({ ste, fault }) {
    if (ste === null || fault?.event !== 'C_BAD_STE') return null;
    const config = Config.get(ste.words, 0);
    if ((config & 2) !== 0) return null;
    const set = STE.list.filter(
      (field) => field.applies === 'Config==0b11x' && field.get(ste.words, 0) !== 0,
    );
    if (set.length === 0) return null;
    return `${set.map(({ name }) => `STE.${name}`).join(', ')} ${set.length === 1 ? 'is' : 'are'} not 0, though Config=${config} has no stage 2: by the architecture they are ignored, but some implementations want them 0`;
  },
};

export const STREAM_HINTS: readonly HintKind[] = [
  policy,
  neverConfigured,
  outOfTable,
  noLevel2,
  tableFormat,
  leftOver,
];
