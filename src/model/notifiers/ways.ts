/** What QEMU does about each command: whom `smmuv3_cmdq_consume` tells, and what RFC v3 refuses. */

import { type CommandName, commandByOpcode, opcodeOf } from '../../spec/commands.ts';
import { RANGE_GRANULE_LOG2 } from '../../spec/tlbi-range.ts';
import { argument, type CommandContext } from '../commands/context.ts';
import type { ByAddress, Way } from './invalidation.ts';

/** How a command is told of, and the rule that says so. */
interface Row {
  readonly tells: 'nobody' | 'whole' | 'stage1' | 'stage2';
  readonly rule: string;
}

const NH_ALL_BOTH_STAGES: Row = { tells: 'nobody', rule: 'notify:N3.2' };
const NH_ALL_ONE_STAGE: Row = { tells: 'whole', rule: 'notify:N3.3' };
const EVERYTHING: Row = { tells: 'whole', rule: 'notify:N3.4' };
const BY_VA: Row = { tells: 'stage1', rule: 'notify:N3.5' };
const BY_VMID: Row = { tells: 'whole', rule: 'notify:N3.6' };
const BY_IPA: Row = { tells: 'stage2', rule: 'notify:N3.7' };
const CFGI: Row = { tells: 'nobody', rule: 'notify:N3.8' };
const EL2_EL3: Row = { tells: 'nobody', rule: 'notify:N3.9' };
const ATC_INV: Row = { tells: 'nobody', rule: 'notify:N3.10' };

/** Those of Secure EL2 and Secure stage 2 stand where the others of their kind do. */
const ROWS: Readonly<Partial<Record<CommandName, Row>>> = {
  CMD_CFGI_STE: CFGI,
  CMD_CFGI_STE_RANGE: CFGI,
  CMD_CFGI_CD: CFGI,
  CMD_CFGI_CD_ALL: CFGI,
  CMD_CFGI_VMS_PIDM: CFGI,
  CMD_TLBI_NH_ASID: { tells: 'whole', rule: 'notify:N3.1' },
  CMD_TLBI_NH_VA: BY_VA,
  CMD_TLBI_NH_VAA: BY_VA,
  CMD_TLBI_EL3_ALL: EL2_EL3,
  CMD_TLBI_EL3_VA: EL2_EL3,
  CMD_TLBI_EL2_ALL: EL2_EL3,
  CMD_TLBI_EL2_ASID: EL2_EL3,
  CMD_TLBI_EL2_VA: EL2_EL3,
  CMD_TLBI_EL2_VAA: EL2_EL3,
  CMD_TLBI_S12_VMALL: BY_VMID,
  CMD_TLBI_S2_IPA: BY_IPA,
  CMD_TLBI_NSNH_ALL: EVERYTHING,
  CMD_TLBI_S_EL2_ALL: EL2_EL3,
  CMD_TLBI_S_EL2_ASID: EL2_EL3,
  CMD_TLBI_S_EL2_VA: EL2_EL3,
  CMD_TLBI_S_EL2_VAA: EL2_EL3,
  CMD_TLBI_S_S12_VMALL: BY_VMID,
  CMD_TLBI_S_S2_IPA: BY_IPA,
  CMD_TLBI_SNH_ALL: EVERYTHING,
  CMD_ATC_INV: ATC_INV,
};

function rowOf({ name, state }: CommandContext): Row | undefined {
  if (name !== 'CMD_TLBI_NH_ALL') return ROWS[name];
  return state.features.s2p ? NH_ALL_BOTH_STAGES : NH_ALL_ONE_STAGE;
}

function gap(why: string): Way {
  return { path: 'none', reason: 'gap', why };
}

/** What stands in the way of a command, in the QEMU that a policy stands for; null: nothing. */
function obstacle(c: CommandContext): Way | null {
  const { policy } = c.machine.notifiers;
  const off = c.state.rulesOff;
  const of = c.broadcast ? 'broadcasts' : c.world === 'ns' ? null : `the command queue of state ${c.world}`;
  if (policy === 'qemu-upstream') return of === null ? null : gap(`QEMU does not have ${of}`);
  if (policy !== 'qemu-rfc-v3') return null;
  if (c.broadcast || c.world === 'realm') return gap(`RFC v3 does not have ${of}`);
  if (c.world !== 's') return null;
  if (argument(c, 'SSec') === 1 && !off.has('notify:N6.26'))
    return { path: 'none', reason: 'illegal-there', why: 'RFC v3 answers CERROR_ILL to SSec=1' };
  const ofVm = c.name === 'CMD_TLBI_S12_VMALL' || c.name === 'CMD_TLBI_S2_IPA';
  if (ofVm && !off.has('notify:N6.27'))
    return { path: 'none', reason: 'illegal-there', why: 'RFC v3 answers CERROR_ABT on the Secure queue' };
  return null;
}

/** How QEMU goes about a command; null for commands that invalidate nothing that notifiers hear of. */
export function wayOf(c: CommandContext): Way | null {
  const row = rowOf(c);
  if (row === undefined) return null;
  const stopped = obstacle(c);
  if (stopped !== null) return stopped;
  const off = c.state.rulesOff.has(row.rule);
  if (row.tells === 'nobody') return off ? { path: 'whole' } : gap(`QEMU tells nobody of ${c.name}`);
  if (off) return gap(`${row.rule} is switched off`);
  return row.tells === 'whole' ? { path: 'whole' } : byAddress(c, row.tells === 'stage1' ? 1 : 2);
}

/** What QEMU makes of a range: SCALE has 5 bits there. */
const SCALE_MASK = 0x1f;

function byAddress(c: CommandContext, stage: 1 | 2): ByAddress {
  const { rulesOff: off, features } = c.state;
  const address = commandByOpcode(opcodeOf(c.words, 0))?.layout.fields['Address'];
  const granuleBits = RANGE_GRANULE_LOG2[argument(c, 'TG')] ?? 0;
  const asked = (argument(c, 'NUM') + 1) * 2 ** (argument(c, 'SCALE') & SCALE_MASK);
  const counts = granuleBits === 0 ? off.has('notify:N4.3') : !off.has('notify:N4.4');
  const byAsid = c.name === 'CMD_TLBI_NH_VA' || (stage === 1 && off.has('notify:N4.2'));
  return {
    path: 'iova',
    stage,
    addressHi: address?.hi(c.words, 0) ?? 0,
    addressLo: address?.lo(c.words, 0) ?? 0,
    asid: byAsid ? argument(c, 'ASID') : -1,
    vmid: features.s2p || off.has('notify:N4.1') ? argument(c, 'VMID') : -1,
    granuleBits,
    pages: counts ? asked : 1,
  };
}
