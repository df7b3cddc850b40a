import { describe, expect, it } from 'vitest';
import { encode } from '../../../src/bits/layout.ts';
import { planUpdate } from '../../../src/control/updates/plan-update.ts';
import { CD } from '../../../src/spec/cd.ts';
import { L1STD } from '../../../src/spec/l1std.ts';
import { STE } from '../../../src/spec/ste.ts';
import { BASE_CD, CDTAB, SID, STRTAB } from '../../kit/smmu.ts';
import { STE_PA, Watched } from './watched.ts';

const bypass = encode(STE, { V: 1, Config: 4, SHCFG: 1 });
const abort = encode(STE, { V: 1, Config: 0 });
const empty = new Uint32Array(STE.words);
/** Without it SHCFG is RES0. */
const OVERRIDES = { 'IDR1.ATTR_TYPES_OVR': 1 };
const OTHER = CDTAB + 0x10000;
const stage1 = (values = {}) =>
  encode(STE, { V: 1, Config: 5, S1ContextPtr: CDTAB, S1CDMax: 4, S1DSS: 2, ...values });
const context = (values = {}) => encode(CD, { ...BASE_CD, ...values });

/** Writes all that differs, in the planned order. */
function follow(on: Watched, pa: number, from: Uint32Array, to: Uint32Array): void {
  for (const step of planUpdate('STE', from, to).steps) {
    if (step.kind === 'write') on.memory(pa + step.dw * 8, Uint32Array.of(step.lo, step.hi));
    else on.syncSte();
  }
}

