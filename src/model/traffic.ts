/**
 * Transactions of every kind: what lies around the translation that `translate/transaction.ts` does.
 *
 * {@link translateTraffic} is the way in; `atStream` is asked once the legal STE is known.
 */

import { hex } from '../bits/u64.ts';
import { feature } from '../spec/features.ts';
import { EATS_DPT, STE } from '../spec/ste.ts';
import { atosAtStream } from './atos.ts';
import type { AtsCompletion } from './ats/completion.ts';
import { completeRequest, type RequestEnd, refuseRequest } from './ats/request.ts';
import { translatedError } from './ats/stream.ts';
import {
  BEYOND_IAS,
  type PlainVerdict,
  refusedFetch,
  translatedAtStream,
  translatedBefore,
} from './ats/translated.ts';
import { accessWithoutStream, checkOutput } from './gpc/output.ts';
import type { Machine } from './machine.ts';
import type { Recorder, Transaction } from './plan.ts';
import type { WorldState } from './state.ts';
import { ACCESS_KINDS, controlled, normalised } from './translate/access-kind.ts';
import { type Answer, configFault, silent } from './translate/answer.ts';
import type { StreamConfig } from './translate/configuration.ts';
import { BYPASS_STAGE1, contextIndex, fetchContext } from './translate/context-lookup.ts';
import { checkDpt, completionEntry, keepDptEntry } from './translate/dpt.ts';
import { findPartidMap } from './translate/mpam-labels.ts';
import { translateTransaction } from './translate/transaction.ts';

const { Config, EATS } = STE.fields;

/** Computes a transaction of any kind, as `translateTransaction` does an ordinary one. */
export function translateTraffic(
  machine: Machine,
  state: WorldState,
  t: Transaction,
  answer: Answer,
  recorder: Recorder | null,
): void {
  if (t.kind === 'ordinary') {
    translateTransaction(machine, state, t, answer, recorder);
    const { protection } = machine;
    if (protection !== null) checkOutput(protection, state, t, answer);
    return;
  }
  const asked = normalised(t);
  answer.begin(t.kind);
  answer.privileged = t.privileged;
  answer.instruction = asked.instruction && !asked.write;
  if (t.kind === 'no-stream-id') {
    accessWithoutStream(machine, state, t, answer, recorder);
    return;
  }
  const known = state.world === t.world;
  if (!(known && endsBeforeStream(state, asked, answer, recorder))) {
    translateTransaction(machine, state, asked, answer, recorder, atStream);
  }
  if (machine.protection !== null) checkOutput(machine.protection, state, asked, answer);
  conclude(machine, state, asked, answer, recorder);
}

/** What needs no STE. True when the transaction has ended. */
function endsBeforeStream(
  state: WorldState,
  t: Transaction,
  answer: Answer,
  recorder: Recorder | null,
): boolean {
  if (t.kind === 'unsupported') {
    answer.fail(configFault('F_UUT', 'the SMMU does not support transactions of this type', '7.3.2'));
    return true;
  }
  if (t.kind === 'request') return refuse(refuseRequest(t, state, null), answer);
  if (t.kind === 'translated') return settleTranslated(translatedBefore(t, state), answer, recorder);
  if (ACCESS_KINDS[t.kind].quiet && t.kind === 'speculative' && t.write) {
    answer.fail(silent('a write marked as speculative is always terminated', '3.14'));
    return true;
  }
  const { before31 } = ACCESS_KINDS[t.kind];
  if (state.minorVersion >= 1 || before31 === null) return false;
  if (before31 === 'unsupported') {
    answer.fail(configFault('F_UUT', `SMMUv3.0 does not support ${t.kind} operations`, '16.7.2'));
    return true;
  }
  answer.becomes = before31;
  recorder?.step('decide', `SMMUv3.0 makes ${t.kind} a plain ${before31}`);
  return false;
}

function refuse(end: RequestEnd | null, answer: Answer): boolean {
  if (end === null) return false;
  answer.ats = end.completion;
  answer.result = 'abort';
  answer.fault = end.fault;
  return true;
}

function settleTranslated(verdict: PlainVerdict, answer: Answer, recorder: Recorder | null): boolean {
  switch (verdict.kind) {
    case 'lookup':
      return false;
    case 'stage2':
      answer.stage2Only = true;
      recorder?.step('decide', 'split-stage ATS: the address is an IPA, and stage 2 translates it', 'EATS');
      return false;
    case 'end':
      answer.fail(verdict.fault);
      return true;
    case 'pass':
      answer.pa = verdict.pa;
      answer.space = verdict.space;
      recorder?.step('decide', `a Translated transaction passes: ${hex(verdict.pa)} is a physical address`);
      return true;
  }
}

/**
 * What the legal STE of its stream means to a transaction that is not ordinary; asked before anything else of the STE
 * acts. True when the transaction has ended.
 */
