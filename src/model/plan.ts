/**
 * What an operation would do, before it does it.
 *
 * One operation (a transaction, a command, a register or memory write) is computed by a pure function. With a
 * {@link Recorder} attached it yields a {@link Plan}: the outcome, the ordered steps that led there and the effects.
 * Nothing has changed until the effects are committed, so a debugger moves a cursor over the steps in both
 * directions, and the same function without a recorder is the fast path.
 */

import type { World } from '../bits/world.ts';
import type { CommandName } from '../spec/commands.ts';
import type { EventName } from '../spec/events.ts';
import type { AtsCompletion } from './ats/completion.ts';
import type { ConfigEntry } from './caches/config.ts';
import type { TlbEntry } from './caches/tlb.ts';
import type { Used } from './caches/used.ts';
import type { ReadStatus } from './memory.ts';
import type { NotifyDecision } from './notifiers/decision.ts';
import type { DeviceChange, RefusedRegistration } from './notifiers/device.ts';
import type { QueueId } from './queues/queue-id.ts';
import type { BroadcastMessage, GptBroadcast, Learned, PageHint, PageRequest } from './side-operations.ts';
import type { Store } from './store.ts';
import type { Transaction } from './transactions.ts';
import type { Attributes } from './translate/attributes.ts';

export type { BroadcastMessage, GptBroadcast, Learned, PageHint, PageRequest } from './side-operations.ts';
export type { Store } from './store.ts';
export { type AtosQuery, type Transaction, type TransactionKind, transaction } from './transactions.ts';

/** The structures and moments that make up a call stack, outermost first. */
export type FrameKind =
  | 'command'
  | 'transaction'
  | 'register'
  | 'page-request'
  | 'page-hint'
  | 'broadcast'
  | 'device'
  | 'l1std'
  | 'ste'
  | 'vms'
  | 'dpt'
  | 'gpt'
  | 'l1cd'
  | 'cd'
  | 'descriptor';

/** One level of the stack at a step. */
export interface Frame {
  readonly kind: FrameKind;
  /** Index of the enclosing frame in {@link Plan.frames}; -1 for the operation itself. */
  readonly parent: number;
  /** For people: `STE 8`, `stage 1 level 2`. */
  readonly name: string;
  /** Name of the table that describes the words: a structure's, a descriptor's, or the command's. */
  readonly layout: string;
  readonly space: World;
  /** Where the words lie (PA in bytes), or null for what has no address. */
  readonly pa: number | null;
  /** The raw words as read; empty when they could not be read. */
  readonly words: Uint32Array;
  readonly status: ReadStatus;
  readonly stage: 0 | 1 | 2;
  readonly level: number;
}

/** What a step is: the list of all that can be observed of an operation. */
export type StepKind =
  | 'begin'
  | 'fetch'
  | 'decide'
  | 'cache-hit'
  | 'cache-miss'
  | 'cache-fill'
  | 'cache-remove'
  /** Something that software should know of, though nothing fails. */
  | 'finding'
  /** Hardware updates a descriptor (3.13). */
  | 'update'
  | 'register'
  | 'memory'
  | 'interrupt'
  | 'fault'
  | 'event'
  | 'command-error'
  /** A notifier is told of an invalidation, or is not. */
  | 'notify'
  | 'end';

/** One observable moment. A debugger stops *before* it. */
export interface Step {
  readonly kind: StepKind;
  /** Innermost frame, an index into {@link Plan.frames}. */
  readonly frame: number;
  /** One line for people. */
  readonly text: string;
  /** The field of the frame's structure that decided, if one did. */
  readonly field: string | null;
  /** The fault this step is about ('fault' and 'event'). */
  readonly fault: Fault | null;
  /** The cache entry that answered ('cache-hit') or goes ('cache-remove'). */
  readonly used: Used | null;
  /** Who is told, and why ('notify'). */
  readonly decision: NotifyDecision | null;
}