describe('an STE under update', () => {
  it('is found fetched half old and half new when two doublewords change without V=0', () => {
    const on = new Watched({}, OVERRIDES);
    on.on.store(STE_PA, stage1());
    const to = stage1({ S1ContextPtr: OTHER, S1DSS: 1, SHCFG: 1 });
    expect(on.doubleword(STE_PA, to, 0)).toEqual([]);
    const [found, ...others] = on.doubleword(STE_PA, to, 1);
    expect(others).toEqual([]);
    expect(found).toMatchObject({
      mistake: 'neither',
      certainty: 'possible',
      class: 'unsafe',
      rule: '3.21.3.1',
    });
    expect(found?.entry).toMatchObject({ structure: 'STE', sid: SID, pa: STE_PA });
    expect(found?.text).toBe(
      'STE 0x8: between operation 0 and operation 1 hardware can fetch the new S1DSS=BYPASS, SHCFG=INCOMING with the old S1ContextPtr=0x40400000: neither old nor new; make it invalid first (V=0): write doubleword 0, then doubleword 1, then doubleword 0, each followed by CMD_CFGI_STE and CMD_SYNC',
    );
  });

  it('is clean when it follows the plan, with and without V=0 on the way', () => {
    const on = new Watched();
    on.on.store(STE_PA, stage1());
    const next = stage1({ S1ContextPtr: OTHER, S1DSS: 1, SHCFG: 1 });
    follow(on, STE_PA, stage1(), next);
    follow(on, STE_PA, next, bypass);
    follow(on, STE_PA, bypass, abort);
    follow(on, STE_PA, abort, stage1());
    on.dma();
    expect(on.mistakes).toEqual([]);
    expect(on.checker.pending()).toEqual([]);
    expect(on.checker.watched).toBe(0);
  });

  it('is found when V is set before an invalidation of the other doublewords is complete', () => {
    const early = new Watched();
    const to = stage1();
    expect(early.doubleword(STE_PA, to, 1)).toEqual([]);
    expect(early.doubleword(STE_PA, to, 0)).toMatchObject([
      { mistake: 'valid-too-early', text: expect.stringContaining('before setting V') },
    ]);
    const late = new Watched();
    late.doubleword(STE_PA, to, 1);
    late.syncSte();
    late.doubleword(STE_PA, to, 0);
    late.syncSte();
    expect(late.mistakes).toEqual([]);
  });

  it('may be filled without invalidations while nothing leads to it', () => {
    const on = new Watched({}, { 'CR0.SMMUEN': 0 });
    const to = stage1();
    on.doubleword(STE_PA, to, 1);
    on.doubleword(STE_PA, to, 0);
    expect(on.mistakes).toEqual([]);
    expect(on.checker.watched).toBe(0);
  });

  it('is found invalid for a while where a hitless order exists, which is said', () => {
    const on = new Watched({}, OVERRIDES);
    on.on.store(STE_PA, abort);
    on.memory(STE_PA, new Uint32Array(2));
    on.syncSte();
    on.doubleword(STE_PA, bypass, 1);
    on.syncSte();
    expect(on.doubleword(STE_PA, bypass, 0)).toMatchObject([
      {
        mistake: 'v-zero-window',
        class: 'spurious-fault',
        text: expect.stringContaining('write doubleword 1, then doubleword 0, each followed by CMD_CFGI_STE'),
      },
    ]);
  });

  it('was switched off on purpose when software wrote other things meanwhile', () => {
    const on = new Watched();
    on.on.store(STE_PA, abort);
    on.memory(STE_PA, new Uint32Array(2));
    on.syncSte();
    on.memory(0x4200_0000, Uint32Array.of(1, 2));
    on.doubleword(STE_PA, bypass, 1);
    on.syncSte();
    on.doubleword(STE_PA, bypass, 0);
    on.syncSte();
    expect(on.mistakes).toEqual([]);
  });

  it('is found with S2S=1 and EATS=1 when neither the old nor the new content has both', () => {
    const both = { V: 1, Config: 6, S2T0SZ: 24, S2SL0: 1, S2AA64: 1, S2PS: 5, S2TTB: 0x4100_0000, SHCFG: 1 };
    const from = encode(STE, { ...both, S2S: 1 });
    const to = encode(STE, { ...both, EATS: 1 });
    const on = new Watched();
    on.on.store(STE_PA, from);
    on.doubleword(STE_PA, to, 2);
    expect(on.doubleword(STE_PA, to, 1)).toMatchObject([
      { mistake: 'stall-with-ats', class: 'spurious-fault', text: expect.stringContaining('EATS=FULL') },
    ]);
  });

  it('is found torn when a doubleword is written in two halves', () => {
    const from = stage1();
    const to = stage1({ S1ContextPtr: OTHER, S1CDMax: 6 });
    const on = new Watched();
    on.on.store(STE_PA, from);
    on.memory(STE_PA, to.slice(0, 1));
    expect(on.memory(STE_PA + 4, to.slice(1, 2))).toMatchObject([
      { mistake: 'torn', text: expect.stringContaining('with one access of 64 bits') },
    ]);
  });

  it('counts what was written in one operation as put there, unless told otherwise', () => {
    const placed = new Watched();
    expect(placed.memory(STE_PA, stage1())).toEqual([]);
    expect(placed.checker.pending()).toHaveLength(1);
    const strict = new Watched({ wholeEntries: 'doublewords' });
    expect(strict.memory(STE_PA, stage1())).toMatchObject([{ mistake: 'valid-too-early' }]);
  });
});

