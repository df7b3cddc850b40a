/** ATS Translation Requests: IHI 0070 3.9.1.2, 13.6 and 13.7.1. */

import { hex } from '../../bits/u64.ts';
import { feature } from '../../spec/features.ts';
import { STREAM_WORLDS } from '../../spec/stream-worlds.ts';
import type { Fault, Transaction } from '../plan.ts';
import type { WorldState } from '../state.ts';
import { configFault, silent } from '../translate/answer.ts';
import type { StreamConfig } from '../translate/configuration.ts';
import { PERM } from '../translate/permission.ts';
import { type AtsCompletion, noAccess, refused } from './completion.ts';
import { EATS_OFF, EATS_SPLIT, effectiveEats, isConfigurationError, requestError } from './stream.ts';

/** How a request ends: the completion, and what the SMMU itself records or would have recorded. */
export interface RequestEnd {
  readonly completion: AtsCompletion;
  readonly fault: Fault | null;
}

/** What the translation of a request found; no permission makes it fail. */
export interface RequestFound {
  /** Why there is no translation, or null. */
  readonly fault: Fault | null;
  /** Bits of {@link PERM} that all stages grant, after any update of flags that the request made. */
  readonly permissions: number;
  /** Output address of the input (PA in bytes), and what stage 1 made of it (IPA in bytes). */
  readonly pa: number;
  readonly ipa: number;
  readonly realm: boolean;
  /** log2 of the bytes translated alike; 0 when every stage is bypassed. */
  readonly shift: number;
  /** Packed as in `translate/attributes.ts`. */
  readonly attributes: number;
  /** A granule protection check refuses the output address (3.25.2). */
  readonly gpf: boolean;
}

/** log2 of the smallest translation unit: the smallest granule that there is (3.9.1). */
export function stuShift(state: Pick<WorldState, 'features'>): number {
  const { gran4k, gran16k } = state.features;
  return gran4k ? 12 : gran16k ? 14 : 16;
}

function unsupported(reason: string, rule: string): RequestEnd & { readonly fault: Fault } {
  const fault = configFault('F_BAD_ATS_TREQ', reason, rule);
  return { completion: refused('ur', `Unsupported Request: ${reason}`), fault };
}

/** Whether the Security state has a Device Permission Table. */
function hasDpt(stream: StreamConfig, state: WorldState): boolean {
  return feature(state.ids, stream.world === 'realm' ? 'R_IDR3.DPT' : 'IDR3.DPT') === 1;
}

/**
 * Whether a request is refused before its address is looked at.
 * @param stream the legal STE of the stream, or null before it has been looked up
 * @returns null when the translation may begin
 */
export function refuseRequest(
  t: Transaction,
  state: WorldState,
  stream: StreamConfig | null,
): RequestEnd | null {
  const off = state.rulesOff;
  if (t.world === 's' && !off.has('ATS-TR-SECURE') && !off.has('world:S-ATS'))
    return unsupported('ATS does not exist on Secure streams', 'ATS-TR-SECURE');
  if (!state.smmuEnabled && !off.has('ATS-TR-SMMUEN0')) return unsupported('SMMUEN=0', 'ATS-TR-SMMUEN0');
  if (stream === null) return null;
  if (stream.action === 'abort' && !off.has('ATS-TR-CFG0')) {
    const reason = 'the STE terminates the traffic of its stream';
    return {
      completion: refused('ur', `Unsupported Request: ${reason}`),
      fault: silent(reason, 'ATS-TR-CFG0'),
    };
  }
  if (stream.action === 'bypass' && !off.has('ATS-TR-BYPASS'))
    return unsupported('STE.Config=4: no stage translates', 'ATS-TR-BYPASS');
  if (off.has('ATS-TR-EATS0') || effectiveEats(stream, state, hasDpt(stream, state)) !== EATS_OFF)
    return null;
  const refusal = unsupported('the effective STE.EATS is 0', 'ATS-TR-EATS0');
  return { ...refusal, fault: { ...refusal.fault, field: 'EATS' } };
}

const OVERRIDES_TO_INSTRUCTION = 3;
const OVERRIDES_TO_DATA = 2;

