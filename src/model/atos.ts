/** Address translation operations: IHI 0070 9. They record nothing, and answer in ATOS_PAR. */

import { hex, hex64, hiOf, loOf } from '../bits/u64.ts';
import type { World } from '../bits/world.ts';
import { ATOS_FAULTCODES } from '../spec/event-rules.ts';
import { CLASS_CD, CLASS_TT, EVENTS, type EventName } from '../spec/events.ts';
import { REGISTERS } from '../spec/registers.ts';
import { STE } from '../spec/ste.ts';
import { stuShift } from './ats/request.ts';
import type { Machine } from './machine.ts';
import { type Fault, type Recorder, type Result, type Transaction, transaction } from './plan.ts';
import type { WorldState } from './state.ts';
import { Answer, configFault, silent } from './translate/answer.ts';
import { DEFAULT_ATTRIBUTES } from './translate/attributes.ts';
import type { StreamConfig } from './translate/configuration.ts';

/** One operation, as its registers hold it. */
export interface AtosRequest {
  /** Security state of the stream. */
  readonly world: World;
  readonly sid: number;
  /** SubstreamID, or -1 when SSID_VALID=0. */
  readonly ssid: number;
  /** Address to look up; bits [11:0] do not count. */
  readonly addressHi: number;
  readonly addressLo: number;
  /** TYPE: 1 stage 1, 2 stage 2, 3 both; 0 is reserved. */
  readonly type: number;
  readonly pnu: boolean;
  readonly rnw: boolean;
  readonly ind: boolean;
  /** HTTUI: no flag is updated. */
  readonly httui: boolean;
  /** NS of the address, on Secure and Realm streams. */
  readonly ns?: boolean;
  /** VATOS only: VATOS_SEL.VMID, the virtual machine that may ask (9.1.6). */
  readonly vmid?: number;
}

/** What ATOS_PAR gets. */
export interface AtosResult {
  /** `ok` and `abort` (a fault in PAR); otherwise nothing is claimed, and PAR is 0. */
  readonly result: Result;
  readonly parHi: number;
  readonly parLo: number;
  /** One line for people. */
  readonly text: string;
  /** What the translation left: what caches would keep, what is missing; null when there was none. */
  readonly answer: Answer | null;
}

/** How a transaction of kind `atos` is translated: as any other, by `translateTraffic`. */
export type Translate = (
  machine: Machine,
  state: WorldState,
  t: Transaction,
  answer: Answer,
  recorder: Recorder | null,
) => void;

type AtosError = keyof typeof ATOS_FAULTCODES;

/** Marks the one fault that has no event: an operation that asks for a stage which the STE does not enable. */
const INV_STAGE: AtosError = 'INV_STAGE';

const { Config } = STE.fields;

/** Which stages TYPE asks for. */
const asksStage1 = (type: number): boolean => (type & 1) !== 0;
const asksStage2 = (type: number): boolean => (type & 2) !== 0;

/** Why a request is malformed whatever its stream is like (9.1.3), or null. */
function invalidRequest(request: AtosRequest, state: WorldState): string | null {
  const { type, vmid } = request;
  if (type !== 1 && type !== 2 && type !== 3) return `TYPE=${type} is reserved`;
  if (vmid !== undefined && type !== 1) return `TYPE=${type} is not for a virtual machine`;
  if (asksStage1(type) && !state.features.s1p) return 'there is no stage 1 (IDR0.S1P=0)';
  if (asksStage2(type) && !state.features.s2p) return 'there is no stage 2 (IDR0.S2P=0)';
  return type === 2 && request.ssid >= 0 ? 'a SubstreamID without stage 1' : null;
}

/**
 * What the legal STE means to an operation: VATOS sees its own VMID only (9.1.6), and the stages asked for must be
 * enabled (9.1.3). True when the operation has ended.
 */