/** Why a transaction ended without a translation. */
export interface Fault {
  /** The event, or null when the architecture asks for termination without one. */
  readonly event: EventName | null;
  /** What was found, in words. */
  readonly reason: string;
  /** IHI 0070 section of the rule, or a rule's id in the validity table. */
  readonly rule: string;
  readonly stage: 0 | 1 | 2;
  readonly level: number;
  /** CLASS of the record: 0 CD, 1 TTD, 2 IN. */
  readonly class: 0 | 1 | 2;
  /** Address whose fetch aborted (PA in bytes), for the fetch events. */
  readonly fetchAddr: number;
  /** The field of the structure at fault that decided, where one did. */
  readonly field?: string;
  /** Intermediate physical address in bytes, for stage 2. */
  readonly ipa?: number;
  /** Stage-2 F_PERMISSION with CLASS=TT: the update of a stage-1 descriptor was refused, not its read (TTRnW=0). */
  readonly tableWrite?: boolean;
  /** Terminates even where faults stall: F_ADDR_SIZE of a bypassed stage 1, and ATS requests (3.12.2). */
  readonly terminates?: boolean;
  /** F_PERMISSION of an atomic access whose write is permitted and whose read is not: recorded with RnW=1 (13.1.1). */
  readonly readRefused?: boolean;
  /** NS bit of the IPA; counts on Secure streams at stage 2 only (7.3). */
  readonly ipaNs?: boolean;
  /** The fetch was refused by a granule protection check (3.25.3). */
  readonly gpc?: boolean;
}

/** What an operation came to. */
export type Result =
  | 'ok'
  | 'abort'
  | 'razwi'
  | 'stall'
  /** Something needed is RAM that the image does not hold. */
  | 'absent'
  /** Something needed must be fetched first; fetch it and plan again. */
  | 'miss'
  /** The model does not cover what the stream asks for; nothing is claimed. */
  | 'not-modelled'
  /** A command was consumed. */
  | 'consumed'
  /** A command stopped its queue. */
  | 'command-error'
  /** There was nothing to do. */
  | 'idle';

/** Where something was missing from the image. */
export interface Missing {
  readonly space: World;
  readonly pa: number;
  /** What should have been there: `STE 8`, `stage 1 level 2 descriptor`. */
  readonly structure: string;
  /** The event that an external abort there would give. */
  readonly wouldBe: EventName | null;
}

/**
 * What became of the event record of a terminated or stalled transaction. `merged`: the last record stands for it as
 * well (7.3.1); `suppressed`: its configuration asks for none, or the record of a stall of the same page stands for it
 * (3.12.2.1); `stall-limit`: as many stalls as IDR5.STALL_MAX are outstanding, and the record waits (6.3.6);
 * `waiting`: that of a stalled transaction waits until it can be written (7.2.1); `unknown`: the part of the granule
 * protection table is not in the image that decides whether it may be written (3.25.3).
 */
export type Recording =
  | 'none'
  | 'written'
  | 'full'
  | 'disabled'
  | 'suppressed'
  | 'aborted'
  | 'merged'
  | 'stall-limit'
  | 'waiting'
  | 'unknown';

/** What an operation of another class than the one asked for reaches the memory system (3.22, 16.7.2). */
export type Downgrade = 'read' | 'write' | 'clean-invalidate' | 'no-op';

/** What an operation came to, with what belongs to that. */
export interface Outcome {
  readonly result: Result;
  /** Output address (PA in bytes) and its space, when the result is `ok`. */
  readonly pa: number;
  readonly space: World;
  readonly fault: Fault | null;
  /** The 32-byte record as 8 words, when the fault has an event. */
  readonly record: Uint32Array | null;
  readonly recording: Recording;
  readonly missing: Missing | null;
  /** The lookup was answered by the TLB. */
  readonly tlbHit: boolean;
  /** Memory attributes of the output, packed as in `translate/attributes.ts`, when the result is `ok`. */
  readonly attributes: Attributes;
  /** The command's name, when the operation was one with a known opcode. */
  readonly command: CommandName | null;
  /** CERROR code (0 none), when the operation was a command. */
  readonly cerror: number;
  /** MPAM label of the access, packed as in `translate/mpam.ts`; negative when it bears none. */
  readonly mpam: number;
  /** MECID of the access (chapter 18); negative when there are no encryption contexts. */
  readonly mecid: number;
  /** What an endpoint gets back for its Translation Request (3.9.1.2). */
  readonly ats: AtsCompletion | null;
  /** What the access became on its way, when not what was asked for. */
  readonly becomes: Downgrade | null;
  /** Why a notifier was not registered, when that was asked. */
  readonly refused?: RefusedRegistration;
}

