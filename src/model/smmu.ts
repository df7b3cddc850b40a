/**
 * The SMMU: registers, memory and caches, and the operations on them.
 *
 * {@link Smmu.plan} computes what an operation would do and changes nothing; {@link Smmu.commit} applies effects.
 * {@link Smmu.translate} and {@link Smmu.runCommands} do both at once without recording: the fast path.
 */

import { hex } from '../bits/u64.ts';
import { WORLD_INDEX, WORLDS, type World } from '../bits/world.ts';
import { unknownRules } from '../spec/rule-ids.ts';
import { startAtos } from './atos-registers.ts';
import { keepCompletion } from './ats/atc.ts';
import { presented } from './ats/translated.ts';
import { type BankOptions, RegisterBank } from './bank.ts';
import { ConfigCache } from './caches/config.ts';
import { DptTlb } from './caches/dpt.ts';
import { GptCache } from './caches/gpt.ts';
import { changesMore, keepAtOnce, keepFound } from './caches/keep.ts';
import { Leaving } from './caches/leaving.ts';
import type { Location } from './caches/location.ts';
import { rememberVersions } from './caches/overwritten.ts';
import { PartidMapCache } from './caches/partid-maps.ts';
import { StructureCache } from './caches/structures.ts';
import { Tlb } from './caches/tlb.ts';
import { Versions } from './caches/versions.ts';
import { reportDptFault } from './dpt-report.ts';
import { applyEffect, type Changeable, isWritable, type Journal } from './effects.ts';
import { reportFault } from './events/report.ts';
import { deriveGpc } from './gpc/config.ts';
import { endOfUnknownWrite } from './gpc/own-write.ts';
import { GranuleProtection } from './gpc/protection.ts';
import { reportRefused } from './gpc/report.ts';
import type { Hooks } from './hooks.ts';
import { enterServiceFailure } from './interrupts.ts';
import { planLearned } from './learned.ts';
import { CACHE_POLICIES, type CachePolicy, type ModelOptions, type QueueMachine } from './machine.ts';
import { SparseMemory } from './memory.ts';
import { type NotifierOptions, Notifiers } from './notifiers/notifiers.ts';
import { planDevice } from './notifiers/plan-device.ts';
import { planSideOperation } from './operations.ts';
import { endsAtMissing, outcome, recordEnd } from './outcome.ts';
import {
  type Effect,
  type Fault,
  type Operation,
  type Outcome,
  type Outline,
  type Plan,
  Recorder,
  type Transaction,
} from './plan.ts';
import { idleReason } from './queues/command-queue.ts';
import { CommandRunner } from './queues/command-runner.ts';
import type { QueueRef } from './queues/queue-id.ts';
import { type RegisterValue, readRegister } from './register-read.ts';
import { writeRegister } from './register-write.ts';
import { type ResetOptions, resetEffects } from './reset.ts';
import { recordArrival, type Settle, wakeStalls } from './retry.ts';
import { arriving } from './sec-sid.ts';
import { ServiceFailure } from './service-failure.ts';
import { terminateAll } from './stalls.ts';
import { type Derive, deriveState, RESERVED_BITS, type ReservedBits, type WorldState } from './state.ts';
import { translateTraffic } from './traffic.ts';
import { Traffic, type TrafficOptions } from './traffic-stores.ts';
import { recordAccesses } from './translate/access-story.ts';
import { Answer, silent } from './translate/answer.ts';
import { DecodeMemo } from './translate/decode-memo.ts';
import { accessMecid, NO_MECID, recordMecid } from './translate/mecid.ts';
import { NO_LABEL } from './translate/mpam.ts';
import { recordLabels, transactionLabel } from './translate/mpam-labels.ts';
import { translateTransaction } from './translate/transaction.ts';

export { CACHE_POLICIES, type CachePolicy } from './machine.ts';
export { RESERVED_BITS, type ReservedBits } from './state.ts';

