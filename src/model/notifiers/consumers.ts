/** What consumers do with the events of notifiers: QEMU's hw/vfio/listener.c and hw/virtio/vhost.c, and the kernel behind. */

import { hex, hex64, toNumber } from '../../bits/u64.ts';
import type { World } from '../../bits/world.ts';
import { ADDRESS_SPACE_NAMES, CONSUMER_FACTS, type Consumer } from '../../spec/notifiers.ts';
import type { ConsumerAction, NotifyEvent } from './decision.ts';
import type { HeldMapping } from './device.ts';
import { contains, maskOf, overlap, type Span, spanOfMapping } from './span.ts';

const NONE: readonly HeldMapping[] = [];

/** What says of each consumer whether it looks at the address space. */
const SPACE_RULES: Readonly<Record<Consumer, string>> = {
  vfio: 'notify:N5.1',
  'vhost-vdpa': 'notify:N5.4',
  vhost: 'notify:N5.5',
  custom: '',
};

/** What a consumer prints that takes no events of an address space; null when it takes them. */
function refusedSpace(consumer: Consumer, space: World, off: ReadonlySet<string>): string | null {
  if (space === 'ns') return null;
  const { systemMemoryOnly } = CONSUMER_FACTS[consumer];
  if (systemMemoryOnly === off.has(SPACE_RULES[consumer])) return null;
  return `Wrong target AS "${ADDRESS_SPACE_NAMES[space]}", only system memory is allowed`;
}

/** `0x1000, 0x2000`: address and bytes, as QEMU's messages have them. */
function rangeText(span: Span): string {
  const [hi, lo] = maskOf(span);
  const bytes = toNumber(hi, lo) + 1;
  return `${hex64(span.firstHi, span.firstLo)}, ${bytes > Number.MAX_SAFE_INTEGER ? '2^64' : hex(bytes)}`;
}

/** The kernel's VFIO never splits a mapping: a range that cuts one is refused as a whole (-EINVAL). */
function unmapVfio(range: Span, held: readonly HeldMapping[]): ConsumerAction {
  const cut = held.some((one) => !contains(range, spanOfMapping(one)));
  if (!cut) return { done: true, message: '', removed: held, kept: NONE };
  const message = `vfio_container_dma_unmap(${rangeText(range)}) = -22 (Invalid argument)`;
  return { done: false, message, removed: NONE, kept: held };
}

/**
 * What a consumer does with an event that reaches it.
 * @param held what it holds of the range
 */
export function consume(
  consumer: Consumer,
  event: NotifyEvent,
  held: readonly HeldMapping[],
  off: ReadonlySet<string>,
): ConsumerAction {
  const refused = refusedSpace(consumer, event.space, off);
  if (refused !== null) return { done: false, message: refused, removed: NONE, kept: held };
  if (event.permission !== 'none') return map(consumer, event, held, off);
  if (consumer === 'vfio')
    return off.has('notify:N5.3')
      ? { done: true, message: '', removed: NONE, kept: held }
      : unmapVfio(event, held);
  if (consumer === 'vhost' && off.has('notify:N5.6')) {
    const first = held.filter((one) =>
      overlap(spanOfMapping(one), { ...event, lastHi: event.firstHi, lastLo: event.firstLo }),
    );
    return { done: true, message: '', removed: first, kept: held.filter((one) => !first.includes(one)) };
  }
  // Their kernels drop whole mappings, however little of them the range names.
  return { done: true, message: '', removed: held, kept: NONE };
}

/** A mapping appears; the kernel's VFIO refuses one where there is one already. */
function map(
  consumer: Consumer,
  event: NotifyEvent,
  held: readonly HeldMapping[],
  off: ReadonlySet<string>,
): ConsumerAction {
  if (consumer !== 'vfio') return { done: true, message: '', removed: held, kept: NONE };
  if (off.has('notify:N5.2')) return { done: false, message: '', removed: NONE, kept: held };
  if (held.length === 0) return { done: true, message: '', removed: NONE, kept: NONE };
  const message = `vfio_container_dma_map(${rangeText(event)}) = -17 (File exists)`;
  return { done: false, message, removed: NONE, kept: held };
}
