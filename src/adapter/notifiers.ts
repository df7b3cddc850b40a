/** Decisions about notifiers as views and the console show them. */

import { hex64 } from '../bits/u64.ts';
import type { World } from '../bits/world.ts';
import { hasWrongSpace, isAbout, isInvalidating } from '../control/isolation/decisions.ts';
import type { NotifyDecision } from '../model/notifiers/decision.ts';
import type { HeldMapping } from '../model/notifiers/device.ts';
import type { CustomRequests, NotifierMatrixRow, NotifierRow } from './custom-requests.ts';
import type { Debuggee } from './debuggee.ts';
import { lineOfEntry } from './history.ts';

/** Rows in one answer. */
const PAGE = 10_000;
const TWO_32 = 2 ** 32;

/** `0x1000-0x1fff`, both inclusive. */
function rangeText(firstHi: number, firstLo: number, lastHi: number, lastLo: number): string {
  return `${hex64(firstHi, firstLo)}-${hex64(lastHi, lastLo)}`;
}

/** The range of an event before it was cropped. */
function wholeText({ iovaHi, iovaLo, maskHi, maskLo }: NonNullable<NotifyDecision['event']>): string {
  const lo = (iovaLo >>> 0) + (maskLo >>> 0);
  const hi = (iovaHi >>> 0) + (maskHi >>> 0) + (lo >= TWO_32 ? 1 : 0);
  return rangeText(iovaHi, iovaLo, hi >>> 0, lo >>> 0);
}

function rowOf(debuggee: Debuggee, decision: NotifyDecision): NotifierRow {
  const { checkers, debugger: control } = debuggee;
  const { event, action } = decision;
  const history = checkers.isolation.entryOf(decision);
  const entry = history === null ? null : control.history.at(history);
  return {
    number: decision.number,
    history,
    ...(entry === null ? null : lineOfEntry(debuggee, entry)),
    cause: decision.cause,
    queue: decision.queue,
    actsOn: decision.actsOn,
    device: decision.device,
    sid: decision.sid,
    deviceWorlds: decision.deviceWorlds,
    notifier: decision.notifier,
    consumer: decision.consumer,
    iommuIndex: decision.iommuIndex,
    delivered: decision.delivered,
    reason: decision.reason,
    why: decision.why,
    range: event && rangeText(event.firstHi, event.firstLo, event.lastHi, event.lastLo),
    whole: event && wholeText(event),
    piece: event && event.pieces > 1 ? `${event.piece + 1}/${event.pieces}` : null,
    space: event?.space ?? null,
    obtained: decision.obtained,
    message: action === null || action.message === '' ? null : action.message,
    removed: action?.removed.length ?? 0,
    kept: action?.kept.length ?? 0,
    findings: checkers.isolation.findingsOf(decision),
  };
}

/**
 * Decisions from `start` on, counted over those about invalidations of `world`; the last `count` without `start`.
 * @param of null: of every state
 */
export function notifierPage(
  debuggee: Debuggee,
  of: { readonly start: number | null; readonly count: number; readonly world: World | null },
): CustomRequests['smmu/notifiers']['body'] {
  const { log, policy, accepts } = debuggee.smmu.notifiers;
  const all = shownOf(debuggee, log.values());
  const { world } = of;
  const matching = world === null ? all : all.filter((one) => isAbout(one, world));
  const count = Math.min(of.count, PAGE);
  const start = of.start ?? Math.max(0, matching.length - count);
  const rows = matching.slice(start, start + count).map((decision) => rowOf(debuggee, decision));
  return { rows, total: matching.length, dropped: log.dropped, policy, accepts };
}

function shownOf({ viewer }: Debuggee, all: readonly NotifyDecision[]): readonly NotifyDecision[] {
  return viewer.masks ? all.filter((decision) => viewer.hidesEntry(decision) === null) : all;
}

/** Whose something is: a device and the number of its notifier. */
type Owned = Pick<NotifyDecision | HeldMapping, 'device' | 'notifier'>;

function notifierKey({ device, notifier }: Owned): string {
  return `${notifier} ${device}`;
}

function byNotifier<One extends Owned>(all: Iterable<One>): ReadonlyMap<string, readonly One[]> {
  const found = new Map<string, One[]>();
  for (const one of all) {
    const key = notifierKey(one);
    const own = found.get(key);
    if (own === undefined) found.set(key, [one]);
    else own.push(one);
  }
  return found;
}

/** One row for each notifier of a device and each Security state of the device; those that were refused come last. */
export function notifierMatrix({ smmu, checkers, viewer }: Debuggee): readonly NotifierMatrixRow[] {
  const { devices, held, log, refused } = smmu.notifiers;
  const rows: NotifierMatrixRow[] = [];
  // Once for all: there may be very many devices, and very many decisions.
  const invalidating = byNotifier(log.values().filter(isInvalidating));
  const mappings = byNotifier(held.values());
  for (const { spec, notifiers } of devices.values()) {
    for (const [number, notifier] of notifiers.entries()) {
      if (notifier === null) continue;
      const key = notifierKey({ device: spec.name, notifier: number });
      for (const world of spec.worlds) {
        if (!viewer.sees(world)) continue;
        const decisions = (invalidating.get(key) ?? []).filter((one) => isAbout(one, world));
        const holds = (mappings.get(key) ?? []).filter((one) => one.world === world);
        const told = decisions.filter(({ delivered }) => delivered);
        rows.push({
          device: spec.name,
          sid: spec.sid,
          world,
          consumer: notifier.consumer,
          notifier: number,
          refused: null,
          told: told.length,
          untold: decisions.length - told.length,
          missed: holds.filter((one) => checkers.isolation.isMissed(smmu, one)).length,
          wrongSpace: told.filter(hasWrongSpace).length,
          held: holds.length,
        });
      }
    }
  }
  for (const { device, notifier, message } of refused.values()) {
    const spec = devices.get(device)?.spec;
    for (const world of spec?.worlds ?? []) {
      if (!viewer.sees(world)) continue;
      const { consumer } = notifier;
      const none = { told: 0, untold: 0, missed: 0, wrongSpace: 0, held: 0 };
      rows.push({ device, sid: spec?.sid ?? 0, world, consumer, notifier: -1, refused: message, ...none });
    }
  }
  return rows;
}
