import { describe, expect, it } from 'vitest';
import { encode } from '../../../src/bits/layout.ts';
import { planUpdate } from '../../../src/control/updates/plan-update.ts';
import { judgeSequence } from '../../../src/control/updates/sequence.ts';
import type { UpdatedStructure } from '../../../src/control/updates/used.ts';
import { L1STD } from '../../../src/spec/l1std.ts';
import { STE } from '../../../src/spec/ste.ts';
import {
  abortSte,
  bypassSte,
  cdtableSte,
  emptyCd,
  nestedSte,
  OTHER_CDTAB,
  releasedCd,
  sharedCd,
  stage1Cd,
  stage2Ste,
} from './makers.ts';

interface Row {
  readonly structure: UpdatedStructure;
  readonly from: Uint32Array;
  readonly to: Uint32Array;
  readonly syncs: number;
  readonly hitless: boolean;
}

/** The transitions that the driver's own unit test knows, with what it expects. */
const ROWS: Readonly<Record<string, Row>> = {
  'bypass -> abort': { structure: 'STE', from: bypassSte, to: abortSte, syncs: 2, hitless: true },
  'abort -> bypass': { structure: 'STE', from: abortSte, to: bypassSte, syncs: 2, hitless: true },
  'S1 cdtable (S1DSS=SSID0, ATS) -> abort': {
    structure: 'STE',
    from: cdtableSte('SSID0'),
    to: abortSte,
    syncs: 2,
    hitless: true,
  },
  'abort -> S1 cdtable': {
    structure: 'STE',
    from: abortSte,
    to: cdtableSte('SSID0'),
    syncs: 2,
    hitless: true,
  },
  'S1 cdtable -> bypass': {
    structure: 'STE',
    from: cdtableSte('SSID0'),
    to: bypassSte,
    syncs: 3,
    hitless: true,
  },
  'bypass -> S1 cdtable': {
    structure: 'STE',
    from: bypassSte,
    to: cdtableSte('SSID0'),
    syncs: 3,
    hitless: true,
  },
  'S1 cdtable S1DSS SSID0 -> S1DSS bypass': {
    structure: 'STE',
    from: cdtableSte('SSID0'),
    to: cdtableSte('BYPASS'),
    syncs: 1,
    hitless: true,
  },
  'S1 cdtable S1DSS bypass -> SSID0': {
    structure: 'STE',
    from: cdtableSte('BYPASS'),
    to: cdtableSte('SSID0'),
    syncs: 1,
    hitless: true,
  },
  'S1 with S1DSS bypass -> STE bypass': {
    structure: 'STE',
    from: cdtableSte('BYPASS'),
    to: bypassSte,
    syncs: 2,
    hitless: true,
  },
  'STE bypass -> S1 with S1DSS bypass': {
    structure: 'STE',
    from: bypassSte,
    to: cdtableSte('BYPASS'),
    syncs: 2,
    hitless: true,
  },
  'S2 -> abort': { structure: 'STE', from: stage2Ste(), to: abortSte, syncs: 2, hitless: true },
  'abort -> S2': { structure: 'STE', from: abortSte, to: stage2Ste(), syncs: 2, hitless: true },
  'S2 -> bypass': { structure: 'STE', from: stage2Ste(), to: bypassSte, syncs: 2, hitless: true },
  'bypass -> S2': { structure: 'STE', from: bypassSte, to: stage2Ste(), syncs: 2, hitless: true },
  'S1 -> S2 (ATS)': {
    structure: 'STE',
    from: cdtableSte('SSID0'),
    to: stage2Ste(),
    syncs: 3,
    hitless: true,
  },
  'S2 -> S1 (ATS)': {
    structure: 'STE',
    from: stage2Ste(),
    to: cdtableSte('SSID0'),
    syncs: 3,
    hitless: true,
  },
  'S1 -> S2 (stall)': {
    structure: 'STE',
    from: cdtableSte('SSID0', 'stall'),
    to: stage2Ste('stall'),
    syncs: 3,
    hitless: true,
  },
  'S2 -> S1 (stall)': {
    structure: 'STE',
    from: stage2Ste('stall'),
    to: cdtableSte('SSID0', 'stall'),
    syncs: 3,
    hitless: true,
  },
  'nested S1DSS bypass (ATS) -> S2 (no ATS)': {
    structure: 'STE',
    from: nestedSte('BYPASS'),
    to: stage2Ste('plain'),
    syncs: 3,
    hitless: true,
  },
  'S2 (no ATS) -> nested S1DSS bypass (ATS)': {
    structure: 'STE',
    from: stage2Ste('plain'),
    to: nestedSte('BYPASS'),
    syncs: 2,
    hitless: true,
  },
  'S1 cdtable -> other cdtable address and S1DSS (two words)': {
    structure: 'STE',
    from: cdtableSte('BYPASS'),
    to: cdtableSte('SSID0', 'ats', OTHER_CDTAB),
    syncs: 3,
    hitless: false,
  },
  'CD empty -> S1 CD': { structure: 'CD', from: emptyCd, to: stage1Cd(778), syncs: 2, hitless: false },
  'S1 CD -> empty': { structure: 'CD', from: stage1Cd(778), to: emptyCd, syncs: 2, hitless: false },
  'S1 CD ASID 778 -> 1997': {
    structure: 'CD',
    from: stage1Cd(778),
    to: stage1Cd(1997),
    syncs: 1,
    hitless: true,
  },
  'CD ASID 1997 -> 778': {
    structure: 'CD',
    from: stage1Cd(1997),
    to: stage1Cd(778),
    syncs: 1,
    hitless: true,
  },
  'CD empty -> SVA CD': { structure: 'CD', from: emptyCd, to: sharedCd(9), syncs: 2, hitless: false },
  'SVA CD -> empty': { structure: 'CD', from: sharedCd(9), to: emptyCd, syncs: 2, hitless: false },
  'SVA CD -> SVA release (EPD0)': {
    structure: 'CD',
    from: sharedCd(9),
    to: releasedCd(9),
    syncs: 2,
    hitless: true,
  },
  'SVA release -> SVA CD': {
    structure: 'CD',
    from: releasedCd(9),
    to: sharedCd(9),
    syncs: 2,
    hitless: true,
  },
};

