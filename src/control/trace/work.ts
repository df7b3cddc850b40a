/** What a line of a trace means: what it makes known, the operation to make, and with what to compare its answer. */

import { hex, hex64, type U64 } from '../../bits/u64.ts';
import { type Operation, type Plan, transaction } from '../../model/plan.ts';
import type { Smmu } from '../../model/smmu.ts';
import { COMMAND_BYTES } from '../../spec/commands.ts';
import { AT, assumedRegisters, registerOffset } from './assumed.ts';
import { commandAt } from './command.ts';
import { commandDifference, faultDifference, plainDifference, successDifference } from './compare.ts';
import type { TraceEvent } from './event.ts';
import { type Group, granuleOf, groupOf, halfOf, leastSize, type Table } from './group.ts';
import { Learner } from './learner.ts';
import type { TraceLog } from './log.ts';
import type { TraceState } from './state.ts';
import {
  contextOf,
  learnArray,
  learnContext,
  learnNoArray,
  learnPlain,
  learnStage1,
  tableOf,
} from './streams.ts';

/** What a line comes to. */
export interface Work {
  readonly learn: Learner;
  /** Null: nothing happens here but that something becomes known. */
  readonly operation: Operation | null;
  /** Compares the answer: null when it is the trace's, otherwise both in words. */
  readonly compare: ((plan: Plan) => string | null) | null;
  /** The answer of the trace cannot be held against the model's, for this reason. */
  readonly unchecked: string | null;
  /** A difference that shows without an operation. */
  readonly difference: string | null;
  /** What is remembered after it. */
  readonly after: Partial<TraceState>;
}

interface At {
  readonly smmu: Smmu;
  readonly log: TraceLog;
  readonly state: TraceState;
  readonly event: TraceEvent;
  readonly learn: Learner;
}

type Meaning = (at: At) => Partial<Work>;

const NO_TABLES = 'the trace has not yet shown the tables of the stream';
const NO_BEGINNING = 'the trace does not show its beginning';

/** What the line at which a program stands means, at the present state of the SMMU. */
export function workOf(smmu: Smmu, log: TraceLog, state: TraceState): Work {
  const learn = new Learner(smmu);
  const event = log.event(state.line);
  const nothing = { learn, operation: null, compare: null, unchecked: null, difference: null, after: {} };
  if (event === null || event.damage !== null) return nothing;
  if (!state.assumed && NEEDS_RUNNING.includes(event.name)) {
    for (const { offset, value, what } of assumedRegisters(smmu, state.known))
      learn.register(offset, value, what);
    if (learn.operation !== null) return nothing;
  }
  return { ...nothing, ...MEANINGS[event.name]?.({ smmu, log, state, event, learn }) };
}

/** Events that only an SMMU with enabled queues and tables traces. */
export const NEEDS_RUNNING: readonly string[] = [
  'smmuv3_config_cache_hit',
  'smmuv3_config_cache_miss',
  'smmuv3_cmdq_opcode',
];

const MEANINGS: Readonly<Record<string, Meaning>> = {
  smmuv3_config_cache_hit: beginGroup,
  smmuv3_config_cache_miss: beginGroup,
  smmuv3_find_ste_2lvl: ({ event, learn, state }) => {
    const { group } = state;
    if (group === null || group.thread !== event.thread) return {};
    // QEMU quotes 2^Span - 1 there, where the array has 2^(Span - 1) STEs (5.1).
    const stes = (event.number('max_l2_ste') + 1) / 2;
    learnArray(learn, group.sid, event.number('l2ptr'), stes);
    return {};
  },
  smmuv3_get_cd: (at) => inGroup(at, () => ({ cd: at.event.number('addr') })),
  smmuv3_decode_cd_tt: (at) =>
    inGroup(at, ({ tables: [low, high] }) => {
      const table = quotedTable(at.event);
      if (table === null) return { foreign: 'the granule is not one of the architecture' };
      return { tables: at.event.text.startsWith('TT[1]') ? [low, table] : [table, high] };
    }),
  smmu_iotlb_lookup_hit: (at) => lookUp(at, true),
  smmu_iotlb_lookup_miss: (at) => lookUp(at, false),
  smmu_get_pte: ({ event, learn }) => {
    learn.doubleword(event.number('pteaddr'), event.wide('pte'), 'descriptor');
    return {};
  },
  smmu_ptw_level: (at) => walkLevel(at),
  smmu_ptw_page_pte: (at) => inGroup(at, () => ({ leaf: at.event.number('level') })),
  smmu_ptw_block_pte: (at) => inGroup(at, () => ({ leaf: at.event.number('level') })),
  smmuv3_translate_success: translateSuccess,
  smmuv3_translate_bypass: (at) => plain(at, 'bypass'),
  smmuv3_translate_abort: (at) => plain(at, 'abort'),
  smmuv3_translate_disable: disabled,
  smmuv3_record_event: recordEvent,
  smmuv3_cmdq_consume: ({ event }) => ({
    after: {
      queue: {
        prod: event.number('prod'),
        cons: event.number('cons'),
        prodWrap: event.number('prod.wrap'),
        consWrap: event.number('cons.wrap'),
      },
    },
  }),
  smmuv3_cmdq_opcode: command,
  smmuv3_write_mmio: writeRegister,
  smmuv3_read_mmio: readRegister,
};

