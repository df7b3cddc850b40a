import { describe, expect, test } from 'vitest';
import { COMMAND_LIST, type CommandName } from '../../../src/spec/commands.ts';
import { type Consumer, NOTIFIER_POLICIES, type NotifierPolicy } from '../../../src/spec/notifiers.ts';
import { briefly, IOVA, type NotifiedOptions, NotifiedSmmu, PA } from '../../kit/notifiers.ts';
import { SID } from '../../kit/smmu.ts';
import { S2_STE } from '../../kit/stage2.ts';
import { map, USER_PAGE } from '../../kit/tables.ts';
import { type StatementCase, statementTests } from './case.ts';

const WHOLE = '0x0-0xffffffffffffffff ns';
const PAGE = '0x12345000-0x12345fff';
const VA = { ASID: 1, Address: IOVA };
/** NS of a stage-1 leaf: a Secure stream's output lies in Non-secure memory. */
const NS_PAGE = USER_PAGE | (1n << 5n);

/** An SMMU of several states under a policy; its stream is there in each of them, with ASID 1. */
function under(
  policy: NotifierPolicy,
  off: readonly string[] = [],
  { worlds = 'secure', ...options }: NotifiedOptions = {},
): NotifiedSmmu {
  const m = new NotifiedSmmu({ off, worlds, notifiers: { policy, accepts: 'map' }, ...options });
  m.stream('s');
  if (worlds === 'rme') m.stream('realm');
  return m;
}

/** The same with a Non-secure device and vhost. */
function notified(
  policy: NotifierPolicy,
  off: readonly string[] = [],
  options: NotifiedOptions = {},
): NotifiedSmmu {
  const m = under(policy, off, options);
  m.plug();
  m.register({ consumer: 'vhost' });
  return m;
}

/** What a policy makes of Secure invalidations by IOVA and of whole ranges. */
function bothPaths(m: NotifiedSmmu): unknown {
  return [
    briefly(m.tellFrom('s', 'CMD_TLBI_NH_VA', VA)),
    briefly(m.tellFrom('s', 'CMD_TLBI_NH_ASID', { ASID: 1 })),
  ];
}

/** A Secure device whose consumer has obtained a page that its stream maps to Non-secure memory. */
function outputsNonSecure(off: readonly string[]): NotifiedSmmu {
  const m = under('route', off);
  map(m.in('s'), { iova: BigInt(IOVA), pa: BigInt(PA), attributes: NS_PAGE });
  m.plug({ worlds: ['s'] });
  m.register({ consumer: 'custom', iommuIndex: 1 });
  m.obtain(IOVA);
  return m;
}

/** Secure software drops everything while nothing translates. */
function everything(m: NotifiedSmmu): readonly string[] {
  m.set({ 'CR0.SMMUEN': 0, 'CR0ACK.SMMUEN': 0, 'S_CR0.SMMUEN': 0, 'S_CR0ACK.SMMUEN': 0 });
  m.decisions();
  m.in('s').write('S_INIT', 1);
  return briefly(m.decisions());
}

