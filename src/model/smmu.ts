/**
 * The SMMU: registers, memory and caches, and the operations on them.
 *
 * {@link Smmu.plan} computes what an operation would do and changes nothing; {@link Smmu.commit} applies effects.
 * {@link Smmu.translate} and {@link Smmu.runCommands} do both at once without recording: the fast path.
 */

import { hex } from '../bits/u64.ts';
import type { World } from '../bits/world.ts';
import { keepCompletion } from './ats/atc.ts';
import { RegisterBank } from './bank.ts';
import { ConfigCache } from './caches/config.ts';
import { Tlb, type TlbEntry } from './caches/tlb.ts';
import { applyEffect, type Changeable, isWritable, type Journal } from './effects.ts';
import { reportFault } from './events/report.ts';
import { CACHE_POLICIES, type CachePolicy, type Machine } from './machine.ts';
import { SparseMemory } from './memory.ts';
import { planSideOperation } from './operations.ts';
import { type Effect, type Operation, type Outcome, type Plan, Recorder, type Transaction } from './plan.ts';
import { executeCommand, idleReason } from './queues/command-queue.ts';
import { entryAddress, ring } from './queues/ring.ts';
import { writeEffects } from './register-write.ts';
import { recordArrival, type Settle, wakeStalls } from './retry.ts';
import { deriveState, type WorldState } from './state.ts';
import { translateTraffic } from './traffic.ts';
import { concernsTraffic, trafficOfWrite } from './traffic-registers.ts';
import { Traffic, type TrafficOptions } from './traffic-stores.ts';
import { Answer } from './translate/answer.ts';

export { CACHE_POLICIES, type CachePolicy } from './machine.ts';

/** What an SMMU is made of. */
export interface SmmuOptions {
  /** One memory is the Non-secure one. */
  readonly memory: SparseMemory | Readonly<Partial<Record<World, SparseMemory>>>;
  /** Default: the first of {@link CACHE_POLICIES}. */
  readonly caches?: CachePolicy;
  /** Ids of validity rules to leave out, so that tests can prove that each decides something. */
  readonly rulesOff?: ReadonlySet<string>;
  /** What the architecture leaves open about stalls, events and endpoints. */
  readonly traffic?: TrafficOptions;
}

/** More entries than any TLB has; beyond it an old one goes for each new one, which a cache may always do. */
const TLB_LIMIT = 65536;
const CONFIG_LIMIT = 65536;
const NO_RULES: ReadonlySet<string> = new Set();

export class Smmu implements Machine {
  readonly bank = new RegisterBank();
  readonly config = new ConfigCache();
  readonly tlb = new Tlb();
  readonly traffic: Traffic;
  readonly policy: CachePolicy;
  readonly #memories: Partial<Record<World, SparseMemory>>;
  readonly #nowhere = new SparseMemory();
  readonly #answer = new Answer();
  readonly #rulesOff: ReadonlySet<string>;
  #state: WorldState | null = null;
  #stateVersion = -1;

  constructor(options: SmmuOptions) {
    this.policy = options.caches ?? CACHE_POLICIES[0];
    this.#rulesOff = options.rulesOff ?? NO_RULES;
    this.traffic = new Traffic(options.traffic);
    this.#memories = options.memory instanceof SparseMemory ? { ns: options.memory } : options.memory;
  }

  /** The memory of a PA space; one in which every access aborts where the space has none. */
  memory(space: World): SparseMemory {
    return this.#memories[space] ?? this.#nowhere;
  }

  /** What the registers of a Security state say. Only the Non-secure state is modelled; the others follow it. */
  state(_world: World): WorldState {
    if (this.#state === null || this.#stateVersion !== this.bank.version) {
      this.#state = deriveState(this.bank, this.#rulesOff);
      this.#stateVersion = this.bank.version;
    }
    return this.#state;
  }

  /** Computes what an operation would do, with every step on the way. Changes nothing. */
  plan(operation: Operation): Plan {
    const recorder = new Recorder();
    const effects: Effect[] = [];
    const outcome = this.#compute(operation, effects, recorder);
    return { operation, outcome, frames: recorder.frames, steps: recorder.steps, effects };
  }

  /** Applies effects in order; with a journal they can be undone. */
  commit(effects: readonly Effect[], journal?: Journal): void {
    for (const effect of effects) {
      const inverse = applyEffect(this, effect);
      journal?.record(inverse);
    }
  }