/** What an SMMU is made of. */
export interface SmmuOptions {
  /** One memory is the Non-secure one. */
  readonly memory: SparseMemory | Readonly<Partial<Record<World, SparseMemory>>>;
  /** Default: the first of {@link CACHE_POLICIES}. */
  readonly caches?: CachePolicy;
  /** Default: the first of {@link RESERVED_BITS}. */
  readonly reservedBits?: ReservedBits;
  /**
   * Ids of validity rules to leave out, so that tests can prove that each decides something; `feature:IDR3.HAD` stands
   * for what the absence of that feature does, `event:F_UUT` for the recording of an event (what raises it is terminated
   * silently), `command:CMD_SYNC` for what a command does (it is consumed, legal or not). Others are refused (RangeError).
   */
  readonly rulesOff?: ReadonlySet<string>;
  /** Where the system has put register pages that no ID register places. */
  readonly places?: BankOptions;
  /** Enters service failure mode at once, for this reason (12.3). */
  readonly serviceFailure?: string;
  /** Registers to share with another SMMU, in place of its own. */
  readonly bank?: RegisterBank;
  /** What another SMMU caches and has under way, to share with it. */
  readonly shared?: Smmu;
  /** No access meets granule protection checks, whatever the registers say: for comparison with what they refuse. */
  readonly unchecked?: boolean;
  /** Choices that the architecture leaves. */
  readonly options?: Partial<ModelOptions>;
  /** What the architecture leaves open about stalls, events and endpoints. */
  readonly traffic?: TrafficOptions;
  /** Who is told of invalidations. */
  readonly notifiers?: NotifierOptions;
}

const DEFAULT_OPTIONS: ModelOptions = {
  tlbConflict: false,
  configConflict: false,
  misalignedRange: 'nothing',
  secureInitOpen: false,
};

const NOTHING_TO_CONSUME = 'there is nothing to consume';
const NO_RULES: ReadonlySet<string> = new Set();
/** What software and devices do happens, whatever becomes of the SMMU's own writes that follow. */
const SOFTWARE: ReadonlySet<Operation['kind']> = new Set(['register', 'memory', 'learned', 'device']);

export class Smmu implements QueueMachine {
  readonly bank: RegisterBank;
  readonly config: ConfigCache;
  readonly tlb: Tlb;
  readonly partial: Tlb;
  readonly walks: Tlb;
  readonly structures: StructureCache;
  readonly leaving: Leaving;
  readonly versions = new Versions<Location>();
  readonly decoded = new DecodeMemo();
  readonly partidMaps: PartidMapCache;
  readonly dpt: DptTlb;
  readonly gpt: GptCache;
  readonly traffic: Traffic;
  readonly notifiers: Notifiers;
  readonly failure: ServiceFailure;
  readonly hooks: Hooks = {
    smmuDisabled: (world, effects) => effects.push(...terminateAll(this.traffic.stalls, world)),
    atos: (group, effects, recorder) => startAtos(this, group, effects, recorder),
  };
  readonly policy: CachePolicy;
  readonly options: ModelOptions;
  readonly #runner: CommandRunner;
  readonly #memories: Partial<Record<World, SparseMemory>>;
  readonly #nowhere = new SparseMemory();
  readonly #nonSecureMemory: SparseMemory;
  readonly #answer = new Answer();
  readonly #made: SmmuOptions;
  readonly #rulesOff: ReadonlySet<string>;
  readonly #hasAllRules: boolean;
  readonly #reservedBits: ReservedBits;
  /** What the registers of each state say, derived at first use, and the version of the registers that it is of. */
  #derivedOf = -1;
  #nonSecure: WorldState | null = null;
  readonly #others: (WorldState | null)[] = WORLDS.map(() => null);
  #protection: GranuleProtection | null = null;
  #protectionVersion = -1;
  /** The Non-secure state while nothing is checked and every rule holds; of the same version. */
  #plain: WorldState | null = null;