/** A change that committing makes. Applying one yields the effect that takes it back. */
export type Effect =
  | {
      readonly kind: 'memory';
      readonly space: World;
      readonly pa: number;
      /** New values. Words marked in `absent` become absent again instead (undo only). */
      readonly words: Uint32Array;
      readonly absent?: readonly boolean[];
      readonly what: string;
    }
  | {
      readonly kind: 'register';
      /** Place of a 32-bit word in the bank: in pages 0 and 1 its byte offset from the base of the SMMU. */
      readonly offset: number;
      readonly value: number;
      readonly what: string;
    }
  | { readonly kind: 'config'; readonly op: 'insert' | 'remove'; readonly entry: ConfigEntry }
  | { readonly kind: 'tlb'; readonly op: 'insert' | 'remove'; readonly entry: TlbEntry }
  /** A change of one of the other things that an SMMU keeps: stalled transactions, an endpoint's ATC, … */
  | {
      readonly kind: 'store';
      readonly store: Store<unknown>;
      readonly op: 'insert' | 'remove';
      readonly entry: unknown;
      readonly what: string;
    }
  /** An interrupt, an event signal or an answer to a client: nothing to change, but people want to see it. */
  | { readonly kind: 'signal'; readonly what: string; readonly to?: Delivery };

/** What a client or an endpoint is told, apart from the operation's own outcome. */
export type Delivery =
  | {
      /** A transaction that had stalled ends (3.12.2). */
      readonly kind: 'stall-ends';
      readonly transaction: Transaction;
      readonly result: Result;
      /** Output address (PA in bytes), when the result is `ok`. */
      readonly pa: number;
    }
  | {
      /** The response to a page request group (4.5.2, 8.3). */
      readonly kind: 'page-response';
      readonly world: World;
      readonly sid: number;
      /** PASID of the response, or -1. */
      readonly ssid: number;
      readonly prgIndex: number;
      /** The response code of PCIe: 0 success, 1 invalid request, 15 failure. */
      readonly code: number;
    };

/** What an SMMU can be asked to do. */
export type Operation =
  | { readonly kind: 'transaction'; readonly transaction: Transaction }
  | {
      readonly kind: 'command';
      readonly world: World;
      /** Default: the world's command queue. */
      readonly queue?: QueueId;
      readonly index: number;
      readonly pa: number;
    }
  | {
      readonly kind: 'register';
      readonly offset: number;
      readonly value: number;
      readonly bytes: 4 | 8;
      readonly valueHi: number;
      /** Physical address space of the access. Default: Non-secure. */
      readonly world?: World;
    }
  | {
      readonly kind: 'memory';
      readonly space: World;
      readonly pa: number;
      readonly words: Uint32Array;
      /** Nothing could have fetched what was there before: it was not reachable, or people put the scene together. */
      readonly setup?: true;
    }
  | { readonly kind: 'page-request'; readonly request: PageRequest }
  | { readonly kind: 'page-hint'; readonly hint: PageHint }
  | { readonly kind: 'broadcast-tlbi'; readonly message: BroadcastMessage }
  | { readonly kind: 'broadcast-tlbi-pa'; readonly message: GptBroadcast }
  | { readonly kind: 'device'; readonly change: DeviceChange }
  | Learned;

/** What an operation would come to, without the way there. Nothing of it has happened. */
export interface Outline {
  readonly operation: Operation;
  readonly outcome: Outcome;
  readonly effects: readonly Effect[];
}

/** What an operation would do. Nothing of it has happened. */
export interface Plan extends Outline {
  readonly frames: readonly Frame[];
  readonly steps: readonly Step[];
}

/** A text, or how to make it: steps are made for every operation, but few of their texts are ever read. */
export type LazyText = string | (() => string);

class RecordedStep implements Step {
  readonly kind: StepKind;
  readonly frame: number;
  readonly field: string | null;
  readonly fault: Fault | null;
  readonly used: Used | null;
  #text: LazyText;

  constructor(
    kind: StepKind,
    frame: number,
    text: LazyText,
    field: string | null,
    fault: Fault | null,
    used: Used | null,
  ) {
    this.kind = kind;
    this.frame = frame;
    this.field = field;
    this.fault = fault;
    this.used = used;
    this.#text = text;
  }

  get text(): string {
    if (typeof this.#text !== 'string') this.#text = this.#text();
    return this.#text;
  }

  get decision(): NotifyDecision | null {
    return null;
  }
}

/** Apart, so that other steps bear no decision. */
class NotifyStep extends RecordedStep {
  readonly #decision: NotifyDecision;

  constructor(frame: number, decision: NotifyDecision) {
    super('notify', frame, '', null, null, null);
    this.#decision = decision;
  }

  /** Made each time: decisions stay, and their sentences are seldom read. */
  override get text(): string {
    return this.#decision.why;
  }

