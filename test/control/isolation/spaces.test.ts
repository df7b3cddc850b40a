/** What crosses from one Security state to another, and what reaches a space that it must not, on the real model. */

import { describe, expect, test } from 'vitest';
import type { World } from '../../../src/bits/world.ts';
import { judgeSpaces } from '../../../src/control/isolation/spaces.ts';
import { IOVA, PA } from '../../kit/notifiers.ts';
import { CDTAB, SID, STRTAB, transaction } from '../../kit/smmu.ts';
import { WatchedDevices, type WatchedOptions } from './watched-devices.ts';

const OF_SECURE = { consumer: 'custom', iommuIndex: 1 } as const;

/** A Non-secure invalidation that a consumer of the Secure state is told of. */
function crosses(w: WatchedDevices): void {
  w.change({ what: 'plug', device: { name: 'net0', sid: SID, worlds: ['s'] } });
  w.change({ what: 'register', device: 'net0', notifier: OF_SECURE });
  w.command('CMD_TLBI_NSNH_ALL');
}

/** The structures of the Non-secure stream as Secure memory has them. */
function inSecureMemory(w: WatchedDevices): void {
  const { on, secure } = w;
  secure.store(STRTAB + SID * 64, Uint32Array.from(on.words(STRTAB + SID * 64, 16)));
  secure.store(CDTAB, Uint32Array.from(on.words(CDTAB, 16)));
}

interface Case {
  readonly id: string;
  readonly what: string;
  readonly options?: WatchedOptions;
  /** The rule whose absence lets it happen, where the SMMU would not. */
  readonly seed?: string;
  readonly breaks: (w: WatchedDevices) => void;
  readonly finds: readonly (readonly [breach: string, text: RegExp])[];
}

const CASES: readonly Case[] = [
  {
    id: 'CROSSING',
    what: 'NSNH_ALL that reaches a Secure consumer crosses over',
    options: { policy: 'route' },
    breaks: crosses,
    finds: [['crossing', /^CMD_TLBI_NSNH_ALL acts on entries of ns and reaches custom of net0/]],
  },
  {
    id: 'FORBIDDEN-OUTPUT',
    what: 'a Non-secure stream whose output is let into Secure memory is found',
    seed: 'world:NS-OUTPUT',
    breaks: (w) => w.dma(),
    finds: [
      [
        'forbidden-space',
        new RegExp(`^a transaction of ns reaches PA 0x${PA.toString(16)} of address space s`),
      ],
    ],
  },
  {
    id: 'FORBIDDEN-OUTPUT',
    what: 'so it is when the TLB answers',
    seed: 'world:NS-OUTPUT',
    options: { off: ['isolation:FORBIDDEN-FETCH'] },
    breaks(w) {
      w.on.smmu.commit(w.on.smmu.plan({ kind: 'transaction', transaction: transaction(SID, IOVA) }).effects);
      w.dma();
    },
    finds: [['forbidden-space', /^a transaction of ns reaches PA/]],
  },
  {
    id: 'FORBIDDEN-FETCH',
    what: 'a Non-secure stream whose STE is read in Secure memory is found',
    seed: 'world:NS-FETCH-STE',
    breaks(w) {
      inSecureMemory(w);
      w.dma();
    },
    finds: [['forbidden-space', /^STE .*of a stream of ns is read at PA 0x40000200 of address space s/]],
  },
  {
    id: 'FORBIDDEN-FETCH',
    what: 'a Non-secure stream whose CD is read in Secure memory is found',
    seed: 'world:NS-FETCH-CD',
    breaks(w) {
      inSecureMemory(w);
      w.dma();
    },
    finds: [['forbidden-space', /^CD .*of a stream of ns is read at PA 0x40400000 of address space s/]],
  },
];

/** What is found, with some rules left out. */
function found({ options = {}, breaks }: Case, ...off: readonly string[]): WatchedDevices {
  const w = new WatchedDevices({ ...options, off: [...(options.off ?? []), ...off] });
  breaks(w);
  return w;
}

