/** Writes of the SMMU itself where the table is not in the image, and checks of what is only planned (IHI 0070 3.25). */

import { describe, expect, test } from 'vitest';
import { type ChunkSource, SparseMemory } from '../../../src/model/memory.ts';
import type { PageRequest } from '../../../src/model/side-operations.ts';
import { Smmu } from '../../../src/model/smmu.ts';
import { ANY, GPT_L1, Guarded, IOVA, OUTPUT, SECURE } from '../../kit/gpt.ts';
import {
  CMDQ,
  commandWords,
  RAM,
  SID,
  STRTAB,
  type TestOptions,
  TestSmmu,
  transaction,
} from '../../kit/smmu.ts';

/** In a granule whose level-1 entry stands in another page of the table than those of all else. */
const APART = 0x4a000000;
const ENTRY = GPT_L1 + ((APART - 0x40000000) >>> 16) * 8;
const MISSING = { space: 'root', pa: ENTRY, structure: 'GPT level 1 entry' };
const PAGE = 4096;

/** The same machine over an image without the page of the table that protects {@link APART}. */
function lacking(options: TestOptions): { readonly g: Guarded; readonly m: TestSmmu } {
  const g = new Guarded(options);
  const { smmu } = g.m;
  const root = smmu.memory('root');
  const source: ChunkSource = {
    fill(chunk, into) {
      const words = new Uint32Array(into.buffer, into.byteOffset, into.byteLength / 4);
      root.load(chunk * 0x10000, words, 0, words.length);
      const page = (ENTRY - chunk * 0x10000) / PAGE;
      return page >= 0 && page < 16 ? 0xffff & ~(1 << page) : 0xffff;
    },
    ranges: [RAM],
  };
  const memory = { ns: smmu.memory('ns'), root: new SparseMemory(source, { ram: [RAM] }) };
  return { g, m: new TestSmmu({ smmu: new Smmu({ memory, bank: smmu.bank }), world: 'ns' }) };
}

const PRI: TestOptions['registers'] = { 'PRIQ_BASE.LOG2SIZE': 2, 'CR0.PRIQEN': 1, 'CR0ACK.PRIQEN': 1 };
const REQUEST: PageRequest = {
  world: 'ns',
  sid: SID,
  ssid: -1,
  addressHi: 0,
  addressLo: IOVA,
  read: true,
  write: false,
  execute: false,
  privileged: false,
  last: true,
  prgIndex: 5,
};

describe('a write whose check is not in the image', () => {
  test('of an event ends the transaction as absent, and nothing is done', () => {
    const { m } = lacking({ registers: { 'EVENTQ_BASE.ADDR': APART } });
    const operation = { kind: 'transaction', transaction: transaction(SID, 0x7000) } as const;
    const { outcome, effects, steps } = m.smmu.plan(operation);
    expect(outcome).toMatchObject({ result: 'absent', recording: 'unknown', missing: MISSING });
    expect(effects).toEqual([]);
    expect(steps.at(-1)?.text).toContain('is not in the image');
    const answer = m.smmu.translate(transaction(SID, 0x7000));
    expect([answer.result, answer.missing?.pa, m.read('EVENTQ_PROD'), m.words(APART, 1)]).toEqual([
      'absent',
      ENTRY,
      0,
      [0],
    ]);
  });

  test('of the MSI of an event ends it too', () => {
    const registers = { 'IRQ_CTRL.EVENTQ_IRQEN': 1, 'EVENTQ_IRQ_CFG0.ADDR': APART };
    const { m } = lacking({ registers });
    const { outcome, effects } = m.dma(0x7000);
    expect([outcome.result, outcome.missing?.pa, effects.length, m.words(APART, 1)]).toEqual([
      'absent',
      ENTRY,
      0,
      [0],
    ]);
  });

  test('of a CMD_SYNC’s MSI leaves the command in its queue', () => {
    const { m } = lacking({});
    m.store(CMDQ, commandWords('CMD_SYNC', { CS: 1, MSIAddress: APART, MSIData: 7 }));
    m.write('CMDQ_PROD', 1);
    const next = m.smmu.nextCommand('ns');
    if (!('operation' in next)) throw new Error('nothing to consume');
    const { outcome, effects, steps } = m.smmu.plan(next.operation);
    expect(outcome).toMatchObject({ result: 'absent', command: 'CMD_SYNC', missing: MISSING });
    expect(effects).toEqual([]);
    expect(steps.at(-1)?.text).toBe(
      `the command waits: GPT level 1 entry at 0x${ENTRY.toString(16)} is not in the image`,
    );
    expect([m.smmu.runCommands('ns'), m.read('CMDQ_CONS'), m.read('GERROR')]).toEqual([0, 0, 0]);
  });

  test('of a page request and of a hint ends them as absent', () => {
    const { m } = lacking({ registers: { ...PRI, 'PRIQ_BASE.ADDR': APART, 'EVENTQ_BASE.ADDR': APART } });
    const page = m.smmu.plan({ kind: 'page-request', request: REQUEST });
    expect(page.outcome).toMatchObject({ result: 'absent', missing: MISSING });
    const hint = m.smmu.plan({
      kind: 'page-hint',
      hint: { world: 'ns', sid: SID, ssid: -1, addressHi: 0, addressLo: IOVA, span: 1, permissions: 1 },
    });
    expect(hint.outcome).toMatchObject({ result: 'absent', missing: MISSING });
    expect([page.effects, hint.effects]).toEqual([[], []]);
  });

  test('of a stalled transaction’s record waits, and checks are those after the write that lets it go on', () => {
    const { m } = lacking({
      registers: { 'EVENTQ_BASE.ADDR': APART, 'CR0.EVENTQEN': 0, 'CR0ACK.EVENTQEN': 0 },
    });
    m.cd({ S: 1 });
    expect(m.dma(0x7000).outcome.result).toBe('stall');
    const phases = (): string[] => m.smmu.traffic.stalls.entries().map(({ phase }) => phase);
    expect(phases()).toEqual(['waiting']);
    const enabled = m.write('CR0', 0xd);
    expect(enabled.outcome).toMatchObject({ result: 'absent', missing: MISSING });
    expect([phases(), m.read('CR0') & 4, m.read('EVENTQ_PROD')]).toEqual([['waiting'], 4, 0]);
    // GPCEN=0: no check is asked any more.
    expect(m.in('root').write('ROOT_CR0', 1).outcome.result).toBe('ok');
    expect([phases(), m.read('EVENTQ_PROD')]).toEqual([['recorded'], 1]);
  });

  test('asks nothing where the table is there', () => {
    const g = new Guarded({ registers: { 'EVENTQ_BASE.ADDR': APART } });
    g.gpi(APART, ANY);
    expect(g.dma(0x7000).outcome).toMatchObject({ result: 'abort', recording: 'written' });
  });
});

