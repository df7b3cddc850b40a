import type { Field } from '../../bits/layout.ts';
import type { World } from '../../bits/world.ts';
import type { CommandName, CommandSpec, QueueWorld } from '../../spec/commands.ts';
import type { RegisterBank } from '../bank.ts';
import type { QueueMachine } from '../machine.ts';
import type { Effect, Recorder } from '../plan.ts';
import type { QueueId } from '../queues/queue-id.ts';
import type { WorldState } from '../state.ts';

/** Reads a field of the command at `w[at]`. */
export type Reader = (w: Uint32Array, at: number) => number;

const none: Reader = () => 0;

/** The fields of a command that are asked of every command; one that the command lacks reads 0. */
export class Arguments {
  readonly SSec: Reader;
  readonly NUM: Reader;
  readonly SCALE: Reader;
  readonly TTL: Reader;
  readonly TG: Reader;
  readonly CS: Reader;

  constructor(spec: CommandSpec) {
    const fields: Readonly<Record<string, Field | undefined>> = spec.layout.fields;
    const of = (name: string): Reader => fields[name]?.get ?? none;
    this.SSec = of('SSec');
    this.NUM = of('NUM');
    this.SCALE = of('SCALE');
    this.TTL = of('TTL');
    this.TG = of('TG');
    this.CS = of('CS');
  }
}

/** A command being executed. One object serves all commands of an SMMU: keep nothing of it. */
export interface CommandContext {
  readonly machine: QueueMachine;
  readonly bank: RegisterBank;
  readonly state: WorldState;
  /** Security state of the queue. */
  readonly world: World & QueueWorld;
  /** Which of the world's queues it is. */
  readonly queue: QueueId;
  readonly name: CommandName;
  readonly spec: CommandSpec;
  readonly read: Arguments;
  /** The 4 words of the command. */
  readonly words: Uint32Array;
  /** Gets what the command changes. */
  readonly effects: Effect[];
  readonly recorder: Recorder | null;
  /** Not a command of a queue but a message of a PE (3.17): it is complete at once. */
  readonly broadcast?: true;
}

/** A command that cannot be completed: it stays where it is, and the queue stops (7.1). */
export interface CommandFailure {
  /** CERROR code. */
  readonly code: number;
  readonly reason: string;
}

/** Executes one command; legality has been checked. */
export type Handler = (c: CommandContext) => void;

/** A field of the command by name; 0 when the command has no such field. Hot code asks {@link CommandContext.read}. */
export function argument(c: Pick<CommandContext, 'spec' | 'words'>, name: string): number {
  const fields: Readonly<Record<string, Field | undefined>> = c.spec.layout.fields;
  return fields[name]?.get(c.words, 0) ?? 0;
}
