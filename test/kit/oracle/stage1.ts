/** Stage 1: from a VA to an IPA, or to a PA where there is no stage 2 (3.4, 3.13, 5.4, 13.4.1, 13.4.2). */

import { fromMair, mairByte, shareability } from './attributes.ts';
import { bit, bits, exceeds, num, ones } from './bits.ts';
import { type Cd, granuleOf, lpa2, walks } from './cd.ts';
import { CLASS, Fault } from './fault.ts';
import type { Features } from './features.ts';
import type { Memory } from './memory.ts';
import { type Access, denial, stage1Rights } from './permissions.ts';
import type { StreamWorld } from './ste.ts';
import type { Format, MemoryAttributes } from './types.ts';
import { firstTable, type Start, walk } from './walk.ts';

const AF = 10;
const TABLE_RIGHTS = ones(63) & ~ones(59);

export interface Stage1Context {
  readonly cd: Cd;
  readonly f: Features;
  readonly world: StreamWorld;
  readonly memory: Memory;
  /** From the address space of tables to PA; `write` for updates of descriptors. */
  readonly locate: (address: bigint, write: boolean) => bigint;
}

export interface Stage1Answer {
  readonly output: bigint;
  readonly attributes: MemoryAttributes;
}

function fault(event: 'F_TRANSLATION' | 'F_ADDR_SIZE' | 'F_ACCESS' | 'F_PERMISSION'): never {
  throw new Fault(event, { stage: 1, class: CLASS.IN });
}

/** TTB0 or TTB1 of VMSAv8-64, and the bits below its size (3.4.1). */
function chooseAa64(c: Stage1Context, va: bigint): { half: 0 | 1; inputBits: number } {
  const { cd, world } = c;
  const half = world !== 'EL2' && bit(va, 55) ? 1 : 0;
  if (!walks(cd, half, world)) fault('F_TRANSLATION');
  const inputBits = 64 - cd.TxSZ[half];
  const top = cd.TBIx[half] ? 55 : 63;
  const above = bits(va, top, inputBits);
  if (above !== (half === 1 ? ones(top - inputBits + 1) : 0n)) fault('F_TRANSLATION');
  return { half, inputBits };
}

/** The same for VMSAv8-32 LPAE (DDI 0487 G5.5): TTB1 has the top, TTB0 the bottom, a gap neither. */
function chooseLpae(c: Stage1Context, va: bigint): { half: 0 | 1; inputBits: number } {
  const { cd, world } = c;
  if (exceeds(va, 32)) fault('F_TRANSLATION');
  const size = [cd.TxSZ[0] & 7, cd.TxSZ[1] & 7] as const;
  const zeroes = size[0] === 0 || bits(va, 31, 32 - size[0]) === 0n;
  const upper = size[1] === 0 ? !zeroes : bits(va, 31, 32 - size[1]) === ones(size[1]);
  if (world === 'EL2' ? !zeroes : !zeroes && !upper) fault('F_TRANSLATION');
  const half = world !== 'EL2' && upper ? 1 : 0;
  if (!walks(cd, half, world)) fault('F_TRANSLATION');
  return { half, inputBits: 32 - size[half] };
}

function formatOf(c: Stage1Context, half: 0 | 1): Format {
  const { cd, f } = c;
  const granule = granuleOf(cd, half);
  if (granule === null) throw new RangeError('a CD with a reserved granule is ILLEGAL');
  const ds = lpa2(cd, half, f);
  const size = cd.AA64 ? f.outputSize(cd.IPS) : 40;
  return {
    granule,
    lpae: !cd.AA64,
    ds,
    wide: cd.AA64 && granule === 16 && f.oas === 52,
    bigEndian: cd.ENDI,
    outputBits: !cd.AA64 || ds || granule === 16 ? size : Math.min(size, 48),
  };
}

