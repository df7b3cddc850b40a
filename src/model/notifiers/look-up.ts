/** A device's configuration as QEMU's `smmuv3_notify_iova` looks it up: STE, and CD 0 where stage 1 translates. */

import { hex } from '../../bits/u64.ts';
import type { World } from '../../bits/world.ts';
import { configEntry, contextOf } from '../caches/config.ts';
import { reportFault } from '../events/report.ts';
import type { QueueMachine } from '../machine.ts';
import { type Effect, type Recorder, transaction } from '../plan.ts';
import { Answer } from '../translate/answer.ts';
import type { ContextConfig, StreamConfig } from '../translate/configuration.ts';
import { contextIndex, fetchContext } from '../translate/context-lookup.ts';
import { fetchStream } from '../translate/stream-lookup.ts';

/** What notifiers ask of a plan: the SMMU, where its changes go, and who records the way. */
export interface Telling {
  readonly machine: QueueMachine;
  readonly effects: Effect[];
  readonly recorder: Recorder | null;
}

/** A configuration that could be read and is valid. */
export interface Configuration {
  readonly stream: StreamConfig;
  /** Null where stage 1 does not translate. */
  readonly context: ContextConfig | null;
}

/**
 * Looks up the configuration of a stream; what the caches keep of it goes to the effects.
 * @returns why there is none, in words, where there is none
 */
export function lookUp(on: Telling, world: World, sid: number): Configuration | string {
  const { machine } = on;
  const state = machine.state(world);
  if (!state.present) return `there is no Security state ${world}`;
  const off = state.rulesOff;
  const answer = new Answer();
  const cached = machine.policy === 'combined' ? machine.config.find(world, sid) : null;
  const stream = cached?.stream ?? fetchStream(machine, state, world, sid, answer, null);
  if (stream === null) return failed(on, world, sid, answer);
  const translates = stream.action === 'stage1' || stream.action === 'nested';
  if (!translates && stream.action !== 'stage2' && off.has('notify:N4.7'))
    return `the STE of StreamID ${hex(sid)} says ${stream.action}`;
  let context: ContextConfig | null = null;
  if (translates) {
    const index = contextIndex(stream, -1, state);
    if (typeof index !== 'number') {
      answer.fail(index);
      return failed(on, world, sid, answer);
    }
    if (index >= 0) {
      context = cached === null ? null : contextOf(cached, index);
      context ??= fetchContext(machine, state, stream, index, answer, null);
      if (context === null) return failed(on, world, sid, answer);
    }
  }
  if (!off.has('notify:N6.3')) keep(on, world, sid, stream, context, answer);
  return { stream, context };
}

/** Errors of the look-up are no events (`inval_ste_allowed`). */
function failed(on: Telling, world: World, sid: number, answer: Answer): string {
  const { machine, effects, recorder } = on;
  const state = machine.state(world);
  if (answer.fault !== null && state.rulesOff.has('notify:N4.8')) {
    reportFault(machine, transaction({ world, sid, vaHi: 0, vaLo: 0 }), state, answer, effects, recorder);
  }
  if (answer.missing !== null) return `the ${answer.missing.structure} is not in the image`;
  return answer.fault?.reason ?? `StreamID ${hex(sid)} has no configuration`;
}

/** What the caches keep of the look-up, as they would of a transaction. */
function keep(
  { machine, effects, recorder }: Telling,
  world: World,
  sid: number,
  stream: StreamConfig,
  context: ContextConfig | null,
  answer: Answer,
): void {
  for (const { store, entry, what: text } of answer.fills) {
    const what = text(entry);
    effects.push({ kind: 'store', store, op: 'insert', entry, what });
    recorder?.step('cache-fill', what);
  }
  if (machine.policy !== 'combined') return;
  const before = machine.config.find(world, sid);
  if (before !== null && (context === null || contextOf(before, context.index) === context)) return;
  if (before !== null) effects.push({ kind: 'config', op: 'remove', entry: before });
  effects.push({ kind: 'config', op: 'insert', entry: configEntry(before, stream, context) });
  recorder?.step('cache-fill', () => `the look-up of a notifier leaves StreamID ${hex(sid)} in the cache`);
}