describe('a change that was not invalidated', () => {
  it('is found when the stream is used, once, and says what is missing', () => {
    const on = new Watched();
    on.on.store(STE_PA, bypass);
    on.doubleword(STE_PA, abort, 0);
    expect(on.dma(SID + 1)).toEqual([]);
    expect(on.dma()).toMatchObject([
      {
        mistake: 'missing-invalidation',
        text: 'STE 0x8: changed at operation 0, and no CMD_CFGI_STE for it has followed: hardware may use what was there before',
      },
    ]);
    expect(on.dma()).toEqual([]);
  });

  it('lacks only a CMD_SYNC after its CMD_CFGI_STE', () => {
    const on = new Watched();
    on.on.store(STE_PA, bypass);
    on.doubleword(STE_PA, abort, 0);
    on.command('CMD_CFGI_STE', { StreamID: SID, Leaf: 1 });
    expect(on.checker.pending()).toMatchObject([
      { text: expect.stringContaining('no CMD_SYNC has completed it') },
    ]);
    on.command('CMD_SYNC');
    expect(on.checker.pending()).toEqual([]);
  });

  it('stays for the second stream that shares a CD when only one was invalidated', () => {
    const on = new Watched();
    on.on.ste({ S1CDMax: 4, S1DSS: 2 });
    on.on.ste({ S1CDMax: 4, S1DSS: 2 }, SID + 1);
    on.on.cd();
    on.doubleword(CDTAB, context({ ASID: 7 }), 0);
    on.command('CMD_CFGI_CD', { StreamID: SID, SubstreamID: 0, Leaf: 1 });
    on.command('CMD_SYNC');
    expect(on.checker.pending().map(({ entry }) => entry.sid)).toEqual([SID + 1]);
    expect(on.dma()).toEqual([]);
    expect(on.dma(SID + 1)).toMatchObject([{ mistake: 'missing-invalidation', entry: { structure: 'CD' } }]);
  });

  it('of an STE is not covered by a CMD_CFGI_STE of another stream', () => {
    const on = new Watched();
    on.on.store(STE_PA, bypass);
    on.doubleword(STE_PA, abort, 0);
    on.syncSte(SID + 1);
    expect(on.checker.pending()).toHaveLength(1);
  });
});

describe('a CD under update', () => {
  it('may change its ASID with one write, but not TTB0 and the ASID', () => {
    const on = new Watched();
    on.on.ste();
    on.on.cd();
    expect(on.doubleword(CDTAB, context({ ASID: 7 }), 0)).toEqual([]);
    expect(on.doubleword(CDTAB, context({ ASID: 7, TTB0: 0x4120_0000 }), 1)).toMatchObject([
      { mistake: 'neither', entry: { structure: 'CD', sid: SID, index: 0 } },
    ]);
  });

  it('is watched as soon as an STE leads to it, and no longer when that STE is taken back', () => {
    const on = new Watched();
    on.on.cd();
    on.doubleword(CDTAB, context({ ASID: 7 }), 0);
    expect(on.checker.watched).toBe(0);
    on.memory(STE_PA, stage1());
    on.doubleword(CDTAB, context({ ASID: 9 }), 0);
    expect(on.checker.pending().map(({ entry }) => entry.structure)).toEqual(['STE', 'CD']);
    on.back(1);
    on.doubleword(CDTAB, context({ ASID: 9 }), 0);
    expect(on.checker.watched).toBe(0);
  });
});

const TWO_LEVELS = { 'STRTAB_BASE_CFG.FMT': 1, 'STRTAB_BASE_CFG.SPLIT': 6, 'STRTAB_BASE_CFG.LOG2SIZE': 8 };
const ARRAY = 0x4060_0000;
const descriptor = encode(L1STD, { Span: 7, L2Ptr: ARRAY });

describe('an L1STD', () => {
  it('that is published before its STEs are initialised is found', () => {
    const on = new Watched({}, TWO_LEVELS);
    expect(on.memory(STRTAB, descriptor)).toEqual([]);
    expect(on.doubleword(ARRAY + SID * 64, abort, 0)).toMatchObject([
      {
        mistake: 'published-early',
        rule: '5.1.1',
        text: expect.stringContaining('STE 0x8 is initialised only at'),
      },
    ]);
    expect(on.doubleword(ARRAY + 9 * 64, abort, 0)).toEqual([]);
  });

  it('that points to an ILLEGAL STE is found at once', () => {
    const on = new Watched({}, TWO_LEVELS);
    on.on.store(ARRAY + 5 * 64, encode(STE, { V: 1, Config: 5, S1CDMax: 31 }));
    expect(on.memory(STRTAB, descriptor)).toMatchObject([
      { mistake: 'published-early', text: expect.stringContaining('STE 0x5 is ILLEGAL') },
    ]);
  });

  it('is clean when its STEs come first, and is not covered by Leaf=1', () => {
    const on = new Watched({}, TWO_LEVELS);
    for (let i = 0; i < 64; i++) on.doubleword(ARRAY + i * 64, abort, 0);
    on.memory(STRTAB, descriptor);
    expect(on.mistakes).toEqual([]);
    on.syncSte(SID, 1);
    expect(on.dma()).toMatchObject([
      { mistake: 'missing-invalidation', text: expect.stringContaining('no CMD_CFGI_STE with Leaf=0') },
    ]);
    on.syncSte(SID, 0);
    expect(on.checker.pending()).toEqual([]);
  });
});