const CASES: readonly StatementCase[] = [
  {
    id: 'N6.1',
    name: 'RFC v3 looks up in the state of the queue, though Non-secure entries go',
    alone: ['N6.27'],
    run: (off) => {
      const m = notified('qemu-rfc-v3', off, { ste: S2_STE });
      m.in('s').ste({ V: 0 });
      return briefly(m.tellFrom('s', 'CMD_TLBI_S2_IPA', { VMID: 3, Address: IOVA }));
    },
    wanted: ['no-configuration'],
  },
  {
    id: 'N6.2',
    name: 'a Non-secure device without a Secure STE is skipped, one with an unrelated STE is told',
    run: (off) => {
      const m = notified('qemu-rfc-v3', off);
      m.plug({ name: 'net1', sid: SID + 1 });
      m.register({ consumer: 'vhost' }, 'net1');
      return briefly(m.tellFrom('s', 'CMD_TLBI_NH_VA', VA));
    },
    wanted: [`${PAGE} s`, 'no-configuration'],
  },
  {
    id: 'N6.3',
    name: 'the look-up fills the configuration cache',
    run: (off) => {
      const m = notified('qemu-rfc-v3', off);
      m.tellFrom('s', 'CMD_TLBI_NH_VA', VA);
      return m.smmu.config.entries().map(({ world, sid }) => [world, sid]);
    },
    wanted: [['s', SID]],
  },
  {
    id: 'N6.4',
    name: 'notifiers run before entries go',
    run: (off) => {
      const m = notified('qemu-upstream', off);
      m.dma(IOVA);
      m.queue('CMD_TLBI_NH_VA', VA);
      const next = m.smmu.nextCommand('ns');
      const plan = 'operation' in next ? m.smmu.plan(next.operation) : null;
      const { log } = m.smmu.notifiers;
      const effects = plan?.effects.map((effect) =>
        effect.kind === 'store' && effect.store === log ? 'told' : effect.kind,
      );
      const steps = plan?.steps.map(({ kind }) => kind);
      return [steps?.filter((kind) => kind === 'notify' || kind === 'cache-remove'), effects];
    },
    wanted: [
      ['notify', 'cache-remove'],
      ['told', 'tlb', 'register'],
    ],
  },
  {
    id: 'N6.5',
    name: 'RFC v3: by IOVA into the Secure address space, of whole ranges into system memory',
    run: (off) => bothPaths(notified('qemu-rfc-v3', off)),
    wanted: [[`${PAGE} s`], [WHOLE]],
  },
  {
    id: 'N6.6',
    name: 'RFC v3: S_INIT.INV_ALL tells of the whole range',
    run: (off) => everything(notified('qemu-rfc-v3', off)),
    wanted: [WHOLE],
  },
  {
    id: 'N6.7',
    name: 'an UNMAP goes into the space of its SEC_SID, whatever space was obtained',
    run: (off) => {
      const [told] = outputsNonSecure(off).tellFrom('s', 'CMD_TLBI_NH_VA', VA);
      return [told?.obtained, told?.event?.space];
    },
    wanted: [['ns'], 's'],
  },
  {
    id: 'N6.8',
    name: 'a Secure stream obtains Non-secure memory',
    run: (off) => {
      const [held] = outputsNonSecure(off).smmu.notifiers.held.of('net0', 0);
      return [held?.world, held?.space];
    },
    wanted: ['s', 'ns'],
  },
  {
    id: 'N6.9',
    name: 'route: by IOVA into the space of the state, of whole ranges into system memory',
    run: (off) => bothPaths(notified('route', off)),
    wanted: [[`${PAGE} s`], [WHOLE]],
  },
  {
    id: 'N6.10',
    name: 'drop-iova: by IOVA nobody is told, of whole ranges all are',
    run: (off) => bothPaths(notified('drop-iova', off)),
    wanted: [['policy'], [WHOLE]],
  },
  {
    id: 'N6.11',
    name: 'drop-all: nobody is told',
    run: (off) => bothPaths(notified('drop-all', off)),
    wanted: [['policy'], ['policy']],
  },
  {
    id: 'N6.12',
    name: 'reject-registration: a Secure device registers nothing, and vhost ends QEMU',
    run: (off) => {
      const m = under('reject-registration', off);
      m.plug({ worlds: ['s'] });
      const { refused, result } = m.register({ consumer: 'vhost' }).outcome;
      return [result, refused?.how, refused?.exits];
    },
    wanted: ['abort', 'error', true],
  },
  {
    id: 'N6.13',
    name: 'reject+drop: a Secure device registers nothing, and nobody is told of Secure invalidations',
    run: (off) => {
      const m = notified('reject+drop', off);
      m.plug({ name: 'sec0', worlds: ['s'] });
      return [m.register({ consumer: 'vhost' }, 'sec0').outcome.result, bothPaths(m)];
    },
    wanted: ['abort', [['policy'], ['policy']]],
  },
  {
    id: 'N6.14',
    name: 'route: Realm state has no address space, and QEMU aborts',
    run: (off) => {
      const m = notified('route', off, { worlds: 'rme' });
      return briefly(m.tellFrom('realm', 'CMD_TLBI_NH_VA', VA));
    },
    wanted: ['qemu-aborts'],
  },
  {
    id: 'N6.15',
    name: 'accept=map: VFIO registers',
    run: (off) => {
      const m = under('qemu-upstream', off);
      m.plug();
      return m.register({ consumer: 'vfio' }).outcome.result;
    },
    wanted: 'ok',
  },
  {
    id: 'N6.19',
    name: '0x20-0x23, 0x28, 0x2A and 0x30 of the Secure queue act on Non-secure entries, and notify so',
    run: (off) => {
      const m = notified('drop-all', off, { ste: S2_STE });
      const commands = ['EL2_ALL', 'EL2_ASID', 'EL2_VA', 'EL2_VAA', 'S12_VMALL', 'NSNH_ALL'] as const;
      const told = commands.flatMap((name) => m.tellFrom('s', `CMD_TLBI_${name}`));
      told.push(...m.tellFrom('s', 'CMD_TLBI_S2_IPA', { VMID: 3, Address: IOVA }));
      return [told.map(({ actsOn }) => actsOn), briefly(told)];
    },
    wanted: [Array(7).fill('ns'), ['gap', 'gap', 'gap', 'gap', WHOLE, WHOLE, `${PAGE} ns`]],
  },
  {
    id: 'N6.20',
    name: '0x10-0x13 of the Secure queue act on Secure entries, and reach no Non-secure device',
    run: (off) => {
      const m = notified('drop-all', off, { registers: { 'IDR0.S2P': 0 } });
      const told = (['NH_ALL', 'NH_ASID', 'NH_VA', 'NH_VAA'] as const).flatMap((name) =>
        m.tellFrom('s', `CMD_TLBI_${name}`),
      );
      return [told.map(({ actsOn }) => actsOn), briefly(told)];
    },
    wanted: [Array(4).fill('s'), Array(4).fill('policy')],
  },
  {
    id: 'N6.21',
    name: 'S_INIT.INV_ALL invalidates what every state holds',
    run: (off) => {
      const m = notified('drop-all', off);
      const told = everything(m);
      return [told, m.smmu.notifiers.log.values().map(({ actsOn, also }) => [actsOn, ...also])];
    },
    wanted: [[WHOLE], [['ns', 's']]],
  },
  {
    id: 'N6.22',
    name: 'ROOT_TLBI invalidates what Root state checks',
    run: (off) => {
      const m = notified('route', off, { worlds: 'rme' });
      const root = m.in('root');
      root.write('ROOT_TLBI', 1, 0);
      root.write('ROOT_TLBI_CTRL', 1);
      return m.decisions().map(({ cause, actsOn, delivered }) => [cause, actsOn, delivered]);
    },
    wanted: [['ROOT_TLBI', 'root', true]],
  },
  {
    id: 'N6.23',
    name: 'a broadcast TLBI invalidates as the command of its scope',
    run: (off) => {
      const m = notified('route', off, { registers: { 'IDR0.BTM': 1 } });
      const message = {
        world: 'ns',
        name: 'VAE1',
        e2h: false,
        vmid: 0,
        asid: 1,
        addressHi: 0,
        addressLo: IOVA,
      } as const;
      m.smmu.commit(m.smmu.plan({ kind: 'broadcast-tlbi', message }).effects);
      const told = m.decisions();
      return [told.map(({ cause, queue }) => [cause, queue]), briefly(told)];
    },
    wanted: [[['TLBI VAE1', null]], [`${PAGE} ns`]],
  },
  {
    id: 'N6.23',
    name: 'a broadcast by physical address invalidates as ROOT_TLBI',
    run: (off) =>
      (['route', 'qemu-rfc-v3'] as const).map((policy) => {
        const m = notified(policy, off, { worlds: 'rme' });
        const message = { name: 'RPAOS', address: PA, size: 0 } as const;
        m.smmu.commit(m.smmu.plan({ kind: 'broadcast-tlbi-pa', message }).effects);
        return m.decisions().map(({ cause, queue, actsOn, reason }) => [cause, queue, actsOn, reason]);
      }),
    wanted: [[['TLBI RPAOS', null, 'root', 'delivered']], [['TLBI RPAOS', null, 'root', 'gap']]],
  },
  {
    id: 'N6.24',
    name: 'the reset of a device makes its consumer let go',
    run: (off) => {
      const m = notified('qemu-upstream', off);
      m.obtain(IOVA);
      m.change({ what: 'reset', device: 'net0' });
      return [m.decisions().map(({ cause }) => cause), m.held()];
    },
    wanted: [['device reset'], []],
  },
  {
    id: 'N6.25',
    name: 'unplugging a device makes its consumer let go',
    run: (off) => {
      const m = notified('qemu-upstream', off);
      m.obtain(IOVA);
      m.change({ what: 'unplug', device: 'net0' });
      return [m.decisions().map(({ cause }) => cause), m.held()];
    },
    wanted: [['unplug'], []],
  },
  {
    id: 'N6.26',
    name: 'RFC v3 answers SSec=1 on the Secure queue with an error',
    run: (off) => {
      const m = notified('qemu-rfc-v3', off);
      return briefly(m.tellFrom('s', 'CMD_CFGI_STE', { StreamID: SID, SSec: 1 }));
    },
    wanted: ['illegal-there'],
  },
  {
    id: 'N6.27',
    name: 'RFC v3 answers 0x28 and 0x2A on the Secure queue with an error',
    run: (off) => {
      const m = notified('qemu-rfc-v3', off);
      return (['CMD_TLBI_S12_VMALL', 'CMD_TLBI_S2_IPA'] as const).map((name) =>
        briefly(m.tellFrom('s', name)),
      );
    },
    wanted: [['illegal-there'], ['illegal-there']],
  },
  {
    id: 'N6.28',
    name: 'vhost on a Secure device obtains Non-secure mappings, and a Secure UNMAP drops them',
    run: (off) => {
      const m = under('route', off);
      m.plug({ worlds: ['s'] });
      m.register({ consumer: 'vhost' });
      m.obtain(IOVA);
      const before = m.held();
      m.tellFrom('s', 'CMD_TLBI_NH_VA', VA);
      return [before, m.held()];
    },
    wanted: [['net0 0x12345000 -> 0x48000000 ns'], []],
  },
  {
    id: 'N6.29',
    name: 'route and drop-iova: the two paths disagree',
    run: (off) => (['route', 'drop-iova'] as const).map((policy) => bothPaths(notified(policy, off))),
    wanted: [
      [[`${PAGE} s`], [WHOLE]],
      [['policy'], [WHOLE]],
    ],
  },
];

