/** Descriptors and pointers that are made up. */

import { alignDown, bits, ones } from '../kit/oracle/bits.ts';
import type { Format } from '../kit/oracle/types.ts';
import type { Random } from '../kit/random.ts';
import {
  ARENA,
  ARENA_CHUNKS,
  highRam,
  idOf,
  type MachineSpec,
  NOWHERE,
  oasOf,
  stage2InputBits,
} from './spec.ts';

/** True once in `n` times; never for 0. */
export function chance(random: Random, n: number): boolean {
  return n > 0 && random.once(n);
}

/** 64 random bits. */
export function random64(random: Random): bigint {
  return (BigInt(random.below(2 ** 32)) << 32n) | BigInt(random.below(2 ** 32));
}

/** A page of the arena, in PA. */
function arenaPage(random: Random, oas: number): bigint {
  const high = highRam(oas);
  const base = high && random.once(8) ? high.base : ARENA;
  return BigInt(base + random.below(ARENA_CHUNKS) * 0x10000 + random.below(16) * 0x1000);
}

const nested = ({ ste }: Pick<MachineSpec, 'ste'>): boolean => ste['Config'] === 7;

/** An address where structures of stage 1 may lie: IPA where stage 2 is on, else PA. */
export function structureAddress(
  random: Random,
  spec: Pick<MachineSpec, 'ste' | 'idr'>,
  alignment: number,
): bigint {
  if (!nested(spec)) return alignDown(arenaPage(random, oasOf(spec as MachineSpec)), alignment);
  const size = stage2InputBits(spec);
  const address = random.once(4) ? random64(random) : BigInt(random.below(2 ** 24));
  return alignDown(address & ones(size), alignment);
}

/** What a descriptor is made for. */
export interface Place {
  readonly stage: 1 | 2;
  readonly level: number;
  readonly format: Format;
}

/** Puts an address into the bits that the format has for it; what does not fit is dropped. */
function placeAddress(address: bigint, format: Format): bigint {
  const low = address & ones(48);
  if (format.granule === 16 && !format.lpae) {
    return format.wide ? (low & ~ones(16)) | (bits(address, 51, 48) << 12n) : low & ~ones(16);
  }
  if (format.ds) return (address & ones(50)) | (bits(address, 51, 50) << 8n);
  return low;
}

/** Bits that hold an address or are looked at: the others may be anything. */
function addressMask(format: Format): bigint {
  const low = ones(48) & ~ones(format.granule);
  if (format.granule === 16 && format.wide) return low | (15n << 12n);
  return format.ds ? low | (3n << 48n) | (3n << 8n) : low;
}

function outputAddress(random: Random, spec: MachineSpec, { stage, format }: Place): bigint {
  const oas = oasOf(spec);
  if (stage === 1 && nested(spec)) return structureAddress(random, spec, format.granule);
  if (random.once(nested(spec) ? 40 : 6)) return random64(random) & ones(format.outputBits);
  const page = arenaPage(random, oas);
  return page & ones(format.outputBits);
}

/** Where the next table lies. */
function tableAddress(random: Random, spec: MachineSpec, { stage, format }: Place): bigint {
  if (stage === 1 && nested(spec)) return structureAddress(random, spec, format.granule);
  return arenaPage(random, Math.min(oasOf(spec), format.outputBits)) & ones(format.outputBits);
}

/** MemAttr of stage 2 without the encodings that mean nothing (DDI 0487). */
function memAttr(random: Random, spec: MachineSpec): bigint {
  const fwb = spec.ste['S2FWB'] === 1 && idOf(spec, 'IDR3.FWB') === 1;
  if (random.once(nested(spec) && spec.ste['S2PTW'] === 1 ? 30 : 6)) return BigInt(random.below(4));
  return BigInt(random.of(fwb ? [5, 6, 7, 7] : [5, 6, 7, 9, 10, 11, 13, 14, 15, 15]));
}

const bit = (random: Random, once: number, at: number): bigint => (random.once(once) ? 1n << BigInt(at) : 0n);