  /** The next command of a queue as an operation, or why there is none. */
  nextCommand(world: World): { readonly operation: Operation } | { readonly idle: string } {
    const idle = idleReason(this.bank, this.state(world), world);
    if (idle !== null) return { idle };
    const queue = ring(this.bank, 'CMDQ', world);
    const pa = entryAddress(queue, queue.cons);
    return { operation: { kind: 'command', world, index: queue.cons, pa } };
  }

  /**
   * Computes and commits a transaction without recording it.
   * @returns an object that the next call reuses
   */
  translate(transaction: Transaction): Answer {
    const answer = this.#answer;
    const state = this.state(transaction.world);
    answer.reset();
    translateTraffic(this, state, transaction, answer, null);
    if (answer.fault !== null || answer.fillConfig !== null || answer.ats !== null) {
      const effects: Effect[] = [];
      this.#settle(transaction, state, answer, effects, null);
      this.commit(effects);
    } else if (answer.fillTlb !== null) {
      if (this.tlb.size >= TLB_LIMIT) {
        const effects: Effect[] = [];
        this.#makeRoom(effects, answer.fillTlb);
        this.commit(effects);
      }
      this.tlb.insert(answer.fillTlb);
    }
    return answer;
  }

  /**
   * Consumes commands until the queue is empty or stops.
   * @returns how many were consumed
   */
  runCommands(world: World): number {
    let count = 0;
    while (idleReason(this.bank, this.state(world), world) === null) {
      const effects: Effect[] = [];
      const { result, command } = executeCommand(this, this.bank, this.state(world), 'ns', effects, null);
      this.#wake(effects, null, command === 'CMD_SYNC' && result === 'consumed');
      this.commit(effects);
      if (result !== 'consumed') break;
      count++;
    }
    return count;
  }

  /** What a software write of one word to a register does: effects to commit, none when it is ignored. */
  registerWrite(offset: number, value: number): Effect[] {
    const effects = this.#registerEffects(offset, value, null);
    this.#wake(effects, null);
    return effects;
  }