const seeds = ({ seed }: Case): readonly string[] => (seed === undefined ? [] : [seed]);

describe('isolation', () => {
  test.each(CASES.map((of) => ({ ...of, of })))('$id: $what', ({ of }) => {
    const { findings } = found(of, ...seeds(of));
    expect(findings.map(({ breach }) => breach)).toEqual(of.finds.map(([breach]) => breach));
    for (const [i, [, text]] of of.finds.entries()) expect(findings[i]?.text).toMatch(text);
    expect(findings.map(({ rule }) => rule)).toEqual(of.finds.map(() => '3.10.1'));
  });

  test.each(CASES.map((of) => ({ ...of, of })))(
    '$id decides: switched off, it is not found',
    ({ id, of }) => {
      expect(found(of, ...seeds(of), `isolation:${id}`).findings).toEqual([]);
    },
  );

  test.each(CASES.filter(({ seed }) => seed !== undefined))(
    '$id: $what, but an SMMU that has its rules lets nothing of it happen',
    (of) => {
      expect(found(of).findings).toEqual([]);
    },
  );
});

test('a finding about a fetch is at the step that reads', () => {
  const w = new WatchedDevices({ off: ['world:NS-FETCH-STE'] });
  inSecureMemory(w);
  const plan = w.on.smmu.plan({ kind: 'transaction', transaction: transaction(SID, IOVA) });
  const [fetch] = judgeSpaces(w.on.smmu, plan);
  expect(plan.frames[plan.steps[fetch?.step ?? -1]?.frame ?? -1]?.kind).toBe('ste');
});

test('a Secure stream may reach Secure and Non-secure memory, and no other; a Realm one Realm and Non-secure', () => {
  const { smmu } = new WatchedDevices({ worlds: 'rme' }).on;
  const reaches = (world: 's' | 'realm') => {
    const plan = smmu.plan({ kind: 'transaction', transaction: transaction(SID, IOVA, { world }) });
    const outcome = { ...plan.outcome, result: 'ok' as const };
    return (['ns', 's', 'realm', 'root'] as const).map(
      (space) => judgeSpaces(smmu, { ...plan, frames: [], outcome: { ...outcome, space } }).length,
    );
  };
  expect([reaches('s'), reaches('realm')]).toEqual([
    [0, 0, 1, 1],
    [0, 1, 0, 1],
  ]);
});

test('a structure of a Realm stream lies in Realm memory alone; contexts and tables of a Secure one in Non-secure too', () => {
  const { smmu } = new WatchedDevices({ worlds: 'rme' }).on;
  const { frames: read, ...plan } = smmu.plan({ kind: 'transaction', transaction: transaction(SID, IOVA) });
  const forbidden = (world: 's' | 'realm', space: World): string[] => {
    const frames = read.map((frame) => ({
      ...frame,
      kind: frame.kind,
      pa: frame.pa,
      status: frame.status,
      space,
    }));
    const operation = { kind: 'transaction', transaction: transaction(SID, IOVA, { world }) } as const;
    const found = judgeSpaces(smmu, {
      ...plan,
      operation,
      frames,
      outcome: { ...plan.outcome, space: world },
    });
    return found.map(({ step }) => frames[plan.steps[step ?? -1]?.frame ?? -1]?.kind ?? '');
  };
  const all = read.filter(({ pa }) => pa !== null).map(({ kind }) => kind);
  expect(new Set(all)).toEqual(new Set(['ste', 'cd', 'descriptor']));
  expect(forbidden('realm', 'realm')).toEqual([]);
  expect(forbidden('realm', 'ns')).toEqual(all);
  expect(forbidden('s', 's')).toEqual([]);
  expect(forbidden('s', 'ns')).toEqual(['ste']);
  expect(forbidden('s', 'realm')).toEqual(all);
});