describe('the STE that says how an overflow of the PRI queue is answered', () => {
  const overflowing = (registers: TestOptions['registers'] = {}): Guarded => {
    const ids = { 'IDR3.PPS': 0, 'PRIQ_PROD.OVFLG': 1 };
    const g = new Guarded({ registers: { ...PRI, 'PRIQ_BASE.ADDR': OUTPUT, ...ids, ...registers } });
    g.m.ste({ EATS: 1, PPAR: 1, S1CDMax: 4 });
    return g;
  };
  const request = (m: TestSmmu): unknown => {
    const plan = m.smmu.plan({ kind: 'page-request', request: { ...REQUEST, ssid: 9 } });
    m.smmu.commit(plan.effects);
    return plan.outcome.recording;
  };

  test('is reported where it is refused: in ROOT_GPF_FAR always, as an event with CR2.REC_CFG_ATS', () => {
    const g = overflowing();
    g.gpi(STRTAB, SECURE);
    expect([request(g.m), g.m.events()]).toEqual(['none', []]);
    expect(g.far()).toEqual({ pas: 1, address: STRTAB, code: 3, reason: 1 });
    const h = overflowing({ 'IDR0.ATSRECERR': 1, 'CR2.REC_CFG_ATS': 1 });
    h.gpi(STRTAB, SECURE);
    expect(request(h.m)).toBe('written');
    const [event] = h.m.events();
    // F_STE_FETCH with GPCF, bit 80.
    expect([(event?.[0] ?? 0) & 0xff, ((event?.[2] ?? 0) >>> 16) & 1]).toEqual([3, 1]);
    expect(h.far()?.address).toBe(STRTAB);
  });

  test('ends the request where it is not in the image', () => {
    const g = overflowing();
    const { smmu } = g.m;
    const ns = new SparseMemory({ fill: () => 0, ranges: [] }, { ram: [RAM] });
    const bare = new Smmu({ memory: { ns, root: smmu.memory('root') }, bank: smmu.bank });
    const { outcome, effects } = bare.plan({ kind: 'page-request', request: { ...REQUEST, ssid: 9 } });
    expect(outcome).toMatchObject({ result: 'absent', missing: { space: 'ns', pa: STRTAB + SID * 64 } });
    // What the checks on the way have read of the table may be kept.
    const stores = effects.map((effect) => (effect.kind === 'store' ? effect.store : effect.kind));
    expect(new Set(stores)).toEqual(new Set([bare.gpt]));
  });
});

describe('a completion as large as the smallest translation unit', () => {
  const UNITS = { 'IDR5.GRAN4K': 0, 'ROOT_GPT_BASE_CFG.PGS': 2 };
  const bypassing = (registers: TestOptions['registers'], options: TestOptions = {}): Guarded => {
    const g = new Guarded({ ...options, registers: { ...UNITS, ...registers } });
    // Granules of 16 KiB: the table of level 1 has a quarter of the entries.
    g.m.ste({ Config: 5, S1DSS: 1, EATS: 1, S1CDMax: 4 });
    return g;
  };
  const ask = (g: Guarded, address: number): unknown => {
    const { ats } = g.m.dma(address, { kind: 'request' }).outcome;
    return [ats?.status, ats?.shift];
  };

  test('has every granule checked, as no granule is smaller', () => {
    expect(ask(bypassing({}), OUTPUT)).toEqual(['success', 14]);
    const g = bypassing({});
    g.root.descriptor(GPT_L1 + ((OUTPUT - 0x40000000) >>> 18) * 8, 0xffff_ffff_ffff_ff8fn);
    expect(ask(g, OUTPUT)).toEqual(['success', 14]);
    expect(ask(g, OUTPUT + 0x7000)).toEqual(['ca', 0]);
  });

  test('is refused where the granule is one that the SMMU has not, or a part of the unit is closed', () => {
    expect(ask(bypassing({ 'ROOT_GPT_BASE_CFG.PGS': 0 }), OUTPUT)).toEqual(['ca', 0]);
    // What no SMMU has: granules smaller than the unit.
    const small = { 'ROOT_GPT_BASE_CFG.PGS': 0 };
    const g = bypassing(small, { rulesOff: new Set(['gpc:CFG-FIELD']) });
    expect(ask(g, OUTPUT)).toEqual(['success', 14]);
    g.gpi(OUTPUT + 0x3000, SECURE);
    g.invalidate();
    expect(ask(g, OUTPUT)).toEqual(['ca', 0]);
  });
});
