/** Reserved bits that software did not leave 0, where the SMMU checks them: IHI 0070 chapter 5. */

import type { Layout } from '../../bits/layout.ts';
import type { World } from '../../bits/world.ts';
import { STE } from '../../spec/ste.ts';
import { STE_NEVER_RES0, STE_RES0 } from '../../spec/ste-worlds.ts';
import { type FieldBits, reservedBitSet, withReserved } from '../field-bits.ts';
import type { Fault } from '../plan.ts';
import { configFault } from './answer.ts';

/**
 * The fault of a structure in which a reserved bit is set, or null.
 * @param words the structure as it was read, at index `at`
 * @param elsewhere fields that are RES0 because the structure is of this state
 */
export function reservedFault(
  event: 'C_BAD_STE' | 'C_BAD_CD',
  layout: Layout,
  bits: FieldBits,
  words: Uint32Array,
  at: number,
  elsewhere: { readonly world: World; readonly fields: readonly string[] } | null = null,
): Fault | null {
  const bit = reservedBitSet(bits, words, at);
  if (bit < 0) return null;
  const field = layout.list.find(({ msb, lsb }) => bit >= lsb && bit <= msb)?.name;
  const ofWorld = field !== undefined && elsewhere?.fields.includes(field) === true;
  const why = ofWorld
    ? `RES0 in an ${layout.name} of the ${elsewhere.world} state`
    : 'whose feature is missing';
  const where = field === undefined ? '' : ` (${field}, ${why})`;
  const fault = configFault(event, `${layout.name}: reserved bit ${bit}${where} is not 0`, 'chapter 5');
  return field === undefined ? fault : { ...fault, field };
}

/** {@link reservedFault} of an STE of a state: what is reserved differs between their stream tables (5.2). */
export function reservedInSte(bits: FieldBits, words: Uint32Array, at: number, world: World): Fault | null {
  const fields = STE_RES0[world];
  const ofWorld = withReserved(bits, STE, fields, STE_NEVER_RES0[world]);
  return reservedFault('C_BAD_STE', STE, ofWorld, words, at, { world, fields });
}