describe('a mistake of a stream without traffic', () => {
  const to = stage1();

  it('is none when an invalidation is complete before the stream is used', () => {
    const on = new Watched({ told: 'used' });
    on.doubleword(STE_PA, to, 1);
    on.doubleword(STE_PA, to, 0);
    on.syncSte();
    on.dma();
    expect(on.mistakes).toEqual([]);
  });

  it('is told at its first use otherwise, and at the write from then on', () => {
    const on = new Watched({ told: 'used', place: () => '' });
    on.doubleword(STE_PA, to, 1);
    expect(on.doubleword(STE_PA, to, 0)).toEqual([]);
    expect(on.dma(SID + 1)).toEqual([]);
    expect(on.dma()).toMatchObject([
      {
        mistake: 'valid-too-early',
        step: -1,
        text: expect.stringContaining('between operation 0 and operation 1'),
      },
      { mistake: 'missing-invalidation' },
    ]);
    on.syncSte();
    const next = stage1({ S1ContextPtr: OTHER, S1DSS: 1 });
    on.doubleword(STE_PA, next, 0);
    expect(on.doubleword(STE_PA, next, 1)).toMatchObject([{ mistake: 'neither' }]);
  });

  it('is unknown again when its traffic is taken back', () => {
    const on = new Watched({ told: 'used' });
    on.on.store(STE_PA, stage1());
    const next = stage1({ S1ContextPtr: OTHER, S1DSS: 1 });
    on.dma();
    on.back(0);
    on.doubleword(STE_PA, next, 0);
    expect(on.doubleword(STE_PA, next, 1)).toEqual([]);
    on.back(0);
    on.dma();
    on.doubleword(STE_PA, next, 0);
    expect(on.doubleword(STE_PA, next, 1)).toMatchObject([{ mistake: 'neither' }]);
  });
});

describe('going back', () => {
  it('leaves what was known before, at every operation of a long history', () => {
    const on = new Watched();
    on.on.store(STE_PA, stage1());
    on.on.cd();
    const states: string[] = [];
    const state = () => JSON.stringify([on.checker.watched, on.checker.pending()]);
    const to = stage1({ S1ContextPtr: OTHER, S1DSS: 1, SHCFG: 1 });
    const acts: (() => unknown)[] = [
      () => on.doubleword(STE_PA, to, 0),
      () => on.doubleword(STE_PA, to, 1),
      () => on.dma(),
      () => on.doubleword(STE_PA, empty, 0),
      () => on.doubleword(STE_PA, bypass, 1),
      () => on.doubleword(STE_PA, bypass, 0),
    ];
    for (const act of acts) {
      states.push(state());
      act();
    }
    const first = on.findings.map(({ text }) => text);
    expect(on.mistakes).toEqual(['neither', 'missing-invalidation', 'v-zero-window']);
    for (const [to, before] of [...states.entries()].reverse()) {
      on.back(to);
      expect(state()).toBe(before);
    }
    on.findings.length = 0;
    for (const act of acts) act();
    expect(on.findings.map(({ text }) => text)).toEqual(first);
  });
});
