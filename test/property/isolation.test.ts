/** Isolation on random sequences: what is done right raises nothing, what is done wrong once is found. */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { runAgain } from '../../src/control/isolation/run-again.ts';
import type { NotifierPolicy } from '../../src/spec/notifiers.ts';
import { NOTIFIER_POLICY_NAMES } from '../../src/spec/notifiers.ts';
import { WatchedDevices } from '../control/isolation/watched-devices.ts';
import { IOVA, PA } from '../kit/notifiers.ts';
import { map } from '../kit/tables.ts';
import { patience, runs } from './runs.ts';

const SEQUENCES = 60;
/** Of a Non-secure stream, and of a Secure one: neither state has a stream of the other's number. */
const NS = 9;
const SECURE = 10;
const PAGES = [IOVA, IOVA + 0x1000] as const;

/** What software and consumers do. */
type Action =
  | { readonly do: 'obtain'; readonly page: number }
  | { readonly do: 'dma'; readonly page: number }
  /** By address: of the ASID that is in use, of every one, of another one, or of a range. */
  | { readonly do: 'page'; readonly by: 'va' | 'vaa' | 'other' | 'range'; readonly page: number }
  | { readonly do: 'whole'; readonly by: 'asid' | 'vmid' | 'everything' }
  /** Another configuration or another page, each followed by the invalidation that it needs. */
  | { readonly do: 'reconfigure'; readonly bypass: boolean }
  | { readonly do: 'remap'; readonly page: number; readonly to: number };

const page = fc.constantFrom(0, 1);
const byAddress: fc.Arbitrary<Action>[] = [
  fc.record({ do: fc.constant('obtain' as const), page }),
  fc.record({ do: fc.constant('dma' as const), page }),
  fc.record({ do: fc.constant('page' as const), by: fc.constantFrom('va', 'vaa', 'other', 'range'), page }),
  fc.record({ do: fc.constant('remap' as const), page, to: fc.integer({ min: 2, max: 9 }) }),
];
const everything: fc.Arbitrary<Action>[] = [
  ...byAddress,
  fc.record({ do: fc.constant('whole' as const), by: fc.constantFrom('asid', 'vmid', 'everything') }),
  fc.record({ do: fc.constant('reconfigure' as const), bypass: fc.boolean() }),
];

/** A device of one state on a stream of its own, and software that does what it should. */
class Clean {
  readonly w: WatchedDevices;
  readonly #secure: boolean;

  /** @param off rules that are left out */
  constructor(policy: NotifierPolicy, secure: boolean, ...off: readonly string[]) {
    this.w = new WatchedDevices({ policy, off });
    this.#secure = secure;
    const { w } = this;
    if (secure) {
      w.secure.ste({}, SECURE);
      map(w.secure, { iova: BigInt(PAGES[1]), pa: BigInt(PA + 0x1000) });
    } else w.on.ste({}, NS);
    const device = { name: 'net0', sid: secure ? SECURE : NS, worlds: [secure ? 's' : 'ns'] } as const;
    w.change({ what: 'plug', device });
    const notifier = secure
      ? ({ consumer: 'custom', iommuIndex: 1 } as const)
      : ({ consumer: 'vhost' } as const);
    w.change({ what: 'register', device: 'net0', notifier });
  }

  do(action: Action): void {
    const { w } = this;
    switch (action.do) {
      case 'obtain':
        w.obtain(PAGES[action.page] as number);
        return;
      case 'dma':
        w.dma(PAGES[action.page], this.#world, this.#secure ? SECURE : NS);
        return;
      case 'page':
        this.#page(action.by, PAGES[action.page] as number);
        return;
      case 'whole':
        if (action.by === 'asid') this.#command('CMD_TLBI_NH_ASID', { ASID: 1 });
        else this.#command(action.by === 'vmid' ? 'CMD_TLBI_S12_VMALL' : 'CMD_TLBI_NSNH_ALL');
        return;
      case 'reconfigure':
        w.on.ste({ Config: action.bypass ? 4 : 5 }, NS);
        this.#command('CMD_CFGI_STE', { StreamID: NS, Leaf: 1 });
        this.#command('CMD_SYNC');
        this.#command('CMD_TLBI_NSNH_ALL');
        this.#command('CMD_SYNC');
        return;
      case 'remap': {
        const iova = PAGES[action.page] as number;
        map(this.#secure ? w.secure : w.on, { iova: BigInt(iova), pa: BigInt(PA + action.to * 0x1000) });
        this.#page('va', iova);
        this.#command('CMD_SYNC');
      }
    }
  }

  get #world(): 'ns' | 's' {
    return this.#secure ? 's' : 'ns';
  }

  #command(...[name, values]: Parameters<WatchedDevices['command']>): void {
    this.w.command(name, values, this.#world);
  }

  #page(by: (Action & { do: 'page' })['by'], Address: number): void {
    if (by === 'vaa') this.#command('CMD_TLBI_NH_VAA', { Address, Leaf: 1 });
    else if (by === 'range')
      this.#command('CMD_TLBI_NH_VA', { ASID: 1, Address: PAGES[0], TG: 1, NUM: 1, TTL: 3, Leaf: 1 });
    else this.#command('CMD_TLBI_NH_VA', { ASID: by === 'va' ? 1 : 2, Address, Leaf: 1 });
  }
}