export function atosAtStream(
  t: Transaction,
  state: WorldState,
  stream: StreamConfig,
  answer: Answer,
): boolean {
  const config = Config.get(stream.words, 0);
  const translates = stream.action !== 'abort' && stream.action !== 'bypass';
  const { atos } = t;
  if (!atos) throw new RangeError('an operation without its query');
  if (atos.vmid !== undefined && !(translates && sameVmid(stream, atos.vmid, state))) {
    const reason = translates
      ? `the stream's VMID is not VATOS_SEL.VMID=${atos.vmid}`
      : 'the STE has no VMID: no stage translates';
    answer.fail(configFault('C_BAD_STE', reason, '9.1.6'));
    return true;
  }
  const enabled = translates ? config & 3 : 0;
  if ((enabled & atos.stages) === atos.stages) {
    answer.stage1Only = atos.stages === 1 && stream.stage2 !== null;
    answer.stage2Only = atos.stages === 2;
    return false;
  }
  answer.fail(silent(`STE.Config=${config} does not enable the stages asked for`, INV_STAGE));
  return true;
}

function sameVmid(stream: StreamConfig, vmid: number, state: WorldState): boolean {
  return state.features.s2p && stream.vmid === vmid;
}

/** Computes an operation; SMMUEN and the handshake of RUN are the caller's business. */
export function runAtos(
  machine: Machine,
  state: WorldState,
  request: AtosRequest,
  translate: Translate,
  recorder: Recorder | null = null,
): AtosResult {
  if (!state.smmuEnabled) return failed(request, errorCode('INTERNAL_ERR'), 'SMMUEN=0', null);
  const invalid = invalidRequest(request, state);
  if (invalid !== null) return failed(request, errorCode('INV_REQ'), invalid, null);
  const answer = new Answer();
  translate(machine, state, asTransaction(request), answer, recorder);
  // HTTUI: the flags stay as they are, so nothing may be kept that relies on them (9.1.3).
  if (request.httui && answer.updates.length > 0) forget(answer);
  const { fault } = answer;
  if (answer.result === 'absent' || answer.result === 'miss' || answer.result === 'not-modelled') {
    const { missing } = answer;
    const text = missing
      ? `${missing.structure} at ${hex(missing.pa)} is not in the image`
      : (fault?.reason ?? '');
    return { result: answer.result, parHi: 0, parLo: 0, text, answer };
  }
  return fault === null ? found(request, state, answer) : faulted(request, fault, answer);
}

function forget(answer: Answer): void {
  answer.updates.length = 0;
  answer.fills.length = 0;
  answer.fillTlb = null;
}

function asTransaction(request: AtosRequest): Transaction {
  const { vmid } = request;
  const stages = request.type === 1 ? 1 : request.type === 2 ? 2 : 3;
  return transaction({
    world: request.world,
    sid: request.sid,
    ssid: request.ssid,
    vaHi: request.addressHi,
    vaLo: request.addressLo & ~0xfff,
    write: !request.rnw,
    privileged: request.pnu,
    instruction: request.ind && request.rnw,
    kind: 'atos',
    attributes: DEFAULT_ATTRIBUTES,
    ns: request.ns ?? false,
    atos: { stages, passive: request.httui, ...(vmid !== undefined && { vmid }) },
  });
}

/** How a code is shown, and its number. */
interface Code {
  readonly name: string;
  readonly number: number;
}

const errorCode = (name: AtosError): Code => ({ name, number: ATOS_FAULTCODES[name] });
const eventCode = (name: EventName): Code => ({ name, number: EVENTS[name].number });

/** REASON of a fault at stage 2 (6.3.40). */
const REASON_IN = 3;
const REASON_TT = 2;
const REASON_CD = 1;

const TRANSLATION_RELATED: ReadonlySet<EventName> = new Set([
  'F_TRANSLATION',
  'F_ADDR_SIZE',
  'F_ACCESS',
  'F_PERMISSION',
]);

