import { describe, expect, test } from 'vitest';
import { IOVA } from '../../kit/notifiers.ts';
import { SID, type Values } from '../../kit/smmu.ts';
import { WatchedDevices, type WatchedOptions } from './watched-devices.ts';

const SECURE = { worlds: ['s'] } as const;
/** A consumer that translates through the Secure state. */
const OF_SECURE = { consumer: 'custom', iommuIndex: 1 } as const;
const VHOST = { consumer: 'vhost' } as const;
const BY_VA: Values = { ASID: 1, Address: IOVA, Leaf: 1 };

/** What breaks a rule, what it leaves behind, and the same done right. */
interface Case {
  readonly id: string;
  readonly what: string;
  readonly options?: WatchedOptions;
  readonly breaks: (w: WatchedDevices) => void;
  readonly finds: readonly string[];
  readonly rule: string;
  /** Default: as for what breaks it. */
  readonly cleanOptions?: WatchedOptions;
  readonly clean: (w: WatchedDevices) => void;
}

const CASES: readonly Case[] = [
  {
    id: 'N3.12',
    what: 'the configuration changes without a TLBI, and a consumer holds on',
    breaks(w) {
      w.device(VHOST);
      w.on.ste({ Config: 0 });
      w.command('CMD_CFGI_STE', { StreamID: SID, Leaf: 1 });
      w.command('CMD_SYNC');
      w.dma();
    },
    finds: ['missing-tlbi'],
    rule: 'N3.12',
    clean(w) {
      w.device(VHOST);
      w.on.ste({ Config: 0 });
      w.command('CMD_CFGI_STE', { StreamID: SID, Leaf: 1 });
      w.command('CMD_SYNC');
      w.command('CMD_TLBI_NH_ASID', { ASID: 1 });
      w.command('CMD_SYNC');
      w.dma();
    },
  },
  {
    id: 'N3.13',
    what: 'NH_ALL tells nobody where there is stage 2, and a consumer holds on',
    breaks(w) {
      w.device(VHOST);
      w.command('CMD_TLBI_NH_ALL');
    },
    finds: ['missing-unmap'],
    rule: 'N3.13',
    clean(w) {
      w.device(VHOST);
      w.command('CMD_TLBI_NSNH_ALL');
    },
  },
  {
    id: 'N6.16',
    what: 'the UNMAP of a whole range names system memory, the mapping was obtained in Secure memory',
    options: { policy: 'route' },
    breaks(w) {
      w.device(OF_SECURE, SECURE);
      w.command('CMD_TLBI_NH_ASID', { ASID: 1 }, 's');
    },
    finds: ['wrong-space'],
    rule: 'N6.16',
    clean(w) {
      w.device(OF_SECURE, SECURE);
      w.command('CMD_TLBI_NH_VA', BY_VA, 's');
    },
  },
  {
    id: 'N6.17',
    what: 'a policy drops what invalidates a mapping that a consumer obtained',
    options: { policy: 'drop-iova' },
    breaks(w) {
      w.device(OF_SECURE, SECURE);
      w.command('CMD_TLBI_NH_VA', BY_VA, 's');
    },
    finds: ['missing-unmap'],
    rule: 'N6.17',
    cleanOptions: { policy: 'route' },
    clean(w) {
      w.device(OF_SECURE, SECURE);
      w.command('CMD_TLBI_NH_VA', BY_VA, 's');
      w.command('CMD_TLBI_NH_VA', { ...BY_VA, ASID: 2 }, 's');
    },
  },
  {
    id: 'N6.18',
    what: 'vhost of a Secure device is accepted, though it translates through the Non-secure state',
    options: { policy: 'drop-all' },
    breaks: (w) => w.device(VHOST, SECURE),
    finds: ['registration'],
    rule: 'N6.18',
    cleanOptions: { policy: 'reject-registration' },
    clean(w) {
      w.device(VHOST, SECURE);
      w.device(VHOST, { name: 'net1', worlds: ['ns', 's'] });
    },
  },
  {
    id: 'N6.28',
    what: 'a Secure invalidation makes vhost of a device of both states drop Non-secure mappings',
    options: { policy: 'route' },
    breaks(w) {
      w.device(VHOST, { worlds: ['ns', 's'] });
      w.command('CMD_TLBI_NH_VA', BY_VA, 's');
    },
    // The mapping was obtained in Non-secure memory, and the UNMAP is of Secure memory.
    finds: ['wrong-space', 'over-invalidation'],
    rule: 'N6.28',
    clean(w) {
      w.device(VHOST, { worlds: ['ns', 's'] });
      w.command('CMD_TLBI_NH_VA', BY_VA);
    },
  },
];

describe('isolation', () => {
  test.each(CASES)('$id: $what', ({ options, breaks, finds, rule }) => {
    const w = new WatchedDevices(options);
    breaks(w);
    expect(w.breaches).toEqual(finds);
    expect(w.findings.map((finding) => finding.rule)).toContain(rule);
  });

  test.each(CASES)('$id: the same done right raises nothing', ({ options, cleanOptions, clean }) => {
    const w = new WatchedDevices(cleanOptions ?? options);
    clean(w);
    expect(w.findings).toEqual([]);
  });

  test.each(CASES)(
    '$id decides: switched off, nothing by that rule is found',
    ({ id, options, breaks, rule }) => {
      const w = new WatchedDevices({ ...options, off: [id] });
      breaks(w);
      expect(w.findings.filter((finding) => finding.rule === rule)).toEqual([]);
    },
  );
});

describe('an invalidation is judged by the entries it acts on', () => {
  test('NSNH_ALL of the Secure queue reaches a Non-secure consumer cleanly', () => {
    const w = new WatchedDevices({ policy: 'route' });
    w.device(VHOST);
    w.command('CMD_TLBI_NSNH_ALL', {}, 's');
    expect(w.findings).toEqual([]);
    expect(w.held).toEqual([0, 0]);
  });

  test('NSNH_ALL that reaches a Secure consumer crosses over', () => {
    const w = new WatchedDevices({ policy: 'route' });
    w.change({ what: 'plug', device: { name: 'net0', sid: SID, worlds: ['s'] } });
    w.change({ what: 'register', device: 'net0', notifier: OF_SECURE });
    w.command('CMD_TLBI_NSNH_ALL');
    expect(w.breaches).toEqual(['crossing']);
    expect(w.findings[0]?.text).toMatch(
      /^CMD_TLBI_NSNH_ALL acts on entries of ns and reaches custom of net0/,
    );
  });

  test('the reset of a device and unplugging it cross nothing', () => {
    const w = new WatchedDevices({ policy: 'route' });
    w.device(OF_SECURE, SECURE);
    w.change({ what: 'reset', device: 'net0' });
    w.obtain(IOVA);
    w.change({ what: 'unplug', device: 'net0' });
    expect(w.findings).toEqual([]);
  });
});

test('what a consumer was left with is taken back and comes again with the history', () => {
  const w = new WatchedDevices();
  w.device(VHOST);
  const before = w.marks.length;
  w.command('CMD_TLBI_NH_ALL');
  expect(w.held).toEqual([1, 1]);
  w.back(before);
  expect(w.held).toEqual([1, 0]);
  w.command('CMD_TLBI_NH_ALL');
  w.revert(before);
  expect(w.held).toEqual([1, 0]);
  w.back(w.marks.length - 1);
  expect(w.held).toEqual([1, 1]);
  expect(w.breaches).toEqual(['missing-unmap', 'missing-unmap']);
  // Once is enough: what is missed already is not missed again.
  expect(w.command('CMD_TLBI_NH_ALL')).toEqual([]);
});
