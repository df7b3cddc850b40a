import { hex } from '../../bits/u64.ts';
import type { World } from '../../bits/world.ts';
import { CLASS_IN, CLASS_TT, type EventName } from '../../spec/events.ts';
import type { AtsCompletion } from '../ats/completion.ts';
import type { ConfigEntry } from '../caches/config.ts';
import type { TlbEntry } from '../caches/tlb.ts';
import { ABSENT, MISS, type ReadStatus } from '../memory.ts';
import type { Downgrade, Fault, Missing, Recording, Result, TransactionKind } from '../plan.ts';
import type { Attributes } from './attributes.ts';
import type { StreamConfig } from './configuration.ts';

/**
 * What one translation found, filled in as it goes. One object serves every translation of an SMMU, so that the fast
 * path allocates nothing but what a cache keeps.
 */
export class Answer {
  result: Result = 'ok';
  /** Output address (PA in bytes), when the result is `ok`. */
  pa = 0;
  space: World = 'ns';
  fault: Fault | null = null;
  record: Uint32Array | null = null;
  recording: Recording = 'none';
  missing: Missing | null = null;
  tlbHit = false;
  configHit = false;
  /** What the caches would keep. */
  fillConfig: ConfigEntry | null = null;
  fillTlb: TlbEntry | null = null;
  /** Memory attributes of the output. */
  attributes: Attributes = 0;
  /** PnU and InD of the record: after the STE's overrides. */
  privileged = false;
  instruction = false;
  /** What the transaction is; set before the translation begins. */
  kind: TransactionKind = 'ordinary';
  /** Of a Translated transaction: the address is an IPA, and only stage 2 translates it (3.9.1.3). */
  stage2Only = false;
  /** The legal STE, once it is known. */
  stream: StreamConfig | null = null;
  /** See {@link found}: bits of `PERM`, log2 of the bytes (0: no stage translates), and nG=0. */
  permissions = 0;
  shift = 0;
  global = false;
  /** What stage 1 made of the input address (IPA in bytes). */
  ipa = 0;
  /** A granule protection check refuses the output address of a request (3.25.2). */
  gpf = false;
  /** What an endpoint gets back for a request. */
  ats: AtsCompletion | null = null;
  becomes: Downgrade | null = null;

  reset(): void {
    this.result = 'ok';
    this.pa = 0;
    this.space = 'ns';
    this.fault = null;
    this.record = null;
    this.recording = 'none';
    this.missing = null;
    this.tlbHit = false;
    this.configHit = false;
    this.fillConfig = null;
    this.fillTlb = null;
    this.attributes = 0;
    this.privileged = false;
    this.instruction = false;
    this.stream = null;
    // Ordinary transactions, nearly all that come, leave the rest alone.
    if (this.kind !== 'ordinary') this.begin('ordinary');
  }

  /** Makes ready for a transaction of that kind, after {@link reset}. */
  begin(kind: TransactionKind): void {
    this.kind = kind;
    this.stage2Only = false;
    this.permissions = 0;
    this.shift = 0;
    this.global = false;
    this.ipa = 0;
    this.gpf = false;
    this.ats = null;
    this.becomes = null;
  }

  /** Leaves what a translation permits and how far it reaches; for transactions that are not ordinary. */
  found(permissions: number, shift: number, global: boolean): void {
    this.permissions = permissions;
    this.shift = shift;
    this.global = global;
  }

  /** Ends with a fault; whether and how it is reported is decided later. */
  fail(fault: Fault): null {
    this.result = 'abort';
    this.fault = fault;
    return null;
  }

  /** Ends because the model does not cover what the structures ask for. */
  decline(reason: string, rule: string): null {
    this.result = 'not-modelled';
    this.fault = silent(reason, rule);
    return null;
  }

  /**
   * Ends because a structure could not be read.
   * @param wouldBe the event that an external abort at this address gives
   */
  unreadable(status: ReadStatus, space: World, pa: number, structure: string, wouldBe: Fault): null {
    if (status === ABSENT || status === MISS) {
      this.result = status === ABSENT ? 'absent' : 'miss';
      this.missing = { space, pa, structure, wouldBe: wouldBe.event };
      return null;
    }
    return this.fail(wouldBe);
  }
}

/** A configuration fault or fetch abort: events without stage information. */
export function configFault(event: EventName, reason: string, rule: string, fetchAddr = 0): Fault {
  return { event, reason, rule, stage: 0, level: 0, class: 0, fetchAddr };
}

/**
 * An external abort on the fetch of a configuration structure (7.3.4, 7.3.10).
 * @param what the structure, in words
 * @param off rules that are switched off: without its rule the abort is silent
 */
export function fetchAbort(
  event: 'F_STE_FETCH' | 'F_CD_FETCH',
  what: string,
  pa: number,
  off: ReadonlySet<string>,
): Fault {
  const rule = event === 'F_STE_FETCH' ? 'STE-FETCH-EABT' : 'CD-FETCH-EABT';
  const reason = `reading the ${what} at ${hex(pa)} aborted`;
  return off.has(rule) ? silent(reason, rule) : configFault(event, reason, rule, pa);
}

/** Termination that the architecture asks to be silent. */
export function silent(reason: string, rule: string): Fault {
  return { event: null, reason, rule, stage: 0, level: 0, class: 0, fetchAddr: 0 };
}

/** A stage-1 fault of the input address (CLASS=IN, S2=0). */
export function stage1Fault(event: EventName, reason: string, rule: string, level: number): Fault {
  return { event, reason, rule, stage: 1, level, class: CLASS_IN, fetchAddr: 0 };
}

/** An external abort on the fetch of a stage-1 descriptor (S2=0, CLASS=TT). */
export function stage1WalkAbort(reason: string, level: number, fetchAddr: number): Fault {
  return { event: 'F_WALK_EABT', reason, rule: '7.3.12', stage: 1, level, class: CLASS_TT, fetchAddr };
}
