/** CMD_ATC_INV and CMD_PRI_RESP: IHI 0070 4.5. */

import { hex } from '../../bits/u64.ts';
import { CERRORS } from '../../spec/cerror.ts';
import { ATC_INV_SIZE_ALL, PRI_RESPONSE_CODES } from '../../spec/command-rules.ts';
import { COMMANDS } from '../../spec/commands.ts';
import { type AtcScope, atcText, type PendingInvalidation } from '../ats/atc.ts';
import { respond } from '../ats/page-requests.ts';
import { tellOfAtc } from '../notifiers/causes.ts';
import type { Effect } from '../plan.ts';
import { argument, type CommandContext, type CommandFailure } from './context.ts';
import { queueOf } from './drop.ts';
import { endpointWorld } from './reach.ts';

const { Address } = COMMANDS.CMD_ATC_INV.layout.fields;
const { Resp } = COMMANDS.CMD_PRI_RESP.layout.fields;

const RESPONSES: Readonly<Record<number, number>> = {
  [Resp.names.ResponseFailure]: PRI_RESPONSE_CODES.ResponseFailure,
  [Resp.names.InvalidRequest]: PRI_RESPONSE_CODES.InvalidRequest,
  [Resp.names.Success]: PRI_RESPONSE_CODES.Success,
};

/** The SubstreamID, or -1; without substreams SSV counts as 0, which 4.5 allows. */
function substream(c: CommandContext): number {
  return c.state.ssidBits !== 0 && argument(c, 'SSV') === 1 ? argument(c, 'SubstreamID') : -1;
}

/** CMD_ATC_INV: the endpoint drops what it was granted; one that does not answer keeps it, for a CMD_SYNC to notice. */
export function invalidateAtc(c: CommandContext): void {
  const { atc } = c.machine.traffic;
  // Sizes above 52 give an UNKNOWN span (4.5.1); here that is everything.
  const size = argument(c, 'Size');
  const scope: AtcScope = {
    world: endpointWorld(c),
    sid: argument(c, 'StreamID'),
    ssid: substream(c),
    everyPasid: argument(c, 'Global') === 1,
    addressHi: Address.hi(c.words, 0),
    addressLo: Address.lo(c.words, 0),
    shift: size >= ATC_INV_SIZE_ALL ? 64 : 12 + size,
  };
  tellOfAtc(c, scope.world);
  if (atc.answers(scope.world, scope.sid)) {
    invalidate(c, scope);
    return;
  }
  const entry: PendingInvalidation = { queue: queueOf(c), scope };
  const what = `the invalidation of StreamID ${hex(scope.sid)} has no answer`;
  c.recorder?.step('decide', what);
  c.effects.push({ kind: 'store', store: atc.pending, op: 'insert', entry, what });
}

function invalidate(c: CommandContext, scope: AtcScope): void {
  const { atc } = c.machine.traffic;
  const found = atc.matching(scope);
  for (const entry of found) {
    const what = `ATC of StreamID ${hex(scope.sid)} drops ${atcText(entry)}`;
    c.recorder?.entry('cache-remove', what, { kind: 'atc', entry });
    c.effects.push({ kind: 'store', store: atc, op: 'remove', entry, what });
  }
  if (found.length === 0) c.recorder?.step('decide', 'no ATC entry matches');
}

/**
 * What a CMD_SYNC makes of the invalidations of its queue that have no answer (3.9.1.4): they are sent again, and while
 * an endpoint is silent the CMD_SYNC fails and stays where it is.
 */
export function completeInvalidations(c: CommandContext): CommandFailure | undefined {
  const { atc } = c.machine.traffic;
  if (atc.pending.size === 0) return undefined;
  let silent: PendingInvalidation | undefined;
  for (const entry of atc.pending.ofQueue(queueOf(c))) {
    const { scope } = entry;
    if (!atc.answers(scope.world, scope.sid)) {
      silent ??= entry;
      continue;
    }
    const what = `the invalidation of StreamID ${hex(scope.sid)} is answered`;
    c.recorder?.step('decide', what);
    invalidate(c, scope);
    c.effects.push({ kind: 'store', store: atc.pending, op: 'remove', entry, what });
  }
  if (!silent) return undefined;
  const { code } = CERRORS.CERROR_ATC_INV_SYNC;
  const reason = `CERROR_ATC_INV_SYNC: the endpoint of StreamID ${hex(silent.scope.sid)} does not answer`;
  return { code, reason };
}

/** CMD_PRI_RESP: the response to a page request group. */
export function respondToPages(c: CommandContext): void {
  const { pages } = c.machine.traffic;
  const to = {
    world: endpointWorld(c),
    sid: argument(c, 'StreamID'),
    ssid: substream(c),
    prgIndex: argument(c, 'PRGIndex'),
  };
  const group = pages.find(to);
  const outstanding = group && group.response < 0 ? group : undefined;
  if (!outstanding) c.recorder?.step('decide', 'no such page request group is outstanding', 'PRGIndex');
  const code = RESPONSES[argument(c, 'Resp')] ?? PRI_RESPONSE_CODES.ResponseFailure;
  const effects: Effect[] = respond(pages, to, outstanding, code);
  c.recorder?.step('decide', effects.map((e) => ('what' in e ? e.what : e.kind)).at(-1) ?? '', 'Resp');
  c.effects.push(...effects);
}
