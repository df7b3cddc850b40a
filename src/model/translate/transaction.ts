/** One transaction from SMMUEN to the output address, in the order of IHI 0070 3.3 and 7.3.21 (priorities). */

import { hex64 } from '../../bits/u64.ts';
import type { ConfigEntry } from '../caches/config.ts';
import type { Machine } from '../machine.ts';
import type { Fault, Recorder, Transaction } from '../plan.ts';
import type { WorldState } from '../state.ts';
import { type Answer, silent, stage1Fault } from './answer.ts';
import type { ContextConfig, StreamConfig } from './configuration.ts';
import { BYPASS_STAGE1, contextIndex, fetchContext } from './context-lookup.ts';
import { abortRule } from './stream.ts';
import { fetchStream } from './stream-lookup.ts';
import { halfOfAddress, inRange, spaceOf, useEntry, walkStage1 } from './walk.ts';

const FORCED_OFF = 2;
const FORCED_ON = 3;

/** PRIVCFG and INSTCFG: 2 forces 0, 3 forces 1, anything else leaves what came in. */
function overridden(incoming: boolean, cfg: number): boolean {
  return cfg === FORCED_ON ? true : cfg === FORCED_OFF ? false : incoming;
}

/** The address needs more bits than there are. */
function exceeds(vaHi: number, bits: number): boolean {
  return vaHi >>> (bits - 32) !== 0;
}

function bypass(t: Transaction, answer: Answer): void {
  answer.pa = t.vaHi * 2 ** 32 + t.vaLo;
  answer.space = t.world;
}

/** Asked once the legal STE is known; true when the transaction has ended. */
type AtStream = (
  machine: Machine,
  state: WorldState,
  stream: StreamConfig,
  t: Transaction,
  answer: Answer,
  recorder: Recorder | null,
) => boolean;

/**
 * Computes a transaction; pure: what caches and queues would change is left in the answer.
 * @param answer reset by the caller
 * @param atStream what the STE means to transactions that are not ordinary, or null
 */
export function translateTransaction(
  machine: Machine,
  state: WorldState,
  t: Transaction,
  answer: Answer,
  recorder: Recorder | null,
  atStream: AtStream | null = null,
): void {
  answer.privileged = t.privileged;
  answer.instruction = t.instruction && !t.write;
  if (t.world !== 'ns') {
    answer.decline(`the streams of world ${t.world} are not modelled by this version`, '3.10');
    return;
  }
  if (!state.smmuEnabled) {
    disabled(state, t, answer, recorder);
    return;
  }
  const cached = machine.policy === 'none' ? undefined : machine.config.find(t.world, t.sid);
  const stream = cached?.stream ?? fetchStream(machine, state, t.world, t.sid, answer, recorder);
  if (stream === null) return;
  if (cached) {
    answer.configHit = true;
    if (recorder) recordCachedStream(recorder, cached);
  }
  // ATOS asks with the attributes as they are written (9.1.3).
  if (t.kind !== 'atos') {
    answer.privileged = overridden(t.privileged, stream.privCfg);
    answer.instruction = !t.write && overridden(t.instruction, stream.instCfg);
  }
  answer.stream = stream;
  if (recorder) recordAction(recorder, stream);
  if (atStream?.(machine, state, stream, t, answer, recorder)) return;

  if (stream.action === 'abort') {
    remember(machine, cached, stream, null, answer);
    const config = configOf(stream);
    answer.fail(silent(`STE.Config=${config}: traffic of this stream is terminated`, abortRule(config)));
    return;
  }
  if (stream.action === 'stage2') {
    answer.decline('the STE enables stage 2, which this version of the model does not translate', '3.3.2');
    return;
  }
  const index = contextIndex(stream, t.ssid, state);
  if (typeof index !== 'number') {
    answer.fail(index);
    return;
  }
  if (index === BYPASS_STAGE1) {
    bypassStage1(machine, cached, stream, state, t, answer, recorder);
    return;
  }
  const known = cached?.contexts.get(index);
  const context = known ?? fetchContext(machine, state, stream, index, answer, recorder);
  if (context === null) return;
  if (known) {
    if (recorder) recordCachedContext(recorder, stream, known);
  } else remember(machine, cached, stream, context, answer);
  translate(machine, stream, context, t, answer, recorder);
  terminate(stream, context, answer);
}

/** SMMUEN=0: GBPA decides (6.3.14), and nothing is recorded. */
function disabled(state: WorldState, t: Transaction, answer: Answer, recorder: Recorder | null): void {
  recorder?.step('decide', `CR0.SMMUEN=0: GBPA.ABORT=${state.gbpaAbort ? 1 : 0} decides`);
  if (state.gbpaAbort && !state.rulesOff.has('DIS-ABORT')) {
    answer.fail(silent('SMMUEN=0 and GBPA.ABORT=1: all traffic is terminated', 'DIS-ABORT'));
    return;
  }
  if (exceeds(t.vaHi, state.oasBits) && !state.rulesOff.has('DIS-BYPASS')) {
    const reason = `SMMUEN=0, and ${hex64(t.vaHi, t.vaLo)} is beyond the ${state.oasBits}-bit OAS`;
    answer.fail(silent(reason, 'DIS-BYPASS'));
    return;
  }
  bypass(t, answer);
}

