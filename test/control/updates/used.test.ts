import { describe, expect, it } from 'vitest';
import { encode, type FieldValues, type Layout } from '../../../src/bits/layout.ts';
import { findMix } from '../../../src/control/updates/mixes.ts';
import { judgeSequence, type SequenceStep } from '../../../src/control/updates/sequence.ts';
import { safeBits, usedBits } from '../../../src/control/updates/used.ts';
import { CD } from '../../../src/spec/cd.ts';
import { L1CD } from '../../../src/spec/l1cd.ts';
import { L1STD } from '../../../src/spec/l1std.ts';
import { STE } from '../../../src/spec/ste.ts';
import { USED_BITS, type UsedBits } from '../../../src/spec/used-bits.ts';
import { bypassSte, cdtableSte, emptyCd, nestedSte, stage1Cd, stage2Ste } from './makers.ts';

/** Names of the fields of which bits are set in a mask. */
function fieldsOf(of: Layout, mask: Uint32Array): string[] {
  return of.list
    .filter((field) => field.hi(mask, 0) !== 0 || field.lo(mask, 0) !== 0)
    .map(({ name }) => name);
}

type SteFields = typeof STE extends Layout<infer D> ? D : never;

function used(values: FieldValues<SteFields>): string[] {
  return fieldsOf(STE, usedBits('STE', encode(STE, { V: 1, ...values })));
}

/** What the driver takes for read: its own lists, by Config[0], Config[1] and bypass, for a Non-secure stream of EL1. */
const DRIVER = {
  s1: [
    'S1Fmt',
    'S1ContextPtr',
    'S1CDMax',
    'S1DSS',
    'S1CIR',
    'S1COR',
    'S1CSH',
    'S1STALLD',
    'STRW',
    'EATS',
    'MEV',
    'S2VMID',
  ],
  s2: [
    'S2FWB',
    'EATS',
    'SHCFG',
    'MEV',
    'S2VMID',
    'S2T0SZ',
    'S2SL0',
    'S2IR0',
    'S2OR0',
    'S2SH0',
    'S2TG',
    'S2PS',
    'S2AA64',
    'S2ENDI',
    'S2S',
    'S2R',
    'S2TTB',
  ],
  bypass: ['SHCFG'],
};

describe('what hardware reads of an STE', () => {
  it('is V alone while V=0', () => {
    expect(fieldsOf(STE, usedBits('STE', encode(STE, { V: 0, Config: 7, S2VMID: 1 })))).toEqual(['V']);
  });

  it('is V, Config and CONT of a stream that is aborted', () => {
    for (const Config of [0, 1, 2, 3]) expect(used({ Config, SHCFG: 1 })).toEqual(['V', 'Config', 'CONT']);
  });

  it('holds all that the driver takes for read, but for what the architecture says is IGNORED', () => {
    expect(used({ Config: 5, S1CDMax: 1 })).toEqual(expect.arrayContaining(DRIVER.s1));
    expect(used({ Config: 6 })).toEqual(expect.arrayContaining(DRIVER.s2));
    expect(used({ Config: 4 })).toEqual(expect.arrayContaining(DRIVER.bypass));
    const nested = used({ Config: 7, S1CDMax: 1 });
    const both = [...DRIVER.s1, ...DRIVER.s2].filter((name) => name !== 'STRW' && name !== 'SHCFG');
    expect(nested).toEqual(expect.arrayContaining([...both, 'S2PTW']));
    // Stage 2 fixes the StreamWorld, and stage 1 the shareability (5.2, 13.5): the driver counts both all the same.
    expect(nested).not.toContain('STRW');
    expect(nested).not.toContain('SHCFG');
  });

  it('has S2PTW only where stage 1 has something to fetch, which the driver counts for every stage 2', () => {
    expect(used({ Config: 6 })).not.toContain('S2PTW');
  });

  it('has SHCFG of stage 1 only where S1DSS lets traffic bypass it', () => {
    expect(used({ Config: 5, S1CDMax: 1, S1DSS: 1 })).toContain('SHCFG');
    expect(used({ Config: 5, S1CDMax: 1, S1DSS: 2 })).not.toContain('SHCFG');
    expect(used({ Config: 5, S1CDMax: 0, S1DSS: 1 })).not.toContain('SHCFG');
  });

  it('has neither S1Fmt nor S1DSS without substreams, and no S2VMID for EL2', () => {
    const one = used({ Config: 5 });
    expect(one).not.toContain('S1Fmt');
    expect(one).not.toContain('S1DSS');
    expect(one).toContain('S2VMID');
    expect(used({ Config: 5, STRW: 2 })).not.toContain('S2VMID');
  });

  it('never has SW_RESERVED, and has every other field in some state', () => {
    const { rules }: UsedBits = USED_BITS.STE;
    const named = new Set(rules.flatMap(({ fields }) => fields));
    expect(STE.list.map(({ name }) => name).filter((name) => !named.has(name))).toEqual(['V', 'SW_RESERVED']);
  });
});

