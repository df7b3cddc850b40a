/** Reserved bits that software did not leave 0, where the SMMU checks them: IHI 0070 chapter 5. */

import type { Layout } from '../../bits/layout.ts';
import { type FieldBits, reservedBitSet } from '../field-bits.ts';
import type { Fault } from '../plan.ts';
import { configFault } from './answer.ts';

/**
 * The fault of a structure in which a reserved bit is set, or null.
 * @param words the structure as it was read, at index `at`
 */
export function reservedFault(
  event: 'C_BAD_STE' | 'C_BAD_CD',
  layout: Layout,
  bits: FieldBits,
  words: Uint32Array,
  at: number,
): Fault | null {
  const bit = reservedBitSet(bits, words, at);
  if (bit < 0) return null;
  const field = layout.list.find(({ msb, lsb }) => bit >= lsb && bit <= msb)?.name;
  const where = field === undefined ? '' : ` (${field}, whose feature is missing)`;
  const fault = configFault(event, `${layout.name}: reserved bit ${bit}${where} is not 0`, 'chapter 5');
  return field === undefined ? fault : { ...fault, field };
}
