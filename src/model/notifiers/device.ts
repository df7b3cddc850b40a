/** Devices that register IOMMU notifiers, and what can be done with them. */

import type { World } from '../../bits/world.ts';
import type { Consumer, NotifierAccepts, NotifierPolicy } from '../../spec/notifiers.ts';
import type { Covered } from '../caches/location.ts';

/** A notifier as its consumer asks for it. */
export interface NotifierSpec {
  readonly consumer: Consumer;
  /** Bits of NOTIFIER_FLAGS. */
  readonly flags: number;
  /** Inclusive range of IOVA, as uint32 halves. */
  readonly startHi: number;
  readonly startLo: number;
  readonly endHi: number;
  readonly endLo: number;
  /** 0 Non-secure, 1 Secure, 2 Realm: through which address space its consumer translates. */
  readonly iommuIndex: number;
}

/** A notifier as it is asked for: what is left out is what its consumer asks for by itself, of every address. */
export type NotifierRequest = Pick<NotifierSpec, 'consumer'> & Partial<Omit<NotifierSpec, 'consumer'>>;

/** A registration that came to nothing. */
export interface RefusedRegistration {
  readonly kind: 'refused-registration';
  readonly device: string;
  readonly notifier: NotifierSpec;
  /** `assert`: QEMU aborts at an assertion; `error`: the SMMU refuses, and the consumer gets the message. */
  readonly how: 'assert' | 'error';
  /** What QEMU prints. */
  readonly message: string;
  /** QEMU ends with it. */
  readonly exits: boolean;
}

/** A device behind the SMMU. */
export interface DeviceSpec {
  readonly name: string;
  readonly sid: number;
  /** Security states of its transactions, one or more. */
  readonly worlds: readonly World[];
}

/** What becomes of a device: an operation of its own. */
export type DeviceChange =
  | { readonly what: 'plug'; readonly device: DeviceSpec }
  /** The consumer of a device registers a notifier; its number is the count of those registered before. */
  | { readonly what: 'register'; readonly device: string; readonly notifier: NotifierRequest }
  | { readonly what: 'unregister'; readonly device: string; readonly notifier: number }
  | {
      /** The consumer translates an IOVA through the index of its notifier, and keeps the mapping with its space. */
      readonly what: 'obtain';
      readonly device: string;
      readonly notifier: number;
      readonly iovaHi: number;
      readonly iovaLo: number;
      readonly write: boolean;
    }
  | { readonly what: 'reset'; readonly device: string }
  | { readonly what: 'unplug'; readonly device: string }
  /** Other rules from here on: whoever is registered stays so. */
  | { readonly what: 'rules'; readonly rules: NotifierRules };

/** Who is told what, and which registrations are accepted. */
export interface NotifierRules {
  readonly policy: NotifierPolicy;
  readonly accepts: NotifierAccepts;
}

/** What a consumer holds: IOVA to an address in a space. */
export interface HeldMapping {
  readonly kind: 'held-mapping';
  readonly device: string;
  readonly notifier: number;
  readonly iovaHi: number;
  readonly iovaLo: number;
  /** log2 of the bytes. */
  readonly shift: number;
  /** Security state of the stream through which it was obtained. */
  readonly world: World;
  /** PA in bytes, and the space that the translation gave. */
  readonly pa: number;
  readonly space: World;
  /** The TLB tags of the translation, for whoever asks which invalidations name it. */
  readonly asid: number;
  readonly vmid: number;
  /** What a TLB would hold of it; null where no stage translated. */
  readonly covered: Covered | null;
}
