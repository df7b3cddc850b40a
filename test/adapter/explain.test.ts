/** What a stop is explained by: stage 2, stalls, ATS. */

import { expect, test } from 'vitest';
import { cd } from '../../src/adapter/evaluate/structures.ts';
import { explain } from '../../src/adapter/explain.ts';
import type { Session } from '../../src/adapter/session.ts';
import { Viewer } from '../../src/adapter/viewer/viewer.ts';
import { DEFAULT_FILTERS, findStop } from '../../src/control/stops/index.ts';
import { placeOfCd } from '../../src/inspect/stage2.ts';
import { outcomeText } from '../../src/inspect/walk-story.ts';
import type { Plan } from '../../src/model/plan.ts';
import { decodeStream } from '../../src/model/translate/stream.ts';
import { Guarded, OUTPUT, REALM } from '../kit/gpt.ts';
import { CDTAB, SID, STRTAB, TestSmmu, type Values } from '../kit/smmu.ts';
import { identity, mapStage2, NESTED_STE } from '../kit/stage2.ts';
import { map } from '../kit/tables.ts';

const FILTERS = new Set([...DEFAULT_FILTERS, 'silent-abort']);

function explained(m: TestSmmu, plan: Plan): { reason: string; more: string } {
  const hit = findStop(plan, 0, FILTERS, (offset) => m.smmu.bank.peek(offset));
  if (!hit) throw new Error('no stop');
  const { reason, more } = explain(m.smmu, plan, hit);
  return { reason: reason.join('\n'), more: more.join('\n') };
}

function nested(ste: Values = {}): TestSmmu {
  const m = new TestSmmu();
  m.ste({ ...NESTED_STE, ...ste });
  m.cd();
  map(m, { iova: 0x1000n, pa: 0x42340000n });
  return m;
}

test('a stage-2 fault says what stage 2 was asked for', () => {
  const m = nested();
  const cd = explained(m, m.dma(0x1000));
  expect(cd.reason).toContain(
    `Stage 2: it translated the address of a CD or of a level-1 CD descriptor, IPA`,
  );
  expect(cd.reason).toContain('Found: stage 2 level 1 descriptor at PA 0x4c000008 (ns)');
  identity(m);
  map(m, { iova: 0x2000n, pa: 0x90000000n });
  expect(explained(m, m.dma(0x2000)).reason).toContain(
    'Stage 2: it translated the address of the access itself, IPA 0x90000000.',
  );
});

test('a stall is told as one: it is not terminated', () => {
  const m = new TestSmmu();
  m.ste();
  m.cd({ S: 1 });
  const { more } = explained(m, m.dma(0x5000));
  expect(more).toContain(
    'the transaction is stalled until CMD_RESUME or CMD_STALL_TERM; its record is written',
  );
  expect(more).not.toContain('terminated');
});

test('CD.A=0 ends without an abort', () => {
  const m = new TestSmmu();
  m.ste();
  m.cd({ A: 0 });
  expect(explained(m, m.dma(0x5000)).more).toContain('reads give zero, writes are ignored');
});

test('an ATS request is answered by its completion', () => {
  const m = new TestSmmu();
  m.ste({ EATS: 1 });
  m.cd();
  map(m, { iova: 0x1000n, pa: 0x10001000n });
  expect(outcomeText(m.dma(0x1000, { kind: 'request' }).outcome)).toBe(
    'ATS: Success, 0x10001000 + 0x1000 bytes, RW-',
  );
  m.ste({ EATS: 0 });
  m.run(['CMD_CFGI_STE', { StreamID: SID }], ['CMD_SYNC']);
  expect(outcomeText(m.dma(0x1000, { kind: 'request' }).outcome)).toMatch(/^ATS: Unsupported Request: /);
});

test('an access that does not stay what it was says what it became', () => {
  const m = new TestSmmu();
  m.ste({ DRE: 0 });
  m.cd();
  map(m, { iova: 0x1000n, pa: 0x10001000n });
  const outcome = m.dma(0x1000, { kind: 'destructive-read' }).outcome;
  expect(outcome.becomes).toBe('read');
  expect(outcomeText(outcome)).toContain(', as a plain read');
});

test('the CD of a nested stream is found through stage 2, and nothing changes', () => {
  const m = nested();
  const words = new Uint32Array(16);
  m.smmu.memory('ns').load(STRTAB + SID * 64, words, 0, 16);
  const stream = decodeStream(words, 0, STRTAB + SID * 64, 'ns', SID, m.smmu.state('ns'));
  if ('event' in stream) throw new Error(stream.reason);
  expect(placeOfCd(m.smmu, stream, CDTAB + 0x40)).toMatch(/^F_TRANSLATION: /);
  mapStage2(m, { ipa: BigInt(CDTAB), pa: 0x45670000n });
  expect(placeOfCd(m.smmu, stream, CDTAB + 0x40)).toBe(0x45670040);
  expect(m.smmu.tlb.size).toBe(0);
});

test('the console shows the CD of a nested stream, or why stage 2 hides it', () => {
  const m = nested();
  const debuggee = { smmu: m.smmu, viewer: new Viewer(m.smmu, null) };
  const session = { debuggee } as unknown as Session;
  expect(() => cd.run(session, '8', 'look')).toThrow(
    /the CD of StreamID 0x8 cannot be reached through stage 2: F_TRANSLATION/,
  );
  mapStage2(m, { ipa: BigInt(CDTAB), pa: 0x45670000n });
  expect(cd.run(session, '8', 'look').value).toBe('CD 0 of StreamID 0x8 at PA 0x45670000 (ns)');
});

test.each(['none', 'maximal'] as const)(
  'a refused output is explained by the entry of the granule protection table and its GPI (caches %s)',
  (caches) => {
    const g = new Guarded({ caches });
    g.gpi(OUTPUT, REALM);
    const refused = g.dma();
    for (const plan of [refused, g.dma()]) {
      const { reason } = explained(g.m, plan);
      expect(reason).toContain(
        'its GPI is Realm PAS only (11), says the level 1 GPT entry at 0x44104000 (root)',
      );
      expect(reason).toMatch(
        /Found: GPT level 1( \(cached\))? at PA 0x44104000 \(root\) = 0xfffffffffffffffb\.\n/,
      );
      expect(reason).toContain('Decided by: GPT_L1_GRANULES.GPI0');
    }
  },
);
