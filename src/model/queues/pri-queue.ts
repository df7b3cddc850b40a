/** The PRI queue: IHI 0070 8, and 3.5 for what queues have in common. */

import { hex } from '../../bits/u64.ts';
import { PRI_RESPONSE_CODES } from '../../spec/command-rules.ts';
import { feature } from '../../spec/features.ts';
import { gerrorMask } from '../../spec/gerror.ts';
import { PRIQ_ENTRY, PRIQ_ENTRY_BYTES } from '../../spec/priq.ts';
import { REGISTERS, WORLD_PREFIX } from '../../spec/registers.ts';
import { STE } from '../../spec/ste.ts';
import { requestSent, respond } from '../ats/page-requests.ts';
import { requestError } from '../ats/stream.ts';
import { offsetOf } from '../bank.ts';
import type { Changeable } from '../effects.ts';
import { encodeRecord } from '../events/record.ts';
import { recordEvent, withGpcf } from '../events/report.ts';
import { judgeWrite } from '../gpc/own-write.ts';
import { reportRefused } from '../gpc/report.ts';
import { interruptPriq, raiseGerror } from '../interrupts.ts';
import {
  type Effect,
  type Missing,
  type PageRequest,
  type Recorder,
  type Recording,
  transaction,
} from '../plan.ts';
import type { WorldState } from '../state.ts';
import { Answer } from '../translate/answer.ts';
import { fetchStream } from '../translate/stream-lookup.ts';
import { worldRuleOff } from '../world-rules.ts';
import { advance, entryAddress, ring } from './ring.ts';
import { queueOwner, queueSpace } from './world-queues.ts';

const OVFLG = 2 ** REGISTERS.PRIQ_PROD.layout.fields.OVFLG.lsb;
const PRIQ_ABT_ERR = gerrorMask('PRIQ_ABT_ERR');
const { PPAR } = STE.fields;

/** What became of a message. */
export interface PageRequestEnd {
  /** `written`, or why it was discarded; `unknown`: what decides is not in the image, and nothing was done. */
  readonly fate: 'written' | 'secure' | 'disabled' | 'aborted' | 'overflow' | 'unknown';
  /** Response that the SMMU sent by itself, or -1. */
  readonly response: number;
  /** The entry as it is (or would be) in the queue. */
  readonly entry: Uint32Array;
  /** What became of an event that the check of STE.PPAR met. */
  readonly recording: Recording;
  /** The STE that holds PPAR is not in the image: nothing is claimed. */
  readonly missing: Lacking | null;
}

/** How an operation ends that lacks a part of the image. */
interface Lacking {
  readonly result: 'absent' | 'miss';
  readonly missing: Missing;
}

/** A Stop PASID marker: Last=1, W=R=0, and a PASID (8). It is never answered. */
export function isStopMarker(request: PageRequest): boolean {
  return request.ssid >= 0 && request.last && !request.write && !request.read;
}

/** The 16 bytes of a message in the queue. */
export function encodePageRequest(request: PageRequest): Uint32Array {
  const f = PRIQ_ENTRY.fields;
  const words = new Uint32Array(PRIQ_ENTRY.words);
  const pasid = request.ssid >= 0;
  f.StreamID.set(words, 0, request.sid);
  f.SSV.set(words, 0, pasid ? 1 : 0);
  if (pasid) f.SubstreamID.set(words, 0, request.ssid);
  f.R.set(words, 0, request.read ? 1 : 0);
  f.W.set(words, 0, request.write ? 1 : 0);
  f.X.set(words, 0, pasid && request.execute ? 1 : 0);
  f.Priv.set(words, 0, pasid && request.privileged ? 1 : 0);
  f.Last.set(words, 0, request.last ? 1 : 0);
  f.PRGIndex.set(words, 0, request.prgIndex);
  f.PageAddress.setHalves(words, 0, request.addressHi, request.addressLo);
  return words;
}