/** PAR of a fault: FAULTCODE, REASON and FADDR by the table of 9.1.4. */
function faulted(request: AtosRequest, fault: Fault, answer: Answer): AtosResult {
  const { event } = fault;
  if (event === null) {
    const code = fault.rule === INV_STAGE ? INV_STAGE : 'INTERNAL_ERR';
    return failed(request, errorCode(code), fault.reason, answer);
  }
  const stage2 = fault.stage === 2;
  if (request.type === 1) {
    // Stage 2 stays hidden: what goes wrong there looks like an abort of the fetch (9.1.4).
    const hidden = fault.class === CLASS_CD ? 'F_CD_FETCH' : 'F_WALK_EABT';
    return failed(request, eventCode(stage2 ? hidden : event), fault.reason, answer);
  }
  const ofClass = fault.class === CLASS_CD ? REASON_CD : fault.class === CLASS_TT ? REASON_TT : REASON_IN;
  if (request.type === 2) {
    // All but an address that is too large for a stage 1 in bypass counts as stage 2, and no IPA is repeated.
    const stage1 = event === 'F_ADDR_SIZE' && !stage2;
    return failed(request, eventCode(event), fault.reason, answer, stage1 ? 0 : REASON_IN);
  }
  const shown = stage2 && TRANSLATION_RELATED.has(event);
  const ipa = shown ? (fault.ipa ?? 0) : 0;
  const ipaNs = shown && fault.ipaNs === true;
  return failed(request, eventCode(event), fault.reason, answer, stage2 ? ofClass : 0, ipa, ipaNs);
}

function failed(
  request: AtosRequest,
  code: Code,
  why: string,
  answer: Answer | null,
  reason = 0,
  ipa = 0,
  ipaNs = false,
): AtosResult {
  const par = new Uint32Array(2);
  const f = REGISTERS.S_GATOS_PAR.layout.fields;
  f.FAULT.set(par, 0, 1);
  f.REASON.set(par, 0, reason);
  f.FAULTCODE.set(par, 0, code.number);
  f.FADDR.setHalves(par, 0, hiOf(ipa), loOf(ipa));
  if (request.world !== 'ns') f.NSIPA.set(par, 0, ipaNs ? 1 : 0);
  const [parLo = 0, parHi = 0] = par;
  const text = `${code.name}: ${why}; PAR=${hex64(parHi, parLo)}`;
  return { result: 'abort', parHi, parLo, text, answer };
}

/** Device memory is Outer Shareable, whatever a descriptor says (9.1.4). */
const OUTER_SHAREABLE = 2;
const isDevice = (attributes: number): boolean => (attributes & 0xf0) === 0;

/** PAR of a translation: the address, and below it the bit that tells the size (6.3.40). */
function found(request: AtosRequest, state: WorldState, answer: Answer): AtosResult {
  const par = new Uint32Array(2);
  const f = REGISTERS.S_GATOS_PAR.layout.fields;
  // In bypass any size from the smallest granule to IAS may be given (9.1.3).
  const shift = answer.shift === 0 ? stuShift(state) : answer.shift;
  const base = answer.pa - (answer.pa % 2 ** shift);
  const address = shift > 12 ? base + 2 ** (shift - 1) : base;
  f.ADDR.setHalves(par, 0, hiOf(address), loOf(address));
  f.Size.set(par, 0, shift > 12 ? 1 : 0);
  f.ATTR.set(par, 0, answer.attributes & 0xff);
  f.SH.set(par, 0, isDevice(answer.attributes) ? OUTER_SHAREABLE : (answer.attributes >>> 8) & 3);
  if (request.world !== 'ns') f.NS.set(par, 0, answer.space === 'ns' ? 1 : 0);
  const [parLo = 0, parHi = 0] = par;
  const text = `${hex(base)} + ${hex(2 ** shift)} bytes; PAR=${hex64(parHi, parLo)}`;
  return { result: 'ok', parHi, parLo, text, answer };
}