  constructor(options: SmmuOptions) {
    this.policy = options.caches ?? CACHE_POLICIES[0];
    this.options = { ...DEFAULT_OPTIONS, ...options.options };
    this.#rulesOff = options.rulesOff ?? NO_RULES;
    this.#hasAllRules = this.#rulesOff.size === 0;
    const unknown = unknownRules(this.#rulesOff);
    if (unknown.length > 0) throw new RangeError(`no such rule: ${unknown.join(', ')}`);
    this.#reservedBits = options.reservedBits ?? RESERVED_BITS[0];
    const { shared } = options;
    this.config = shared?.config ?? new ConfigCache();
    this.tlb = shared?.tlb ?? new Tlb();
    this.partial = shared?.partial ?? new Tlb();
    this.walks = shared?.walks ?? new Tlb();
    this.structures = shared?.structures ?? new StructureCache();
    this.leaving = shared?.leaving ?? new Leaving();
    this.partidMaps = shared?.partidMaps ?? new PartidMapCache();
    this.dpt = shared?.dpt ?? new DptTlb();
    this.gpt = shared?.gpt ?? new GptCache();
    this.traffic = shared?.traffic ?? new Traffic(options.traffic);
    this.notifiers = shared?.notifiers ?? new Notifiers(options.notifiers);
    this.failure = shared?.failure ?? new ServiceFailure();
    this.#memories = options.memory instanceof SparseMemory ? { ns: options.memory } : options.memory;
    this.#nonSecureMemory = this.#memories.ns ?? this.#nowhere;
    this.bank = options.bank ?? new RegisterBank(options.places);
    this.#made = options;
    this.#runner = new CommandRunner(this);
    if (options.serviceFailure !== undefined) this.commit(this.serviceFailure(options.serviceFailure));
  }

  /** The memory of a PA space; one in which every access aborts where the space has none. */
  memory(space: World): SparseMemory {
    return space === 'ns' ? this.#nonSecureMemory : (this.#memories[space] ?? this.#nowhere);
  }

  /** What the registers of a Security state say; the same object until a register changes. */
  state(world: World): WorldState {
    // Nearly all that come ask for this one.
    const known = this.#nonSecure;
    if (known !== null && world === 'ns' && this.#derivedOf === this.bank.version) return known;
    return this.#deriveState(world);
  }

  #deriveState(world: World): WorldState {
    if (this.#derivedOf !== this.bank.version) {
      this.#derivedOf = this.bank.version;
      this.#nonSecure = null;
      this.#others.fill(null);
    }
    if (world === 'ns') {
      this.#nonSecure ??= this.#derive(this.bank, world);
      return this.#nonSecure;
    }
    const index = WORLD_INDEX[world];
    const state = this.#others[index] ?? this.#derive(this.bank, world);
    this.#others[index] = state;
    return state;
  }

  get protection(): GranuleProtection | null {
    if (this.#protectionVersion !== this.bank.version) this.#deriveProtection();
    return this.#protection;
  }

  #deriveProtection(): void {
    this.#protectionVersion = this.bank.version;
    const config = this.#made.unchecked === true ? null : deriveGpc(this.bank, this.state('ns'));
    const keeps = this.policy !== 'none';
    const memory = (space: World): SparseMemory => this.memory(space);
    this.#protection =
      config === null ? null : new GranuleProtection(this.gpt, memory, keeps, config, this.#rulesOff);
    this.#plain = config === null && this.#hasAllRules ? this.state('ns') : null;
  }

  /** The state of an ordinary Non-secure transaction that nothing else is asked of, or null. */
  #plainState({ world, kind }: Transaction): WorldState | null {
    if (this.#protectionVersion !== this.bank.version) this.#deriveProtection();
    return world === 'ns' && kind === 'ordinary' && !this.failure.active ? this.#plain : null;
  }

  /** Asks no registers: each operation asks for {@link protection} when it begins. */
  own(space: World): SparseMemory {
    return this.#protection === null ? this.memory(space) : this.#protection.own(space);
  }

  readonly #derive: Derive = (bank, world) => deriveState(bank, world, this.#rulesOff, this.#reservedBits);

  /** Computes what an operation would do, with every step on the way. Changes nothing. */
  plan(operation: Operation): Plan {
    const recorder = new Recorder();
    const effects: Effect[] = [];
    const outcome = this.#checked(operation, effects, recorder);
    return { operation, outcome, frames: recorder.frames, steps: recorder.steps, effects };
  }

  /**
   * Computes what an operation would do, as {@link plan} does but without recording the way there. Changes nothing.
   * Effects are those of the plan; only texts for people may be shorter.
   */
  outline(operation: Operation): Outline {
    const effects: Effect[] = [];
    return { operation, outcome: this.#checked(operation, effects, null), effects };
  }

  /**
   * An SMMU with the same registers (shared, not copied), policies and rules, and with caches of its own that are empty:
   * what it plans is what reading everything anew gives. Nothing that it plans is to be committed.
   * @param memory to read in place of this one's, by space
   * @param unchecked without granule protection checks
   */
  cold(memory: Readonly<Partial<Record<World, SparseMemory>>> = {}, unchecked = false): Smmu {
    const { serviceFailure: _, shared: _shared, ...options } = this.#made;
    const memories = { ...this.#memories, ...memory };
    return new Smmu({ ...options, memory: memories, bank: this.bank, ...(unchecked && { unchecked }) });
  }

  /**
   * This SMMU as somebody sees it who may not see all of it: other registers and fewer memories over the same caches.
   * Nothing that it plans is to be committed.
   */
  seenBy(bank: RegisterBank, spaces: readonly World[]): Smmu {
    const { serviceFailure: _, ...options } = this.#made;
    const memory: Partial<Record<World, SparseMemory>> = {};
    for (const space of spaces) memory[space] = this.memory(space);
    return new Smmu({ ...options, memory, bank, shared: this });
  }

  /** Applies effects in order; with a journal they can be undone. */
  commit(effects: readonly Effect[], journal?: Journal): void {
    for (const effect of effects) {
      if (journal) journal.commit(this, effect);
      else applyEffect(this, effect);
    }
  }

  /** The next command of a queue as an operation, or why there is none. */
  nextCommand(from: World | QueueRef): { readonly operation: Operation } | { readonly idle: string } {
    const { world, queue: id = 'CMDQ' } = refOf(from);
    if (this.#protectionVersion !== this.bank.version) this.#deriveProtection();
    const operation = this.#runner.next(world, id);
    if (operation !== null) return { operation };
    return { idle: idleReason(this, this.state(world), world, id) ?? NOTHING_TO_CONSUME };
  }

  /**
   * Computes and commits a transaction without recording it.
   * @returns an object that the next call reuses
   */
  translate(incoming: Transaction): Answer {
    const plain = this.#plainState(incoming);
    if (plain === null) return this.#translateAny(incoming);
    const answer = this.#answer;
    answer.reset();
    translateTransaction(this, plain, incoming, answer, null);
    if (changesMore(this, answer)) {
      const effects: Effect[] = [];
      this.#settle(incoming, plain, answer, effects, null);
      this.commit(effects);
    } else if (answer.isKept) keepAtOnce(this, answer);
    return answer;
  }

  /** {@link translate} of any Security state, behind granule protection checks. */
  #translateAny(incoming: Transaction): Answer {
    const answer = this.#answer;
    const arrived = this.#arrive(incoming);
    const state = this.state(arrived.world);
    const transaction = presented(arrived, state);
    const { protection } = this;
    protection?.begin(null);
    answer.reset();
    this.#translate(state, transaction, answer, null);
    if (protection === null && !changesMore(this, answer)) {
      keepAtOnce(this, answer);
      return answer;
    }
    const effects: Effect[] = [];
    this.#settle(transaction, state, answer, effects, null);
    this.#finish(effects, true);
    this.commit(effects);
    return answer;
  }

  /**
   * Consumes commands until the queue is empty or stops.
   * @returns how many were consumed
   */
  runCommands(from: World | QueueRef): number {
    const { world, queue = 'CMDQ' } = refOf(from);
    let count = 0;
    // Stalled transactions go on between commands, and checks leave something behind.
    while (this.traffic.stalls.size > 0 || this.protection !== null) {
      const effects: Effect[] = [];
      this.protection?.begin(null);
      const { result } = this.#planCommand({ world, queue }, effects, null);
      this.#finish(effects, true);
      this.commit(effects);
      if (result !== 'consumed') return count;
      count++;
    }
    return count + this.#runner.run(world, queue);
  }

  /**
   * What a software write of one word to a register does: effects to commit, none when it is ignored.
   * @param offset bytes from the base of the SMMU
   * @param world physical address space of the access
   */
  registerWrite(offset: number, value: number, world: World = 'ns'): readonly Effect[] {
    this.protection?.begin(null);
    const done = writeRegister(this, { offset, bytes: 4, value, valueHi: 0, world }, null);
    const effects = [...done.effects];
    this.#wake(effects, null);
    this.#finish(effects, false);
    return effects;
  }

  /**
   * What software reads from a register, with 0 where it may not.
   * @param offset bytes from the base of the SMMU
   */
  registerRead(offset: number, bytes = 4, world: World = 'ns'): RegisterValue {
    return readRegister(this, { offset, bytes, world });
  }

  /** What a reset does to registers, queues and service failure mode; the caches keep what they hold (3.11). */
  reset(options: ResetOptions = {}): Effect[] {
    return resetEffects(this, options);
  }

  /** What entering service failure mode does (12.3); nothing when it is active already. */
  serviceFailure(reason: string): Effect[] {
    const effects: Effect[] = [];
    enterServiceFailure(this, reason, effects);
    return effects;
  }

  /** {@link #compute}, and what the checks on its way leave. */
  #checked(operation: Operation, effects: Effect[], recorder: Recorder | null): Outcome {
    const { protection } = this;
    if (protection === null) return this.#compute(operation, effects, recorder);
    protection.begin(recorder);
    const outcome = this.#compute(operation, effects, recorder);
    this.#finish(effects, !SOFTWARE.has(operation.kind));
    return outcome;
  }

  /** What the checks of an operation leave; of one that met a write without an answer nothing at all, if it can wait. */
  #finish(effects: Effect[], canWait: boolean): void {
    const { protection } = this;
    if (protection === null) return;
    if (canWait && protection.unwritten !== null) effects.length = 0;
    else protection.flush(effects);
  }

  #compute(operation: Operation, effects: Effect[], recorder: Recorder | null): Outcome {
    switch (operation.kind) {
      case 'transaction':
        return this.#planTransaction(operation.transaction, effects, recorder);
      case 'command':
        return this.#planCommand(operation, effects, recorder);
      case 'register':
        return this.#planRegister(operation, effects, recorder);
      case 'memory':
        if (this.policy === 'maximal' && !operation.setup) rememberVersions(this, operation, effects);
        effects.push(writeOf(operation));
        recorder?.step('memory', `write ${operation.words.length * 4} bytes at ${hex(operation.pa)}`);
        return outcome({ result: isWritable(this.memory(operation.space), operation.pa) ? 'ok' : 'abort' });
      case 'learned':
        return outcome(planLearned(this.structures, operation, effects, recorder));
      case 'device':
        return outcome(
          planDevice({ machine: this, effects, recorder }, operation.change, (t) =>
            this.#obtain(t, effects, recorder),
          ),
        );
      default:
        return outcome(planSideOperation(this, operation, effects, recorder));
    }
  }

  #planTransaction(incoming: Transaction, effects: Effect[], recorder: Recorder | null): Outcome {
    const answer = new Answer();
    const arrived = this.#arrive(incoming);
    const state = this.state(arrived.world);
    const t = presented(arrived, state);
    if (recorder !== null) recordArrival(recorder, t);
    this.#translate(state, t, answer, recorder);
    const passes = answer.result === 'ok' && answer.ats === null;
    const mpam = passes ? transactionLabel(state, t, answer) : NO_LABEL;
    const mecid = passes ? accessMecid(state, answer) : NO_MECID;
    if (recorder !== null) {
      recordAccesses(recorder, state, t, answer);
      recordLabels(recorder, state, answer, mpam);
      recordMecid(recorder, state, answer, mecid);
    }
    this.#settle(t, state, answer, effects, recorder);
    const { result, pa, space, fault, record, recording, missing, tlbHit, attributes, ats, becomes } = answer;
    return {
      result,
      pa,
      space,
      fault,
      record,
      recording,
      missing,
      tlbHit,
      attributes,
      mpam,
      mecid,
      command: null,
      cerror: 0,
      ats,
      becomes,
    };
  }

