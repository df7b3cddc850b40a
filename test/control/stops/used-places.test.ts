/** Where what a cache hit used came from: exactly where it was fetched, whatever the space (IHI 0070 3.10.2.2, 5.2). */

import { expect, test } from 'vitest';
import { type UsedPlace, usedPlaces } from '../../../src/control/stops/used-places.ts';
import type { Plan } from '../../../src/model/plan.ts';
import { IOVA, NESTED_ELSEWHERE, streamElsewhere } from '../../kit/secure-elsewhere.ts';

function places(plan: Plan, kind: 'fetch' | 'cache-hit'): string[] {
  const text = ({ space, pa, bytes }: UsedPlace): string => `${space} ${pa.toString(16)} ${bytes}`;
  return plan.steps.filter((step) => step.kind === kind).flatMap((step) => usedPlaces(plan, step).map(text));
}

test.each([
  ['one stage', 'combined', {}, { s: 2, ns: 1 }],
  ['one stage', 'maximal', {}, { s: 2, ns: 1 }],
  ['both stages', 'combined', NESTED_ELSEWHERE, { s: 1, ns: 3 }],
  ['both stages', 'maximal', NESTED_ELSEWHERE, { s: 1, ns: 3 }],
] as const)('what a hit of %s used lies where it was fetched (%s)', (_, caches, ste, used) => {
  const m = streamElsewhere(caches, ste);
  const cold = m.dma(IOVA);
  expect(cold.outcome.result).toBe('ok');
  const fetched = new Set(places(cold, 'fetch'));
  const hits = places(m.dma(IOVA), 'cache-hit');
  for (const place of hits) expect([...fetched]).toContain(place);
  const count = (space: string): number => new Set(hits.filter((hit) => hit.startsWith(`${space} `))).size;
  expect({ s: count('s'), ns: count('ns') }).toEqual(used);
});