describe('policies', () => {
  statementTests(CASES);
});

/** What a consumer of a Secure device, which has obtained a Non-secure page, comes to. */
function fate(
  policy: NotifierPolicy,
  consumer: Consumer,
  command: 'CMD_TLBI_NH_VA' | 'CMD_TLBI_NH_ASID',
): string {
  const m = under(policy);
  m.plug({ worlds: ['s'] });
  if (m.register({ consumer }).outcome.result !== 'ok') return 'rejected';
  m.obtain(IOVA);
  const [told] = m.tellFrom('s', command, command === 'CMD_TLBI_NH_VA' ? VA : { ASID: 1 });
  const holds = m.held().length > 0 ? 'holds' : 'lets go';
  if (!told?.delivered) return `${told?.reason}, ${holds}`;
  return `${told.event?.space}, ${told.action?.done ? 'done' : 'error'}, ${holds}`;
}

/** By policy: VFIO by IOVA and of a whole range, vhost by IOVA and of a whole range. */
const FATES: Readonly<Record<NotifierPolicy, readonly string[]>> = {
  'qemu-upstream': Array(4).fill('gap, holds'),
  'qemu-rfc-v3': ['s, error, holds', 'ns, done, lets go', 's, done, lets go', 'ns, done, lets go'],
  route: ['s, error, holds', 'ns, done, lets go', 's, done, lets go', 'ns, done, lets go'],
  'drop-iova': ['policy, holds', 'ns, done, lets go', 'policy, holds', 'ns, done, lets go'],
  'drop-all': Array(4).fill('policy, holds'),
  'reject-registration': Array(4).fill('rejected'),
  'reject+drop': Array(4).fill('rejected'),
};

