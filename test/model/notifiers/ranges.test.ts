import { describe, expect, test } from 'vitest';
import { SparseMemory } from '../../../src/model/memory.ts';
import { piecesOf, spanText } from '../../../src/model/notifiers/span.ts';
import { briefly, IOVA, type NotifiedOptions, NotifiedSmmu } from '../../kit/notifiers.ts';
import { CDTAB, NOWHERE, RAM, SID, type Values } from '../../kit/smmu.ts';
import { NESTED_STE, S2_STE } from '../../kit/stage2.ts';
import { type StatementCase, statementTests } from './case.ts';

/** A device with vhost, whose stream has stage 1 with ASID 1 and VMID 0 unless told otherwise. */
function notified(off: readonly string[], options: NotifiedOptions = {}): NotifiedSmmu {
  const m = new NotifiedSmmu({ off, ...options });
  m.plug();
  m.register({ consumer: 'vhost' });
  return m;
}

const va =
  (
    values: Values,
    options: NotifiedOptions = {},
    name: 'CMD_TLBI_NH_VA' | 'CMD_TLBI_NH_VAA' = 'CMD_TLBI_NH_VA',
  ) =>
  (off: readonly string[]): unknown =>
    briefly(notified(off, options).tell(name, { Address: IOVA, ...values }));

const ipa =
  (values: Values, options: NotifiedOptions) =>
  (off: readonly string[]): unknown =>
    briefly(notified(off, options).tell('CMD_TLBI_S2_IPA', { Address: IOVA, ...values }));

const PAGE = '0x12345000-0x12345fff ns';
const TWO_PAGES = { Address: 0x12344000, TG: 1, NUM: 1, SCALE: 0 };
const BOTH = '0x12344000-0x12345fff ns';

const CASES: readonly StatementCase[] = [
  {
    id: 'N4.1',
    name: 'without stage 2 the VMID does not count',
    run: va({ ASID: 1, VMID: 5 }, { registers: { 'IDR0.S2P': 0 } }),
    wanted: [PAGE],
  },
  {
    id: 'N4.2',
    name: 'NH_VAA compares no ASID',
    run: va({}, { cd: { ASID: 7 } }, 'CMD_TLBI_NH_VAA'),
    wanted: [PAGE],
  },
  {
    id: 'N4.3',
    name: 'TG=0: one notification of one page, whatever NUM and SCALE',
    run: va({ ASID: 1, TG: 0, NUM: 3, SCALE: 1 }),
    wanted: [PAGE],
  },
  {
    id: 'N4.4',
    name: 'TG!=0: (NUM+1) << SCALE pages of TG*2+10 bits',
    run: (off) => [
      va({ ASID: 1, Address: 0x12340000, TG: 1, NUM: 1, SCALE: 2 })(off),
      va({ ASID: 1, Address: 0x12340000, TG: 2, NUM: 0, SCALE: 1 })(off),
      va({ ASID: 1, Address: 0x12340000, TG: 3, NUM: 1, SCALE: 0 })(off),
    ],
    wanted: [['0x12340000-0x12347fff ns'], ['0x12340000-0x12347fff ns'], ['0x12340000-0x1235ffff ns']],
  },
  {
    id: 'N4.5',
    name: 'TG!=0: a notification for each aligned power of two',
    run: va({ ASID: 1, Address: 0x12345000, TG: 1, NUM: 6, SCALE: 0 }),
    wanted: ['0x12345000-0x12345fff ns', '0x12346000-0x12347fff ns', '0x12348000-0x1234bfff ns'],
  },
  {
    id: 'N4.6',
    name: 'an STE that is not valid, or that cannot be read, or such a CD: nothing',
    run: (off) => [
      va({ ASID: 1, ...TWO_PAGES }, { ste: { V: 0 } })(off),
      va({ ASID: 1, ...TWO_PAGES }, { registers: { 'STRTAB_BASE.ADDR': NOWHERE } })(off),
      va({ ASID: 1, ...TWO_PAGES }, { cd: { V: 0 } })(off),
      va({ ASID: 1, ...TWO_PAGES }, { ste: { S1ContextPtr: NOWHERE } })(off),
    ],
    wanted: Array(4).fill(['no-configuration']),
  },
  {
    id: 'N4.7',
    name: 'a bypass or abort STE is a configuration',
    run: (off) => [
      va({ ASID: 1, ...TWO_PAGES }, { ste: { Config: 4 } })(off),
      va({ ASID: 1, ...TWO_PAGES }, { ste: { Config: 0 } })(off),
    ],
    wanted: [[BOTH], [BOTH]],
  },
  {
    id: 'N4.8',
    name: 'errors of the look-up are no events',
    run: (off) => {
      const m = notified(off, { ste: { V: 0 } });
      return [briefly(m.tell('CMD_TLBI_NH_VA', { ASID: 1, Address: IOVA })), m.events().length];
    },
    wanted: [['no-configuration'], 0],
  },
  {
    id: 'N4.9',
    name: 'a stage-2 command while the device is nested: nothing',
    run: (off) => {
      const m = notified(off);
      // Without SubstreamID stage 1 is bypassed, so that no CD need be mapped by stage 2.
      m.ste({ ...NESTED_STE, S1CDMax: 1, S1DSS: 1 });
      return briefly(m.tell('CMD_TLBI_S2_IPA', { VMID: 3, Address: IOVA }));
    },
    wanted: ['stage'],
  },
  {
    id: 'N4.10',
    name: 'TG=0, another ASID: nothing',
    run: va({ ASID: 2 }),
    wanted: ['asid'],
  },
  {
    id: 'N4.11',
    name: 'TG=0, another VMID: nothing',
    run: va({ ASID: 1, VMID: 5 }),
    wanted: ['vmid'],
  },
  {
    id: 'N4.12',
    name: 'TG=0, stage 1: the granule of the table that covers the address; none: nothing',
    run: (off) => [
      va({ ASID: 1 }, { cd: { TG0: 1, T0SZ: 25 } })(off),
      va({ ASID: 1 }, { cd: { T0SZ: 39 } })(off),
    ],
    wanted: [['0x12345000-0x12354fff ns'], ['stage']],
  },
  {
    id: 'N4.13',
    name: 'TG=0, stage 2: the granule of STE.S2TG',
    run: ipa({ VMID: 3 }, { ste: { ...S2_STE, S2TG: 1, S2T0SZ: 24, S2SL0: 1 } }),
    wanted: ['0x12345000-0x12354fff ns'],
  },
  {
    id: 'N4.14',
    name: 'TG!=0: neither ASID nor VMID is compared',
    run: va({ ASID: 9, VMID: 9, ...TWO_PAGES }),
    wanted: [BOTH],
  },
  {
    id: 'N4.15',
    name: 'the address is not aligned to the granule, and the mask is its pages less 1',
    run: (off) => {
      const m = notified(off, { cd: { TG0: 1, T0SZ: 25 } });
      const event = m.tell('CMD_TLBI_NH_VA', { ASID: 1, Address: IOVA })[0]?.event;
      return [event?.type, event?.space, event?.iovaLo, event?.maskLo, event?.maskHi];
    },
    wanted: ['UNMAP', 'ns', IOVA, 0xffff, 0],
  },
  {
    id: 'N4.16',
    name: 'of whole ranges each notifier is told by its own, in the system address space',
    run: (off) => {
      const m = notified(off);
      m.register({ consumer: 'custom', startHi: 1, startLo: 0, endHi: 1, endLo: 0xffff_ffff });
      return briefly(m.tell('CMD_TLBI_NSNH_ALL'));
    },
    wanted: ['0x0-0xffffffffffffffff ns', '0x100000000-0x1ffffffff ns'],
  },
];

