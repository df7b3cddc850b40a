import type { Field } from '../../bits/layout.ts';
import type { World } from '../../bits/world.ts';
import type { CommandName, CommandSpec, QueueWorld } from '../../spec/commands.ts';
import type { RegisterBank } from '../bank.ts';
import type { Machine } from '../machine.ts';
import type { Effect, Recorder } from '../plan.ts';
import type { WorldState } from '../state.ts';

/** A command being executed. */
export interface CommandContext {
  readonly machine: Machine;
  readonly bank: RegisterBank;
  readonly state: WorldState;
  /** Security state of the queue. */
  readonly world: World & QueueWorld;
  readonly name: CommandName;
  readonly spec: CommandSpec;
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

/** A field of the command by name; 0 when the command has no such field. */
export function argument(c: CommandContext, name: string): number {
  const fields: Readonly<Record<string, Field | undefined>> = c.spec.layout.fields;
  return fields[name]?.get(c.words, 0) ?? 0;
}
