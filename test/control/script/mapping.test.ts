import { expect, it } from 'vitest';
import { allocationIn } from '../../../src/control/script/build/allocation.ts';
import { Draft } from '../../../src/control/script/build/draft.ts';
import { type MapRequest, map, unmap } from '../../../src/control/script/build/mapping.ts';
import { DEFAULT_WISH, makeMachine, READY_PLACES } from '../../../src/control/script/machine.ts';
import { transaction } from '../../../src/model/plan.ts';
import type { Smmu } from '../../../src/model/smmu.ts';
import type { GranuleBits } from '../../../src/spec/translation.ts';
import { Random } from '../../kit/random.ts';

const SID = 8;
const PAGES = 64;

function machine(): { smmu: Smmu; draft: () => Draft; commit: (draft: Draft) => void } {
  const smmu = makeMachine(DEFAULT_WISH, 'none');
  let allocation = allocationIn(DEFAULT_WISH.ram.base + READY_PLACES.tables, 0x1000_0000);
  return {
    smmu,
    draft: () => new Draft(smmu, 'ns', allocation),
    commit: (draft) => {
      for (const operation of draft.operations) smmu.commit(smmu.plan(operation).effects);
      allocation = draft.allocation;
    },
  };
}

function request(some: Partial<MapRequest>): MapRequest {
  return {
    sid: SID,
    ssid: -1,
    stage: 1,
    ipa: 'ns',
    iova: 0n,
    size: 4096n,
    output: 0n,
    access: { read: true, write: true, execute: false },
    granuleBits: 12,
    leafLog2: null,
    accessFlag: true,
    space: 'ns',
    global: false,
    attribute: null,
    tables: null,
    ...some,
  };
}

/** Where an address leads, or null. */
function translated(smmu: Smmu, iova: bigint): bigint | null {
  const t = transaction({ sid: SID, vaHi: Number(iova >> 32n), vaLo: Number(iova & 0xffff_ffffn) });
  const { result, pa } = smmu.plan({ kind: 'transaction', transaction: t }).outcome;
  return result === 'ok' ? BigInt(pa) : null;
}

const KINDS = ([12, 14, 16] as const).flatMap((granuleBits) =>
  ([1, 2] as const).map((stage) => [granuleBits, stage] as const),
);

it.each(KINDS)(
  'random maps and unmaps with a granule of 2^%i bytes at stage %i give what a table of pages gives',
  (granuleBits: GranuleBits, stage: 1 | 2) => {
    const random = new Random(granuleBits * 10 + stage);
    const { smmu, draft, commit } = machine();
    const page = 1n << BigInt(granuleBits);
    // Around the end of a level-2 block, so that blocks, pages and splits all occur.
    const block = 1n << BigInt(2 * granuleBits - 3);
    const base = block * 3n - page * BigInt(PAGES / 2);
    const expected = new Map<bigint, bigint>();
    const set = (from: bigint, count: bigint, to: (i: bigint) => bigint | null): void => {
      for (let i = 0n; i < count; i++) {
        const value = to(i);
        if (value === null) expected.delete(from + i * page);
        else expected.set(from + i * page, value);
      }
    };
    const whole = draft();
    map(whole, request({ stage, granuleBits, iova: block * 3n, size: block, output: block * 5n }));
    commit(whole);
    set(block * 3n, BigInt(PAGES), (i) => block * 5n + i * page);
    for (let round = 0; round < 60; round++) {
      const from = base + page * BigInt(random.below(PAGES));
      const count = BigInt(1 + random.below(12));
      const output = page * BigInt(random.below(2 ** 18));
      const change = draft();
      if (random.below(3) === 0) {
        unmap(change, { sid: SID, ssid: -1, stage, ipa: 'ns', iova: from, size: count * page });
        set(from, count, () => null);
      } else {
        map(change, request({ stage, granuleBits, iova: from, size: count * page, output }));
        set(from, count, (i) => output + i * page);
      }
      commit(change);
    }
    for (let i = 0; i < PAGES; i++) {
      const iova = base + page * BigInt(i);
      const wanted = expected.get(iova);
      expect(translated(smmu, iova + 8n)).toBe(wanted === undefined ? null : wanted + 8n);
    }
    // What no change touched is what the block said.
    expect(translated(smmu, block * 4n - 4n)).toBe(block * 6n - 4n);
  },
);

it('leaves are as large as both addresses allow, or as the statement says', () => {
  const { draft } = machine();
  const writes = (some: Partial<MapRequest>): number => {
    const one = draft();
    map(one, request({ iova: 0x4000_0000n, output: 0x8000_0000n, ...some }));
    return one.operations.length;
  };
  const one = writes({ size: 4096n });
  expect(writes({ size: 1n << 30n })).toBe(one - 2);
  expect(writes({ size: 1n << 30n, leafLog2: 21 })).toBe(one - 2 + 512);
  expect(writes({ size: 1n << 21n, output: 0x8000_1000n })).toBe(one + 511);
  expect(() => writes({ size: 4096n, leafLog2: 13 })).toThrow(
    'there are no leaves of 8 KiB; choose 4 KiB, 2 MiB, 1 GiB',
  );
});

it('nothing is reachable before it is complete', () => {
  const { smmu, draft } = machine();
  const one = draft();
  map(one, request({ iova: 0x1000n, output: 0x5000_0000n }));
  map(one, request({ stage: 2, iova: 0x5000_0000n, output: 0x6000_0000n, size: 0x1000n }));
  const events = new Set<string>();
  for (const operation of one.operations) {
    smmu.commit(smmu.plan(operation).effects);
    const { outcome } = smmu.plan({
      kind: 'transaction',
      transaction: transaction({ sid: SID, vaHi: 0, vaLo: 0x1000 }),
    });
    events.add(outcome.result === 'ok' ? outcome.pa.toString(16) : (outcome.fault?.event ?? outcome.result));
  }
  expect([...events]).toEqual(['C_BAD_STREAMID', '60000000']);
});
