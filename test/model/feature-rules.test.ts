/** Features whose absence shows in one thing only: what they do, and that it is their absence that keeps it away. */

import { describe, expect, test } from 'vitest';
import { Guarded, SECURE } from '../kit/gpt.ts';
import { CMDQ, commandWords, SID, STRTAB, type TestOptions, TestSmmu } from '../kit/smmu.ts';
import { mapStage2, S2_LEAF, S2_STE } from '../kit/stage2.ts';
import { map, USER_PAGE } from '../kit/tables.ts';

const PAGE = 0x1000;
const PA = 0x10001000n;
const C_BAD_STE = 0x04;

interface Case {
  /** What the feature makes visible. */
  readonly see: (options: TestOptions) => unknown;
  readonly absent: unknown;
  readonly there: unknown;
}

/** Signals of a CMD_SYNC that asks for an event to the PEs. */
function signals(options: TestOptions): number {
  const m = new TestSmmu(options);
  m.store(CMDQ, commandWords('CMD_SYNC', { CS: 2 }));
  m.write('CMDQ_PROD', 1);
  const next = m.smmu.nextCommand('ns');
  if (!('operation' in next)) throw new Error(next.idle);
  return m.smmu.plan(next.operation).effects.filter(({ kind }) => kind === 'signal').length;
}

/** A stream of stage 2 alone, with one page of these attributes. */
function stage2(options: TestOptions, ste: Readonly<Record<string, number>>, attributes?: bigint): TestSmmu {
  const m = new TestSmmu(options);
  m.ste({ ...S2_STE, ...ste });
  mapStage2(m, { ipa: BigInt(PAGE), pa: PA, ...(attributes !== undefined && { attributes }) });
  return m;
}

/** The result of a read, or the number of its event. */
function end(m: TestSmmu): string {
  const { result } = m.dma(PAGE).outcome;
  const [word = 0] = m.drain()[0] ?? [];
  return word === 0 ? result : `event ${(word & 0xff).toString(16)}`;
}

/** Bit 59 of the leaf selects the last byte of MAIR, which is Normal; without it the first, which is Device. */
function extendedIndex(options: TestOptions): number {
  const m = new TestSmmu(options);
  m.ste();
  m.cd({ AIE: 1, MAIR0: 0, MAIR1: 0xff000000 });
  map(m, { iova: BigInt(PAGE), pa: PA, attributes: USER_PAGE | (1n << 59n) });
  return m.dma(PAGE).outcome.attributes & 0xff;
}

/** A bypassed transaction, made Normal Write-Back by the STE. */
function typeOverride(options: TestOptions): boolean {
  const attributes = (ste: Readonly<Record<string, number>>): number => {
    const m = new TestSmmu(options);
    m.ste({ Config: 4, ...ste });
    return m.dma(PAGE).outcome.attributes;
  };
  return attributes({ MTCFG: 1, MemAttr: 15 }) !== attributes({ MTCFG: 1, MemAttr: 0 });
}

/** The PASID of the response to a page request that finds the queue full, where STE.PPAR=0 keeps it away. */
function responsePasid(options: TestOptions): number[] {
  const registers = {
    'PRIQ_BASE.ADDR': 0x40a00000,
    'PRIQ_BASE.LOG2SIZE': 0,
    PRIQ_PROD: 1,
    'CR0.PRIQEN': 1,
    'CR0ACK.PRIQEN': 1,
  };
  const m = new TestSmmu({ ...options, registers: { ...registers, ...options.registers } });
  m.ste({ EATS: 1 });
  const rights = { read: true, write: false, execute: false, privileged: false };
  const at = { world: 'ns', sid: SID, ssid: 9, addressHi: 0, addressLo: PAGE } as const;
  const request = { ...at, ...rights, last: true, prgIndex: 5 };
  return m.smmu
    .plan({ kind: 'page-request', request })
    .effects.flatMap((effect) =>
      effect.kind === 'signal' && effect.to?.kind === 'page-response' ? [effect.to.ssid] : [],
    );
}

/** GPCF of the record of a fetch whose granule is closed (3.25.3). */
function gpcf(options: TestOptions): number {
  const g = new Guarded(options);
  g.gpi(STRTAB, SECURE);
  g.dma();
  const [record = []] = g.m.events();
  return ((record[2] ?? 0) >>> 16) & 1;
}

const CASES: Readonly<Record<string, Case>> = {
  'IDR0.RME_IMPL': { see: gpcf, absent: 0, there: 1 },
  'IDR0.SEV': { see: signals, absent: 0, there: 1 },
  'IDR1.ATTR_TYPES_OVR': { see: typeOverride, absent: false, there: true },
  'IDR3.AIE': { see: extendedIndex, absent: 0, there: 0xff },
  'IDR3.FWB': {
    // MemAttr=6 is Write-Back with S2FWB=1 (13.1.6); without it outer Non-cacheable, inner Write-Through (DDI 0487).
    see: (options) => stage2(options, { S2FWB: 1 }, PAGE_FWB).dma(PAGE).outcome.attributes & 0xff,
    absent: 0x4b,
    there: 0xff,
  },
  'IDR3.THE': {
    see: (options) => end(stage2(options, { AssuredOnly: 1 })),
    absent: 'ok',
    there: 'not-modelled',
  },
  'IDR3.S2PO': {
    // Overlays need indirect permissions, and those are off.
    see: (options) => end(stage2(options, { S2POE: 1 })),
    absent: 'ok',
    there: `event ${C_BAD_STE}`,
  },
  'IDR3.PBHA': {
    see: (options) =>
      end(
        stage2(
          { ...options, registers: { 'IDR3.S2PO': 1, 'IDR3.S2PI': 1, ...options.registers } },
          { S2PIE: 1, S2POE: 1, S2HWU59: 1 },
        ),
      ),
    absent: 'not-modelled',
    there: `event ${C_BAD_STE}`,
  },
  'IDR3.PPS': { see: responsePasid, absent: [-1], there: [9] },
  'IDR5.D128': {
    // S2AA64=0 selects VMSAv9-128, else VMSAv8-32, which IDR0.TTF does not have here.
    see: (options) => end(stage2(options, { S2AA64: 0 })),
    absent: `event ${C_BAD_STE}`,
    there: 'not-modelled',
  },
  'AIDR.ArchMinorRev': {
    see: (options) => {
      const m = new TestSmmu(options);
      m.ste();
      m.cd();
      map(m, { iova: BigInt(PAGE), pa: PA });
      return m.dma(PAGE, { kind: 'read-clean-invalidate' }).outcome.becomes;
    },
    absent: 'read',
    there: null,
  },
};
const PAGE_FWB = S2_LEAF.READ | S2_LEAF.WRITE | S2_LEAF.AF | S2_LEAF.INNER | (6n << 2n);

const zero = (name: string): TestOptions => ({ registers: { [name]: 0 } });

describe('what shows a feature', () => {
  test.each(Object.entries(CASES))('%s', (name, { see, absent, there }) => {
    expect(see(zero(name))).toEqual(absent);
    expect(see({ registers: { [name]: 1 } })).toEqual(there);
  });

  test.each(Object.entries(CASES))('%s decides: its absence switched off, it is there', (name, of) => {
    expect(of.see({ ...zero(name), rulesOff: new Set([`feature:${name}`]) })).toEqual(of.there);
  });
});
