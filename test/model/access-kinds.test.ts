import { describe, expect, test } from 'vitest';
import type { Outcome, TransactionKind } from '../../src/model/plan.ts';
import { lacksReadOnly, neededPermission, PERM } from '../../src/model/translate/permission.ts';
import { type Access, type Registers, SID, TestSmmu, type Values } from '../kit/smmu.ts';
import { LEAF, map } from '../kit/tables.ts';

const RW = 0x1000;
const RO = 0x2000;
const XO = 0x3000;
const UNMAPPED = 0x9000;

function machine(ste: Values = {}, registers: Registers = {}): TestSmmu {
  const m = new TestSmmu({ registers });
  m.ste(ste);
  m.cd();
  map(m, { iova: BigInt(RW), pa: 0x10001000n });
  map(m, { iova: BigInt(RO), pa: 0x10002000n, attributes: LEAF.AF | LEAF.nG | LEAF.USER | LEAF.READ_ONLY });
  map(m, { iova: BigInt(XO), pa: 0x10003000n, attributes: LEAF.AF | LEAF.nG });
  return m;
}

const ask = (m: TestSmmu, kind: TransactionKind, address: number, access: Access = {}): Outcome =>
  m.dma(address, { kind, ...access }).outcome;

/** `ok`, `ok as read`, or the event. */
function fate(m: TestSmmu, kind: TransactionKind, address: number, access: Access = {}): string {
  const { result, becomes, fault } = ask(m, kind, address, access);
  if (result === 'ok') return becomes ? `ok as ${becomes}` : 'ok';
  return fault?.event ?? `silent ${result}`;
}

const RNW = 1 << 3;
const IND = 1 << 2;

describe('speculative accesses (3.14)', () => {
  test('a read that translates goes on', () => {
    expect(ask(machine(), 'speculative', RW)).toMatchObject({ result: 'ok', pa: 0x10001000 });
  });

  test.each([
    ['a translation fault', {}, {}, UNMAPPED],
    ['a permission fault', {}, {}, XO],
    ['a bad STE', { V: 0 }, {}, RW],
    ['RAZ/WI', {}, { A: 0 }, UNMAPPED],
    ['a stall', {}, { S: 1 }, UNMAPPED],
  ])('%s is an abort without an event', (_, ste, cd, address) => {
    const m = machine(ste);
    m.cd(cd);
    expect(ask(m, 'speculative', address)).toMatchObject({ result: 'abort', record: null });
    expect(m.events()).toEqual([]);
  });

  test('a write is always an abort without an event', () => {
    const m = machine();
    expect(ask(m, 'speculative', RW, { write: true })).toMatchObject({ result: 'abort', record: null });
    expect(m.events()).toEqual([]);
  });
});

describe('atomic accesses (16.7.6, 13.1.1)', () => {
  test('need read and write', () => {
    const m = machine();
    expect(fate(m, 'atomic', RW)).toBe('ok');
    expect(fate(m, 'atomic', RO)).toBe('F_PERMISSION');
  });

  test('are data and writes: RnW=0, whatever INSTCFG says', () => {
    const m = machine({ INSTCFG: 3 });
    for (const address of [RO, UNMAPPED]) {
      ask(m, 'atomic', address, { instruction: true });
      expect((m.drain()[0]?.[3] as number) & (RNW | IND)).toBe(0);
    }
  });

  test('a page that only refuses the read is recorded with RnW=1', () => {
    const need = neededPermission(true, false, true, true);
    expect(lacksReadOnly(PERM.pw, need)).toBe(true);
    expect(lacksReadOnly(PERM.pr, need)).toBe(false);
    expect(lacksReadOnly(0, need)).toBe(false);
  });
});

