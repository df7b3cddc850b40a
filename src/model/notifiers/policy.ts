/** What the policies make of an invalidation of a Security state. */

import type { World } from '../../bits/world.ts';
import type { NotifierPolicy } from '../../spec/notifiers.ts';

/** Whether a policy refuses the registrations of a device: QEMU knows one SEC_SID of it, here the first. */
export function isRejected(
  policy: NotifierPolicy,
  worlds: readonly World[],
  off: ReadonlySet<string>,
): boolean {
  const rejects =
    (policy === 'reject-registration' && !off.has('notify:N6.12')) ||
    (policy === 'reject+drop' && !off.has('notify:N6.13'));
  return rejects && worlds[0] !== 'ns';
}

/** An invalidation as policies judge it. */
export interface Judged {
  readonly path: 'iova' | 'whole';
  /** World of the command queue; null for other causes. */
  readonly queue: World | null;
  readonly actsOn: World;
  readonly also: readonly World[];
}

/** Whether a policy drops an invalidation before anybody is told. */
export function isDropped(policy: NotifierPolicy, of: Judged, off: ReadonlySet<string>): boolean {
  if (of.actsOn === 'ns' || of.also.includes('ns')) return false;
  switch (policy) {
    case 'drop-iova':
      return !off.has('notify:N6.10') && (of.path === 'iova' || off.has('notify:N6.29'));
    case 'drop-all':
      return !off.has('notify:N6.11');
    case 'reject+drop':
      return !off.has('notify:N6.13');
    default:
      return false;
  }
}

/** The state in which a policy looks configurations up. */
export function lookUpWorld(policy: NotifierPolicy, of: Judged, off: ReadonlySet<string>): World {
  if (policy === 'qemu-upstream') return 'ns';
  if (policy === 'qemu-rfc-v3' && of.queue !== null && !off.has('notify:N6.1')) return of.queue;
  return of.actsOn;
}

/** The state whose address space an UNMAP goes to (`target_as`). */
export function targetSpace(policy: NotifierPolicy, of: Judged, off: ReadonlySet<string>): World {
  const byIova = of.path === 'iova';
  if (policy === 'qemu-rfc-v3') return byIova || off.has('notify:N6.5') ? lookUpWorld(policy, of, off) : 'ns';
  if (policy !== 'route' || off.has('notify:N6.9')) return 'ns';
  return byIova || off.has('notify:N6.29') ? of.actsOn : 'ns';
}
