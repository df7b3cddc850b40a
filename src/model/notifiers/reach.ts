/** Whether an invalidation by address reaches a device, and of how much it is told: QEMU's `smmuv3_notify_iova`. */

import type { World } from '../../bits/world.ts';
import { GRANULES } from '../../spec/translation.ts';
import { halfOfAddress } from '../translate/range.ts';
import { stage2GranuleBits } from '../translate/stage2-format.ts';
import type { ByAddress, Untold } from './invalidation.ts';
import { type Configuration, lookUp, type Telling } from './look-up.ts';
import type { PluggedDevice } from './notifiers.ts';

/** Of the smallest page. */
const SMALLEST = GRANULES['4KB'].log2;

/** Asks the configuration of each device once for one invalidation. */
export class Reach {
  readonly #on: Telling;
  readonly #way: ByAddress;
  /** The state in which configurations are looked up. */
  readonly #world: World;
  readonly #off: ReadonlySet<string>;
  readonly #known = new Map<number, number | Untold>();

  constructor(on: Telling, way: ByAddress, world: World) {
    this.#on = on;
    this.#way = way;
    this.#world = world;
    this.#off = on.machine.state('ns').rulesOff;
  }

  /** log2 of the granule by which a device is told, or why it is not. */
  granuleFor({ spec }: PluggedDevice): number | Untold {
    // Of every device that is listed, whatever its state is.
    if (this.#off.has('notify:N6.2') && !spec.worlds.includes(this.#world))
      return { reason: 'no-configuration', why: `it is no device of state ${this.#world}` };
    const known = this.#known.get(spec.sid);
    if (known !== undefined) return known;
    const found = this.#judge(lookUp(this.#on, this.#world, spec.sid));
    this.#known.set(spec.sid, found);
    return found;
  }

  #judge(found: Configuration | string): number | Untold {
    const off = this.#off;
    const way = this.#way;
    if (typeof found === 'string')
      return off.has('notify:N4.6')
        ? way.granuleBits || SMALLEST
        : { reason: 'no-configuration', why: found };
    if (way.stage === 2 && found.stream.action === 'nested' && !off.has('notify:N4.9'))
      return {
        reason: 'stage',
        why: 'it names an IPA, and the IOVA of a nested stream is the input of stage 1',
      };
    // A range is not compared: too many are told, never too few.
    if (way.granuleBits !== 0 && !off.has('notify:N4.14')) return way.granuleBits;
    const other = this.#otherTags(found);
    if (other !== null) return other;
    if (way.granuleBits !== 0) return way.granuleBits;
    return way.stage === 1 ? this.#granuleOfTables(found) : this.#granuleOfStage2(found);
  }

  #otherTags({ stream, context }: Configuration): Untold | null {
    const { asid, vmid } = this.#way;
    const own = context?.asid ?? -1;
    if (asid >= 0 && own !== asid && !this.#off.has('notify:N4.10'))
      return { reason: 'asid', why: own < 0 ? 'it has no ASID' : `its ASID is ${own}` };
    if (vmid >= 0 && stream.vmid !== vmid && !this.#off.has('notify:N4.11'))
      return { reason: 'vmid', why: stream.vmid < 0 ? 'it has no VMID' : `its VMID is ${stream.vmid}` };
    return null;
  }

  #granuleOfTables({ context }: Configuration): number | Untold {
    if (this.#off.has('notify:N4.12')) return SMALLEST;
    const { addressHi, addressLo } = this.#way;
    const half = context && halfOfAddress(context, addressHi | 0, addressLo | 0);
    return half?.granuleBits ?? { reason: 'stage', why: 'no table of stage 1 covers the address' };
  }

  #granuleOfStage2({ stream }: Configuration): number {
    if (this.#off.has('notify:N4.13')) return SMALLEST;
    const state = this.#on.machine.state(this.#world);
    return stream.stage2?.granuleBits ?? stage2GranuleBits({ w: stream.words, state }) ?? SMALLEST;
  }
}
