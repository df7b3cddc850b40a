/** What the scopes Caches, Traffic and Queues show of machines made for it. */

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { readLaunch } from '../../src/adapter/inputs.ts';
import { cachesScope } from '../../src/adapter/scopes/caches.ts';
import { queuesScope } from '../../src/adapter/scopes/queues.ts';
import { trafficScope } from '../../src/adapter/scopes/traffic.ts';
import type { Children, Node } from '../../src/adapter/variable-node.ts';
import { CACHE_POLICIES } from '../../src/model/smmu.ts';
import { commandWords, RAM, SID, TestSmmu } from '../kit/smmu.ts';
import { identity, NESTED_STE, S2_STE } from '../kit/stage2.ts';
import { map } from '../kit/tables.ts';

const childrenOf = (children: Children | undefined): readonly Node[] => [
  ...(children?.names?.() ?? []),
  ...(children?.page?.(0, children.indexed ?? 0) ?? []),
];

/** The variables below a name, and so on. */
function below(children: Children, ...path: string[]): readonly Node[] {
  return path.reduce<readonly Node[]>(
    (nodes, name) => childrenOf(nodes.find((node) => node.name === name)?.children),
    childrenOf(children),
  );
}

const shown = (nodes: readonly Node[]): string[] => nodes.map(({ name, value }) => `${name}: ${value}`);

/** A nested stream that has translated one page. */
function nested(): TestSmmu {
  const m = new TestSmmu({ caches: 'maximal' });
  identity(m);
  m.ste({ ...NESTED_STE });
  m.cd({ ASID: 5 });
  map(m, { iova: 0x1000n, pa: 0x42340000n });
  expect(m.dma(0x1234).outcome).toMatchObject({ result: 'ok', pa: 0x42340234 });
  return m;
}

describe('the caches of the policy maximal', () => {
  test('are shown each by itself', () => {
    const m = nested();
    const scope = cachesScope(m.smmu);
    expect(childrenOf(scope).map(({ name }) => name)).toEqual([
      'policy',
      'structures',
      'TLB',
      'VA to IPA',
      'table descriptors',
      'leaving',
      'versions',
      'Device Permission Table',
      'Granule Protection Table',
      'PARTID maps',
      'ATCs',
    ]);
    expect(shown(below(scope, 'structures'))).toEqual([
      'STE 0x8: from PA 0x40000200',
      'CD 0 of StreamID 0x8: from PA 0x40400000',
    ]);
    expect(
      below(scope, 'structures', 'CD 0 of StreamID 0x8').find(({ name }) => name === 'ASID')?.value,
    ).toBe('5');
    expect(shown(below(scope, 'VA to IPA'))).toEqual(['0x1000: 4 KiB -> IPA 0x42340000']);
    expect(shown(below(scope, 'TLB'))).toContain('0x1000: 4 KiB -> PA 0x42340000');
    expect(below(scope, 'VA to IPA')[0]?.memory).toBeUndefined();
    expect(below(scope, 'table descriptors').map(({ value }) => value.split(',')[0])).toContain(
      'stage 1 level 2',
    );
  });

  test('say what is on its way out, until the CMD_SYNC', () => {
    const m = nested();
    m.run(['CMD_CFGI_STE', { StreamID: SID, Leaf: 1 }]);
    const scope = cachesScope(m.smmu);
    expect(shown(below(scope, 'leaving'))).toContain('STE 0x8: from PA 0x40000200, on its way out');
    expect(below(scope, 'leaving')[0]?.type).toContain('CMD_SYNC on ns/CMDQ');
    expect(shown(childrenOf(scope))).toContain('versions: 0 overwritten doublewords, 1 invalidations');
    m.run(['CMD_SYNC']);
    expect(shown(childrenOf(cachesScope(m.smmu)))).toContain('leaving: 0 entries');
  });
});

test('the policy combined has one configuration entry a stream and one TLB', () => {
  const m = new TestSmmu();
  m.ste(S2_STE);
  identity(m);
  m.dma(0x1234);
  const names = childrenOf(cachesScope(m.smmu)).map(({ name }) => name);
  expect(names.slice(0, 3)).toEqual(['policy', 'configuration', 'TLB']);
  expect(shown(below(cachesScope(m.smmu), 'configuration'))).toEqual(['StreamID 0x8: stage2']);
});