  override get decision(): NotifyDecision {
    return this.#decision;
  }
}

const NO_WORDS = new Uint32Array(0);

/** A descriptor of a translation table; its words are made when somebody looks at them. */
class DescriptorFrame implements Frame {
  readonly kind = 'descriptor';
  readonly parent: number;
  readonly layout: string;
  readonly space: World;
  readonly pa: number | null;
  readonly status: ReadStatus;
  readonly stage: 1 | 2;
  readonly level: number;
  readonly #hi: number;
  readonly #lo: number;

  constructor(parent: number, of: DescriptorRead) {
    this.parent = parent;
    this.layout = of.layout;
    this.space = of.space;
    this.pa = of.pa;
    this.status = of.status;
    this.stage = of.stage;
    this.level = of.level;
    this.#hi = of.hi;
    this.#lo = of.lo;
  }

  get name(): string {
    return `stage ${this.stage} level ${this.level}`;
  }

  get words(): Uint32Array {
    return this.status === 0 && this.pa !== null ? Uint32Array.of(this.#lo, this.#hi) : NO_WORDS;
  }
}

/** Any other frame; its name is made when somebody looks. */
class NamedFrame implements Frame {
  readonly kind: FrameKind;
  readonly parent: number;
  readonly layout: string;
  readonly space: World;
  readonly pa: number | null;
  readonly words: Uint32Array;
  readonly status: ReadStatus;
  readonly stage = 0;
  readonly level: number;
  #name: LazyText;

  constructor(parent: number, of: FrameRead) {
    this.kind = of.kind;
    this.parent = parent;
    this.layout = of.layout;
    this.space = of.space;
    this.pa = of.pa;
    this.words = of.words;
    this.status = of.status;
    this.level = of.level;
    this.#name = of.name;
  }

  get name(): string {
    if (typeof this.#name !== 'string') this.#name = this.#name();
    return this.#name;
  }
}

/** What a frame is made of. */
export type FrameRead = Pick<Frame, 'kind' | 'layout' | 'space' | 'pa' | 'words' | 'status' | 'level'> & {
  readonly name: LazyText;
};

/** A descriptor as a walk read it, or (with `pa` null) is about to: its address must be translated first. */
export interface DescriptorRead {
  readonly stage: 1 | 2;
  readonly level: number;
  /** `TABLE`, `S1_LEAF` or `S2_LEAF`. */
  readonly layout: string;
  readonly space: World;
  /** PA in bytes. */
  readonly pa: number | null;
  readonly hi: number;
  readonly lo: number;
  readonly status: ReadStatus;
}

/** Collects frames and steps while an operation is computed. */
export class Recorder {
  readonly frames: Frame[] = [];
  readonly steps: Step[] = [];
  readonly #stack: number[] = [];

  /**
   * Enters a frame at a depth of the stack; deeper frames of before are left.
   * @param depth 0 the operation, 1 stream, 2 context, 3 descriptor, 4 descriptor that translates that one's address
   */
  enter(depth: number, frame: FrameRead): void {
    this.frames.push(new NamedFrame(this.#cut(depth), frame));
    this.#stack.push(this.frames.length - 1);
  }

  /** Enters a descriptor's frame: see {@link enter}. */
  enterDescriptor(depth: number, read: DescriptorRead): void {
    this.frames.push(new DescriptorFrame(this.#cut(depth), read));
    this.#stack.push(this.frames.length - 1);
  }

  /** How deep the stack is. */
  get depth(): number {
    return this.#stack.length;
  }

  /** Leaves every frame at or below a depth. */
  leave(depth: number): void {
    this.#stack.length = Math.min(this.#stack.length, depth);
  }

  step(
    kind: StepKind,
    text: LazyText,
    field: string | null = null,
    fault: Fault | null = null,
    used: Used | null = null,
  ): void {
    const frame = this.#stack[this.#stack.length - 1] ?? -1;
    this.steps.push(new RecordedStep(kind, frame, text, field, fault, used));
  }

  /** A step about a notifier: it is told, or it is not. */
  notify(decision: NotifyDecision): void {
    this.steps.push(new NotifyStep(this.#stack[this.#stack.length - 1] ?? -1, decision));
  }

  /** A step about a cache entry: it answers, or it goes. */
  entry(kind: 'cache-hit' | 'cache-remove', text: LazyText, used: Used): void {
    this.step(kind, text, null, null, used);
  }

  #cut(depth: number): number {
    this.leave(depth);
    return this.#stack[this.#stack.length - 1] ?? -1;
  }
}
