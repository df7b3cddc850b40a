/** Consuming commands: IHI 0070 3.5.2 (queue), 4 (commands), 7.1 (command errors). */

import { type Layout, reservedMask } from '../../bits/layout.ts';
import { hex } from '../../bits/u64.ts';
import { placeText, type World } from '../../bits/world.ts';
import { CERRORS } from '../../spec/cerror.ts';
import { COMMAND_BYTES, COMMANDS, type CommandName, commandNameOf, opcodeOf } from '../../spec/commands.ts';
import { REGISTERS, WORLD_PREFIX } from '../../spec/registers.ts';
import { completeInvalidations } from '../commands/ats.ts';
import { Arguments, type CommandContext, type Handler } from '../commands/context.ts';
import { HANDLERS } from '../commands/index.ts';
import {
  illegalFields,
  isSuspicious,
  type Judged,
  judgeOpcode,
  unpredictable,
} from '../commands/legality.ts';
import { applyEffect } from '../effects.ts';
import type { FieldBits } from '../field-bits.ts';
import { raiseGerror } from '../interrupts.ts';
import type { QueueMachine } from '../machine.ts';
import { ABSENT, CHUNK_BYTES, DATA, MISS, type ReadStatus } from '../memory.ts';
import type { Effect, Missing, Operation, Recorder, Result } from '../plan.ts';
import type { WorldState } from '../state.ts';
import { type CommandQueue, commandAddress, commandQueue, isRunning } from './command-queue.ts';
import { ECMDQ_ERROR } from './ecmdq.ts';
import { type QueueId, queueName } from './queue-id.ts';

const { ERR } = REGISTERS.CMDQ_CONS.layout.fields;
const { ERR_REASON } = REGISTERS.ECMDQ_CONSn.layout.fields;
const SYNC = COMMANDS.CMD_SYNC;
/** A command never crosses what `SparseMemory.plain` gives: both are powers of two. */
const CHUNK_MASK = CHUNK_BYTES - 1;

/** What one command did. */
export interface CommandOutcome {
  readonly result: Result;
  readonly command: CommandName | null;
  readonly cerror: number;
  readonly reason: string;
  readonly missing: Missing | null;
}

/** What planning needs beside the command itself; not on the way of the fast path. */
const IDLE: CommandOutcome = { result: 'idle', command: null, cerror: 0, reason: '', missing: null };

type Changing<T> = { -readonly [Key in keyof T]: T[Key] };

/** Kinds of commands that do nothing while SMMUEN is 0 (4.2, 4.5, 6.3.9.6). */
const NEEDS_SMMUEN: ReadonlySet<string> = new Set(['prefetch', 'atc-invalidate', 'page-response']);

/** What is done with the commands of one opcode. */
interface Entry {
  readonly judged: Judged;
  readonly handler: Handler;
  readonly sync: boolean;
  readonly needsSmmuen: boolean;
  /** Which bits count, where a feature that is missing takes some away; else null. */
  readonly counts: Uint32Array | null;
}

/** A command that is left out (`command:CMD_SYNC` in `WorldState.rulesOff`) is legal and does nothing. */
function ignored(judged: Judged, { rulesOff }: WorldState): Entry | null {
  if (rulesOff.size === 0 || judged.spec === null || !rulesOff.has(`command:${judged.name}`)) return null;
  const legal = { ...judged, illegal: null, suspicious: new Uint32Array(judged.suspicious.length) };
  return { judged: legal, handler: () => undefined, sync: false, needsSmmuen: false, counts: null };
}

/** Clears what does not count of a command. */
function keep(w: Uint32Array, counts: Uint32Array): void {
  w[0] = (w[0] as number) & (counts[0] as number);
  w[1] = (w[1] as number) & (counts[1] as number);
  w[2] = (w[2] as number) & (counts[2] as number);
  w[3] = (w[3] as number) & (counts[3] as number);
}

/** `S_CMDQ_CONS`, `ECMDQ_CONS3`, `ECMDQ_CONS3 (s)`. */
function consName({ id, world }: CommandQueue): string {
  if (id === 'CMDQ') return `${WORLD_PREFIX[world]}CMDQ_CONS`;
  return world === 'ns' ? `ECMDQ_CONS${id}` : `ECMDQ_CONS${id} (${world})`;
}

