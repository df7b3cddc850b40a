/** One transaction from SMMUEN to the output address, in the order of IHI 0070 3.3 and 7.3.21 (priorities). */

import { hex64 } from '../../bits/u64.ts';
import type { World } from '../../bits/world.ts';
import { WORLD_PREFIX } from '../../spec/registers.ts';
import { type ConfigEntry, configEntry, contextOf } from '../caches/config.ts';
import type { Machine } from '../machine.ts';
import type { Fault, Recorder, Transaction } from '../plan.ts';
import type { WorldState } from '../state.ts';
import { neededOf, settleAccess } from './access-kind.ts';
import { type Answer, silent, stage1Fault } from './answer.ts';
import { override } from './attributes.ts';
import type { ContextConfig, StreamConfig } from './configuration.ts';
import { BYPASS_STAGE1, contextIndex, fetchContext } from './context-lookup.ts';
import { findPartidMap } from './mpam-labels.ts';
import { attributeSpace, bypassSpace, requiredSpace, statementOff, streamRuleOff } from './spaces.ts';
import { stage2For } from './stage2.ts';
import { abortRule, configOf } from './stream.ts';
import { fetchStream } from './stream-lookup.ts';
import { recordCached } from './structure.ts';
import { translateAddress, translateIpa } from './through.ts';

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
 * Computes a transaction; pure: what caches, queues and descriptors would become is left in the answer.
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
  const data = t.write;
  answer.privileged = t.privileged;
  answer.instruction = t.instruction && !data;
  answer.attributes = t.attributes;
  if (!state.smmuEnabled && !streamRuleOff(state, t.world, 'DISABLED')) {
    disabled(state, t, answer, recorder);
    return;
  }
  const cached = machine.policy === 'combined' ? machine.config.find(state.configWorld, t.sid) : null;
  const stream = cached?.stream ?? fetchStream(machine, state, t.world, t.sid, answer, recorder);
  if (stream === null) return;
  if (cached !== null) {
    answer.configHit = true;
    if (recorder !== null) recordCachedStream(recorder, cached);
  }
  // ATOS asks with the attributes as they are written (9.1.3).
  if (atStream === null || t.kind !== 'atos') {
    answer.privileged = overridden(t.privileged, stream.privCfg);
    answer.instruction = !data && overridden(t.instruction, stream.instCfg);
    // Nor do MTCFG and SHCFG count of what an endpoint has translated itself; ALLOCCFG need not either (13.1.4).
    if (stream.override !== null && t.kind !== 'translated')
      answer.attributes = override(answer.attributes, stream.override);
  }
  answer.stream = stream;
  answer.mustReach = stream.checksNs ? requiredSpace(t) : null;
  if (recorder !== null) recordAction(recorder, stream);
  if (atStream?.(machine, state, stream, t, answer, recorder)) return;

  if (stream.action === 'abort') {
    remember(machine, cached, stream, null, answer);
    const config = configOf(stream.words);
    answer.fail(silent(`STE.Config=${config}: traffic of this stream is terminated`, abortRule(config)));
    return;
  }
  answer.bbml = state.features.bbml;
  if (stream.vms && !findPartidMap(machine, state, stream, answer, recorder)) return;
  const { stage2 } = stream;
  if (stage2 !== null && stage2.declined !== null) {
    answer.decline(stage2.declined.reason, stage2.declined.rule);
    return;
  }
  let index = BYPASS_STAGE1;
  if (t.ssid < 0 && stream.s1CDMax === 0) {
    // What `contextIndex` answers to nearly every transaction.
    if (stream.translates1 && !answer.stage2Only) index = 0;
  } else if (!answer.stage2Only) {
    const asked = contextIndex(stream, t.ssid, state);
    if (typeof asked !== 'number') {
      answer.fail(asked);
      return;
    }
    index = asked;
  }
  if (index === BYPASS_STAGE1) {
    remember(machine, cached, stream, null, answer);
    bypassStage1(machine, stream, state, t, answer, recorder);
  } else translateStage1(machine, cached, stream, state, index, t, answer, recorder);
  if (atStream !== null && answer.fault === null && answer.kind !== 'ordinary') settleAccess(answer);
  if (answer.fault !== null) terminate(stream, answer);
}