test.each(NOTIFIER_POLICY_NAMES)(
  'a Non-secure device and software that does what it should raise nothing (%s)',
  (policy) => {
    let dropped = 0;
    const property = fc.property(fc.array(fc.oneof(...everything), { maxLength: 30 }), (actions) => {
      const clean = new Clean(policy, false);
      for (const action of actions) clean.do(action);
      expect(clean.w.findings).toEqual([]);
      expect(clean.w.held[1]).toBe(0);
      const { log } = clean.w.on.smmu.notifiers;
      dropped += log.values().filter(({ action }) => (action?.removed.length ?? 0) > 0).length;
    });
    fc.assert(property, runs(SEQUENCES));
    expect(dropped).toBeGreaterThan(SEQUENCES / 6);
  },
  patience,
);

test(
  'a Secure device whose consumer translates through the Secure state raises nothing under route',
  () => {
    const property = fc.property(fc.array(fc.oneof(...byAddress), { maxLength: 30 }), (actions) => {
      const clean = new Clean('route', true);
      for (const action of actions) clean.do(action);
      expect(clean.w.findings).toEqual([]);
      expect(clean.w.held[1]).toBe(0);
    });
    fc.assert(property, runs(SEQUENCES));
  },
  patience,
);

/** Mistakes, and what each must be found as. */
const MISTAKES: readonly (readonly [name: string, make: (w: WatchedDevices) => void, breach: string])[] = [
  ['NH_ALL tells nobody', (w) => w.command('CMD_TLBI_NH_ALL'), 'missing-unmap'],
  [
    'the configuration changes without a TLBI',
    (w) => {
      w.on.ste({ Config: 0 }, NS);
      w.command('CMD_CFGI_STE', { StreamID: NS, Leaf: 1 });
      w.command('CMD_SYNC');
      w.dma(IOVA, 'ns', NS);
    },
    'missing-tlbi',
  ],
  [
    'a Secure device registers vhost',
    (w) => {
      w.change({ what: 'plug', device: { name: 'disk', sid: SECURE, worlds: ['s'] } });
      w.change({ what: 'register', device: 'disk', notifier: { consumer: 'vhost' } });
    },
    'registration',
  ],
  [
    'a Secure command of whole ranges reaches a Non-secure consumer',
    (w) => {
      w.change({ what: 'rules', rules: { policy: 'route', accepts: 'qemu' } });
      w.command('CMD_TLBI_NH_ASID', { ASID: 1 }, 's');
    },
    'over-invalidation',
  ],
];

test.each(MISTAKES)(
  'a mistake among what is right is found: %s',
  (_, make, breach) => {
    const actions = fc.array(fc.oneof(...everything), { maxLength: 15 });
    const property = fc.property(actions, actions, (before, after) => {
      const clean = new Clean('qemu-upstream', false);
      for (const action of before) clean.do(action);
      clean.do({ do: 'reconfigure', bypass: false });
      clean.do({ do: 'obtain', page: 0 });
      make(clean.w);
      expect(clean.w.breaches.length).toBeGreaterThan(0);
      expect(new Set(clean.w.breaches)).toEqual(new Set([breach]));
      for (const action of after) clean.do(action);
      expect(clean.w.breaches).toContain(breach);
    });
    fc.assert(property, runs(SEQUENCES));
  },
  patience,
);

/** Rules of the SMMU without which a Non-secure stream reaches Secure memory. */
const LEAKS = [
  ['world:NS-OUTPUT', /^a transaction of ns reaches PA 0x[0-9a-f]+ of address space s/],
  ['world:NS-FETCH-TT', /^stage 1 level 0 of a stream of ns is read at PA 0x[0-9a-f]+ of address space s/],
] as const;

test.each(LEAKS)(
  'every access of a Non-secure stream to Secure memory is found, whatever is done around it (%s)',
  (rule, text) => {
    let seen = 0;
    const property = fc.property(
      fc.array(fc.oneof(...byAddress), { maxLength: 15 }),
      page,
      (actions, last) => {
        const clean = new Clean('qemu-upstream', false, rule);
        for (const action of [...actions, { do: 'dma', page: last } as const]) {
          const { findings } = clean.w;
          const before = findings.length;
          const { tlb } = clean.w.on.smmu;
          const hit = tlb.size > 0;
          clean.do(action);
          const found = findings.slice(before);
          if (action.do !== 'dma') continue;
          // What a TLB answers reads no table.
          if (rule === 'world:NS-OUTPUT' || !hit) {
            seen++;
            expect(found.map(({ breach }) => breach)).toContain('forbidden-space');
            expect(found[0]?.text).toMatch(text);
          }
        }
      },
    );
    fc.assert(property, runs(SEQUENCES));
    expect(seen).toBeGreaterThan(SEQUENCES / 3);
  },
  patience,
);

test(
  'doing everything again under another policy leaves the session as it was, and finds the same under its own',
  () => {
    const property = fc.property(
      fc.array(fc.oneof(...everything), { maxLength: 20 }),
      fc.constantFrom(...NOTIFIER_POLICY_NAMES),
      (actions, other) => {
        const clean = new Clean('qemu-upstream', false);
        for (const action of actions) clean.do(action);
        clean.w.command('CMD_TLBI_NH_ALL');
        const before = clean.w.state();
        const again = runAgain(clean.w.repeatable(), 'qemu-upstream');
        expect(again.column().findings).toEqual(clean.w.findings.map(({ text }) => text));
        expect(again.column().registered).toBe(1);
        runAgain(clean.w.repeatable(), other);
        expect(clean.w.state()).toEqual(before);
      },
    );
    fc.assert(property, runs(SEQUENCES));
  },
  patience,
);