function beginGroup({ event }: At): Partial<Work> {
  return { after: { group: groupOf(event.thread, event.number('sid')) } };
}

/** Adds to what the lines of a translation have said; lines of another thread say nothing of it. */
function inGroup({ state, event }: At, more: (group: Group) => Partial<Group>): Partial<Work> {
  const { group } = state;
  if (group === null || group.thread !== event.thread) return { after: { group: null } };
  return { after: { group: { ...group, ...more(group) } } };
}

function quotedTable(event: TraceEvent): Table | null {
  const granule = ([12, 14, 16] as const).find((bits) => bits === event.number('granule_sz'));
  return granule === undefined ? null : { base: event.number('ttb'), size: event.number('tsz'), granule };
}

function lookUp(at: At, hit: boolean): Partial<Work> {
  const { event, learn, state } = at;
  const asid = event.number('asid');
  const { group } = state;
  if (group !== null && group.thread === event.thread && asid >= 0) {
    const { pa, words } = learnStage1(learn, group.sid, asid, group.cd);
    if (group.tables[0] !== null || group.tables[1] !== null) {
      learnContext(learn, pa, words, { asid, tables: group.tables });
    }
  }
  return inGroup(at, () => ({
    asid,
    hit,
    page: event.wide('addr'),
    ...(asid < 0 && { foreign: 'stage 2 is not rebuilt from a trace' }),
  }));
}

/** The first level of a walk shows where the tables of the stream begin. */
function walkLevel(at: At): Partial<Work> {
  const { event, learn, state } = at;
  const { group } = state;
  if (group === null || group.thread !== event.thread || group.walking) return {};
  if (event.has('stage') && event.number('stage') !== 1) {
    return inGroup(at, () => ({ walking: true, foreign: 'stage 2 is not rebuilt from a trace' }));
  }
  const level = event.number('level');
  const granule = granuleOf(level, event.number('subpage_sz'));
  if (granule === null) return inGroup(at, () => ({ walking: true, foreign: 'no granule has such a level' }));
  const context = contextOf(learn, group.sid);
  const half = halfOf(event.wide('iova'));
  const old = context?.words ? tableOf(context.words, half) : null;
  const base = event.number('baseaddr');
  if (context !== null && (old === null || old.base !== base || old.granule !== granule)) {
    const table: Table = { base, size: old?.size ?? leastSize(level, granule), granule };
    const tables: [Table | null, Table | null] = half === 0 ? [table, null] : [null, table];
    learnContext(learn, context.pa, context.words, { asid: group.asid, tables });
  }
  return inGroup(at, () => ({ walking: true }));
}

/** Whether the model can walk for the group's stream, or why not. */
function obstacle({ learn }: At, group: Group | null, sid: number, iova: U64): string | null {
  if (group === null || group.sid !== sid || group.asid < 0) return group?.foreign ?? NO_BEGINNING;
  if (group.foreign !== null) return group.foreign;
  const words = contextOf(learn, sid)?.words ?? null;
  return words === null || tableOf(words, halfOf(iova)) === null ? NO_TABLES : null;
}