/** Takes a message of an endpoint: into the queue, or discarded with the response that 8.1 and 8.2 ask for. */
export function takePageRequest(
  on: Changeable,
  state: WorldState,
  incoming: PageRequest,
  effects: Effect[],
  recorder: Recorder | null,
): PageRequestEnd {
  // Without substreams SSV is always 0 (8).
  const request = state.ssidBits === 0 ? { ...incoming, ssid: -1 } : incoming;
  const entry = encodePageRequest(request);
  const { bank, traffic } = on;
  const { rulesOff } = state;
  const owner = queueOwner(rulesOff, request.world, 'PRIQ');
  const world = owner ?? 'ns';
  const prefix = WORLD_PREFIX[world];
  const marker = isStopMarker(request);
  if (!marker) effects.push(...requestSent(traffic.pages, request));
  const end = (
    fate: PageRequestEnd['fate'],
    response = -1,
    recording: Recording = 'none',
    missing: Lacking | null = null,
  ): PageRequestEnd => ({
    fate,
    response,
    entry,
    recording,
    missing,
  });
  /** Discards the message, with a Response Failure that bears no PASID. */
  const discard = (fate: PageRequestEnd['fate'], why: string): PageRequestEnd => {
    recorder?.step('decide', `discarded: ${why}`);
    if (marker) return end(fate);
    const code = PRI_RESPONSE_CODES.ResponseFailure;
    answerRequest(on, request, -1, code, effects, recorder);
    return end(fate, code);
  };
  if (owner === null)
    return discard('secure', 'page requests do not exist on the streams of this Security state');
  if (!state.features.pri && !worldRuleOff(rulesOff, request.world, 'PRIQ')) {
    return discard('disabled', 'there is no PRI queue (IDR0.PRI, R_IDR0.PRI)');
  }
  if (!state.smmuEnabled) return discard('disabled', 'SMMUEN=0 makes PRIQEN count as 0');
  if (bank.field(`${prefix}CR0`, 'PRIQEN') === 0) return discard('disabled', 'CR0.PRIQEN=0');
  const gerror = bank.lo(`${prefix}GERROR`);
  if (((gerror ^ bank.lo(`${prefix}GERRORN`)) & PRIQ_ABT_ERR) !== 0) {
    return discard('aborted', 'GERROR.PRIQ_ABT_ERR is active');
  }
  const queue = ring(bank, 'PRIQ', world);
  const prod = bank.lo(`${prefix}PRIQ_PROD`);
  const signals = { machine: on, world, effects, recorder };
  const { last } = request;
  const overflowing = ((prod ^ bank.lo(`${prefix}PRIQ_CONS`)) & OVFLG) !== 0;
  if (overflowing || queue.full || queue.inconsistent) {
    if (!overflowing) {
      const value = (prod ^ OVFLG) >>> 0;
      recorder?.step('register', 'PRIQ_PROD.OVFLG toggles: the queue is full');
      effects.push({
        kind: 'register',
        offset: offsetOf(`${prefix}PRIQ_PROD`),
        value,
        what: 'PRIQ_PROD.OVFLG toggles: overflow',
      });
    }
    interruptPriq(signals, { firstEntry: false, last, written: false, overflow: true });
    if (marker || !request.last) {
      recorder?.step('decide', 'discarded without a response: the queue overflows');
      return end('overflow');
    }
    const response = overflowResponse(on, state, request, effects, recorder);
    if ('missing' in response) {
      effects.length = 0;
      return end('unknown', -1, 'none', response);
    }
    const { code, ssid, recording } = response;
    answerRequest(on, request, ssid, code, effects, recorder);
    return end('overflow', code, recording);
  }
  const pa = entryAddress(queue, queue.prod);
  const space = queueSpace(rulesOff, world);
  const write = judgeWrite(on, space, pa, PRIQ_ENTRY_BYTES);
  if (write === 'unknown') return end('unknown');
  if (write === 'aborts') {
    raiseGerror(signals, 'PRIQ_ABT_ERR', `the write to ${hex(pa)} aborted`);
    return discard('aborted', `the write to ${hex(pa)} aborts`);
  }
  recorder?.step('memory', `the message goes to PRIQ[${hex(queue.prod)}] at ${hex(pa)}`);
  effects.push({ kind: 'memory', space, pa, words: entry, what: `PRIQ[${hex(queue.prod)}]` });
  effects.push({
    kind: 'register',
    offset: offsetOf(`${prefix}PRIQ_PROD`),
    value: advance(prod, queue.log2size),
    what: 'PRIQ_PROD moves past the message',
  });
  interruptPriq(signals, { firstEntry: queue.empty, last, written: true, overflow: false });
  return end('written');
}

function answerRequest(
  on: Changeable,
  request: PageRequest,
  ssid: number,
  code: number,
  effects: Effect[],
  recorder: Recorder | null,
): void {
  const { pages } = on.traffic;
  const pasid = ssid >= 0 ? ` with PASID ${hex(ssid)}` : '';
  recorder?.step('decide', `automatic response, code ${code}${pasid}`);
  // The request joins its group by an earlier effect of this list: that group is what is answered.
  const joined = effects.findLast((e) => e.kind === 'store' && e.store === pages && e.op === 'insert');
  const group = joined?.kind === 'store' ? (joined.entry as ReturnType<typeof pages.find>) : undefined;
  const { world, sid, prgIndex } = request;
  effects.push(...respond(pages, { world, sid, ssid, prgIndex }, group, code));
}

/** The response of an overflow, and whether it bears the PASID of the request: IDR3.PPS and STE.PPAR decide (8.1). */
function overflowResponse(
  on: Changeable,
  state: WorldState,
  request: PageRequest,
  effects: Effect[],
  recorder: Recorder | null,
): { code: number; ssid: number; recording: Recording } | Lacking {
  const success = PRI_RESPONSE_CODES.Success;
  if (request.ssid < 0) return { code: success, ssid: -1, recording: 'none' };
  if (feature(state.ids, 'IDR3.PPS') === 1) return { code: success, ssid: request.ssid, recording: 'none' };
  const answer = new Answer();
  const cached = on.policy === 'none' ? undefined : on.config.find(request.world, request.sid);
  const stream = cached?.stream ?? fetchStream(on, state, request.world, request.sid, answer, recorder);
  if (stream !== null) {
    const ssid = PPAR.get(stream.words, 0) === 1 ? request.ssid : -1;
    return { code: success, ssid, recording: 'none' };
  }
  // What the SMMU was refused it reports, whether or not there is an event (3.25.4).
  if (on.protection !== null) reportRefused({ machine: on, effects, recorder }, answer);
  const { result, missing } = answer;
  if ((result === 'absent' || result === 'miss') && missing !== null) return { result, missing };
  const fault = answer.fault === null ? null : requestError(withGpcf(answer.fault, state), state);
  let recording: Recording = 'none';
  if (fault !== null) {
    recorder?.step('fault', `STE.PPAR cannot be read: ${fault.reason}`, fault.field ?? null, fault);
    const { world, sid, ssid, addressHi, addressLo } = request;
    const t = transaction({ world, sid, ssid, vaHi: addressHi, vaLo: addressLo });
    const record = encodeRecord(fault, { transaction: t, privileged: false, instruction: false }, -1);
    if (record !== null && fault.event !== null) {
      recording = recordEvent(on, state, world, fault.event, record, false, effects, recorder);
    }
  }
  return { code: PRI_RESPONSE_CODES.ResponseFailure, ssid: -1, recording };
}
