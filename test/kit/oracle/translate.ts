/**
 * A second reading of Arm IHI 0070 and of the translation systems of DDI 0487: what becomes of a Non-secure transaction.
 * It is slow and plain, shares nothing with src, and exists to be compared with the model.
 */

import {
  consistent,
  DEFAULT_INPUT,
  gbpaOverrides,
  override,
  throughStage1,
  throughStage2,
} from './attributes.ts';
import { exceeds, num, ones } from './bits.ts';
import type { Cd } from './cd.ts';
import { contextIndex, fetchCd } from './context.ts';
import { CLASS, Fault } from './fault.ts';
import { Features, registersOf } from './features.ts';
import { Memory } from './memory.ts';
import type { Access } from './permissions.ts';
import { stage1 } from './stage1.ts';
import { recordedIpa, Stage2 } from './stage2.ts';
import { hasStage2, type Ste, streamWorld } from './ste.ts';
import { fetchSte } from './stream.ts';
import type { EventFields, EventName, Machine, MemoryAttributes, OracleResult, Txn } from './types.ts';

/** What is known when a fault comes. */
interface Progress {
  ste: Ste | null;
  cd: Cd | null;
  privileged: boolean;
  instruction: boolean;
}

export function translate(machine: Machine, txn: Txn): OracleResult {
  const f = new Features(machine);
  const memory = new Memory(machine);
  const progress: Progress = {
    ste: null,
    cd: null,
    privileged: txn.privileged,
    instruction: txn.instruction && !txn.write,
  };
  try {
    const { pa, attributes } = output(machine, txn, f, memory, progress);
    return { ok: true, pa, attributes, updates: memory.updates };
  } catch (fault) {
    if (!(fault instanceof Fault)) throw fault;
    return { ...terminate(fault, txn, progress), updates: memory.updates };
  }
}

interface Output {
  readonly pa: bigint;
  readonly attributes: MemoryAttributes;
}

function output(machine: Machine, txn: Txn, f: Features, memory: Memory, progress: Progress): Output {
  const { enabled, gbpa, e2h } = registersOf(machine);
  const input = txn.attributes ?? DEFAULT_INPUT;
  const typesOverridden = f.has('IDR1.ATTR_TYPES_OVR');
  if (!enabled) {
    if (num(gbpa, 20) === 1 || exceeds(txn.va, f.oas)) throw new Fault(null);
    const attributes = typesOverridden ? override(input, gbpaOverrides(gbpa)) : consistent(input);
    return { pa: txn.va, attributes };
  }

  const ste = fetchSte(machine, f, memory, txn.sid);
  progress.ste = ste;
  applyPermissionOverrides(ste, f, txn, progress);
  const access: Access = {
    read: txn.atomic === true || (!txn.write && !progress.instruction),
    write: txn.write,
    execute: progress.instruction,
    privileged: progress.privileged,
  };
  let attributes = typesOverridden ? override(input, ste) : consistent(input);

  const index = contextIndex(ste, f, txn.ssid);
  const stage2 = hasStage2(ste) ? new Stage2(ste, f, memory) : null;
  let address = txn.va;
  if (index === null) bypassStage1(ste, f, txn.va);
  else {
    const world = streamWorld(ste, f, e2h);
    // Without stage 2 addresses are PAs, and LPAE's 40 bits may be more than there are (3.4).
    const physical = (pa: bigint): bigint => pa & ones(f.oas);
    const cd = fetchCd(
      { ste, f, memory, world, locate: (at) => (stage2 ? stage2.structure(at, 'CD') : physical(at)) },
      index,
    );
    progress.cd = cd;
    const locate = (at: bigint, write: boolean): bigint =>
      stage2 ? stage2.structure(at, 'TT', write) : physical(at);
    const first = stage1({ cd, f, world, memory, locate }, txn.va, access);
    address = first.output;
    attributes = throughStage1(attributes, first.attributes);
  }
  if (stage2 === null) return { pa: address & ones(f.oas), attributes: consistent(attributes) };
  const second = stage2.translate(address, CLASS.IN, access);
  return { pa: second.pa, attributes: consistent(throughStage2(attributes, second.attributes)) };
}

/** 5.2 PRIVCFG, INSTCFG; 13.1.2: a write is data whatever anyone says. */
function applyPermissionOverrides(ste: Ste, f: Features, txn: Txn, progress: Progress): void {
  if (!f.has('IDR1.ATTR_PERMS_OVR')) return;
  if (ste.PRIVCFG >= 2) progress.privileged = ste.PRIVCFG === 3;
  if (ste.INSTCFG >= 2 && !txn.write) progress.instruction = ste.INSTCFG === 3;
}

/** 3.4: without translation OAS limits the input, before stage 2 and with S1DSS it is IAS. */
function bypassStage1(ste: Ste, f: Features, va: bigint): void {
  if (exceeds(va, ste.Config === 4 ? f.oas : f.ias)) {
    throw new Fault('F_ADDR_SIZE', { stage: 1, class: CLASS.IN, fixed: true });
  }
}

const TRANSLATION: readonly (EventName | null)[] = [
  'F_TRANSLATION',
  'F_ADDR_SIZE',
  'F_ACCESS',
  'F_PERMISSION',
];

/** What the client and the event queue see (3.12, 5.5). */
function terminate(
  { event, details }: Fault,
  txn: Txn,
  progress: Progress,
): Omit<Extract<OracleResult, { ok: false }>, 'updates'> {
  const { ste, cd } = progress;
  const configurable = TRANSLATION.includes(event) && !details.fixed;
  const stalls = configurable && (details.stage === 2 ? ste?.S2S : cd?.S) === true;
  const records = details.stage === 2 ? ste?.S2R : cd?.R;
  const recorded = event !== null && (!configurable || stalls || records === true);
  const zero = configurable && details.stage === 1 && cd?.A === false;
  const result = stalls ? 'stall' : zero ? 'razwi' : 'abort';
  return { ok: false, result, event, fields: fieldsOf(event, details, txn, progress, stalls), recorded };
}

function fieldsOf(
  event: EventName | null,
  details: Fault['details'],
  txn: Txn,
  progress: Progress,
  Stall: boolean,
): EventFields {
  const withAccess = TRANSLATION.includes(event) || event === 'F_WALK_EABT';
  const withSubstream = txn.ssid !== null && event !== 'F_STREAM_DISABLED';
  const readOnly = txn.atomic === true && event === 'F_PERMISSION' && details.lacksRead === true;
  const permissionOfTable = event === 'F_PERMISSION' && details.stage === 2 && details.class === CLASS.TT;
  return {
    StreamID: txn.sid,
    SSV: withSubstream && event !== 'C_BAD_SUBSTREAMID',
    SubstreamID: withSubstream ? (txn.ssid ?? 0) : 0,
    PnU: withAccess && progress.privileged,
    InD: withAccess && progress.instruction,
    RnW: withAccess && (!txn.write || readOnly),
    S2: withAccess && details.stage === 2,
    CLASS: withAccess ? (details.class ?? CLASS.IN) : 0,
    InputAddr: withAccess ? txn.va : 0n,
    IPA: details.stage === 2 ? recordedIpa(details.ipa ?? 0n) : 0n,
    FetchAddr: details.fetch ?? 0n,
    Stall,
    TTRnW: permissionOfTable && details.tableWrite !== true,
  };
}