const POLICIES = Object.keys(NOTIFIER_POLICIES) as NotifierPolicy[];

describe('a Secure device by policy', () => {
  test.each(POLICIES)('%s', (policy) => {
    const got = (['vfio', 'vhost'] as const).flatMap((consumer) => [
      fate(policy, consumer, 'CMD_TLBI_NH_VA'),
      fate(policy, consumer, 'CMD_TLBI_NH_ASID'),
    ]);
    expect(got).toEqual(FATES[policy]);
  });
});

test.each(POLICIES)('%s makes of Non-secure invalidations what QEMU does today', (policy) => {
  const decided = (under: NotifierPolicy): unknown => {
    const m = notified(under);
    return COMMAND_LIST.filter(({ kind, legal }) => kind === 'tlb' && legal.ns !== false).map(({ name }) => {
      const own = Object.keys(COMMAND_LIST.find((one) => one.name === name)?.layout.fields ?? {});
      return briefly(
        m.tell(name, Object.fromEntries(Object.entries(VA).filter(([field]) => own.includes(field)))),
      );
    });
  };
  expect(decided(policy)).toEqual(decided('qemu-upstream'));
});

/** What `route` makes of the TLB invalidations of the Secure queue, with both stages; 'gap' of all others. */
const SECURE_ROUTE: Readonly<Partial<Record<CommandName, string>>> = {
  CMD_TLBI_NH_ASID: WHOLE,
  CMD_TLBI_NH_VA: `${PAGE} s`,
  CMD_TLBI_NH_VAA: `${PAGE} s`,
  CMD_TLBI_S12_VMALL: WHOLE,
  CMD_TLBI_S2_IPA: `${PAGE} ns`,
  CMD_TLBI_NSNH_ALL: WHOLE,
  CMD_TLBI_S_S12_VMALL: WHOLE,
  CMD_TLBI_S_S2_IPA: `${PAGE} s`,
  CMD_TLBI_SNH_ALL: WHOLE,
};