/** Hardware sets Access flags of a stage, so that a clear one does not end the walk. */
function flagManaged({ ste, cds }: MachineSpec, { stage, format }: Place): boolean {
  return !format.lpae && (stage === 2 ? ste['S2HA'] === 1 : cds.some((cd) => cd['HA'] === 1));
}

function leafBits(random: Random, spec: MachineSpec, place: Place): bigint {
  const { stage, format } = place;
  // A nested walk meets many leaves of stage 2: each must let nearly everything pass if any walk is to end.
  const rare = stage === 2 && nested(spec) ? 30 : 5;
  const usual = stage === 1 ? [1, 1, 1, 0, 2, 3, 3] : [3, 3, 3, 3, 1];
  const access = BigInt(random.of(random.once(rare) ? [0, 1, 2, 3] : usual) << 6);
  const type = stage === 1 ? BigInt(random.below(8)) << 2n : memAttr(random, spec) << 2n;
  const sh = format.ds ? 0n : BigInt(random.of([0, 2, 3])) << 8n;
  const flag = random.once(flagManaged(spec, place) ? 2 : rare) ? 0n : 1n << 10n;
  const never = bit(random, 5, 53) | bit(random, 5, 54);
  return access | type | sh | flag | never | bit(random, 2, 51) | bit(random, 4, 52);
}

function tableBits(random: Random): bigint {
  const rights = bit(random, 14, 59) | bit(random, 14, 60) | bit(random, 14, 61) | bit(random, 14, 62);
  return rights | bit(random, 2, 10) | bit(random, 2, 63);
}

/** Bits that mean nothing here, set now and then. */
function junk(random: Random, format: Format, isTable: boolean): bigint {
  if (!random.once(3)) return 0n;
  const free = isTable
    ? (0xffn << 51n) | (1n << 11n) | (format.ds ? 0x3fn << 2n : 0xffn << 2n)
    : (0xfn << 55n) | (1n << 11n) | (1n << 50n) | (7n << 60n) | (1n << 59n);
  return random64(random) & free & ~addressMask(format);
}

function hasBlocks({ level, format }: Place): boolean {
  if (level === 3 || level === 2) return true;
  if (format.granule === 12) return level === 1 || (level === 0 && format.ds);
  if (format.granule === 14) return level === 1 && format.ds;
  return level === 1 && format.wide;
}

/** What is wrong with a bad descriptor. */
function spoil(random: Random, good: bigint, { level, format }: Place): bigint {
  const elsewhere = (address: bigint): bigint =>
    (good & ~addressMask(format)) | placeAddress(alignDown(address, format.granule), format);
  switch (random.below(5)) {
    case 0:
      return good & ~1n;
    case 1:
      return (good & ~3n) | (level === 3 ? 1n : random.once(2) ? 1n : 2n);
    case 2:
      return elsewhere(1n << BigInt(format.outputBits + random.below(4)));
    case 3:
      return elsewhere(BigInt(NOWHERE));
    default:
      return good & ~(1n << 10n);
  }
}

/** The descriptor of a level, as it reads after the bytes were put in order. */
export function makeDescriptor(random: Random, spec: MachineSpec, place: Place): bigint {
  const { level, format } = place;
  const isLeaf = level === 3 || (hasBlocks(place) && random.once(level === 2 ? 4 : 10));
  const shift = format.granule + (3 - level) * (format.granule - 3);
  const address = isLeaf
    ? alignDown(outputAddress(random, spec, place), random.once(8) ? format.granule : shift)
    : alignDown(tableAddress(random, spec, place), format.granule);
  const attributes = isLeaf ? leafBits(random, spec, place) : tableBits(random);
  const type = isLeaf && level < 3 ? 1n : 3n;
  const good =
    placeAddress(address, format) |
    (attributes & ~addressMask(format)) |
    junk(random, format, !isLeaf) |
    type;
  return chance(random, spec.badIn) ? spoil(random, good, place) : good;
}