describe('the scope Traffic', () => {
  test('lists stalled transactions with their tag, phase and fault', () => {
    const m = new TestSmmu();
    m.ste();
    m.cd({ S: 1 });
    m.dma(0x5000);
    const scope = trafficScope(m.smmu);
    expect(shown(below(scope, 'stalled transactions'))).toEqual([
      'STAG 0x0: read sid=0x8 iova=0x5000: its record waits for CMD_RESUME',
    ]);
    expect(below(scope, 'stalled transactions', 'STAG 0x0').at(-1)?.value).toMatch(/^F_TRANSLATION: /);
  });

  test('lists page request groups and what they were answered', () => {
    const m = new TestSmmu({ registers: { 'PRIQ_BASE.ADDR': 0x40a00000, 'PRIQ_BASE.LOG2SIZE': 2 } });
    m.set({ 'CR0.PRIQEN': 1, 'CR0ACK.PRIQEN': 1 });
    m.ste({ EATS: 1 });
    const request = { world: 'ns', sid: SID, ssid: -1, addressHi: 0, addressLo: 0x1000 } as const;
    const asks = { read: true, write: false, execute: false, privileged: false, last: true, prgIndex: 5 };
    m.smmu.commit(m.smmu.plan({ kind: 'page-request', request: { ...request, ...asks } }).effects);
    const groups = (): string[] => shown(below(trafficScope(m.smmu), 'page request groups'));
    expect(groups()).toEqual(['StreamID 0x8 group 5: 1 request, no response yet']);
    m.run(['CMD_PRI_RESP', { StreamID: SID, PRGIndex: 5, Resp: 2 }]);
    expect(groups()[0]).toMatch(/1 request, answered /);
  });

  test('lists ATC invalidations that an endpoint has not answered, and ATCs what it keeps', () => {
    const m = new TestSmmu();
    m.ste({ EATS: 1 });
    m.cd();
    map(m, { iova: 0x1000n, pa: 0x10001000n });
    m.dma(0x1000, { kind: 'request' });
    expect(shown(below(cachesScope(m.smmu), 'ATCs'))).toEqual([
      'StreamID 0x8: 0x1000 + 0x1000 bytes -> 0x10001000 rw-',
    ]);
    m.smmu.traffic.atc.setAnswers('ns', SID, false);
    m.run(['CMD_ATC_INV', { StreamID: SID, Address: 0x1000 }]);
    expect(shown(below(trafficScope(m.smmu), 'ATC invalidations'))).toEqual([
      'StreamID 0x8: 0x1000 + 0x1000 bytes',
    ]);
  });

  test('says why the SMMU is in service failure mode', () => {
    const m = new TestSmmu();
    expect(shown(childrenOf(trafficScope(m.smmu))).at(-1)).toBe('service failure: no');
    m.smmu.commit(m.smmu.serviceFailure('a parity error'));
    expect(shown(childrenOf(trafficScope(m.smmu))).at(-1)).toBe('service failure: a parity error');
  });
});

test('enhanced command queues stand beside the command queue, with what is pending', () => {
  const page = 0x40000;
  const ring = RAM.base + 0x200000;
  const m = new TestSmmu({
    registers: {
      'IDR1.ECMDQ': 1,
      'IDR6.CMDQ_CONTROL_PAGE_LOG2NUMQ': 2,
      'CMDQ_CONTROL_PAGE_BASEn.ADDR': page,
    },
  });
  m.writeAt(page, ring | 3, 0);
  m.store(ring, commandWords('CMD_SYNC'));
  m.writeAt(page + 8, 1);
  const queues = below(queuesScope(m.smmu, 'ns'), 'ECMDQ');
  expect(queues).toHaveLength(4);
  expect(queues[0]?.value).toMatch(/^1 pending; ECMDQ 0 is disabled/);
  expect(below(queuesScope(m.smmu, 'ns'), 'ECMDQ', 'ECMDQ 0', 'pending')[0]?.value).toMatch(/^SYNC/);
  expect(below(queuesScope(new TestSmmu().smmu, 'ns'), 'ECMDQ')).toEqual([]);
});

test('enhanced command queues of Secure state are among the queues of that state, in its memory', () => {
  const page = 0x40000;
  const ring = RAM.base + 0x200000;
  const m = new TestSmmu({
    worlds: 'secure',
    registers: {
      'S_IDR0.ECMDQ': 1,
      'S_IDR6.CMDQ_CONTROL_PAGE_LOG2NUMQ': 1,
      'S_CMDQ_CONTROL_PAGE_BASEn.ADDR': page,
    },
  });
  const secure = m.in('s');
  secure.writeAt(page, ring | 3, 0);
  secure.store(ring, commandWords('CMD_TLBI_S_EL2_ALL'));
  secure.writeAt(page + 8, 1);
  const [first] = below(queuesScope(m.smmu, 's'), 'ECMDQ');
  expect([first?.value, first?.memory]).toEqual([
    expect.stringMatching(/^1 pending; ECMDQ 0 is disabled/),
    { space: 's', pa: ring },
  ]);
  const [pending] = below(queuesScope(m.smmu, 's'), 'ECMDQ', 'ECMDQ 0', 'pending');
  expect([pending?.value, pending?.memory]).toEqual([
    expect.stringMatching(/^TLBI_S_EL2_ALL/),
    { space: 's', pa: ring },
  ]);
  expect(below(queuesScope(m.smmu, 'ns'), 'ECMDQ')).toEqual([]);
});

test('a launch without `caches` runs the policy maximal, as package.json says', () => {
  const text = readFileSync(path.resolve(import.meta.dirname, '../../package.json'), 'utf8');
  const { contributes } = JSON.parse(text) as {
    contributes: {
      debuggers: {
        configurationAttributes: {
          launch: { properties: { caches: { enum: string[]; default: string } } };
        };
      }[];
    };
  };
  const declared = contributes.debuggers[0]?.configurationAttributes.launch.properties.caches;
  expect(declared?.enum).toEqual([...CACHE_POLICIES]);
  expect(readLaunch({ capture: 'a', registers: 'b' }).caches).toBe('maximal');
  expect(declared?.default).toBe('maximal');
});