  #compute(operation: Operation, effects: Effect[], recorder: Recorder): Outcome {
    switch (operation.kind) {
      case 'transaction':
        return this.#planTransaction(operation.transaction, effects, recorder);
      case 'command':
        return this.#planCommand(operation.world, effects, recorder);
      case 'register':
        return this.#planRegister(operation, effects, recorder);
      case 'memory':
        effects.push({ ...operation, what: 'software writes memory' });
        recorder.step('memory', `write ${operation.words.length * 4} bytes at ${hex(operation.pa)}`);
        return outcome({ result: isWritable(this.memory(operation.space), operation.pa) ? 'ok' : 'abort' });
      default:
        return outcome(planSideOperation(this, this.state('ns'), operation, effects, recorder));
    }
  }

  #planTransaction(t: Transaction, effects: Effect[], recorder: Recorder): Outcome {
    const answer = new Answer();
    const state = this.state(t.world);
    recordArrival(recorder, t);
    translateTraffic(this, state, t, answer, recorder);
    this.#settle(t, state, answer, effects, recorder);
    const { result, pa, space, fault, record, recording, missing, tlbHit, attributes, ats, becomes } = answer;
    return outcome({
      result,
      pa,
      space,
      fault,
      record,
      recording,
      missing,
      tlbHit,
      attributes,
      ats,
      becomes,
    });
  }

  #planCommand(world: World, effects: Effect[], recorder: Recorder): Outcome {
    const state = this.state(world);
    const idle = idleReason(this.bank, state, world);
    if (idle !== null) return outcome({ result: 'idle' });
    const done = executeCommand(this, this.bank, state, 'ns', effects, recorder);
    recorder.step('end', done.result === 'consumed' ? 'the command is consumed' : done.reason);
    const { result, command, cerror, missing } = done;
    this.#wake(effects, recorder, command === 'CMD_SYNC' && result === 'consumed');
    return outcome({ result, command, cerror, missing });
  }

  #planRegister(operation: Operation & { kind: 'register' }, effects: Effect[], recorder: Recorder): Outcome {
    const { offset, value, valueHi, bytes } = operation;
    effects.push(...this.#registerEffects(offset, value, recorder));
    if (bytes === 8) effects.push(...this.#registerEffects(offset + 4, valueHi, recorder));
    recorder.step('register', effects.length === 0 ? 'the write is ignored' : effects.map(textOf).join('; '));
    this.#wake(effects, recorder);
    return outcome({ result: 'ok' });
  }

  /** What a write of one word does, to the register and to what hangs on it. */
  #registerEffects(offset: number, value: number, recorder: Recorder | null): Effect[] {
    const effects = writeEffects(this.bank, offset, value);
    if (!concernsTraffic(offset)) return effects;
    const more = trafficOfWrite(this, this.state('ns'), offset, value, effects, recorder);
    return [...effects, ...more];
  }

  /** Goes on with stalled transactions that what is planned sets free; see `retry.ts`. */
  #wake(effects: Effect[], recorder: Recorder | null, synchronised = false): void {
    if (this.traffic.stalls.size === 0) return;
    const settle: Settle = (on, t, state, answer, more) => this.#settle(t, state, answer, more, recorder, on);
    wakeStalls(this, this.#rulesOff, effects, recorder, synchronised, settle);
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
    if (answer.fillConfig !== null) {
      const before = this.config.find(answer.fillConfig.world, answer.fillConfig.sid);
      if (before) effects.push({ kind: 'config', op: 'remove', entry: before });
      else if (this.config.size >= CONFIG_LIMIT) this.#makeConfigRoom(effects);
      effects.push({ kind: 'config', op: 'insert', entry: answer.fillConfig });
      recorder?.step('cache-fill', `configuration cache keeps StreamID ${hex(t.sid)}`);
    }
    if (answer.fillTlb !== null) {
      const before = this.tlb.displaced(answer.fillTlb);
      if (before) effects.push({ kind: 'tlb', op: 'remove', entry: before });
      else if (this.tlb.size >= TLB_LIMIT) this.#makeRoom(effects, answer.fillTlb);
      effects.push({ kind: 'tlb', op: 'insert', entry: answer.fillTlb });
      recorder?.step('cache-fill', `TLB keeps the translation to ${hex(answer.fillTlb.pa)}`);
    }
    if (answer.ats !== null) {
      for (const effect of keepCompletion(this.traffic.atc, t, answer.ats)) {
        effects.push(effect);
        recorder?.step('cache-fill', textOf(effect));
      }
    }
    if (answer.fault !== null && answer.result !== 'not-modelled')
      reportFault(on, t, state, answer, effects, recorder);
    recorder?.step('end', endText(answer));
  }

  /** Lets one TLB entry go for a new one. */
  #makeRoom(effects: Effect[], incoming: TlbEntry): void {
    for (const space of this.tlb.spaces()) {
      for (const pages of space.byShift) {
        const entry = pages?.near(incoming.page);
        if (!entry) continue;
        effects.push({ kind: 'tlb', op: 'remove', entry });
        return;
      }
    }
  }

  #makeConfigRoom(effects: Effect[]): void {
    const entry = this.config.oldest();
    if (entry) effects.push({ kind: 'config', op: 'remove', entry });
  }
}

function textOf(effect: Effect): string {
  return 'what' in effect ? effect.what : effect.kind;
}

function endText(answer: Answer): string {
  if (answer.ats !== null) return answer.ats.text;
  if (answer.becomes === 'no-op') return 'completes without effect';
  switch (answer.result) {
    case 'ok':
      return `output address ${hex(answer.pa)} (${answer.space})${answer.becomes ? `, as ${answer.becomes}` : ''}`;
    case 'absent':
    case 'miss':
      return `${answer.missing?.structure ?? 'memory'} at ${hex(answer.missing?.pa ?? 0)} is not in the image`;
    case 'razwi':
      return 'terminated: reads give zero, writes are ignored (CD.A=0)';
    case 'stall':
      return 'stalled';
    case 'not-modelled':
      return answer.fault?.reason ?? 'not modelled';
    default:
      return 'terminated with an abort';
  }
}

function outcome(some: Partial<Outcome> & Pick<Outcome, 'result'>): Outcome {
  return {
    pa: 0,
    space: 'ns',
    fault: null,
    record: null,
    recording: 'none',
    missing: null,
    tlbHit: false,
    attributes: 0,
    command: null,
    cerror: 0,
    ats: null,
    becomes: null,
    ...some,
  };
}
