/**
 * Who is told of an invalidation: QEMU's `smmuv3_inv_notifiers_iova` and `smmu_inv_notifiers_all` over
 * `memory_region_notify_iommu_one`, under the policy that holds.
 */

import type { World } from '../../bits/world.ts';
import { NOTIFIER_FLAGS, WORLD_BY_IOMMU_INDEX } from '../../spec/notifiers.ts';
import { consume } from './consumers.ts';
import type { ConsumerAction, NotifyEvent } from './decision.ts';
import type { HeldMapping } from './device.ts';
import type { ByAddress, Invalidation, Listener, Untold } from './invalidation.ts';
import type { Telling } from './look-up.ts';
import { isDropped, type Judged, lookUpWorld, targetSpace } from './policy.ts';
import { Reach } from './reach.ts';
import { DecisionRecorder } from './record-decision.ts';
import { alignedDown, maskOf, overlap, piecesOf, type Span, spanOf, spanOfNotifier } from './span.ts';

const { UNMAP, DEVIOTLB_UNMAP } = NOTIFIER_FLAGS;

/** Tells all listed devices of one invalidation: a decision for each notifier, and each piece of the range. */
export function tellAll(on: Telling, of: Invalidation): void {
  if (on.machine.notifiers.devices.size > 0) new Teller(on, of).run();
}

class Teller {
  readonly #on: Telling;
  readonly #of: Invalidation;
  readonly #off: ReadonlySet<string>;
  /** What earlier pieces have removed: the effects are not applied yet. */
  readonly #gone = new Set<HeldMapping>();
  readonly #decisions: DecisionRecorder;
  /** The last ones: consumers of a kind are mostly told the same, and do the same about it. */
  #event: NotifyEvent | null = null;
  #action: ConsumerAction | null = null;

  constructor(on: Telling, of: Invalidation) {
    this.#on = on;
    this.#of = of;
    this.#off = on.machine.state('ns').rulesOff;
    const { cause, queue, actsOn, also, way } = of;
    this.#decisions = new DecisionRecorder(on, { cause, queue, actsOn, also, path: way.path });
  }

  run(): void {
    this.#tell();
    this.#decisions.finish();
  }

  #tell(): void {
    const { way } = this.#of;
    if (way.path === 'none') {
      for (const listener of this.#listeners()) this.#decide(listener, way, null, null);
      return;
    }
    const { policy } = this.#on.machine.notifiers;
    const judged: Judged = { ...this.#of, path: way.path };
    if (isDropped(policy, judged, this.#off)) {
      const why = `policy ${policy}, and it acts on state ${judged.actsOn}`;
      for (const listener of this.#listeners()) this.#decide(listener, { reason: 'policy', why }, null, null);
      return;
    }
    const space = targetSpace(policy, judged, this.#off);
    if (way.path === 'iova') this.#byAddress(way, lookUpWorld(policy, judged, this.#off), space);
    else for (const listener of this.#listeners()) this.#whole(listener, space);
  }

  #listeners(): readonly Listener[] {
    return this.#on.machine.notifiers.devices.values().flatMap((device) => {
      if (!device.listed) return [];
      return device.notifiers.flatMap((notifier, number) =>
        notifier === null ? [] : [{ device, number, notifier }],
      );
    });
  }

  #whole(listener: Listener, space: World): void {
    if (this.#off.has('notify:N4.16'))
      this.#decide(listener, { reason: 'gap', why: 'nobody is told of whole ranges' }, null, null);
    else this.#send(listener, space, spanOfNotifier(listener.notifier), 0, 1);
  }

  #byAddress(way: ByAddress, world: World, space: World): void {
    const reach = new Reach(this.#on, way, world);
    const pieces = this.#pieces(way);
    for (const [piece, known] of pieces.entries()) {
      for (const listener of this.#listeners()) {
        const granule = reach.granuleFor(listener.device);
        if (typeof granule !== 'number') this.#decide(listener, granule, null, null);
        else this.#send(listener, space, known ?? this.#single(way, granule), piece, pieces.length);
      }
    }
  }

  /** The ranges to tell of one by one; null: a page, whose size the device's granule says. */
  #pieces({ addressHi, addressLo, pages, granuleBits }: ByAddress): readonly (Span | null)[] {
    if (granuleBits === 0) return [null];
    const bytes = pages * 2 ** granuleBits;
    return this.#off.has('notify:N4.5')
      ? [spanOf(addressHi, addressLo, bytes)]
      : piecesOf(addressHi, addressLo, bytes);
  }

  #single({ addressHi, addressLo, pages }: ByAddress, granule: number): Span {
    const [hi, lo] = this.#off.has('notify:N4.15')
      ? alignedDown(addressHi, addressLo, granule)
      : [addressHi, addressLo];
    return spanOf(hi, lo, pages * 2 ** granule);
  }