/**
 * A transaction as the trace shows it. QEMU does not ask for the privilege, so it is one that AP[1] does not refuse.
 */
function access(sid: number, { hi, lo }: U64, write: boolean): Operation {
  return {
    kind: 'transaction',
    transaction: transaction({ sid, vaHi: hi, vaLo: lo, write, privileged: true }),
  };
}

function translateSuccess(at: At): Partial<Work> {
  const { event, state, smmu } = at;
  const { group } = state;
  const sid = event.number('sid');
  const iova = event.wide('iova');
  const after = { group: null };
  const unchecked = obstacle(at, group, sid, iova);
  if (unchecked !== null) return { unchecked, after };
  const permissions = event.number('perm');
  const said = { pa: event.number('translated'), permissions, leaf: group?.leaf ?? -1 };
  return {
    operation: access(sid, iova, (permissions & 1) === 0),
    compare: (plan) => successDifference(smmu, plan, said),
    after,
  };
}

function plain(at: At, config: 'bypass' | 'abort'): Partial<Work> {
  const { event, learn } = at;
  const sid = event.number('sid');
  const iova = event.wide('iova');
  learnPlain(learn, sid, config);
  return {
    operation: access(sid, iova, event.number('is_write') === 1),
    compare: (plan) => plainDifference(plan, config === 'bypass' ? iova : null),
    after: { group: null },
  };
}

const SMMUEN = 1;

/** A transaction while SMMUEN is 0: it passes by GBPA, which the trace does not show. */
function disabled(at: At): Partial<Work> {
  const { event, learn, smmu, state } = at;
  const cr0 = smmu.bank.peek(AT.CR0);
  if ((cr0 & SMMUEN) !== 0 && !state.known.has(AT.CR0)) {
    learn.register(AT.CR0, cr0 & ~SMMUEN, 'CR0.SMMUEN is 0');
    learn.register(AT.CR0ACK, cr0 & ~SMMUEN, 'CR0ACK.SMMUEN is 0');
  }
  const iova = event.wide('iova');
  return {
    operation: access(event.number('sid'), iova, event.number('is_write') === 1),
    compare: (plan) => plainDifference(plan, iova),
    after: { group: null },
  };
}

/** How far from a record the messages stand that belong to it. */
const NEAR = 3;

/** Events whose cause is quoted: the descriptors of the walk. */
const OF_WALK: readonly string[] = ['F_TRANSLATION', 'F_PERMISSION', 'F_ADDR_SIZE', 'F_ACCESS'];

function recordEvent(at: At): Partial<Work> {
  const { event, log, state, learn } = at;
  const { group } = state;
  const sid = event.number('sid');
  const name = event.word('SMMU_EVT_');
  const after = { group: null };
  const message = log.near(state.line, 'failed-translation', -NEAR);
  const iova = message?.wide('iova') ?? group?.page ?? null;
  if (iova === null) return { unchecked: 'the trace does not say at which address', after };
  if (name === 'C_BAD_STREAMID' && log.near(state.line, 'no-level-2', -NEAR) !== null)
    learnNoArray(learn, sid);
  else if (OF_WALK.includes(name)) {
    const unchecked = obstacle(at, group, sid, iova);
    if (unchecked !== null) return { unchecked, after };
  } else return { unchecked: `the trace does not quote what ${name} was found in`, after };
  const rejected = log.near(state.line, 'rejected-access', NEAR);
  // Without the message the direction is open; what a page refuses is most often a write.
  const write = rejected === null ? name === 'F_PERMISSION' : rejected.text.includes('Invalid write');
  return { operation: access(sid, iova, write), compare: (plan) => faultDifference(plan, name), after };
}

const CMDQEN = 8;