/** SMMUEN=0: GBPA or S_GBPA decides (6.3.14, 6.3.63), R_GBPA.ABORT is always 1, and nothing is recorded. */
function disabled(state: WorldState, t: Transaction, answer: Answer, recorder: Recorder | null): void {
  if (!state.present || t.world === 'root') {
    answer.decline(`there are no streams of world ${t.world}`, '3.10.1');
    return;
  }
  if (t.world === 'realm' && !state.rulesOff.has('DIS-REALM')) {
    const reason = 'R_CR0.SMMUEN=0: all Realm traffic is terminated (R_GBPA.ABORT is 1)';
    answer.fail(silent(reason, 'DIS-REALM'));
    return;
  }
  const prefix = WORLD_PREFIX[t.world];
  recorder?.step('decide', `${prefix}CR0.SMMUEN=0: ${prefix}GBPA.ABORT=${state.gbpaAbort ? 1 : 0} decides`);
  if (state.gbpaAbort && !state.rulesOff.has('DIS-ABORT')) {
    answer.fail(silent('SMMUEN=0 and GBPA.ABORT=1: all traffic is terminated', 'DIS-ABORT'));
    return;
  }
  if (exceeds(t.vaHi, state.oasBits) && !state.rulesOff.has('DIS-BYPASS')) {
    const reason = `SMMUEN=0, and ${hex64(t.vaHi, t.vaLo)} is beyond the ${state.oasBits}-bit OAS`;
    answer.fail(silent(reason, 'DIS-BYPASS'));
    return;
  }
  if (state.gbpaOverride !== null) answer.attributes = override(t.attributes, state.gbpaOverride);
  answer.privileged = overridden(t.privileged, state.gbpaPrivCfg);
  answer.instruction = !t.write && overridden(t.instruction, state.gbpaInstCfg);
  const space = attributeSpace(t, state.features.attrPermsOvr ? state.gbpaNsCfg : 0, state);
  if (forbidsFetch(state, answer, space)) {
    answer.fail(silent('S_CR0.SIF=1 forbids to fetch Non-secure instructions', '6.3.57'));
    return;
  }
  bypass(t, answer, space);
}

function bypass(t: Transaction, answer: Answer, space: World): void {
  answer.pa = t.vaHi * 2 ** 32 + t.vaLo;
  answer.space = space;
}

/** S_CR0.SIF: Secure streams must not fetch instructions from an address that stage 1 leaves Non-secure (6.3.57). */
function forbidsFetch(state: WorldState, answer: Answer, space: World): boolean {
  return (
    answer.instruction &&
    state.secureFetchOnly &&
    state.world === 's' &&
    space === 'ns' &&
    !statementOff(state, 'world:S-SIF')
  );
}

/** Why an instruction fetch that stage 1 does not translate is refused (6.3.57, 7.3.16); null: it is not. */
function refusedFetch(state: WorldState, stream: StreamConfig, answer: Answer, space: World): Fault | null {
  const refuse = (reason: string, rule: 'SIF-BYPASS' | 'DIS-REALM-NSEXEC'): Fault | null =>
    state.rulesOff.has(rule) ? null : { ...stage1Fault('F_PERMISSION', reason, rule, 0), terminates: true };
  if (forbidsFetch(state, answer, space))
    return refuse('S_CR0.SIF=1 forbids to fetch Non-secure instructions', 'SIF-BYPASS');
  const leaves = stream.world === 'realm' && stream.stage2 === null && space === 'ns';
  return leaves && answer.instruction && !statementOff(state, 'world:R-NS-EXEC')
    ? refuse('a Realm stream fetches instructions from a Non-secure address', 'DIS-REALM-NSEXEC')
    : null;
}

/** The space of an address that stage 1 does not translate; null when the answer says why nothing is fetched from it. */
function fetchableSpace(
  t: Transaction,
  stream: StreamConfig,
  state: WorldState,
  answer: Answer,
): World | null {
  const space = bypassSpace(t, stream, state);
  if (!answer.instruction || space !== 'ns' || stream.world === 'ns') return space;
  const refused = refusedFetch(state, stream, answer, space);
  return refused === null ? space : answer.fail(refused);
}