describe('the planned order of writes', () => {
  it('is known for 29 transitions', () => {
    expect(Object.keys(ROWS)).toHaveLength(29);
  });

  for (const [name, { structure, from, to, syncs, hitless }] of Object.entries(ROWS)) {
    it(`${name}: ${syncs} syncs, ${hitless ? 'hitless' : 'not hitless'}, and never neither old nor new`, () => {
      const plan = planUpdate(structure, from, to);
      expect({ syncs: plan.syncs, hitless: plan.hitless }).toEqual({ syncs, hitless });
      const memory = from.slice();
      for (const step of plan.steps) if (step.kind === 'write') memory.set([step.lo, step.hi], step.dw * 2);
      expect(memory).toEqual(to);
      expect(judgeSequence(structure, from, plan.steps)).toEqual({
        hitless,
        syncs,
        vZeroWindow: !hitless,
        problems: [],
        missingInvalidation: false,
      });
    });
  }

  it('breaks where stage 1 and stage 2 have different VMIDs: stage 1 tags its translations with S2VMID too', () => {
    const other = stage2Ste();
    STE.fields.S2VMID.set(other, 0, 7);
    const plan = planUpdate('STE', cdtableSte('SSID0'), other);
    expect(plan).toMatchObject({ breaks: true, critical: [0, 2], hitless: false, syncs: 3 });
  });

  it('does not change EATS ahead where stalls of stage 2 would make it ILLEGAL', () => {
    const from = encode(STE, { V: 1, Config: 6, S2AA64: 1, S2S: 1, S2TTB: 0x1000 });
    const to = encode(STE, { V: 1, Config: 6, S2AA64: 1, EATS: 1, S2TTB: 0x1000 });
    expect(planUpdate('STE', from, to)).toMatchObject({ breaks: true, critical: [1, 2] });
  });

  it('needs one synchronisation for a table descriptor, and none where nothing changes', () => {
    const none = new Uint32Array(2);
    const published = encode(L1STD, { Span: 9, L2Ptr: 0x4100_0000 });
    expect(planUpdate('L1STD', none, published)).toMatchObject({ syncs: 1, breaks: false });
    expect(planUpdate('L1STD', published, published)).toMatchObject({ syncs: 0, steps: [], hitless: true });
  });
});