/** Whether a feature that is missing takes bits of a field away. */
function takesAway({ counts }: FieldBits, layout: Layout): boolean {
  return reservedMask(layout).some((mask, word) => (~mask & ~(counts[word] as number)) !== 0);
}

/** What was derived for the queue of one Security state. */
interface Known {
  state: WorldState | null;
  queue: CommandQueue | null;
  /** By opcode, each filled when one is met; good for one state. */
  readonly entries: (Entry | undefined)[];
}

const unknown = (): Known => ({
  state: null,
  queue: null,
  entries: new Array<Entry | undefined>(256).fill(undefined),
});

/**
 * Consumes the commands of one SMMU. What the registers say is derived once for each change of them, and the object for
 * the command under way is always the same: a fast path that allocated would cost more than the commands.
 */
export class CommandRunner {
  readonly #machine: QueueMachine;
  readonly #words = new Uint32Array(COMMAND_BYTES / 4);
  /** What the fast path commits after each command. */
  readonly #pending: Effect[] = [];
  readonly #context: Changing<CommandContext>;
  readonly #known: Readonly<Record<World, Known>> = {
    ns: unknown(),
    s: unknown(),
    realm: unknown(),
    root: unknown(),
  };
  /** Of the queue at hand. */
  #state: WorldState | null = null;
  #queue: CommandQueue | null = null;
  #entries = this.#known.ns.entries;
  #failed: CommandOutcome = IDLE;
  /** CONS moves at once, not by an effect. */
  #direct = false;

  constructor(machine: QueueMachine) {
    this.#machine = machine;
    this.#context = {
      machine,
      bank: machine.bank,
      state: machine.state('ns'),
      world: 'ns',
      queue: 'CMDQ',
      name: SYNC.name,
      spec: SYNC,
      read: new Arguments(SYNC),
      words: this.#words,
      effects: this.#pending,
      recorder: null,
    };
  }

  /**
   * Consumes commands until the queue is empty or stops, and commits what they do.
   * @returns how many were consumed
   */
  run(world: World, id: QueueId): number {
    const { bank, failure } = this.#machine;
    const pending = this.#pending;
    if (failure.active) return 0;
    let queue = this.#refresh(world, id);
    let { version } = bank;
    this.#context.effects = pending;
    this.#context.recorder = null;
    this.#direct = true;
    for (let count = 0; ; count++) {
      if (bank.version !== version) {
        queue = this.#refresh(world, id);
        version = bank.version;
      }
      if (queue === null || !isRunning(bank, this.#state as WorldState, queue)) return count;
      const cons = bank.peek(queue.cons);
      if (((bank.peek(queue.prod) ^ cons) & queue.mask) === 0) return count;
      const consumed = this.#consume(queue, cons);
      if (pending.length > 0) this.#commit();
      if (!consumed) return count;
    }
  }

  /** The command at CONS as an operation, or null when nothing would be consumed: `idleReason` says why. */
  next(world: World, id: QueueId): (Operation & { kind: 'command' }) | null {
    const queue = this.#refresh(world, id);
    if (queue === null || !this.#isReady(queue)) return null;
    const index = this.#machine.bank.peek(queue.cons) & queue.indexMask;
    const pa = commandAddress(queue, index);
    return id === 'CMDQ'
      ? { kind: 'command', world, index, pa }
      : { kind: 'command', world, queue: id, index, pa };
  }

  /**
   * Plans the command at CONS.
   * @param effects gets what the command changes
   */
  plan(world: World, id: QueueId, effects: Effect[], recorder: Recorder | null): CommandOutcome {
    const queue = this.#refresh(world, id);
    if (queue === null || !this.#isReady(queue)) return IDLE;
    this.#context.effects = effects;
    this.#context.recorder = recorder;
    this.#direct = false;
    if (!this.#consume(queue, this.#machine.bank.peek(queue.cons))) return this.#failed;
    return { result: 'consumed', command: this.#context.name, cerror: 0, reason: '', missing: null };
  }

  #isReady(queue: CommandQueue): boolean {
    const { bank, failure } = this.#machine;
    if (failure.active || !isRunning(bank, this.#state as WorldState, queue)) return false;
    return ((bank.peek(queue.prod) ^ bank.peek(queue.cons)) & queue.mask) !== 0;
  }

  #commit(): void {
    for (const effect of this.#pending) applyEffect(this.#machine, effect);
    this.#pending.length = 0;
  }

  /** The queue as its registers describe it now. */
  #refresh(world: World, id: QueueId): CommandQueue | null {
    const state = this.#machine.state(world);
    const before = this.#queue;
    if (state === this.#state && before !== null && before.id === id && before.world === world) return before;
    const known = this.#known[world];
    let { queue } = known;
    if (state !== known.state || queue === null || queue.id !== id) {
      if (state !== known.state) known.entries.fill(undefined);
      queue = commandQueue(this.#machine, world, id);
      known.state = state;
      known.queue = queue;
    }
    this.#state = state;
    this.#queue = queue;
    this.#entries = known.entries;
    if (queue === null) return null;
    this.#context.state = state;
    this.#context.world = queue.world;
    this.#context.queue = id;
    return queue;
  }

  #judge(opcode: number): Entry {
    const { state, world } = this.#context;
    const judged = judgeOpcode(state, world, opcode);
    const kind = judged.spec?.kind ?? 'prefetch';
    const { spec } = judged;
    const bits = spec === null ? null : state.bits.of(spec.layout);
    const entry = ignored(judged, state) ?? {
      judged,
      counts: spec !== null && bits !== null && takesAway(bits, spec.layout) ? bits.counts : null,
      handler: HANDLERS[kind],
      sync: kind === 'sync',
      needsSmmuen: NEEDS_SMMUEN.has(kind),
    };
    this.#entries[opcode] = entry;
    return entry;
  }

  /** @returns whether the command was consumed; else `#failed` says what happened */
  #consume(queue: CommandQueue, cons: number): boolean {
    const words = this.#words;
    const c = this.#context;
    const { recorder } = c;
    const index = cons & queue.indexMask;
    const status = this.#fetch(queue, index);
    if (recorder !== null) this.#enter(queue, index, status, recorder);
    if (status !== DATA) return this.#unreadable(queue, index, status);
    const opcode = opcodeOf(words, 0);
    const entry = this.#entries[opcode] ?? this.#judge(opcode);
    const { judged } = entry;
    if (judged.spec === null) return this.#illegal(queue, judged.illegal);
    const { spec } = judged;
    if (judged.illegal !== null) return this.#illegal(queue, judged.illegal);
    const illegal = isSuspicious(judged, words) ? illegalFields(judged, c.state, queue.world, words) : null;
    if (illegal !== null) return this.#illegal(queue, illegal.why, illegal.field);
    if (entry.counts !== null) keep(words, entry.counts);
    if (c.spec !== spec) {
      c.name = judged.name;
      c.spec = spec;
      c.read = judged.read;
    }
    if (recorder !== null) this.#describe(spec.doc, recorder);
    if (entry.sync) {
      const failure = completeInvalidations(c);
      if (failure) return this.#stop(queue, spec.name, failure.code, failure.reason);
      // Whoever observes the signal can observe that CONS has passed the command (4.7.3).
      this.#advance(queue, cons);
      entry.handler(c);
      return true;
    }
    if (entry.needsSmmuen && !c.state.smmuEnabled) {
      recorder?.step(
        'decide',
        `ignored while translation is disabled (${WORLD_PREFIX[queue.world]}CR0.SMMUEN=0)`,
      );
    } else entry.handler(c);
    this.#advance(queue, cons);
    return true;
  }

  /** Reads the command at an index. */
  #fetch(queue: CommandQueue, index: number): ReadStatus {
    const { memory, baseHi } = queue;
    const words = this.#words;
    // No carry: a queue is aligned to its size.
    const lo = (queue.baseLo + index * COMMAND_BYTES) >>> 0;
    const plain = memory.plain(baseHi, lo);
    if (plain !== null) {
      const at = (lo & CHUNK_MASK) >>> 2;
      words[0] = plain[at] as number;
      words[1] = plain[at + 1] as number;
      words[2] = plain[at + 2] as number;
      words[3] = plain[at + 3] as number;
      return DATA;
    }
    const first = memory.load64(baseHi, lo);
    if (first !== DATA) return first;
    words[0] = memory.lo;
    words[1] = memory.hi;
    const second = memory.load64(baseHi, lo + 8);
    if (second !== DATA) return second;
    words[2] = memory.lo;
    words[3] = memory.hi;
    return DATA;
  }

  #enter(queue: CommandQueue, index: number, status: ReadStatus, recorder: Recorder): void {
    const words = this.#words;
    const pa = commandAddress(queue, index);
    const layout = this.#name(status);
    recorder.enter(0, {
      kind: 'command',
      name: `${queueName(queue.id)}[${hex(index)}] ${layout.replace(/^CMD_/, '')}`,
      layout,
      space: queue.space,
      pa,
      words: status === DATA ? words.slice() : new Uint32Array(0),
      status,
      level: 0,
    });
    recorder.step('fetch', `read command ${hex(index)} at ${placeText(pa, queue.space)}`);
  }

  #name(status: ReadStatus): string {
    return status === DATA ? (commandNameOf(this.#words, 0) ?? 'reserved opcode') : 'unreadable command';
  }

  #describe(doc: string, recorder: Recorder): void {
    const { spec, state } = this.#context;
    recorder.step('decide', `${this.#name(DATA)}: ${doc}`, 'Opcode');
    // Ranges are judged where they are read.
    const remark = spec.range ? null : unpredictable(spec, this.#words, state);
    if (remark !== null) recorder.step('finding', remark);
  }

  /** CONS moves past the command. With IDR0.SEV, PEs that wait for a place in a full queue are woken (4.1.2). */
  #advance(queue: CommandQueue, cons: number): void {
    const { bank, recorder } = this.#context;
    const next = (cons & ~queue.mask) | ((cons + 1) & queue.mask);
    if (this.#direct) {
      bank.pokeIndex(queue.cons, next);
      return;
    }
    const value = next >>> 0;
    const { effects, state } = this.#context;
    const what = `${consName(queue)} moves past the command`;
    recorder?.step('register', what);
    effects.push({ kind: 'register', offset: queue.cons, value, what });
    const full = ((bank.peek(queue.prod) - cons) & queue.mask) === queue.indexMask + 1;
    if (!full || !state.features.sev) return;
    recorder?.step('interrupt', 'the queue is no longer full: event to the PEs (SEV)');
    effects.push({ kind: 'signal', what: `${queueName(queue.id)} is no longer full: event to the PEs` });
  }

  #unreadable(queue: CommandQueue, index: number, status: ReadStatus): boolean {
    const pa = commandAddress(queue, index);
    if (status !== ABSENT && status !== MISS) {
      const reason = `CERROR_ABT: reading the command at ${hex(pa)} aborted`;
      return this.#stop(queue, null, CERRORS.CERROR_ABT.code, reason);
    }
    this.#failed = {
      result: status === MISS ? 'miss' : 'absent',
      command: null,
      cerror: 0,
      reason: `the command at ${hex(pa)} is not in the image`,
      missing: { space: queue.space, pa, structure: `command ${hex(index)}`, wouldBe: null },
    };
    return false;
  }

  #illegal(queue: CommandQueue, why: string, field = 'Opcode'): boolean {
    return this.#stop(queue, null, CERRORS.CERROR_ILL.code, `CERROR_ILL: ${why}`, field);
  }

  /** Stops the queue: RD stays at the command, the error says why, then GERROR tells of it (7.1, 3.5.6.3). */
  #stop(
    queue: CommandQueue,
    command: CommandName | null,
    code: number,
    reason: string,
    field = 'Opcode',
  ): boolean {
    const { bank, effects, recorder } = this.#context;
    recorder?.step('command-error', reason, field);
    const word = Uint32Array.of(bank.peek(queue.cons));
    if (queue.id === 'CMDQ') {
      ERR.set(word, 0, code);
      const value = word[0] as number;
      effects.push({ kind: 'register', offset: queue.cons, value, what: `${consName(queue)}.ERR=${code}` });
      raiseGerror(this.#context, 'CMDQ_ERR');
    } else {
      ERR_REASON.set(word, 0, code);
      const value = ((word[0] as number) ^ ECMDQ_ERROR) >>> 0;
      const what = `${consName(queue)}.ERR toggles, ERR_REASON=${code}`;
      effects.push({ kind: 'register', offset: queue.cons, value, what });
      raiseGerror(this.#context, 'CMDQP_ERR');
    }
    this.#failed = { result: 'command-error', command, cerror: code, reason, missing: null };
    return false;
  }
}