/** Stage 1 does not translate: the input is checked against OAS, or against IAS before a stage 2 (3.4). */
function bypassStage1(
  machine: Machine,
  stream: StreamConfig,
  state: WorldState,
  t: Transaction,
  answer: Answer,
  recorder: Recorder | null,
): void {
  if (recorder !== null) {
    recorder.leave(2);
    recorder.step('decide', 'stage 1 is bypassed: its output address is the input address');
  }
  const bits = stream.action === 'bypass' ? state.oasBits : state.iasBits;
  const rule = stream.stage2 !== null ? 'S2ONLY-ADDR' : 'BYP-ADDR';
  if (exceeds(t.vaHi, bits) && !state.rulesOff.has(rule)) {
    answer.fail(tooLarge(t, bits, rule));
    return;
  }
  const space = stream.plain ? 'ns' : fetchableSpace(t, stream, state, answer);
  if (space === null) return;
  answer.need = neededOf(t, answer.privileged, answer.instruction);
  const stage2 = stream.plain ? stream.stage2 : stage2For(stream, space);
  if (stage2 !== null) {
    translateIpa(machine, stream, stage2, t.vaHi | 0, t.vaLo | 0, answer, recorder);
    return;
  }
  bypass(t, answer, space);
  // IAS may be more than OAS (VMSAv8-32 LPAE): without a stage 2 the output is then cut to OAS (3.4).
  if (answer.pa >= state.oasLimit) answer.pa %= state.oasLimit;
}

function tooLarge(t: Transaction, bits: number, rule: string): Fault {
  const reason = `input address ${hex64(t.vaHi, t.vaLo)} is beyond ${bits} bits, and stage 1 is bypassed`;
  return { ...stage1Fault('F_ADDR_SIZE', reason, rule, 0), terminates: true };
}

/** Stage 1 translates, and stage 2 after it where that is on. */
function translateStage1(
  machine: Machine,
  cached: ConfigEntry | null,
  stream: StreamConfig,
  state: WorldState,
  index: number,
  t: Transaction,
  answer: Answer,
  recorder: Recorder | null,
): void {
  const known = cached === null ? null : contextOf(cached, index);
  const context = known ?? fetchContext(machine, state, stream, index, answer, recorder);
  if (context === null) return;
  answer.context = context;
  if (known !== null && cached !== null) {
    if (recorder !== null) recordCachedContext(recorder, cached, known);
  } else remember(machine, cached, stream, context, answer);
  if (context.declined !== null) {
    answer.decline(context.declined.reason, context.declined.rule);
    return;
  }
  const privileged = answer.privileged || !context.twoRanges;
  answer.need = neededOf(t, privileged, answer.instruction);
  // Signed: a half above 2^31 would go to the heap on its way to other functions.
  translateAddress(machine, stream, context, t.vaHi | 0, t.vaLo | 0, answer, recorder);
}

const TRANSLATION_FAULTS: ReadonlySet<Fault['event']> = new Set([
  'F_TRANSLATION',
  'F_ADDR_SIZE',
  'F_ACCESS',
  'F_PERMISSION',
]);

/**
 * What a translation fault does (3.12, 5.5): CD.A, R and S decide for stage 1, STE.S2R and S2S for stage 2: abort or
 * RAZ/WI, with or without record, or a stall. A bypassed stage 1 has no CD: its fault is recorded and terminates.
 */
function terminate(stream: StreamConfig, answer: Answer): void {
  const { fault, context } = answer;
  if (answer.result !== 'abort' || fault === null) return;
  if (!TRANSLATION_FAULTS.has(fault.event) || fault.terminates === true) return;
  if (fault.stage === 2) {
    if (stream.stage2?.stall) answer.result = 'stall';
    else if (!stream.stage2?.record) answer.recording = 'suppressed';
    return;
  }
  if (context === null) return;
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
  cached: ConfigEntry | null,
  stream: StreamConfig,
  context: ContextConfig | null,
  answer: Answer,
): void {
  if (machine.policy !== 'combined' || (cached !== null && context === null)) return;
  answer.fillConfig = configEntry(cached, stream, context);
}

const ACTION_TEXT = {
  abort: 'abort',
  bypass: 'bypass',
  stage1: 'stage 1 translates',
  stage2: 'stage 2 translates',
  nested: 'stage 1 and stage 2 translate',
} as const;

function recordAction(recorder: Recorder, stream: StreamConfig): void {
  recorder.step(
    'decide',
    () => `STE.Config=${configOf(stream.words)}: ${ACTION_TEXT[stream.action]}`,
    'Config',
  );
}

function recordCachedStream(recorder: Recorder, entry: ConfigEntry): void {
  const { sid, world, pa, raw } = entry.stream;
  recordCached(recorder, 1, 'ste', 'STE', world, pa, raw, () => `STE 0x${sid.toString(16)}`, entry);
}

function recordCachedContext(recorder: Recorder, entry: ConfigEntry, context: ContextConfig): void {
  const { index, pa, paSpace, raw } = context;
  recordCached(recorder, 2, 'cd', 'CD', paSpace, pa, raw, () => `CD ${index}`, entry);
}
