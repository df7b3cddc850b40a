/** How refused accesses are reported, and what a plan tells of checks (IHI 0070 3.25.2 to 3.25.5). */

import { describe, expect, test } from 'vitest';
import { Journal } from '../../../src/model/effects.ts';
import { withoutStream } from '../../../src/model/gpc/output.ts';
import { SparseMemory } from '../../../src/model/memory.ts';
import type { Plan } from '../../../src/model/plan.ts';
import { Smmu } from '../../../src/model/smmu.ts';
import { GPT_L0, GPT_L1, Guarded, IOVA, NO_ACCESS, OUTPUT, REALM, ROOT, SECURE } from '../../kit/gpt.ts';
import { CDTAB, CMDQ, EVENTQ, RAM, SID, STRTAB, transaction } from '../../kit/smmu.ts';

const MSI_AT = 0x49000000;
const NS = 1;
const gerror = (address: number, code: number): unknown => ({ pas: NS, address, code, reason: 2 });

describe('an access to a queue or an MSI that is refused', () => {
  test('of a CMD_SYNC is MSI_CMDQ_ABT_ERR, and code 4', () => {
    const g = new Guarded();
    g.gpi(MSI_AT, REALM);
    g.m.run(['CMD_SYNC', { CS: 1, MSIAddress: MSI_AT, MSIData: 7 }]);
    expect(g.m.read('GERROR')).toBe(1 << 4);
    expect(g.far()).toEqual(gerror(MSI_AT, 4));
    expect(g.m.words(MSI_AT, 1)).toEqual([0]);
  });

  test('of an event is MSI_EVENTQ_ABT_ERR, and code 5; the record itself is written', () => {
    const g = new Guarded({
      registers: { 'IRQ_CTRL.EVENTQ_IRQEN': 1, 'EVENTQ_IRQ_CFG0.ADDR': MSI_AT },
    });
    g.gpi(MSI_AT, SECURE);
    g.dma(0x7000);
    expect(g.m.read('GERROR')).toBe(1 << 5);
    expect(g.far()).toEqual(gerror(MSI_AT, 5));
    expect(g.m.events()).toHaveLength(1);
  });

  test('of a global error is MSI_GERROR_ABT_ERR, and code 7, unless the queue before it was refused as well', () => {
    const registers = { 'IRQ_CTRL.GERROR_IRQEN': 1, 'GERROR_IRQ_CFG0.ADDR': MSI_AT };
    const g = new Guarded({ registers });
    g.gpi(MSI_AT, SECURE);
    g.m.run(['CMD_SYNC', { CS: 3 }]);
    expect(g.m.read('GERROR')).toBe((1 << 7) | 1);
    expect(g.far()).toEqual(gerror(MSI_AT, 7));

    const h = new Guarded({ registers });
    h.gpi(MSI_AT, SECURE);
    h.gpi(CMDQ, SECURE);
    h.m.run(['CMD_SYNC']);
    expect(h.m.read('GERROR')).toBe((1 << 7) | 1);
    expect(h.far()).toEqual(gerror(CMDQ, 0));
  });

  test('of a page request is PRIQ_ABT_ERR, and code 3', () => {
    const at = 0x4a000000;
    const g = new Guarded({
      registers: { 'PRIQ_BASE.ADDR': at, 'PRIQ_BASE.LOG2SIZE': 4, 'CR0.PRIQEN': 1, 'CR0ACK.PRIQEN': 1 },
    });
    g.m.ste({ EATS: 1 });
    g.gpi(at, ROOT);
    const request = {
      world: 'ns',
      sid: SID,
      ssid: -1,
      addressHi: 0,
      addressLo: IOVA,
      prgIndex: 3,
      read: true,
      write: false,
      execute: false,
      privileged: false,
      last: true,
    } as const;
    const { effects } = g.m.smmu.plan({ kind: 'page-request', request });
    g.m.smmu.commit(effects);
    expect(g.m.read('GERROR')).toBe(1 << 3);
    expect(g.m.read('PRIQ_PROD')).toBe(0);
    expect(g.far()).toEqual(gerror(at, 3));
  });

  test('of the Secure and of the Realm queue is that state’s own error', () => {
    for (const [world, prefix, pas] of [
      ['s', 'S_', 0],
      ['realm', 'R_', 3],
    ] as const) {
      const g = new Guarded();
      g.gpi(EVENTQ, NO_ACCESS);
      g.m.in(world).dma(IOVA, {}, 0x70);
      expect([g.m.read(`${prefix}GERROR`), g.m.read('GERROR')]).toEqual([1 << 2, 0]);
      expect(g.far()).toEqual({ pas, address: EVENTQ, code: 2, reason: 2 });
    }
  });
});

