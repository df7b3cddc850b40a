/** Consumers translate addresses and keep what they get: by events of MAP, or (vhost) when they miss. */

import { hex64, loOf } from '../../bits/u64.ts';
import type { World } from '../../bits/world.ts';
import { NOTIFIER_FLAGS, WORLD_BY_IOMMU_INDEX } from '../../spec/notifiers.ts';
import { STREAM_WORLDS } from '../../spec/stream-worlds.ts';
import type { Covered } from '../caches/location.ts';
import { NO_ASID, tlbPage } from '../caches/tlb.ts';
import { type Outcome, type Transaction, transaction } from '../plan.ts';
import type { Answer } from '../translate/answer.ts';
import { levelShift } from '../translate/descriptor.ts';
import { halfOfAddress } from '../translate/range.ts';
import { consume } from './consumers.ts';
import type { NotifyEvent } from './decision.ts';
import type { DeviceChange, HeldMapping } from './device.ts';
import type { Listener } from './invalidation.ts';
import type { Telling } from './look-up.ts';
import { DecisionRecorder } from './record-decision.ts';
import { alignedDown, contains, maskOf, overlap, spanOf, spanOfMapping, spanOfNotifier } from './span.ts';

type Obtain = DeviceChange & { readonly what: 'obtain' };
type Said = Partial<Outcome> & Pick<Outcome, 'result'>;

/** Translates a transaction with all that follows from it; effects and steps go where those of the plan go. */
export type Translate = (transaction: Transaction) => Answer;

/** Of what no stage translates. */
const PAGE_SHIFT = 12;

/** The state through whose streams a consumer translates: that of its iommu index. */
function worldOf({ device, notifier }: Listener, off: ReadonlySet<string>): World {
  if (notifier.consumer === 'vhost' && off.has('notify:N6.28')) return device.spec.worlds[0] ?? 'ns';
  return WORLD_BY_IOMMU_INDEX[notifier.iommuIndex] ?? 'ns';
}

/** What a TLB would hold of a translation; null where no stage translates. */
function coveredBy(answer: Answer, hi: number, lo: number, shift: number): Covered | null {
  const { stream, context, global } = answer;
  if (stream === null || answer.shift === 0) return null;
  const tables = context === null ? stream.stage2 : halfOfAddress(context, hi | 0, lo | 0);
  if (tables === null) return null;
  const { granuleBits } = tables;
  let level = 3;
  while (level > 0 && levelShift(level - 1, granuleBits) <= shift) level--;
  const { streamWorld, vmid, world } = stream;
  const asid = context !== null && STREAM_WORLDS[streamWorld].asid ? context.asid : NO_ASID;
  const tag = { world, streamWorld, vmid, asid, aset: context?.aset ?? 0, stage: context ? 1 : 2 } as const;
  const page = tlbPage(hi, lo, PAGE_SHIFT);
  const leaf = 2 ** (levelShift(level, granuleBits) - PAGE_SHIFT);
  return { tag, global, table: false, level, granuleBits, page: page - (page % leaf) };
}

function mappingOf(
  { device, number }: Listener,
  { iovaHi, iovaLo }: Obtain,
  world: World,
  answer: Answer,
  off: ReadonlySet<string>,
): HeldMapping {
  const shift = answer.shift === 0 ? PAGE_SHIFT : answer.shift;
  const [hi, lo] = alignedDown(iovaHi, iovaLo, shift);
  const covered = coveredBy(answer, hi, lo, shift);
  return {
    kind: 'held-mapping',
    device: device.spec.name,
    notifier: number,
    iovaHi: hi,
    iovaLo: lo,
    shift,
    world,
    pa: answer.pa - (answer.pa % 2 ** shift),
    // SEC_SID does not say where the output goes.
    space: off.has('notify:N6.8') ? world : answer.space,
    asid: covered?.tag.asid ?? NO_ASID,
    vmid: covered?.tag.vmid ?? -1,
    covered,
  };
}

