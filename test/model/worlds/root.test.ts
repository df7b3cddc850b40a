/** What the Root state is for, and how physical address spaces are named (IHI 0070 3.10, 3.25). */

import { describe } from 'vitest';
import type { World } from '../../../src/bits/world.ts';
import { SPACE_BY_FPAS } from '../../../src/spec/worlds.ts';
import { type Guarded, IOVA, NO_ACCESS, OUTPUT, REALM, ROOT, SECURE } from '../../kit/gpt.ts';
import { map } from '../../kit/tables.ts';
import { type StatementCase, statementTests } from '../gpc/case.ts';

const STREAMS = ['ns', 's', 'realm'] as const;

/** Gives the Secure and the Realm state a stream with the same mapping as the Non-secure one. */
function withStreams(g: Guarded): Guarded {
  for (const world of ['s', 'realm'] as const) {
    const m = g.m.in(world);
    m.ste();
    m.cd();
    map(m, { iova: BigInt(IOVA), pa: BigInt(OUTPUT) });
  }
  return g;
}

/** How the transactions of each state's stream end. */
const ends = (g: Guarded): string[] => STREAMS.map((world) => g.m.in(world).dma(IOVA).outcome.result);

/** Which spaces a cache entry of the table was read for. */
const keptFor = (g: Guarded): World[] => [...g.m.smmu.gpt.entries()].map(({ readFor }) => readFor);

const CASES: Readonly<Record<string, StatementCase>> = {
  'ROOT-ROLE-GPC': {
    shows: (make) => {
      const g = make();
      g.gpi(OUTPUT, SECURE);
      return [0, 1, 3, 2].map((cr0) => {
        g.root.write('ROOT_CR0', cr0);
        // Nobody else turns it on or off.
        for (const world of STREAMS) g.m.writeAt(g.m.offsetOf('ROOT_CR0'), 1, undefined, world);
        return [g.dma().outcome.result, g.m.read('ROOT_CR0'), g.m.read('ROOT_CR0ACK')];
      });
    },
    as: [
      ['abort', 0, 0],
      ['ok', 1, 1],
      ['abort', 3, 3],
      ['abort', 2, 2],
    ],
  },
  'ROOT-ROLE-TLBI': {
    shows: (make) => {
      const g = make();
      const [near, far] = [OUTPUT, OUTPUT + 0x1000];
      const fates = (): string => `${g.device(near, 'ns').result} ${g.device(far, 'ns').result}`;
      const found = [fates()];
      for (const pa of [near, far]) g.gpi(pa, SECURE);
      found.push(fates());
      g.invalidate({ pa: far, size: 0 });
      found.push(fates());
      g.invalidate({ pa: 0x48000000, size: 3 });
      found.push(fates());
      return found;
    },
    as: ['ok ok', 'ok ok', 'ok abort', 'abort abort'],
  },
  'ROOT-ROLE-FAR': {
    shows: (make) => {
      const g = make();
      g.gpi(OUTPUT + 0x3000, ROOT);
      g.device(OUTPUT + 0x3123, 'realm');
      g.level0(3, 2n);
      g.device(0xc0001000, 's');
      return [g.far(), g.far('ROOT_GPT_CFG_FAR')];
    },
    as: [
      { pas: 3, address: OUTPUT + 0x3000, code: 0, reason: 3 },
      { pas: 0, address: 0xc0001000, code: 0, reason: 3, error: 3 },
    ],
  },
  'ROOT-OUTPUT': {
    shows: (make) => {
      const g = withStreams(make());
      g.gpi(OUTPUT, ROOT);
      const { result, space, pa } = g.device(OUTPUT, 'root');
      return [ends(g), result, space, pa];
    },
    as: [['abort', 'abort', 'abort'], 'ok', 'root', OUTPUT],
  },
  'PA-NS-BIT': {
    shows: (make) => {
      const g = make();
      return [false, true].map((ns) => g.m.dma(OUTPUT, { kind: 'no-stream-id', ns }).outcome.space);
    },
    as: ['s', 'ns'],
  },
  'PA-NSE-NS': {
    shows: (make) => {
      const g = make();
      return [0, 1, 2, 3].map((code) => {
        const signals = { nse: code >= 2, ns: code % 2 === 1 };
        return g.m.dma(OUTPUT, { kind: 'no-stream-id', ...signals }).outcome.space;
      });
    },
    as: ['s', 'ns', 'root', 'realm'],
  },
  'PA-FPAS': {
    shows: (make) => {
      const g = make();
      g.gpi(OUTPUT, NO_ACCESS);
      return SPACE_BY_FPAS.map((space) => {
        g.device(OUTPUT, space);
        const found = [space, g.far()?.pas];
        g.clear();
        return found;
      });
    },
    as: [
      ['s', 0],
      ['ns', 1],
      ['root', 2],
      ['realm', 3],
    ],
  },
  'EVENTS-GPF': {
    shows: (make) => {
      const g = withStreams(make());
      g.gpi(OUTPUT, NO_ACCESS);
      return STREAMS.map((world) => {
        const m = g.m.in(world);
        const { result, fault, record } = m.dma(IOVA).outcome;
        const pas = g.far()?.pas;
        g.clear();
        return [result, fault?.event, record, m.events(), pas];
      });
    },
    as: [1, 0, 3].map((pas) => ['abort', null, null, [], pas]),
  },
  'CAN-ROOT-GPC': {
    shows: (make) => {
      const g = withStreams(make());
      const found = [ends(g)];
      g.gpi(OUTPUT, NO_ACCESS);
      g.invalidate();
      found.push(ends(g));
      g.gpi(OUTPUT, REALM);
      g.invalidate();
      found.push(ends(g));
      g.root.write('ROOT_CR0', 2);
      found.push(ends(g));
      return found;
    },
    as: [
      ['ok', 'ok', 'ok'],
      ['abort', 'abort', 'abort'],
      ['abort', 'abort', 'ok'],
      ['abort', 'abort', 'abort'],
    ],
  },
  'CAN-ROOT-TLBI': {
    shows: (make) => {
      const g = make();
      for (const [i, space] of (['ns', 's', 'realm', 'root'] as const).entries())
        g.device(OUTPUT + i * 0x1000, space);
      const before = new Set(keptFor(g));
      g.invalidate();
      return [before, keptFor(g)];
    },
    as: [new Set(['ns', 's', 'realm', 'root']), []],
  },
};

describe('the statement', () => {
  statementTests('world', CASES);
});