/** The same of the Realm queue: by IOVA QEMU aborts. */
const REALM_ROUTE: Readonly<Partial<Record<CommandName, string>>> = {
  CMD_TLBI_NH_ASID: WHOLE,
  CMD_TLBI_NH_VA: 'qemu-aborts',
  CMD_TLBI_NH_VAA: 'qemu-aborts',
  CMD_TLBI_S12_VMALL: WHOLE,
  CMD_TLBI_S2_IPA: 'qemu-aborts',
  CMD_TLBI_NSNH_ALL: WHOLE,
};

/** What RFC v3 makes of the Secure queue. */
const SECURE_RFC_V3: Readonly<Partial<Record<CommandName, string>>> = {
  ...SECURE_ROUTE,
  CMD_TLBI_S12_VMALL: 'illegal-there',
  CMD_TLBI_S2_IPA: 'illegal-there',
};

describe.each([
  ['route', 's', SECURE_ROUTE],
  ['route', 'realm', REALM_ROUTE],
  ['qemu-rfc-v3', 's', SECURE_RFC_V3],
  ['qemu-rfc-v3', 'realm', {}],
] as const)(
  '%s on the queue of state %s',
  (policy, queue, wanted: Readonly<Partial<Record<CommandName, string>>>) => {
    const own = COMMAND_LIST.filter(({ kind, legal }) => kind === 'tlb' && legal[queue] !== false);
    // EL3 goes with RME.
    test.each(own.filter(({ name }) => !name.includes('EL3')))('$name', ({ name, layout }) => {
      const m = notified(policy, [], { worlds: 'rme' });
      const values = Object.entries(VA).filter(([field]) => Object.hasOwn(layout.fields, field));
      expect(briefly(m.tellFrom(queue, name, Object.fromEntries(values)))).toEqual([wanted[name] ?? 'gap']);
    });
  },
);

test.each([
  [['ns', 's'], 'ok'],
  [['s', 'ns'], 'abort'],
] as const)('a device of %j has one SEC_SID when it registers: the first', (worlds, wanted) => {
  const m = under('reject-registration');
  m.plug({ worlds });
  const { outcome, steps } = m.register({ consumer: 'vhost' });
  expect(outcome.result).toBe(wanted);
  if (wanted === 'ok')
    expect(steps.map(({ text }) => text)).toContain(
      'the device is of ns and s: one registration cannot say of which',
    );
});

test('which states have an address space is an option', () => {
  const m = new NotifiedSmmu({
    worlds: 'rme',
    notifiers: { policy: 'route', addressSpaces: ['ns', 's', 'realm'] },
  });
  m.stream('realm');
  m.plug({ worlds: ['realm'] });
  m.register({ consumer: 'vhost' });
  expect(briefly(m.tellFrom('realm', 'CMD_TLBI_NH_VA', VA))).toEqual([`${PAGE} realm`]);
});