/** What QEMU's translation gives where it fails: the address as it is, without permission, in no address space. */
function failedMapping({ device, number }: Listener, { iovaHi, iovaLo }: Obtain, world: World): HeldMapping {
  const [hi, lo] = alignedDown(iovaHi, iovaLo, PAGE_SHIFT);
  const pa = hi * 2 ** 32 + lo;
  const at = { iovaHi: hi, iovaLo: lo, shift: PAGE_SHIFT, world, pa, space: 'ns' } as const;
  const name = { kind: 'held-mapping', device: device.spec.name, notifier: number } as const;
  return { ...name, ...at, asid: NO_ASID, vmid: -1, covered: null };
}

/** A consumer translates an IOVA, and keeps the mapping if it takes it. */
export function obtain(on: Telling, listener: Listener, change: Obtain, translate: Translate): Said {
  const { machine, recorder } = on;
  const { rulesOff: off } = machine.state('ns');
  const { notifier, device } = listener;
  const { iovaHi, iovaLo, write } = change;
  if (!contains(spanOfNotifier(notifier), spanOf(iovaHi, iovaLo, 1))) {
    recorder?.step('end', 'the address lies outside of the range of the notifier');
    return { result: 'idle' };
  }
  const world = worldOf(listener, off);
  const answer = translate(transaction({ world, sid: device.spec.sid, vaHi: iovaHi, vaLo: iovaLo, write }));
  const { result, pa, space, fault, missing } = answer;
  const said: Said = { result, pa, space, fault, missing };
  if (result === 'ok') keep(on, listener, mappingOf(listener, change, world, answer, off));
  else if (notifier.consumer === 'vhost' && off.has('notify:N5.7'))
    keep(on, listener, failedMapping(listener, change, world));
  else recorder?.step('end', `nothing to keep: ${fault?.reason ?? result}`);
  return said;
}

function keep(on: Telling, listener: Listener, mapping: HeldMapping): void {
  const { machine, effects, recorder } = on;
  const { held } = machine.notifiers;
  const { rulesOff: off } = machine.state('ns');
  const { notifier, device, number } = listener;
  const span = spanOfMapping(mapping);
  const before = held
    .of(device.spec.name, number)
    .filter((one) => overlap(spanOfMapping(one), span) !== null);
  let gone = before;
  if ((notifier.flags & NOTIFIER_FLAGS.MAP) !== 0) {
    const [maskHi, maskLo] = maskOf(span);
    const event: NotifyEvent = {
      type: 'MAP',
      permission: 'read-write',
      space: mapping.space,
      iovaHi: mapping.iovaHi,
      iovaLo: mapping.iovaLo,
      maskHi,
      maskLo,
      ...span,
      piece: 0,
      pieces: 1,
    };
    const untold = off.has('notify:N1.3') ? 'a new mapping is no event' : '';
    const action = untold === '' ? consume(notifier.consumer, event, before, off) : null;
    const told = { cause: 'obtain', queue: null, actsOn: mapping.world, also: [], path: 'iova' } as const;
    const decisions = new DecisionRecorder(on, told);
    decisions.decide(listener, {
      reason: untold === '' ? 'delivered' : 'flag',
      untold,
      event,
      action,
      reached: before,
      named: [],
    });
    decisions.finish();
    if (action === null || !action.done) return;
    gone = [];
  }
  for (const entry of gone) {
    const what = `${device.spec.name} replaces ${hex64(entry.iovaHi, entry.iovaLo)}`;
    effects.push({ kind: 'store', store: held, op: 'remove', entry, what });
  }
  const at = hex64(mapping.iovaHi, mapping.iovaLo);
  const to = hex64(Math.floor(mapping.pa / 2 ** 32), loOf(mapping.pa));
  const what = `${device.spec.name} keeps ${at} -> ${to} (${mapping.space})`;
  effects.push({ kind: 'store', store: held, op: 'insert', entry: mapping, what });
  recorder?.step('end', what);
}