/** R, W and Exe of a completion, as the pseudocode of 13.7.1 has them. */
function granted(t: Transaction, stream: StreamConfig, permissions: number): number {
  const asked = t.ssid >= 0 && t.privileged;
  const privileged = stream.privCfg >= 2 ? stream.privCfg === 3 : asked;
  const bits =
    privileged || !STREAM_WORLDS[stream.streamWorld].twoPrivileges ? permissions : permissions >>> 3;
  const r = (bits & PERM.pr) !== 0;
  const x = (bits & PERM.px) !== 0;
  const wantsExecute = t.ssid >= 0 && t.instruction;
  let read = r;
  let execute = wantsExecute && r && x;
  if (stream.instCfg === OVERRIDES_TO_INSTRUCTION) {
    read = x;
    execute = wantsExecute && x;
  } else if (stream.instCfg === OVERRIDES_TO_DATA) execute = wantsExecute && r;
  return (read ? PERM.pr : 0) | (bits & PERM.pw) | (execute ? PERM.px : 0);
}

/** Half of a MAIR byte: Write-Back, transient or not (DDI 0487 D19, MAIR). */
function isWriteBack(half: number): boolean {
  return (half & 0xc) === 0xc || ((half & 0xc) === 4 && (half & 3) !== 0);
}

const OUTER_OR_INNER_SHAREABLE = 0x200;

/** CXL.cache may keep only what is Write-Back cacheable at both levels, and shareable (3.9.3). */
function isCacheableForCxl(attributes: number): boolean {
  return (
    isWriteBack(attributes & 0xf) &&
    isWriteBack((attributes >>> 4) & 0xf) &&
    (attributes & OUTER_OR_INNER_SHAREABLE) !== 0
  );
}

/**
 * The completion of a request whose stream allows ATS.
 * @param stream the legal STE, or null when the lookup of it failed: the fault says how
 */
export function completeRequest(
  t: Transaction,
  state: WorldState,
  stream: StreamConfig | null,
  found: RequestFound,
): RequestEnd {
  const privileged = t.ssid >= 0 && t.privileged;
  const stu = stuShift(state);
  const { fault } = found;
  if (fault !== null) {
    if (isConfigurationError(fault) && !state.rulesOff.has('ATS-TR-CFGERR')) {
      const why = fault.event ?? fault.reason;
      return { completion: refused('ca', `Completer Abort: ${why}`), fault: requestError(fault, state) };
    }
    if (!isConfigurationError(fault) && state.rulesOff.has('ATS-TR-FAULT'))
      return { completion: refused('ca', `Completer Abort: ${fault.event}`), fault };
    // Whatever was being read (3.25.2).
    if (fault.gpc && !state.rulesOff.has('gpc:ATS'))
      return {
        completion: refused('ca', `Completer Abort: ${fault.reason}`),
        fault: silent(fault.reason, '3.25.2'),
      };
    // A fault of either stage, of a CD fetch or of a walk: the page is just not accessible.
    const text = `Success, R=W=0: ${fault.event} (${fault.reason})`;
    return { completion: noAccess(stu, privileged, text), fault: null };
  }
  if (stream === null) throw new RangeError('a translation without an STE');
  const skipped = found.shift === 0;
  const unlimited = skipped || state.rulesOff.has('ATS-TR-PERM');
  const rights = unlimited ? PERM.pr | PERM.pw : granted(t, stream, found.permissions);
  if ((rights & (PERM.pr | PERM.pw)) === 0) {
    return { completion: noAccess(stu, privileged, 'Success, R=W=0: nothing is permitted'), fault: null };
  }
  const isIpa = effectiveEats(stream, state, hasDpt(stream, state)) === EATS_SPLIT;
  if (found.gpf && !isIpa && !state.rulesOff.has('ATS-TR-GPF')) {
    const reason = `the granule protection check refuses ${hex(found.pa)}`;
    return { completion: refused('ca', `Completer Abort: ${reason}`), fault: silent(reason, 'ATS-TR-GPF') };
  }
  const shift = Math.max(found.shift, stu);
  const address = isIpa ? found.ipa : found.pa;
  const base = address - (address % 2 ** shift);
  const read = (rights & PERM.pr) !== 0;
  const write = (rights & PERM.pw) !== 0;
  const execute = (rights & PERM.px) !== 0;
  const shown = `${read ? 'R' : '-'}${write ? 'W' : '-'}${execute ? 'X' : '-'}`;
  return {
    completion: {
      status: 'success',
      address: base,
      isIpa,
      shift,
      read,
      write,
      execute,
      privileged,
      global: false,
      noSnoop: false,
      untranslatedOnly: false,
      cxlIo: t.cxl === true && (isIpa || (!skipped && !isCacheableForCxl(found.attributes))),
      te: found.realm && feature(state.ids, 'R_IDR3.XT') === 1,
      text: `Success, ${isIpa ? 'IPA ' : ''}${hex(base)} + ${hex(2 ** shift)} bytes, ${shown}`,
    },
    fault: null,
  };
}
