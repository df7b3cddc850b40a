/** Which translation granules there are: IHI 0070 6.3.6. */

import type { GranuleBits } from '../../spec/translation.ts';
import type { Features } from '../state.ts';

/**
 * Whether IDR5 has the granule.
 * @param bits log2 of it, or null for a reserved encoding
 */
export function granuleSupported(features: Features, bits: GranuleBits | null): boolean {
  if (bits === null) return false;
  return bits === 12 ? features.gran4k : bits === 14 ? features.gran16k : features.gran64k;
}