test('where there is no Secure state a transaction that says it is Secure is Non-secure', () => {
  const { on } = new WatchedDevices({ registers: { S_IDR1: 0 } });
  const plan = on.smmu.plan({ kind: 'transaction', transaction: transaction(SID, IOVA, { world: 's' }) });
  expect([plan.outcome.result, plan.outcome.space]).toEqual(['ok', 'ns']);
  expect(judgeSpaces(on.smmu, plan)).toEqual([]);
  const intoSecure = { ...plan, outcome: { ...plan.outcome, space: 's' } } as const;
  expect(judgeSpaces(on.smmu, intoSecure)).toHaveLength(1);
});

describe('what registers invalidate', () => {
  const HELD = [1, 0];
  const invAll = (w: WatchedDevices): void => {
    const { smmu } = w.on;
    w.operate({
      kind: 'register',
      offset: w.secure.offsetOf('S_INIT'),
      value: 1,
      valueHi: 0,
      bytes: 4,
      world: 's',
    });
    expect(smmu.tlb.size).toBe(0);
  };
  const rootTlbi = (w: WatchedDevices, word: number): void => {
    const root = w.on.in('root');
    for (const [name, value] of [
      ['ROOT_TLBI', word],
      ['ROOT_TLBI_CTRL', 1],
    ] as const) {
      const offset = root.offsetOf(name);
      w.operate({
        kind: 'register',
        offset,
        value,
        valueHi: 0,
        bytes: name === 'ROOT_TLBI' ? 8 : 4,
        world: 'root',
      });
    }
  };
  const with2 = (options: WatchedOptions): WatchedDevices => {
    const w = new WatchedDevices({ worlds: 'rme', ...options });
    w.device({ consumer: 'vhost' });
    expect(w.held).toEqual(HELD);
    return w;
  };

  test('S_INIT.INV_ALL of which nobody is told leaves a consumer with what went', () => {
    const w = with2({ policy: 'qemu-upstream' });
    invAll(w);
    expect(w.breaches).toEqual(['missing-unmap']);
    expect(w.findings[0]?.text).toContain('is not told: QEMU does not have S_INIT.INV_ALL');
    expect(w.held).toEqual([1, 1]);
  });

  test('S_INIT.INV_ALL that is told of is clean for a Non-secure consumer, and of the wrong space for a Secure one', () => {
    const clean = with2({ policy: 'route' });
    invAll(clean);
    expect([clean.findings, clean.held]).toEqual([[], [0, 0]]);
    const secure = new WatchedDevices({ worlds: 'rme', policy: 'route' });
    secure.device(OF_SECURE, { worlds: ['s'] });
    invAll(secure);
    // Whole ranges go to system memory (N6.9), and the mapping was obtained in Secure memory.
    expect(secure.breaches).toEqual(['wrong-space']);
  });

  test('ROOT_TLBI of which nobody is told leaves a consumer with what it names, and only that', () => {
    const all = with2({ policy: 'qemu-rfc-v3' });
    rootTlbi(all, 1);
    expect(all.breaches).toEqual(['missing-unmap']);
    expect(all.findings[0]?.text).toContain('is not told: RFC v3 does not tell of ROOT_TLBI');
    const elsewhere = with2({ policy: 'qemu-rfc-v3' });
    // A granule of 4 KiB beside the output.
    rootTlbi(elsewhere, PA + 0x10000);
    expect([elsewhere.findings, elsewhere.held]).toEqual([[], HELD]);
    const there = with2({ policy: 'qemu-rfc-v3' });
    rootTlbi(there, PA);
    expect(there.breaches).toEqual(['missing-unmap']);
  });

  test('ROOT_TLBI that is told of crosses nothing: it is about every state', () => {
    const w = with2({ policy: 'route' });
    rootTlbi(w, 1);
    expect([w.findings, w.held]).toEqual([[], [0, 0]]);
  });

  test('what was found is taken back with the operation', () => {
    const w = with2({ policy: 'qemu-upstream' });
    const before = w.marks.length;
    invAll(w);
    w.back(before);
    expect(w.held).toEqual(HELD);
    invAll(w);
    expect(w.breaches).toEqual(['missing-unmap', 'missing-unmap']);
  });
});