describe('what hardware reads of other structures', () => {
  it('is V alone of a CD with V=0', () => {
    expect(fieldsOf(CD, usedBits('CD', emptyCd))).toEqual(['V']);
  });

  it('leaves out T0SZ, TG0, IR0, OR0, SH0 and TTB0 with EPD0, and those of TTB1 with EPD1', () => {
    const all = new Set(fieldsOf(CD, usedBits('CD', encode(CD, { V: 1, AA64: 1 }))));
    const left = new Set(fieldsOf(CD, usedBits('CD', encode(CD, { V: 1, AA64: 1, EPD0: 1 }))));
    expect([...all].filter((name) => !left.has(name))).toEqual(['T0SZ', 'TG0', 'IR0', 'OR0', 'SH0', 'TTB0']);
    const none = fieldsOf(CD, usedBits('CD', encode(CD, { V: 1, AA64: 1, EPD0: 1, EPD1: 1 })));
    for (const name of ['T1SZ', 'TG1', 'IR1', 'OR1', 'SH1', 'TTB1', 'ENDI']) expect(none).not.toContain(name);
    for (const name of ['ASID', 'MAIR0', 'MAIR1', 'IPS', 'R', 'A', 'S']) expect(none).toContain(name);
  });

  it('is Span alone of an L1STD that is invalid or reserved, and V alone of such an L1CD', () => {
    for (const Span of [0, 12, 31])
      expect(fieldsOf(L1STD, usedBits('L1STD', encode(L1STD, { Span, L2Ptr: 0x1000 })))).toEqual(['Span']);
    expect(fieldsOf(L1STD, usedBits('L1STD', encode(L1STD, { Span: 1 })))).toEqual(['Span', 'L2Ptr']);
    expect(fieldsOf(L1CD, usedBits('L1CD', encode(L1CD, { L2Ptr: 0x1000 })))).toEqual(['V']);
  });
});

describe('bits that may change at any time', () => {
  it('are MEV, and one bit of EATS unless stalls or split stages are involved', () => {
    const safe = (from: Uint32Array, to: Uint32Array) => fieldsOf(STE, safeBits('STE', from, to));
    expect(safe(stage2Ste(), nestedSte('BYPASS'))).toEqual(['MEV', 'EATS']);
    expect(safe(stage2Ste('stall'), nestedSte('BYPASS'))).toEqual(['MEV']);
    expect(safe(stage2Ste(), encode(STE, { V: 1, Config: 7, EATS: 2 }))).toEqual(['MEV']);
  });
});

const write = (of: Uint32Array, dw: number): SequenceStep => ({
  kind: 'write',
  dw,
  lo: of[dw * 2] as number,
  hi: of[dw * 2 + 1] as number,
});
const SYNC: SequenceStep = { kind: 'sync' };

describe('a wrong order', () => {
  const from = bypassSte;
  const to = cdtableSte('SSID0');

  it('of V=1 first and the other doublewords later is found', () => {
    const cd = stage1Cd(1);
    const steps = [write(cd, 0), write(cd, 1), SYNC];
    expect(judgeSequence('CD', emptyCd, steps).problems).toMatchObject([{ kind: 'neither' }]);
  });

  it('of the critical doubleword before what it needs is found even with a sync after each', () => {
    const verdict = judgeSequence('STE', from, [write(to, 0), write(to, 1), SYNC]);
    expect(verdict).toMatchObject({ hitless: false, vZeroWindow: false, problems: [{ kind: 'neither' }] });
  });

  it('of the right writes with one CMD_SYNC left out is found', () => {
    const good = [write(to, 1), SYNC, write(to, 0), SYNC];
    expect(judgeSequence('STE', from, good).problems).toEqual([]);
    const bad = [write(to, 1), write(to, 0), SYNC];
    expect(judgeSequence('STE', from, bad).problems).toMatchObject([{ kind: 'neither' }]);
    const unfinished: SequenceStep[] = [write(to, 1), { kind: 'cfgi' }, write(to, 0), SYNC];
    expect(judgeSequence('STE', from, unfinished).problems).toMatchObject([{ kind: 'neither' }]);
  });

  it('counts an invalidation only for what was written before it was consumed', () => {
    const steps: SequenceStep[] = [{ kind: 'cfgi' }, write(to, 1), { kind: 'cmd-sync' }, write(to, 0), SYNC];
    expect(judgeSequence('STE', from, steps).problems).toMatchObject([{ kind: 'neither' }]);
  });

  it('leaves an invalidation missing at its end', () => {
    const steps: SequenceStep[] = [write(to, 1), SYNC, write(to, 0), { kind: 'cfgi' }];
    expect(judgeSequence('STE', from, steps)).toMatchObject({ missingInvalidation: true, syncs: 1 });
  });

  it('is none when one doubleword takes several values that were all in memory', () => {
    const [a, b] = [stage1Cd(2), stage1Cd(3)];
    const verdict = judgeSequence('CD', stage1Cd(1), [write(a, 0), write(b, 0), SYNC]);
    expect(verdict).toMatchObject({ hitless: true, problems: [] });
  });

  it('in halves of 32 bits is found when the halves belong together', () => {
    const other = cdtableSte('SSID0', 'ats', 0x12_3456_7000);
    const half = (word: number): SequenceStep => ({ kind: 'write32', word, value: other[word] as number });
    expect(judgeSequence('STE', to, [half(0), half(1), SYNC]).problems).toMatchObject([
      { kind: 'neither', torn: true },
    ]);
    expect(judgeSequence('STE', to, [half(0), SYNC]).problems).toEqual([]);
  });
});

describe('a search among many values', () => {
  it('ends, and still finds a doubleword that is out of step', () => {
    const start = nestedSte('BYPASS');
    const end = start.slice();
    const values = Array.from({ length: 8 }, (_, dw) =>
      Array.from({ length: 16 }, (_, i) => ({
        lo: ((start[dw * 2] as number) & 0xf) | (dw > 0 ? i << 8 : 0),
        hi: start[dw * 2 + 1] as number,
      })),
    );
    const found = findMix('STE', values, start, end, false);
    expect(found?.bounded).toBe(true);
  });
});