function atStream(
  machine: Machine,
  state: WorldState,
  stream: StreamConfig,
  t: Transaction,
  answer: Answer,
  recorder: Recorder | null,
): boolean {
  switch (t.kind) {
    case 'request':
      return refuse(refuseRequest(t, state, stream), answer);
    case 'translated': {
      const verdict = translatedAtStream(t, state, stream);
      // The SubstreamID comes after the STE and before the address (3.9.1.3).
      const isJudged = verdict.kind !== 'end' || verdict.fault.rule === BEYOND_IAS;
      if (isJudged && !findTranslatedContext(machine, state, stream, t, answer, recorder)) return true;
      if (verdict.kind !== 'dpt') return settleTranslated(verdict, answer, recorder);
      if (!checkDpt(machine, state, stream, verdict.pa, t.write, answer, recorder)) return true;
      const refused = refusedFetch(t, answer.space, state, stream);
      if (refused === null) answer.pa = verdict.pa;
      else answer.fail(refused);
      return true;
    }
    case 'atos':
      return atosAtStream(t, state, stream, answer);
    default:
      if (answer.becomes === null && someStageTranslates(stream, t, state)) {
        answer.becomes = controlled(t.kind, stream.words);
        const { control } = ACCESS_KINDS[t.kind];
        if (answer.becomes && control) {
          recorder?.step(
            'decide',
            `${t.kind} becomes ${answer.becomes}: STE.${control.field}=0`,
            control.field,
          );
        }
      }
      return false;
  }
}

/** Whether any stage translates: not where STE.S1DSS skips the only one (3.22.1). */
function someStageTranslates(stream: StreamConfig, t: Transaction, state: WorldState): boolean {
  if (stream.action === 'abort' || stream.action === 'bypass') return false;
  return (Config.get(stream.words, 0) & 2) !== 0 || contextIndex(stream, t.ssid, state) !== BYPASS_STAGE1;
}

/**
 * IDR3.PASIDTT=1: the PASID of a Translated transaction, or its absence, must suit the STE, and the CD of a PASID is
 * fetched, for its label if for nothing else (3.9.1.3, 17.3).
 * @returns false when the transaction has ended
 */
function findTranslatedContext(
  machine: Machine,
  state: WorldState,
  stream: StreamConfig,
  t: Transaction,
  answer: Answer,
  recorder: Recorder | null,
): boolean {
  if (feature(state.ids, 'IDR3.PASIDTT') === 0) return true;
  if (t.ssid >= 0 && stream.vms && !findPartidMap(machine, state, stream, answer, recorder)) return false;
  const index = contextIndex(stream, t.ssid, state);
  if (typeof index !== 'number') {
    answer.fail(index);
    return false;
  }
  if (t.ssid < 0 || index === BYPASS_STAGE1) return true;
  answer.context = fetchContext(machine, state, stream, index, answer, recorder);
  return answer.context !== null;
}

/** What becomes of the translation's result, by the kind of the transaction. */
function conclude(
  machine: Machine,
  state: WorldState,
  t: Transaction,
  answer: Answer,
  recorder: Recorder | null,
): void {
  if (answer.result === 'absent' || answer.result === 'miss' || answer.result === 'not-modelled') return;
  if (t.kind === 'request') {
    if (answer.ats === null) concludeRequest(state, t, answer);
    const { ats } = answer;
    if (ats) recorder?.step('decide', `ATS Translation Completion: ${ats.text}`);
    keepForDpt(machine, state, answer);
    return;
  }
  if (answer.fault === null) return;
  if (t.kind === 'translated') {
    answer.fault = translatedError(answer.fault, state);
    // No client of ATS stalls, and no RAZ/WI is known to PCIe (3.9.1).
    answer.result = 'abort';
    return;
  }
  const kind = ACCESS_KINDS[t.kind];
  if (kind.hint) {
    recorder?.step('decide', `${t.kind} does nothing: ${answer.fault.reason}`);
    answer.result = 'ok';
    answer.becomes = 'no-op';
    answer.refused = null;
    answer.fault = null;
    answer.recording = 'none';
    return;
  }
  if (kind.quiet && t.kind === 'speculative') {
    const { event, reason, rule } = answer.fault;
    answer.result = 'abort';
    answer.recording = 'none';
    // Nor does a refused granule show anywhere (3.25.1.2).
    answer.refused = null;
    if (event !== null) {
      answer.fault = silent(`${event}: ${reason}; speculative accesses record nothing (3.14)`, rule);
    }
  }
}

/** What a completion grants, the TLB of the Device Permission Table may keep (3.24.2). */
function keepForDpt(machine: Machine, state: WorldState, answer: Answer): void {
  const { ats, stream } = answer;
  if (state.dpt === null || stream === null || machine.policy === 'none') return;
  // A bypass of all stages leaves nothing, nor does what grants nothing.
  if (ats?.status !== 'success' || !(ats.read || ats.write) || answer.shift === 0) return;
  if (EATS.get(stream.words, 0) !== EATS_DPT) return;
  const { space, pa, shift } = answer;
  keepDptEntry(machine, completionEntry(state.dpt, stream, pa, shift, ats.write, space), answer);
}

/** A completion from what the walk left in the answer. */
function concludeRequest(state: WorldState, t: Transaction, answer: Answer): void {
  const end = completeRequest(t, state, answer.stream, {
    fault: answer.fault,
    permissions: answer.permissions,
    pa: answer.pa,
    ipa: answer.ipa,
    realm: answer.space === 'realm',
    shift: answer.shift,
    attributes: answer.attributes,
    gpf: answer.gpf,
  });
  const completion: AtsCompletion = end.completion;
  answer.ats = completion;
  // The output of a completion that grants nothing is not checked (3.25.2).
  if (completion.status !== 'ca' && answer.refused === 'output') answer.refused = null;
  answer.fault = end.fault;
  answer.recording = 'none';
  answer.result = completion.status === 'success' ? 'ok' : 'abort';
}