test('the plan of an access without StreamID names none', () => {
  const { frames, steps } = new Guarded().m.dma(OUTPUT, withoutStream('root'), 0);
  expect(frames[0]?.name).toBe('read 0x48000000 by a device without StreamID');
  expect(steps.map(({ text }) => text).filter((text) => text.includes('StreamID 0x'))).toEqual([]);
});

describe('what nobody asked for', () => {
  test('a speculative access leaves no event and no syndrome, whatever is closed to it', () => {
    for (const closed of [OUTPUT, CDTAB, STRTAB]) {
      const g = new Guarded();
      g.gpi(closed, SECURE);
      const { outcome } = g.m.dma(IOVA, { kind: 'speculative' });
      expect([outcome.result, g.m.events().length, g.far()]).toEqual(['abort', 0, null]);
    }
  });

  test('a hint does nothing', () => {
    const g = new Guarded();
    g.gpi(OUTPUT, SECURE);
    const { outcome } = g.m.dma(IOVA, { kind: 'destructive-hint' });
    expect([outcome.result, outcome.becomes, g.far()]).toEqual(['ok', 'no-op', null]);
  });
});

describe('a Translation Request', () => {
  const ask = (g: Guarded): unknown => {
    g.m.ste({ EATS: 1 });
    const { outcome } = g.m.dma(IOVA, { kind: 'request' });
    return outcome.ats;
  };

  test('whose walk or CD is refused is a Completer Abort, without an event', () => {
    for (const [closed, code] of [
      [CDTAB, 9],
      [0x41000000, 11],
    ] as const) {
      const g = new Guarded();
      g.gpi(closed, REALM);
      expect(ask(g)).toMatchObject({ status: 'ca' });
      expect(g.m.events()).toEqual([]);
      expect(g.far()).toEqual({ pas: NS, address: closed, code, reason: 1 });
    }
  });

  test('that grants nothing is not checked', () => {
    const g = new Guarded();
    g.gpi(OUTPUT, SECURE);
    g.m.store(0x41000000, new Uint32Array(1024));
    expect(ask(g)).toMatchObject({ status: 'success', read: false, write: false });
    expect(g.far()).toBeNull();
  });

  test('gets a region that is open as a whole', () => {
    const g = new Guarded();
    // A block of 2 MiB, of which one granule is closed.
    const block = g.m.table();
    g.m.descriptor(0x41000000, BigInt(block) | 3n);
    const level2 = g.m.table();
    g.m.descriptor(block, BigInt(level2) | 3n);
    g.m.descriptor(level2 + (IOVA >>> 21) * 8, BigInt(OUTPUT) | (1n << 10n) | (1n << 6n) | 1n);
    g.gpi(OUTPUT + 0x5000, SECURE);
    expect(ask(g)).toMatchObject({ status: 'success', shift: 12, address: OUTPUT + (IOVA % 2 ** 21) });
  });
});

/** A plan whose STE is closed to the SMMU. */
function closedSte(): Plan {
  const g = new Guarded();
  g.gpi(STRTAB, SECURE);
  return g.dma();
}

