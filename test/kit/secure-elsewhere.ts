import type { CachePolicy } from '../../src/model/smmu.ts';
import { TestSmmu, type Values } from './smmu.ts';
import { identity, NONSECURE_S2TTB, SECURE_S2_STE } from './stage2.ts';
import { map } from './tables.ts';

export const IOVA = 0x1000;
const PAGE = { iova: BigInt(IOVA), pa: 0x48000000n };

/** A nested stream for {@link streamElsewhere}: its CD lies in Non-secure memory too. */
export const NESTED_ELSEWHERE: Values = { ...SECURE_S2_STE, Config: 7, S2SA: 1, S2NSW: 1 };

/** A Secure stream whose structures beyond the STE lie in Non-secure memory, wherever its fields allow it; nothing else lies at their addresses. */
export function streamElsewhere(caches: CachePolicy, ste: Values): TestSmmu {
  const all = new TestSmmu({ worlds: 'secure', caches });
  const m = all.in('s');
  m.ste(ste);
  const ns = all.in('ns');
  (ste === NESTED_ELSEWHERE ? ns : m).cd({ NSCFG0: 1 });
  map(ns, PAGE);
  identity(m);
  identity(ns, { ttb: NONSECURE_S2TTB });
  return m;
}
