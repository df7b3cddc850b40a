import type { World } from '../bits/world.ts';
import { type Checkers, checkersOf } from '../control/checkers.ts';
import type { Clock } from '../control/clock.ts';
import { Debugger, type DebuggerOptions } from '../control/debugger.ts';
import type { Stop } from '../control/stop.ts';
import type { ThreadKey } from '../control/thread.ts';
import { presentWorlds, queueWorlds } from '../model/present-worlds.ts';
import type { Smmu } from '../model/smmu.ts';
import { shown } from './args.ts';
import { NotNow } from './errors.ts';
import type { LaunchInputs, OpenedMachine } from './inputs.ts';
import { captureName } from './inputs.ts';
import { Numbers } from './numbers.ts';
import { QueueDocuments } from './queue-documents.ts';
import type { Children } from './variable-node.ts';
import { ViewedDebugger } from './viewer/viewed-debugger.ts';
import { Viewer } from './viewer/viewer.ts';

/** A stack frame that a client may ask about: a frame of the thread's plan, or none at rest. */
export interface FrameRef {
  readonly thread: ThreadKey;
  /** Index into the plan's frames, or -1. */
  readonly index: number;
}

/** What one launch made: the SMMU, its debugger, and the numbers by which the client refers to parts of them. */
export class Debuggee {
  readonly inputs: LaunchInputs;
  /** The capture's name in URIs. */
  readonly name: string;
  readonly machine: OpenedMachine;
  readonly debugger: Debugger;
  readonly checkers: Checkers;
  readonly viewer: Viewer;
  readonly queues: QueueDocuments;
  readonly frames = new Numbers<FrameRef>();
  readonly variables = new Numbers<Children>();
  /** Documents by sourceReference: index + 1. References stay valid as long as the session. */
  readonly #documents: string[] = [];
  /** The latest stop, for a client that asks again. */
  lastStop: Stop | null = null;
  #run: Promise<void> | null = null;

  constructor(
    inputs: LaunchInputs,
    machine: OpenedMachine,
    clock: Clock,
    options: Pick<DebuggerOptions, 'breakpoints' | 'tell' | 'notice'> = {},
  ) {
    this.inputs = inputs;
    this.name = captureName(inputs.capture ?? inputs.program);
    this.machine = machine;
    const { smmu, program } = machine;
    this.checkers = checkersOf(smmu, (entry) => this.debugger.entryText(entry));
    this.viewer = new Viewer(smmu, inputs.viewerWorld);
    const worlds = queueWorlds(smmu.bank.ids());
    const made = { ...options, worlds, program, checkers: this.checkers.list };
    this.debugger = this.viewer.masks
      ? new ViewedDebugger(smmu, clock, this.viewer, made)
      : new Debugger(smmu, clock, made);
    this.queues = new QueueDocuments(this.viewer.smmu);
  }

  /** The SMMU as whoever looks sees it. */
  get smmu(): Smmu {
    return this.viewer.smmu;
  }

  /** The Security states that are there, hidden or not. */
  get worlds(): readonly World[] {
    return presentWorlds(this.machine.smmu.bank.ids());
  }

  /** Those of them that are shown and have a command queue. */
  get queueWorlds(): readonly World[] {
    return queueWorlds(this.machine.smmu.bank.ids()).filter((world) => this.viewer.sees(world));
  }

  /** A stop whose text says nothing of what is hidden: what kept the operation from being done is part of it. */
  shown(stop: Stop): Stop {
    return stop.text === ''
      ? stop
      : { ...stop, text: this.viewer.said(stop.text, this.hiddenAt(stop.thread)) };
  }

  /** The world of the operation before which a thread stands, where that is hidden. */
  hiddenAt(thread: ThreadKey): World | null {
    return this.debugger instanceof ViewedDebugger ? this.debugger.hiddenAt(thread) : null;
  }

  get running(): boolean {
    return this.#run !== null;
  }

  threadId(key: ThreadKey): number {
    return this.debugger.threads.findIndex((thread) => thread.key === key) + 1;
  }

  /** The thread of a protocol id. */
  thread(id: unknown): ThreadKey {
    const thread = typeof id === 'number' ? this.debugger.threads[id - 1] : undefined;
    if (!thread) throw new NotNow(`there is no thread ${shown(id)}`);
    return thread.key;
  }

  /** Numbers of before are void: the state has changed. */
  forgetNumbers(): void {
    this.frames.forget();
    this.variables.forget();
  }

  /** Notes what runs in the background, so that closing can wait for it. */
  runs(run: Promise<void>): void {
    const tracked = run.finally(() => {
      if (this.#run === tracked) this.#run = null;
    });
    this.#run = tracked;
  }

  /** Throws when a thread runs: the request makes sense only while everything stands. */
  requireStopped(): void {
    if (this.running) throw new NotNow('the queue is running; pause it first');
  }

  /** The number of a document for clients that know documents by number. */
  documentReference(uri: string): number {
    const at = this.#documents.indexOf(uri);
    return at >= 0 ? at + 1 : this.#documents.push(uri);
  }

  documentByReference(reference: number): string | null {
    return this.#documents[reference - 1] ?? null;
  }

  /** URIs that the client has been told of. */
  get documents(): readonly string[] {
    return this.#documents;
  }

  async close(): Promise<void> {
    this.debugger.pause();
    await this.#run;
    this.machine.close();
  }

  closeNow(): void {
    this.debugger.pause();
    this.machine.close();
  }
}