/** The command is put where the SMMU reads next, with what the trace quotes of it. */
function command(at: At): Partial<Work> {
  const { smmu, log, state, learn } = at;
  const { words, why, error } = commandAt(log, state.line);
  const log2size = smmu.bank.field('CMDQ_BASE', 'LOG2SIZE');
  const size = 2 ** log2size;
  const old = smmu.bank.peek(AT.CMDQ_CONS) % (2 * size);
  const { queue } = state;
  const cons = queue === null ? old : (queue.cons % size) + queue.consWrap * size;
  const next = (cons + 1) % (2 * size);
  const after = { queue: null };
  if (words === null) {
    learn.register(AT.CMDQ_CONS, next, 'CMDQ_CONS is behind a command that the trace does not quote');
    return { unchecked: why, after };
  }
  const prod = queue === null ? next : (queue.prod % size) + queue.prodWrap * size;
  // An error in the queue of the model would keep it from consuming anything more; CONS.ERR and GERROR stay as they are.
  if (old !== cons) learn.register(AT.CMDQ_CONS, cons, 'CMDQ_CONS');
  learn.register(AT.CMDQ_PROD, prod, 'CMDQ_PROD');
  const cr0 = smmu.bank.peek(AT.CR0);
  if ((cr0 & CMDQEN) === 0)
    learn.register(AT.CR0, (cr0 | CMDQEN) >>> 0, 'CR0.CMDQEN is 1: a command is consumed');
  const index = cons % size;
  const pa = smmu.bank.field('CMDQ_BASE', 'ADDR') + index * COMMAND_BYTES;
  learn.memory(pa, words, `command at index ${hex(index)}`);
  return {
    operation: { kind: 'command', world: 'ns', index, pa },
    compare: (plan) => commandDifference(plan, error),
    after,
  };
}

/** Registers that say where a queue lies, by the index that they give a meaning. */
const BASE_OF: Readonly<Record<number, number>> = {
  [AT.CMDQ_CONS]: AT.CMDQ_BASE,
  [AT.CMDQ_PROD]: AT.CMDQ_BASE,
  [AT.EVENTQ_PROD]: AT.EVENTQ_BASE,
  [AT.EVENTQ_CONS]: AT.EVENTQ_BASE,
};

/** Registers that acknowledge others, by those. */
const ACK_OF: Readonly<Record<number, number>> = {
  [AT.CR0]: AT.CR0ACK,
  [AT.IRQ_CTRL]: AT.IRQ_CTRLACK,
};

/** `size: 0x4(0)`: what the access came to, 0 where it was accepted. */
function accepted(event: TraceEvent): boolean {
  return !event.text.includes('(') || event.text.includes('(0)');
}

function writeRegister({ event, state }: At): Partial<Work> {
  const offset = registerOffset(event.number('addr'));
  if (!accepted(event)) return { unchecked: 'the access was not accepted' };
  const { hi, lo } = event.wide('val');
  const bytes = event.number('size') === 8 ? 8 : 4;
  return {
    operation: { kind: 'register', offset, value: lo, valueHi: bytes === 8 ? hi : 0, bytes },
    after: known(state, offset),
  };
}

/** A value read is compared where the trace has shown before what the register holds; otherwise it is learned. */
function readRegister({ event, state, smmu, learn }: At): Partial<Work> {
  const offset = registerOffset(event.number('addr'));
  if (!accepted(event)) return { unchecked: 'the access was not accepted' };
  const { hi, lo } = event.wide('val');
  const bytes = event.number('size') === 8 ? 8 : 4;
  const own = smmu.registerRead(offset, bytes);
  const after = known(state, offset);
  const base = BASE_OF[offset];
  const comparable = state.known.has(offset) && (base === undefined || state.known.has(base));
  if (!comparable) {
    learn.register(offset, lo, `register ${hex(offset, 4)}`);
    const ack = ACK_OF[offset];
    // What was written long ago is acknowledged; an update in flight would make the next write be ignored (6.3.16, 6.3.18).
    if (ack !== undefined && !state.known.has(ack)) learn.register(ack, lo, `register ${hex(ack, 4)}`);
    if (bytes === 8) learn.register(offset + 4, hi, `register ${hex(offset + 4, 4)}`);
    return { after, unchecked: null };
  }
  const same = own.value === lo && (bytes === 4 || own.valueHi === hi);
  const difference = same
    ? null
    : `register ${hex(offset, 4)} reads ${hex64(hi, lo)} in the trace and ${hex64(own.valueHi, own.value)} in the model`;
  return { after: { ...after, compared: state.compared + 1 }, difference };
}

function known(state: TraceState, offset: number): Partial<TraceState> {
  return state.known.has(offset) ? {} : { known: new Set([...state.known, offset]) };
}