describe('range and granule', () => {
  statementTests(CASES);
});

test.each([
  [0, 0x1000, 0x1000, ['0x1000-0x1fff']],
  [0, 0, 0x5000, ['0x0-0x3fff', '0x4000-0x4fff']],
  [0, 0xffff_f000, 0x2000, ['0xfffff000-0xffffffff', '0x100000000-0x100000fff']],
  [0xffff_ffff, 0xffff_f000, 0x1000, ['0xfffffffffffff000-0xffffffffffffffff']],
  [1, 0, 2 ** 33, ['0x100000000-0x1ffffffff', '0x200000000-0x2ffffffff']],
])('the pieces of %d:%d and %d bytes on cover it, aligned', (hi, lo, bytes, wanted) => {
  expect(piecesOf(hi, lo, bytes).map(spanText)).toEqual(wanted);
});

describe('the look-up', () => {
  test('an STE that is not in the image is no configuration, and the reason says so', () => {
    const memory = new SparseMemory({ fill: () => 0, ranges: [RAM] }, { ram: [RAM] });
    const m = new NotifiedSmmu({ memory });
    m.plug({ sid: SID + 1 });
    m.register({ consumer: 'vhost' });
    const [told] = m.tell('CMD_TLBI_NH_VA', { ASID: 1, Address: IOVA });
    expect(told?.reason).toBe('no-configuration');
    expect(told?.why).toContain('is not in the image');
  });

  test('a cached configuration answers, though memory has changed', () => {
    const m = notified([]);
    m.dma(IOVA);
    m.cd({ ASID: 9 }, CDTAB);
    expect(briefly(m.tell('CMD_TLBI_NH_VA', { ASID: 1, Address: IOVA }))).toEqual([PAGE]);
  });

  test.each([
    ['combined', ['STE', 'CD'], 1, 0],
    ['maximal', ['STE', 'CD'], 0, 2],
    ['none', [], 0, 0],
  ] as const)('leaves what the caches of %s keep of a transaction: %j', (caches, _, configs, structures) => {
    const m = notified([], { caches });
    m.tell('CMD_TLBI_NH_VA', { ASID: 1, Address: IOVA });
    expect([m.smmu.config.size, [...m.smmu.structures.entries()].length]).toEqual([configs, structures]);
  });
});