describe('a plan', () => {
  test('shows the entries of the table as frames, in Root space, and tells of the GPI', () => {
    const g = new Guarded();
    g.gpi(OUTPUT, SECURE);
    const { frames, steps, outcome } = g.m.smmu.plan({
      kind: 'transaction',
      transaction: transaction(SID, IOVA),
    });
    const gpt = frames.filter(({ kind }) => kind === 'gpt');
    expect(gpt.slice(0, 2).map(({ layout, space, pa, level }) => [layout, space, pa, level])).toEqual([
      ['GPT_L0_TABLE', 'root', GPT_L0 + 8, 0],
      ['GPT_L1_GRANULES', 'root', GPT_L1, 1],
    ]);
    const texts = steps.map(({ text }) => text);
    expect(texts).toContain(
      'granule protection fault: 0x48000000 is closed to an access in ns space: its GPI is Secure PAS only (8), says the level 1 GPT entry at 0x44104000 (root)',
    );
    expect(steps.filter(({ field }) => field === 'GPI0').length).toBeGreaterThan(0);
    const finding = steps.find(({ kind }) => kind === 'finding');
    expect(frames[finding?.frame ?? -1]?.layout).toBe('GPT_L1_GRANULES');
    expect(outcome.fault?.reason).toContain('its GPI is Secure PAS only (8)');
    const { outcome: fetch } = closedSte();
    expect(fetch.fault?.reason).toMatch(/^reading the STE at 0x40000200 aborted: .*Secure PAS only/);
  });

  test.each([
    ['read', false, ['GPT level 1']],
    ['kept', true, ['GPT level 1 (cached)']],
  ])('ends in the frame of the entry that refuses the output (%s)', (_, isKept, names) => {
    const g = new Guarded({ caches: isKept ? 'maximal' : 'none' });
    g.gpi(OUTPUT, SECURE);
    if (isKept) g.dma();
    const { frames, steps } = g.dma();
    const end = steps.find(({ fault }) => fault !== null);
    const above: string[] = [];
    for (let at = end?.frame ?? -1; frames[at]?.kind === 'gpt'; at = frames[at]?.parent ?? -1)
      above.unshift(frames[at]?.name ?? '');
    expect(above).toEqual(names);
    expect(end?.fault?.field).toBe('GPI0');
    expect(frames[end?.frame ?? -1]).toMatchObject({
      layout: 'GPT_L1_GRANULES',
      space: 'root',
      pa: 0x44104000,
    });
  });

  test('leaves the frames of the table where the output passes, and there are none without it', () => {
    const at = (g: Guarded): string | undefined => {
      const { frames, steps } = g.dma();
      return frames[steps.at(-1)?.frame ?? -1]?.kind;
    };
    expect(at(new Guarded({ caches: 'none' }))).not.toBe('gpt');
    expect(at(new Guarded({ registers: { 'ROOT_CR0.ACCESSEN': 0 } }))).not.toBe('gpt');
  });

  test('changes nothing, and what is committed can be taken back exactly', () => {
    const g = new Guarded();
    g.gpi(OUTPUT, SECURE);
    const { smmu } = g.m;
    const operation = { kind: 'transaction', transaction: transaction(SID, IOVA) } as const;
    const plan = smmu.plan(operation);
    expect([g.far(), smmu.gpt.size]).toEqual([null, 0]);
    expect(smmu.plan(operation)).toEqual(plan);
    const journal = new Journal();
    smmu.commit(plan.effects, journal);
    expect([g.far()?.address, smmu.gpt.size > 0]).toEqual([OUTPUT, true]);
    journal.undo(smmu, 0);
    expect([g.far(), smmu.gpt.size, smmu.tlb.size]).toEqual([null, 0, 0]);
  });

  test('is what the fast path does', () => {
    const [slow, fast] = [new Guarded(), new Guarded()];
    for (const closed of [OUTPUT, CDTAB]) {
      for (const g of [slow, fast]) {
        g.gpi(closed, SECURE);
        g.invalidate();
      }
      const { outcome } = slow.dma();
      const answer = fast.m.smmu.translate(transaction(SID, IOVA));
      expect([answer.result, answer.fault]).toEqual([outcome.result, outcome.fault]);
      expect([...fast.m.smmu.gpt.entries()]).toEqual([...slow.m.smmu.gpt.entries()]);
      expect([fast.far(), fast.m.events()]).toEqual([slow.far(), slow.m.events()]);
    }
  });

  test('ends as absent where the table is not in the image, and says which entry is missing', () => {
    const g = new Guarded();
    const root = new SparseMemory({ fill: () => 0, ranges: [] }, { ram: [RAM] });
    const memory = { ns: g.m.smmu.memory('ns'), root };
    const smmu = new Smmu({ memory, bank: g.m.smmu.bank });
    const { outcome, effects } = smmu.plan({
      kind: 'transaction',
      transaction: transaction(SID, IOVA),
    });
    expect(outcome.result).toBe('absent');
    expect(outcome.missing).toMatchObject({ space: 'root', pa: GPT_L0 + 8, structure: 'GPT level 0 entry' });
    expect(effects).toEqual([]);
  });
});