describe('reads, writes and prefetches with a side effect (3.22)', () => {
  const ON: Values = { DRE: 1, DCP: 1 };

  test.each([
    ['read-clean-invalidate', RW, 'ok'],
    ['read-clean-invalidate', RO, 'ok'],
    ['read-clean-invalidate', XO, 'F_PERMISSION'],
    ['destructive-read', RW, 'ok'],
    ['destructive-read', RO, 'ok as read'],
    ['destructive-read', XO, 'F_PERMISSION'],
    ['destructive-read', UNMAPPED, 'F_TRANSLATION'],
    ['write-prefetch', RW, 'ok'],
    ['write-prefetch', RO, 'F_PERMISSION'],
    ['write-prefetch', UNMAPPED, 'F_TRANSLATION'],
    ['prefetch', RW, 'ok'],
    ['prefetch', RO, 'ok'],
    ['prefetch', XO, 'ok'],
    ['prefetch', UNMAPPED, 'ok as no-op'],
  ] as const)('%s at %i, permitted by the STE: %s', (kind, address, wanted) => {
    expect(fate(machine(ON), kind, address)).toBe(wanted);
  });

  test.each([
    ['read-clean-invalidate', 'ok'],
    ['destructive-read', 'ok as read'],
    ['write-prefetch', 'ok as write'],
    ['prefetch', 'ok as no-op'],
  ] as const)('%s with DRE=0 and DCP=0: %s', (kind, wanted) => {
    expect(fate(machine(), kind, RW)).toBe(wanted);
  });

  test.each(['destructive-read', 'write-prefetch', 'prefetch'] as const)(
    '%s passes unchanged where no stage translates',
    (kind) => {
      expect(fate(machine({ Config: 4 }), kind, RW)).toBe('ok');
      expect(fate(machine({ S1CDMax: 1, S1DSS: 1 }), kind, RW)).toBe('ok');
      expect(fate(machine({}, { 'CR0.SMMUEN': 0 }), kind, RW)).toBe('ok');
    },
  );

  test.each([
    ['read-clean-invalidate', 'ok as read'],
    ['destructive-read', 'ok as read'],
    ['write-prefetch', 'ok as write'],
    ['prefetch', 'ok as no-op'],
  ] as const)('SMMUv3.0 knows none of them: %s is %s', (kind, wanted) => {
    expect(fate(machine(ON, { 'AIDR.ArchMinorRev': 0 }), kind, RW)).toBe(wanted);
  });

  test('faults are recorded as reads and writes', () => {
    const m = machine(ON);
    ask(m, 'destructive-read', UNMAPPED);
    ask(m, 'write-prefetch', UNMAPPED);
    expect(m.drain().map((words) => (words[3] as number) & RNW)).toEqual([RNW, 0]);
  });

  test('a prefetch never faults: no event, no abort, not even for a bad STE', () => {
    const m = machine({ ...ON, V: 0 });
    expect(ask(m, 'prefetch', RW)).toMatchObject({ result: 'ok', becomes: 'no-op', fault: null });
    expect(m.events()).toEqual([]);
  });

  test('a destructive read of a page that hardware would mark dirty is a read (3.13.8)', () => {
    const m = machine(ON, { 'IDR0.HTTU': 2 });
    m.cd({ HA: 1, HD: 1 });
    const clean = LEAF.AF | LEAF.nG | LEAF.USER | LEAF.READ_ONLY | LEAF.DBM;
    map(m, { iova: 0x4000n, pa: 0x10004000n, attributes: clean });
    expect(fate(m, 'destructive-read', 0x4000)).toBe('ok as read');
    expect(fate(m, 'invalidate', 0x4000)).toBe('ok as clean-invalidate');
    expect(fate(m, 'destructive-hint', 0x4000)).toBe('ok as no-op');
  });

  test('they stall as reads and writes do', () => {
    const m = machine(ON);
    m.cd({ S: 1 });
    expect([
      ask(m, 'destructive-read', UNMAPPED).result,
      ask(m, 'write-prefetch', UNMAPPED).result,
      ask(m, 'clean', UNMAPPED).result,
    ]).toEqual(['stall', 'stall', 'stall']);
    expect(m.smmu.traffic.stalls.entries().map(({ transaction }) => transaction.kind)).toEqual([
      'destructive-read',
      'write-prefetch',
      'clean',
    ]);
  });
});

describe('cache maintenance (16.7.2)', () => {
  const ON: Values = { DRE: 1 };

  test.each(['clean', 'clean-to-persistence', 'clean-invalidate'] as const)(
    '%s needs what a read needs',
    (kind) => {
      const m = machine();
      expect([RW, RO, XO, UNMAPPED].map((address) => fate(m, kind, address))).toEqual([
        'ok',
        'ok',
        'F_PERMISSION',
        'F_TRANSLATION',
      ]);
    },
  );

  test('invalidate needs write permission as well, or becomes clean and invalidate', () => {
    const m = machine(ON);
    expect([RW, RO, XO].map((address) => fate(m, 'invalidate', address))).toEqual([
      'ok',
      'ok as clean-invalidate',
      'F_PERMISSION',
    ]);
    expect(fate(machine(), 'invalidate', RW)).toBe('ok as clean-invalidate');
    expect(fate(machine({ Config: 4 }), 'invalidate', RW)).toBe('ok');
  });

  test('a destructive hint that is not permitted does nothing, and never faults', () => {
    const m = machine(ON);
    expect([RW, RO, XO, UNMAPPED].map((address) => fate(m, 'destructive-hint', address))).toEqual([
      'ok',
      'ok as no-op',
      'ok as no-op',
      'ok as no-op',
    ]);
    expect(fate(machine(), 'destructive-hint', RW)).toBe('ok as no-op');
    expect(m.events()).toEqual([]);
  });

  test('faults are recorded as reads, data or instruction as they came', () => {
    const m = machine();
    ask(m, 'clean', UNMAPPED, { write: true });
    ask(m, 'invalidate', UNMAPPED, { instruction: true });
    expect(m.drain().map((words) => (words[3] as number) & (RNW | IND))).toEqual([RNW, RNW | IND]);
  });

  test('SMMUv3.0 does not support it: F_UUT', () => {
    expect(fate(machine({}, { 'AIDR.ArchMinorRev': 0 }), 'clean', RW)).toBe('F_UUT');
  });
});

test('what the SMMU does not support is F_UUT, also while SMMUEN=0 (7.3.2)', () => {
  for (const registers of [{}, { 'CR0.SMMUEN': 0 }] as Registers[]) {
    const m = machine({}, registers);
    expect(fate(m, 'unsupported', RW)).toBe('F_UUT');
    expect(m.drain()).toEqual([[0x01, SID, 0, RNW, RW, 0, 0, 0]]);
  }
});

test('the fast path gives every kind the same end', () => {
  const kinds = [
    'atomic',
    'speculative',
    'destructive-read',
    'prefetch',
    'invalidate',
    'unsupported',
  ] as const;
  for (const kind of kinds) {
    for (const address of [RW, RO, UNMAPPED]) {
      const [slow, fast] = [machine({ DRE: 1 }), machine({ DRE: 1 })];
      const outcome = ask(slow, kind, address);
      const t = {
        world: 'ns',
        sid: SID,
        ssid: -1,
        vaHi: 0,
        vaLo: address,
        write: false,
        privileged: false,
        instruction: false,
        kind,
        attributes: 0xff,
        ns: false,
      } as const;
      const { result, pa, becomes, recording } = fast.smmu.translate(t);
      expect([kind, address, result, pa, becomes, recording]).toEqual([
        kind,
        address,
        outcome.result,
        outcome.pa,
        outcome.becomes,
        outcome.recording,
      ]);
      expect(fast.events()).toEqual(slow.events());
    }
  }
});