/** Stage 1 does not translate: the input is checked against OAS, or against IAS before a stage 2 (3.4). */
function bypassStage1(
  machine: Machine,
  cached: ConfigEntry | undefined,
  stream: StreamConfig,
  state: WorldState,
  t: Transaction,
  answer: Answer,
  recorder: Recorder | null,
): void {
  remember(machine, cached, stream, null, answer);
  recorder?.step('decide', 'stage 1 is bypassed: the output address is the input address');
  const bits = stream.action === 'bypass' ? state.oasBits : state.iasBits;
  if (exceeds(t.vaHi, bits) && !state.rulesOff.has('BYP-ADDR')) {
    const reason = `input address ${hex64(t.vaHi, t.vaLo)} is beyond ${bits} bits, and stage 1 is bypassed`;
    answer.fail(stage1Fault('F_ADDR_SIZE', reason, 'BYP-ADDR', 0));
    return;
  }
  bypass(t, answer);
  // IAS may be more than OAS (VMSAv8-32 LPAE): without a stage 2 the output is then cut to OAS (3.4).
  if (state.iasBits > state.oasBits) answer.pa %= 2 ** state.oasBits;
}

/** Range check, TLB, walk. */
function translate(
  machine: Machine,
  stream: StreamConfig,
  context: ContextConfig,
  t: Transaction,
  answer: Answer,
  recorder: Recorder | null,
): void {
  if (context.format !== 'VMSAv8-64' || context.indirect) {
    const what = context.indirect ? 'permission indirection' : `${context.format} tables`;
    answer.decline(`the CD selects ${what}, which this version of the model does not walk`, '5.4');
    return;
  }
  const half = halfOfAddress(context, t.vaHi);
  const name = half === context.halves[0] ? 'TTB0' : 'TTB1';
  const reachable = context.twoRanges || (t.vaHi & 0x800000) === 0;
  if (!reachable || !inRange(context, half, t.vaHi, t.vaLo)) {
    const reason = `input address ${hex64(t.vaHi, t.vaLo)} is outside the ${half.inputBits}-bit range of ${name}`;
    answer.fail(stage1Fault('F_TRANSLATION', reason, '3.4.1', half.startLevel));
    return;
  }
  if (half.e0pd && !answer.privileged) {
    const reason = `unprivileged access to the half of ${name}, which CD.E0PD closes`;
    answer.fail(stage1Fault('F_TRANSLATION', reason, '5.4 E0PD', half.startLevel));
    return;
  }
  if (machine.policy !== 'none') {
    const hit = machine.tlb.find(spaceOf(machine, stream, context), t.vaHi, t.vaLo);
    if (hit) {
      recorder?.step(
        'cache-hit',
        `TLB hit: ${hex64(t.vaHi, t.vaLo)}, made from the level ${hit.level} descriptor`,
      );
      useEntry(hit, context, t.vaHi, t.vaLo, t.write, answer);
      return;
    }
    recorder?.step('cache-miss', `TLB miss: ${hex64(t.vaHi, t.vaLo)}`);
  }
  recorder?.step('decide', `${name} translates ${hex64(t.vaHi, t.vaLo)}`, name);
  if (!half.enabled) {
    const reason = `${name} is not walked: CD.EPD${name === 'TTB0' ? 0 : 1}=1`;
    answer.fail(stage1Fault('F_TRANSLATION', reason, '5.4 EPD', half.startLevel));
    return;
  }
  walkStage1(machine, stream, context, half, t.vaHi, t.vaLo, t.write, answer, recorder);
}

const TRANSLATION_FAULTS: ReadonlySet<Fault['event']> = new Set([
  'F_TRANSLATION',
  'F_ADDR_SIZE',
  'F_ACCESS',
  'F_PERMISSION',
]);

/** CD.A, R and S decide what a translation fault does (5.5): abort or RAZ/WI, with or without record, or a stall. */
function terminate(stream: StreamConfig, context: ContextConfig, answer: Answer): void {
  const { fault } = answer;
  if (answer.result !== 'abort' || fault === null || !TRANSLATION_FAULTS.has(fault.event)) return;
  if (context.stall && !stream.s1StallD) {
    answer.result = 'stall';
    return;
  }
  if (!context.abort) answer.result = 'razwi';
  if (!context.record) answer.recording = 'suppressed';
}

/** Leaves in the answer what the configuration cache would keep: the whole entry of the stream. */
function remember(
  machine: Machine,
  cached: ConfigEntry | undefined,
  stream: StreamConfig,
  context: ContextConfig | null,
  answer: Answer,
): void {
  if (machine.policy === 'none' || (cached && context === null)) return;
  const contexts = new Map(cached?.contexts);
  if (context) contexts.set(context.index, context);
  answer.fillConfig = { world: stream.world, sid: stream.sid, stream, contexts };
}

function configOf(stream: StreamConfig): number {
  return ((stream.words[0] as number) >>> 1) & 7;
}

function recordAction(recorder: Recorder, stream: StreamConfig): void {
  const what = {
    abort: 'abort',
    bypass: 'bypass',
    stage1: 'stage 1 translates',
    stage2: 'stage 2 translates',
  };
  recorder.step('decide', `STE.Config=${configOf(stream)}: ${what[stream.action]}`, 'Config');
}

function recordCachedStream(recorder: Recorder, entry: ConfigEntry): void {
  const { stream } = entry;
  recorder.enter(1, {
    kind: 'ste',
    name: `STE 0x${stream.sid.toString(16)} (cached)`,
    layout: 'STE',
    space: stream.world,
    pa: stream.pa,
    words: stream.words,
    status: 0,
    stage: 0,
    level: 0,
  });
  recorder.step('cache-hit', `configuration cache hit: StreamID 0x${stream.sid.toString(16)}`);
}

function recordCachedContext(recorder: Recorder, stream: StreamConfig, context: ContextConfig): void {
  recorder.enter(2, {
    kind: 'cd',
    name: `CD ${context.index} (cached)`,
    layout: 'CD',
    space: stream.world,
    pa: context.pa,
    words: context.words,
    status: 0,
    stage: 0,
    level: 0,
  });
  recorder.step('cache-hit', `configuration cache hit: CD ${context.index}`);
}
