/** IOMMU notifiers as QEMU has them: flags, consumers, and who is told what under which policy. */

import type { World } from '../bits/world.ts';

/** Flags of a notifier and types of events (include/system/memory.h). */
export const NOTIFIER_FLAGS = { UNMAP: 1, MAP: 2, DEVIOTLB_UNMAP: 4 } as const;

export type NotifierFlag = keyof typeof NOTIFIER_FLAGS;

/** What people write for no flag at all, which a registration refuses. */
export const NO_NOTIFIER_FLAG = 'NONE';

/** Who registers notifiers; `custom` asks for what it is told to. */
export const CONSUMERS = ['vfio', 'vhost', 'vhost-vdpa', 'custom'] as const;

export type Consumer = (typeof CONSUMERS)[number];

/** What a consumer does with events. */
export interface ConsumerFacts {
  /** What it registers with unless told otherwise: bits of {@link NOTIFIER_FLAGS}. */
  readonly flags: number;
  /** It refuses events of other address spaces than system memory, and says so. */
  readonly systemMemoryOnly: boolean;
  readonly doc: string;
}

export const CONSUMER_FACTS: Readonly<Record<Consumer, ConsumerFacts>> = {
  vfio: {
    flags: NOTIFIER_FLAGS.UNMAP | NOTIFIER_FLAGS.MAP,
    systemMemoryOnly: true,
    doc: 'Maps guest memory for a device that is passed through.',
  },
  vhost: {
    flags: NOTIFIER_FLAGS.UNMAP,
    systemMemoryOnly: false,
    doc: 'A virtio device in the kernel or in another process, with an IOTLB of its own.',
  },
  'vhost-vdpa': {
    flags: NOTIFIER_FLAGS.UNMAP | NOTIFIER_FLAGS.MAP,
    systemMemoryOnly: true,
    doc: 'A virtio device in hardware.',
  },
  custom: { flags: NOTIFIER_FLAGS.UNMAP, systemMemoryOnly: false, doc: 'Anything else.' },
};

/** Who is told of invalidations of which state; the default first. Each builds on what QEMU does today. */
export const NOTIFIER_POLICIES = {
  'qemu-upstream': { doc: 'QEMU today: it knows the Non-secure state only, with its gaps.' },
  'qemu-rfc-v3': {
    doc: 'The Secure-state series RFC v3: judged by the queue, looked up by device and SEC_SID.',
  },
  route: { doc: 'Told, by IOVA into the address space of the state.' },
  'drop-iova': { doc: 'Invalidations by IOVA of other states than Non-secure tell nobody.' },
  'drop-all': { doc: 'Invalidations of other states than Non-secure tell nobody.' },
  'reject-registration': { doc: 'Devices that are not Non-secure cannot register.' },
  'reject+drop': { doc: 'They cannot register, and invalidations of other states tell nobody.' },
} as const satisfies Readonly<Record<string, { readonly doc: string }>>;

export type NotifierPolicy = keyof typeof NOTIFIER_POLICIES;

/** Their names, the default first. */
export const NOTIFIER_POLICY_NAMES = Object.keys(NOTIFIER_POLICIES) as readonly NotifierPolicy[];

/** Which registrations the SMMU accepts: as QEMU does, or with MAP, as VFIO asks. */
export const NOTIFIER_ACCEPTS = ['qemu', 'map'] as const;

export type NotifierAccepts = (typeof NOTIFIER_ACCEPTS)[number];

/** States that have an address space for the events of notifiers, unless told otherwise. */
export const ADDRESS_SPACES: readonly World[] = ['ns', 's'];

/** The name of an address space in messages; that of the Non-secure state is system memory. */
export const ADDRESS_SPACE_NAMES: Readonly<Record<World, string>> = {
  ns: 'memory',
  s: 'secure-memory',
  realm: 'realm-memory',
  root: 'root-memory',
};

/** The state that an iommu index means. */
export const WORLD_BY_IOMMU_INDEX: readonly World[] = ['ns', 's', 'realm'];
