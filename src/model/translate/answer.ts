import { hex } from '../../bits/u64.ts';
import type { World } from '../../bits/world.ts';
import { type CLASS_CD, CLASS_IN, CLASS_TT, type EventName } from '../../spec/events.ts';
import type { AtsCompletion } from '../ats/completion.ts';
import type { ConfigEntry } from '../caches/config.ts';
import type { PartidMap } from '../caches/partid-maps.ts';
import type { TlbEntry } from '../caches/tlb.ts';
import type { DptFault } from '../dpt-config.ts';
import { ABSENT, GPF, MISS, type ReadStatus } from '../memory.ts';
import type {
  Downgrade,
  Effect,
  Fault,
  Missing,
  Recording,
  Result,
  Store,
  TransactionKind,
} from '../plan.ts';
import type { Attributes } from './attributes.ts';
import type { ContextConfig, StreamConfig } from './configuration.ts';

/** One more thing that a cache keeps. */
export interface Fill {
  readonly store: Store<unknown>;
  readonly entry: unknown;
  /** In words; asked for by plans only. */
  what(entry: unknown): string;
}

/** Hardware's update of a descriptor: the whole doubleword as it will be in memory, in memory's byte order. */
export interface DescriptorUpdate {
  readonly space: World;
  /** PA as halves. */
  readonly paHi: number;
  readonly paLo: number;
  readonly hi: number;
  readonly lo: number;
  readonly what: string;
}

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
  /** What the caches would keep: the stream's configuration, and the entry from input to output address. */
  fillConfig: ConfigEntry | null = null;
  fillTlb: TlbEntry | null = null;
  /** What else they would keep under the policy `maximal`. */
  readonly fills: Fill[] = [];
  /** Descriptors that hardware updates (3.13), in order. */
  readonly updates: DescriptorUpdate[] = [];
  /** The CD that was used, once it is known. */
  context: ContextConfig | null = null;
  /** IDR3.BBML: how much the SMMU copes with when block sizes change. */
  bbml = 0;
  /** Bits of PERM that an access needs. */
  need = 0;
  /** What both stages permit: bits of PERM. */
  permissions = 0;
  /** log2 of the bytes that the translation covers; 0 where no stage translates. */
  shift = 0;
  /** The translation holds for every ASID. */
  global = false;
  /** What changes in other stores: PARTID maps, the TLB of the Device Permission Table. */
  readonly effects: Effect[] = [];
  /** A lookup in the Device Permission Table failed: DPT_CFG_FAR and GERROR say so (3.24.4). */
  dptFault: DptFault | null = null;
  /** Memory attributes of the output. */
  attributes: Attributes = 0;
  /** PnU and InD of the record: after the STE's overrides. */
  privileged = false;
  instruction = false;
  /** What the transaction is; set before the translation begins. */
  kind: TransactionKind = 'ordinary';
  /** Of a Translated transaction: the address is an IPA, and only stage 2 translates it (3.9.1.3). */
  stage2Only = false;
  /** The PARTID map that the stream's labels need, once it is known. */
  partidMap: PartidMap | null = null;
  /** The legal STE, once it is known. */
  stream: StreamConfig | null = null;
  /** The space that the output must be in, by what the client says; null: any (3.9.4.3). */
  mustReach: World | null = null;
  /** Stage 1 alone answers, although a stage 2 follows: an ATOS lookup of one stage (9.1.3). */
  stage1Only = false;
  /** What stage 1 made of the input address (IPA in bytes); left for transactions that are not ordinary. */
  ipa = 0;
  /** A granule protection check refuses the output address of a request (3.25.2). */
  gpf = false;
  /** What a granule protection check has refused: the output, or the fetch whose abort is that event (3.25.3). */
  refused: 'output' | EventName | null = null;
  /** What an endpoint gets back for a request. */
  ats: AtsCompletion | null = null;
  becomes: Downgrade | null = null;

  /** Ready for another translation. Only what a translation does not set anyway is cleared: it is on the fast path. */
  reset(): void {
    if (this.result !== 'ok') this.#forgetFailure();
    this.tlbHit = false;
    this.configHit = false;
    this.fillConfig = null;
    this.fillTlb = null;
    if (this.fills.length !== 0) this.fills.length = 0;
    if (this.updates.length !== 0) this.updates.length = 0;
    if (this.effects.length !== 0) this.effects.length = 0;
    this.dptFault = null;
    this.context = null;
    this.stream = null;
    this.partidMap = null;
    this.shift = 0;
    this.global = false;
    // Ordinary transactions, nearly all that come, leave the rest alone.
    if (this.kind !== 'ordinary') this.begin('ordinary');
  }

  #forgetFailure(): void {
    this.result = 'ok';
    this.space = 'ns';
    this.fault = null;
    this.record = null;
    this.recording = 'none';
    this.missing = null;
    this.refused = null;
  }

  /** Makes ready for a transaction of that kind, after {@link reset}. */
  begin(kind: TransactionKind): void {
    this.kind = kind;
    this.stage2Only = false;
    this.stage1Only = false;
    this.permissions = 0;
    this.ipa = 0;
    this.gpf = false;
    this.refused = null;
    this.ats = null;
    this.becomes = null;
  }

  /** Whether caches would keep anything of it. */
  get isKept(): boolean {
    return this.fillTlb !== null || this.fillConfig !== null || this.fills.length !== 0;
  }

  /** Ends with a fault; whether and how it is reported is decided later. */
  fail(fault: Fault): null {
    this.result = 'abort';
    this.pa = 0;
    this.fault = fault;
    return null;
  }

  /** Ends because the model does not cover what the structures ask for. */
  decline(reason: string, rule: string): null {
    this.result = 'not-modelled';
    this.pa = 0;
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
      this.pa = 0;
      this.missing = { space, pa, structure, wouldBe: wouldBe.event };
      return null;
    }
    if (status !== GPF) return this.fail(wouldBe);
    this.refused = wouldBe.event;
    return this.fail({ ...wouldBe, gpc: true });
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

/** What a stage-2 translation is for: CLASS of its faults. */
export type Stage2Class = typeof CLASS_CD | typeof CLASS_TT | typeof CLASS_IN;

/**
 * A stage-2 fault.
 * @param ipa the address that stage 2 translated, in bytes
 * @param ipaNs the IPA is a Non-secure one of a Secure stream (NSIPA)
 */
export function stage2Fault(
  event: EventName,
  reason: string,
  rule: string,
  level: number,
  cls: Stage2Class,
  ipa: number,
  ipaNs = false,
): Fault {
  const fault: Fault = { event, reason, rule, stage: 2, level, class: cls, fetchAddr: 0, ipa };
  return ipaNs ? { ...fault, ipaNs } : fault;
}

/** An external abort on the fetch or update of a stage-2 descriptor. */
export function stage2WalkAbort(
  reason: string,
  level: number,
  cls: Stage2Class,
  fetchAddr: number,
  ipaNs = false,
): Fault {
  const rule = '7.3.12';
  const fault: Fault = { event: 'F_WALK_EABT', reason, rule, stage: 2, level, class: cls, fetchAddr };
  return ipaNs ? { ...fault, ipaNs } : fault;
}

/** An external abort on the fetch or update of a stage-1 descriptor (S2=0, CLASS=TT). */
export function stage1WalkAbort(reason: string, level: number, fetchAddr: number): Fault {
  return { event: 'F_WALK_EABT', reason, rule: '7.3.12', stage: 1, level, class: CLASS_TT, fetchAddr };
}