  /** A consumer's translation of an ordinary transaction, with what follows from it. */
  #obtain(t: Transaction, effects: Effect[], recorder: Recorder | null): Answer {
    const answer = new Answer();
    const state = this.state(t.world);
    this.#translate(state, t, answer, recorder);
    this.#settle(t, state, answer, effects, recorder);
    return answer;
  }

  #planCommand(of: QueueRef, effects: Effect[], recorder: Recorder | null): Outcome {
    const done = this.#runner.plan(of.world, of.queue ?? 'CMDQ', effects, recorder);
    const { result, command, cerror, missing } = done;
    const unknown = endOfUnknownWrite(this);
    if (unknown !== null) {
      recorder?.step('end', () => `the command waits: ${endsAtMissing(unknown.missing)}`);
      return outcome({ ...unknown, command });
    }
    if (result !== 'idle')
      recorder?.step('end', result === 'consumed' ? 'the command is consumed' : done.reason);
    this.#wake(effects, recorder, command === 'CMD_SYNC' && result === 'consumed');
    const late = endOfUnknownWrite(this);
    if (late !== null) return outcome({ ...late, command, cerror });
    return outcome({ result, command, cerror, missing });
  }

  #planRegister(
    operation: Operation & { kind: 'register' },
    effects: Effect[],
    recorder: Recorder | null,
  ): Outcome {
    const done = writeRegister(this, { world: 'ns', ...operation }, recorder);
    effects.push(...done.effects);
    this.#wake(effects, recorder);
    return outcome({ result: 'ok', ...endOfUnknownWrite(this) });
  }

  /** Goes on with stalled transactions that what is planned sets free; see `retry.ts`. */
  #wake(effects: Effect[], recorder: Recorder | null, synchronised = false): void {
    if (this.traffic.stalls.size === 0) return;
    const settle: Settle = (on, t, state, answer, more) => this.#settle(t, state, answer, more, recorder, on);
    wakeStalls(this, this.#derive, effects, recorder, synchronised, settle);
  }

  /** A transaction with the Security state that its SEC_SID names; as it is where it names none. */
  #arrive(incoming: Transaction): Transaction {
    if (incoming.world === 'ns' && this.#hasAllRules) return incoming;
    const arrived = this.#named(incoming);
    return 'reason' in arrived ? incoming : arrived;
  }

  #named(t: Transaction): Transaction | Fault {
    // What has no StreamID has no SEC_SID either (3.25.1.1).
    if (t.kind === 'no-stream-id') return t;
    const [secure, realm] = [this.state('s').present, this.state('realm').present];
    return arriving(t, { secure, realm, rulesOff: this.#rulesOff });
  }

  #translate(state: WorldState, t: Transaction, answer: Answer, recorder: Recorder | null): void {
    const { reason } = this.failure;
    if (reason === null && t.world === 'ns' && this.#hasAllRules) {
      translateTraffic(this, state, t, answer, recorder);
      return;
    }
    const named = this.#named(t);
    if (reason === null && 'reason' in named) answer.fail(named);
    else if (reason === null) translateTraffic(this, state, t, answer, recorder);
    else answer.fail(silent(`service failure mode: ${reason}`, '12.3'));
  }

  /** From an answer to its effects: the event, and what the caches keep. */
  #settle(
    t: Transaction,
    state: WorldState,
    answer: Answer,
    effects: Effect[],
    recorder: Recorder | null,
    on: Changeable = this,
  ): void {
    for (const { space, paHi, paLo, hi, lo, what } of answer.updates) {
      const pa = paHi * 2 ** 32 + paLo;
      effects.push({ kind: 'memory', space, pa, words: Uint32Array.of(lo, hi), what });
    }
    keepFound(this, answer, effects, recorder);
    for (const effect of answer.effects) effects.push(effect);
    if (answer.dptFault !== null && state.dpt !== null) {
      recorder?.step('register', 'DPT_CFG_FAR and GERROR.DPT_ERR report the failed lookup');
      reportDptFault(
        { machine: this, world: state.dpt.world, effects, recorder },
        state.dpt,
        answer.dptFault,
      );
    }
    if (answer.ats !== null) {
      for (const effect of keepCompletion(this.traffic.atc, t, answer.ats)) {
        effects.push(effect);
        recorder?.step('cache-fill', textOf(effect));
      }
    }
    if (on.protection !== null) reportRefused({ machine: on, effects, recorder }, answer);
    if (answer.fault !== null && answer.result !== 'not-modelled')
      reportFault(on, t, state, answer, effects, recorder);
    const unknown = endOfUnknownWrite(on);
    if (unknown !== null) {
      answer.result = unknown.result;
      answer.missing = unknown.missing;
    }
    if (recorder !== null) recordEnd(recorder, answer);
  }
}

function writeOf({ space, pa, words }: Operation & { kind: 'memory' }): Effect {
  return { kind: 'memory', space, pa, words, what: 'software writes memory' };
}

function textOf(effect: Effect): string {
  return 'what' in effect ? effect.what : effect.kind;
}

function refOf(from: World | QueueRef): QueueRef {
  return typeof from === 'string' ? { world: from } : from;
}