function startOf(c: Stage1Context, va: bigint): Start & { half: 0 | 1 } {
  const { cd } = c;
  const { half, inputBits } = cd.AA64 ? chooseAa64(c, va) : chooseLpae(c, va);
  const format = formatOf(c, half);
  const stride = format.granule - 3;
  const level = 3 - Math.floor((inputBits - 1 - format.granule) / stride);
  const indexBits = inputBits - (format.granule + (3 - level) * stride);
  // The least alignment goes by IPS alone, whatever the granule can say (5.4, TTB0).
  const ips = cd.AA64 ? c.f.outputSize(cd.IPS) : 40;
  const table = firstTable(cd.TTBx[half], indexBits, { ...format, outputBits: ips });
  return { half, format, level, table, indexBits, input: va & ones(inputBits) };
}

/** Hardware updates that are on (5.4, HA, HD, HAFT). */
function managed(c: Stage1Context): { flag: boolean; dirty: boolean; tables: boolean } {
  const flag = c.cd.AA64 && c.cd.HA;
  const tables = flag && c.cd.HAFT && c.f.value('IDR0.HTTU') === 3;
  return { flag, dirty: flag && c.cd.HD, tables };
}

export function stage1(c: Stage1Context, va: bigint, access: Access): Stage1Answer {
  const { cd, f, memory } = c;
  const start = startOf(c, va);
  const { half, format } = start;
  const user = c.world !== 'EL2' && !access.privileged;
  if (cd.AA64 && f.has('IDR3.E0PD') && cd.E0PDx[half] && user) fault('F_TRANSLATION');

  const updates = managed(c);
  let tables = 0n;
  const leaf = walk(start, {
    load: (address, level) => {
      const pa = c.locate(address, false);
      const descriptor = memory.descriptor(pa, 1, level, format);
      if (descriptor === 'abort') throw new Fault('F_WALK_EABT', { stage: 1, class: CLASS.TT, fetch: pa });
      return descriptor;
    },
    fail: fault,
    table: (descriptor, address) => {
      tables |= descriptor & TABLE_RIGHTS;
      if (!updates.tables || bit(descriptor, AF)) return;
      memory.update(c.locate(address, true), descriptor | (1n << 10n), format, 1, 'table');
    },
  });

  const { descriptor } = leaf;
  if (!bit(descriptor, AF) && !updates.flag && !cd.AFFD) fault('F_ACCESS');
  const twoSided = c.world !== 'EL2';
  const rights = stage1Rights(
    descriptor,
    f.has('IDR3.HAD') && cd.HADx[half] ? 0n : tables,
    {
      lpae: format.lpae,
      onePrivilege: !twoSided,
      dirtyManaged: updates.dirty,
      wxn: cd.WXN,
      uwxn: cd.UWXN,
      pan: twoSided && cd.PAN,
      epan: cd.AA64 && cd.EPAN && f.has('IDR3.EPAN'),
    },
    access,
  );
  const denied = denial(access, rights);
  if (denied !== null) {
    throw new Fault('F_PERMISSION', { stage: 1, class: CLASS.IN, lacksRead: denied === 'read' });
  }

  let updated = descriptor;
  if (updates.flag) updated |= 1n << 10n;
  if (updates.dirty && access.write && bit(descriptor, 51)) updated &= ~(1n << 7n);
  if (updated !== descriptor) memory.update(c.locate(leaf.address, true), updated, format, 1, 'leaf');
  return { output: leaf.output, attributes: attributesOf(c, descriptor, half, format) };
}

function attributesOf(c: Stage1Context, descriptor: bigint, half: 0 | 1, format: Format): MemoryAttributes {
  const { cd, f } = c;
  const extended = cd.AA64 && cd.AIE && f.has('IDR3.AIE') && bit(descriptor, 59);
  const index = num(descriptor, 4, 2) + (extended ? 8 : 0);
  const sh = shareability(format.ds ? cd.SHx[half] : num(descriptor, 9, 8));
  return fromMair(mairByte(cd.MAIR, index), sh);
}
