/** Stage 2: from an IPA to a PA (3.4, 3.13, 13.4.3). */

import { isStage2Device, type Stage2Attributes, shareability } from './attributes.ts';
import { alignDown, bit, exceeds, num, ones } from './bits.ts';
import { CLASS, Fault, type FaultClass } from './fault.ts';
import type { Features } from './features.ts';
import type { Memory } from './memory.ts';
import { type Access, denial, stage2Rights } from './permissions.ts';
import { type Ste, stage2Of } from './ste.ts';
import { firstTable, walk } from './walk.ts';

const AF = 10;

export interface Stage2Answer {
  readonly pa: bigint;
  readonly attributes: Stage2Attributes;
}

export class Stage2 {
  readonly #ste: Ste;
  readonly #f: Features;
  readonly #memory: Memory;
  readonly #walk: ReturnType<typeof stage2Of>;

  constructor(ste: Ste, f: Features, memory: Memory) {
    this.#ste = ste;
    this.#f = f;
    this.#memory = memory;
    this.#walk = stage2Of(ste, f);
  }

  /** A read of a CD or of a stage-1 descriptor, or the write that updates one. */
  structure(ipa: bigint, kind: 'CD' | 'TT', write = false): bigint {
    const access = { read: true, write, execute: false, privileged: true };
    return this.translate(ipa, CLASS[kind], access).pa;
  }

  /** @param access what the access needs of this stage */
  translate(ipa: bigint, faultClass: FaultClass, access: Access): Stage2Answer {
    const ste = this.#ste;
    const { format, inputBits, level } = this.#walk;
    const fail = (event: 'F_TRANSLATION' | 'F_ADDR_SIZE' | 'F_ACCESS'): never => {
      throw new Fault(event, { stage: 2, class: faultClass, ipa });
    };
    if (level === null) throw new RangeError('an STE without a start level is ILLEGAL');
    if (exceeds(ipa, inputBits)) fail('F_TRANSLATION');

    const indexBits = inputBits - (format.granule + (3 - level) * (format.granule - 3));
    const aligned = { ...format, outputBits: this.#walk.tableBits };
    const leaf = walk(
      { format, level, table: firstTable(ste.S2TTB, indexBits, aligned), indexBits, input: ipa },
      {
        load: (address, at) => {
          const pa = this.#truncated(address);
          const descriptor = this.#memory.descriptor(pa, 2, at, format);
          if (descriptor === 'abort')
            throw new Fault('F_WALK_EABT', { stage: 2, class: faultClass, fetch: pa });
          return descriptor;
        },
        fail,
        table: (descriptor, address) => {
          if (!this.#tableFlags || bit(descriptor, AF)) return;
          this.#memory.update(this.#truncated(address), descriptor | (1n << 10n), format, 2, 'table');
        },
      },
    );
    const { descriptor } = leaf;
    const flagManaged = ste.S2HA && !format.lpae;
    if (!bit(descriptor, AF) && !flagManaged && !ste.S2AFFD) fail('F_ACCESS');

    const attributes = this.#attributes(descriptor);
    this.#permit(descriptor, attributes, ipa, faultClass, access);
    let updated = descriptor;
    if (flagManaged) updated |= 1n << 10n;
    if (this.#dirtyManaged && access.write && bit(descriptor, 51)) updated |= 1n << 7n;
    if (updated !== descriptor) {
      this.#memory.update(this.#truncated(leaf.address), updated, format, 2, 'leaf');
    }
    return { pa: this.#truncated(leaf.output), attributes };
  }

  #permit(
    descriptor: bigint,
    attributes: Stage2Attributes,
    ipa: bigint,
    faultClass: FaultClass,
    access: Access,
  ): void {
    const { lpae } = this.#walk.format;
    const rules = { lpae, dirtyManaged: this.#dirtyManaged, xnx: this.#f.has('IDR3.XNX') };
    const denied = denial(access, stage2Rights(descriptor, rules, access));
    const forTable = faultClass !== CLASS.IN;
    const protectedWalk = forTable && this.#ste.S2PTW && isStage2Device(attributes);
    if (denied === null && !protectedWalk) return;
    throw new Fault('F_PERMISSION', {
      stage: 2,
      class: faultClass,
      ipa,
      tableWrite: faultClass === CLASS.TT && denied === 'write',
      lacksRead: faultClass === CLASS.IN && denied === 'read',
    });
  }

  #attributes(descriptor: bigint): Stage2Attributes {
    const { ds } = this.#walk.format;
    return {
      memAttr: num(descriptor, 5, 2),
      sh: shareability(ds ? this.#ste.S2SH0 : num(descriptor, 9, 8)),
      fwb: this.#ste.S2FWB && this.#f.has('IDR3.FWB'),
      mtePerm: this.#f.has('IDR3.MTEPERM'),
    };
  }

  get #dirtyManaged(): boolean {
    return this.#ste.S2HD && this.#ste.S2HA && !this.#walk.format.lpae;
  }

  get #tableFlags(): boolean {
    return this.#ste.S2HAFT && this.#ste.S2HA && this.#f.value('IDR0.HTTU') === 3;
  }

  /** LPAE outputs 40 bits whatever the PA size (3.4). */
  #truncated(pa: bigint): bigint {
    return this.#walk.format.lpae ? pa & ones(this.#f.oas) : pa;
  }
}

/** The page of an address, as records have IPAs. */
export function recordedIpa(ipa: bigint): bigint {
  return alignDown(ipa, 12) & ones(56);
}
