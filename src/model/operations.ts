/** Operations beside transactions, commands and writes: page requests, page hints, broadcast TLB invalidations. */

import { hex, hex64 } from '../bits/u64.ts';
import type { World } from '../bits/world.ts';
import { BROADCASTS, GPT_BROADCASTS } from '../spec/broadcast.ts';
import { broadcastText, broadcastTlbi } from './commands/broadcast.ts';
import type { Changeable } from './effects.ts';
import { encodeHint } from './events/record.ts';
import { recordEvent } from './events/report.ts';
import { broadcastGpt } from './gpc/invalidate.ts';
import { endOfUnknownWrite } from './gpc/own-write.ts';
import { DATA } from './memory.ts';
import { endsAtMissing } from './outcome.ts';
import type { Effect, FrameKind, Operation, Outcome, Recorder } from './plan.ts';
import { encodePageRequest, isStopMarker, takePageRequest } from './queues/pri-queue.ts';
import { worldOfMessage } from './sec-sid.ts';

/** The operations that this chapter plans. */
export type SideOperation = Extract<
  Operation,
  { kind: 'page-request' | 'page-hint' | 'broadcast-tlbi' | 'broadcast-tlbi-pa' }
>;

type Said = Partial<Outcome> & Pick<Outcome, 'result'>;

function enter(
  recorder: Recorder | null,
  kind: FrameKind,
  world: World,
  name: string,
  layout: string,
  words: Uint32Array,
): void {
  const frame = {
    kind,
    name,
    layout,
    space: world,
    pa: null,
    words,
    status: DATA,
    stage: 0,
    level: 0,
  } as const;
  recorder?.enter(0, frame);
  recorder?.step('begin', name);
}

/** A message of an endpoint as the programming interface of its stream meets it (3.10.1). */
function named<Message extends { readonly world: World }>(on: Changeable, message: Message): Message {
  const { rulesOff } = on.state('ns');
  const [secure, realm] = [on.state('s').present, on.state('realm').present];
  const world = worldOfMessage(message.world, { secure, realm, rulesOff });
  return world === message.world ? message : { ...message, world };
}

/** Computes one of these operations; its effects go to `effects`. */
export function planSideOperation(
  on: Changeable,
  operation: SideOperation,
  effects: Effect[],
  recorder: Recorder | null,
): Said {
  switch (operation.kind) {
    case 'page-request': {
      const request = named(on, operation.request);
      const { world, sid, prgIndex } = request;
      const what = isStopMarker(request) ? 'Stop PASID marker' : `page request of group ${prgIndex}`;
      const at = hex64(request.addressHi, request.addressLo);
      const words = encodePageRequest(request);
      const name = `${what} for ${at} by StreamID ${hex(sid)}`;
      enter(recorder, 'page-request', world, name, 'PRIQ_ENTRY', words);
      const state = on.state(world);
      const { fate, recording, missing } = takePageRequest(on, state, request, effects, recorder);
      const unknown = missing ?? endOfUnknownWrite(on);
      if (unknown !== null) {
        recorder?.step('end', endsAtMissing(unknown.missing));
        return unknown;
      }
      const written = fate === 'written';
      recorder?.step('end', written ? 'the message is in the PRI queue' : 'the message is discarded');
      return { result: written ? 'ok' : 'abort', recording };
    }
    case 'page-hint': {
      const hint = named(on, operation.hint);
      const { world } = hint;
      const record = encodeHint(hint);
      const name = `page hint for ${hex64(hint.addressHi, hint.addressLo)} by StreamID ${hex(hint.sid)}`;
      enter(recorder, 'page-hint', world, name, 'E_PAGE_REQUEST', record);
      const state = on.state(world);
      if (!state.smmuEnabled) {
        // Not among the events that may be recorded then (7.2.1).
        recorder?.step('end', 'SMMUEN=0: the hint is dropped');
        return { result: 'idle' };
      }
      const recording = recordEvent(on, state, world, 'E_PAGE_REQUEST', record, false, effects, recorder);
      const unknown = endOfUnknownWrite(on);
      if (unknown !== null) {
        recorder?.step('end', endsAtMissing(unknown.missing));
        return { ...unknown, record, recording };
      }
      recorder?.step('end', recording === 'written' ? 'the hint is recorded' : 'the hint is dropped');
      return { result: recording === 'written' ? 'ok' : 'idle', record, recording };
    }
    case 'broadcast-tlbi': {
      const { message } = operation;
      const name = broadcastText(message);
      enter(recorder, 'broadcast', message.world, name, 'BROADCAST', new Uint32Array(0));
      recorder?.step('decide', BROADCASTS[message.name].doc);
      const why = broadcastTlbi(on, on.state(message.world), message, effects, recorder);
      recorder?.step('end', why ?? 'the invalidation is done');
      return { result: why === null ? 'ok' : 'idle' };
    }
    case 'broadcast-tlbi-pa': {
      const { message } = operation;
      const name = `TLBI ${message.name}`;
      enter(recorder, 'broadcast', 'root', name, 'BROADCAST', new Uint32Array(0));
      recorder?.step('decide', GPT_BROADCASTS[message.name].doc);
      const why = broadcastGpt(on, message, effects, recorder);
      recorder?.step('end', why ?? 'the invalidation is done');
      return { result: why === null ? 'ok' : 'idle' };
    }
  }
}