  /** An UNMAP of a span goes to a notifier, if it is for it. */
  #send(listener: Listener, asked: World, span: Span, piece: number, pieces: number): void {
    const off = this.#off;
    const { notifiers } = this.#on.machine;
    if (!notifiers.addressSpaces.includes(asked) && !off.has('notify:N6.14')) {
      const why = `state ${asked} has no address space, and QEMU aborts at an assertion`;
      this.#decide(listener, { reason: 'qemu-aborts', why }, null, null);
      return;
    }
    const { notifier } = listener;
    const shared = overlap(spanOfNotifier(notifier), span);
    const cropped = off.has('notify:N1.12') ? span : (shared ?? span);
    const held = this.#heldIn(listener, cropped);
    const [maskHi, maskLo] = maskOf(span);
    const event = this.#sharedEvent({
      type: 'UNMAP',
      permission: off.has('notify:N1.2') ? 'read-write' : 'none',
      // The space of what was obtained is nobody's concern.
      space: off.has('notify:N6.7') ? (held[0]?.space ?? asked) : asked,
      iovaHi: span.firstHi,
      iovaLo: span.firstLo,
      maskHi,
      maskLo,
      firstHi: cropped.firstHi,
      firstLo: cropped.firstLo,
      lastHi: cropped.lastHi,
      lastLo: cropped.lastLo,
      piece,
      pieces,
    });
    const untold = this.#undelivered(listener, shared !== null);
    const action = untold === null ? this.#sharedAction(consume(notifier.consumer, event, held, off)) : null;
    this.#decide(listener, untold, event, action);
  }

  #sharedEvent(event: NotifyEvent): NotifyEvent {
    if (this.#event === null || !isSameEvent(this.#event, event)) this.#event = event;
    return this.#event;
  }

  #sharedAction(action: ConsumerAction): ConsumerAction {
    if (this.#action === null || !isSameAction(this.#action, action)) this.#action = action;
    return this.#action;
  }

  #undelivered({ notifier }: Listener, overlaps: boolean): Untold | null {
    const off = this.#off;
    if (!overlaps && !off.has('notify:N1.11'))
      return { reason: 'no-overlap', why: 'it lies outside of the range of the notifier' };
    if (off.has('notify:N1.14') && WORLD_BY_IOMMU_INDEX[notifier.iommuIndex] !== this.#of.actsOn)
      return { reason: 'no-overlap', why: `its iommu index is ${notifier.iommuIndex}` };
    const type = off.has('notify:N1.4') ? UNMAP | DEVIOTLB_UNMAP : UNMAP;
    if ((notifier.flags & type) === 0 && !off.has('notify:N1.13'))
      return { reason: 'flag', why: 'its flags do not name UNMAP' };
    return null;
  }

  #held({ device, number }: Listener): readonly HeldMapping[] {
    return this.#on.machine.notifiers.held.of(device.spec.name, number).filter((one) => !this.#gone.has(one));
  }

  #heldIn({ device, number }: Listener, span: Span): readonly HeldMapping[] {
    return this.#on.machine.notifiers.held
      .within(device.spec.name, number, span)
      .filter((one) => !this.#gone.has(one));
  }

  #decide(
    listener: Listener,
    untold: Untold | null,
    event: NotifyEvent | null,
    action: ConsumerAction | null,
  ): void {
    const named = this.#held(listener).filter(this.#of.names);
    const reached = event === null ? named : this.#heldIn(listener, event);
    this.#decisions.decide(listener, {
      reason: untold?.reason ?? 'delivered',
      untold: untold?.why ?? '',
      event,
      action,
      reached,
      named,
    });
    for (const mapping of action?.removed ?? []) this.#gone.add(mapping);
  }
}

function isSameEvent(a: NotifyEvent, b: NotifyEvent): boolean {
  return (
    a.space === b.space &&
    a.piece === b.piece &&
    a.iovaLo === b.iovaLo &&
    a.iovaHi === b.iovaHi &&
    a.maskLo === b.maskLo &&
    a.maskHi === b.maskHi &&
    a.firstLo === b.firstLo &&
    a.firstHi === b.firstHi &&
    a.lastLo === b.lastLo &&
    a.lastHi === b.lastHi
  );
}

/** Whether both come to the same and concern no mapping. */
function isSameAction(a: ConsumerAction, b: ConsumerAction): boolean {
  const concerns = a.removed.length + a.kept.length + b.removed.length + b.kept.length;
  return concerns === 0 && a.done === b.done && a.message === b.message;
}
