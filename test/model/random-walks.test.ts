import { expect, test } from 'vitest';
import { Random } from '../kit/random.ts';
import {
  type ReferenceAccess,
  type ReferenceAnswer,
  type ReferenceContext,
  referenceWalk,
} from '../kit/reference.ts';
import { RAM, SID, TestSmmu, type Values } from '../kit/smmu.ts';
import { addressField } from '../kit/tables.ts';

const TABLES = 0x41000000n;
const OAS_BITS = [32n, 36n, 40n, 42n, 44n, 48n, 52n];
const GRANULES = [
  { granule: 12n, TG0: 0 },
  { granule: 14n, TG0: 2 },
  { granule: 16n, TG0: 1 },
] as const;

function randomBits(random: Random): bigint {
  return (BigInt(random.below(2 ** 32)) << 32n) | BigInt(random.below(2 ** 32));
}

/** An output address that is often just within or beyond some limit. */
function randomOutput(random: Random, granule: bigint): bigint {
  const top = random.of([0n, 0n, 0n, 31n, 35n, 40n, 43n, 47n, 48n, 51n]);
  return ((top === 0n ? 0n : 1n << top) | BigInt(random.below(0x1000000))) & -(1n << granule);
}

interface Walk {
  readonly context: ReferenceContext;
  readonly m: TestSmmu;
  readonly va: bigint;
  readonly access: ReferenceAccess;
}

/** A context of random features, and descriptors that mostly lead on, with random attribute bits. */
function randomWalk(random: Random): Walk {
  const { granule, TG0 } = random.of(GRANULES);
  const oasCode = random.of([5, 5, 6, 6, 4]);
  const oas = OAS_BITS[oasCode] as bigint;
  const IPS = random.of([5, 5, 6, 6, 4, 3, 0]);
  const ds = granule !== 16n && oas === 52n && random.once(2);
  const wideInput = oas === 52n && (ds || granule === 16n);
  const largest = granule === 16n ? 47 : 48;
  const txsz = (wideInput ? 12 : 16) + random.below(largest - (wideInput ? 12 : 16) + 1);
  const el2 = random.once(4);
  const ttb = TABLES + BigInt(random.below(4)) * 0x100000n + BigInt(random.below(64)) * 16n;
  const flags = { had: random.once(3), affd: random.once(2), wxn: random.once(4), pan: random.once(4) };
  const bigEndian = random.once(4);
  const m = new TestSmmu({
    caches: 'none',
    registers: { 'IDR5.OAS': oasCode, 'IDR5.DS': 1, 'IDR5.VAX': 1, 'IDR3.STT': 1 },
  });
  m.ste({ STRW: el2 ? 2 : 0 });
  const cd: Values = {
    TG0,
    T0SZ: txsz,
    IPS,
    TTB0: Number(ttb),
    DS: ds ? 1 : 0,
    ENDI: bigEndian ? 1 : 0,
    HAD0: flags.had ? 1 : 0,
    AFFD: flags.affd ? 1 : 0,
    WXN: flags.wxn ? 1 : 0,
    PAN: flags.pan ? 1 : 0,
  };
  m.cd(cd);
  const ips = OAS_BITS[IPS] as bigint;
  const context = { granule, txsz: BigInt(txsz), ttb, oas, ips, ds, bigEndian, el2, ...flags };
  const va = randomBits(random) & ((1n << BigInt(64 - txsz)) - 1n);
  const access = { write: random.once(3), privileged: random.once(2), instruction: random.once(3) };
  return { context, m, va, access };
}

/** Fills in the descriptors as the reference reads them: each is made up when it is first asked for. */
function answerBoth(
  random: Random,
  { context, m, va, access }: Walk,
): [ReferenceAnswer, ReferenceAnswer | string] {
  const { granule, oas, ds } = context;
  const wide = granule === 16n ? oas === 52n : ds;
  let depth = 0;
  const reference = referenceWalk(context, va, access, (pa) => {
    if (pa < BigInt(RAM.base) || pa >= BigInt(RAM.base + RAM.size)) return null;
    depth++;
    const attributes = randomBits(random) & 0x7ff00000000000fcn;
    const type = random.once(12) ? BigInt(random.below(4)) : random.once(4) ? 1n : 3n;
    const next = random.once(12) ? randomOutput(random, granule) : TABLES + (BigInt(16 + depth) << 20n);
    const target = random.once(3) ? randomOutput(random, granule) : next;
    const flag = random.once(5) ? 0n : 1n << 10n;
    const sh = wide && granule !== 16n ? ~0x300n : ~0n;
    const descriptor = addressField(target, granule, wide) | (attributes & sh & ~(3n << 48n)) | flag | type;
    const value = descriptor & ((1n << 64n) - 1n);
    m.descriptor(Number(pa), value, context.bigEndian);
    const [lo = 0, hi = 0] = m.words(Number(pa), 2);
    return (BigInt(hi) << 32n) | BigInt(lo);
  });
  const { outcome } = m.dma(`0x${va.toString(16)}`, access, SID);
  const got = outcome.result === 'ok' ? BigInt(outcome.pa) : (outcome.fault?.event ?? outcome.result);
  return [reference, got];
}

test('the model and a short second reading of the architecture agree (4,000 random walks)', () => {
  const seen = new Map<string, number>();
  for (let seed = 0; seed < 4000; seed++) {
    const random = new Random(seed * 7919 + 13);
    const walk = randomWalk(random);
    const [reference, got] = answerBoth(random, walk);
    if (got !== reference)
      expect({ seed, context: walk.context, va: walk.va, access: walk.access, got }).toEqual({ reference });
    const kind = typeof reference === 'bigint' ? 'ok' : reference;
    seen.set(kind, (seen.get(kind) ?? 0) + 1);
  }
  // Every outcome came up often enough to mean something.
  for (const kind of ['ok', 'F_TRANSLATION', 'F_ADDR_SIZE', 'F_ACCESS', 'F_PERMISSION', 'F_WALK_EABT']) {
    expect([kind, (seen.get(kind) ?? 0) > 50]).toEqual([kind, true]);
  }
});
