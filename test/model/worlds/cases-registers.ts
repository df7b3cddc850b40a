/** Registers of Security states: where they lie, who reaches them, what they say. */

import { WORLDS, type World } from '../../../src/bits/world.ts';
import { ROOT_PAGE, STRTAB, type TestSmmu } from '../../kit/smmu.ts';
import { endOf, IOVA, isStopped, type WorldCase, withStream } from './case.ts';

/** CR0 of a state where software finds it, as test machines have it: SMMUEN, CMDQEN and EVENTQEN, or ACCESSEN. */
const CR0_AT: Readonly<Record<World, number>> = {
  ns: 0x20,
  s: 0x8020,
  realm: 0x60020,
  root: ROOT_PAGE + 0x20,
};
const ENABLED = 13;

const readCr0 = (of: World) => (m: TestSmmu) => m.smmu.registerRead(CR0_AT[of], 4, of).value;
/** What accesses of each space read of it. */
const readBy = (of: World) => (m: TestSmmu) =>
  WORLDS.map((space) => m.smmu.registerRead(CR0_AT[of], 4, space).value);
const end = (world: World) => (m: TestSmmu) => endOf(m, world);
const streams = (world: World) => (m: TestSmmu) => m.smmu.state(world).streamTable.streams;
/** Whether the state's queue would consume a command that waits. */
const consumes = (world: World, name: string) => (m: TestSmmu) => {
  m.set({ [name]: 1 });
  return 'operation' in m.smmu.nextCommand(world);
};

/** What is cached after a transaction of a Non-secure and of a Secure stream, and a write of INV_ALL. */
function afterInvAll(m: TestSmmu, gpcen = 0): number[] {
  for (const world of ['ns', 's', 'realm'] as const) withStream(m, world).dma(IOVA);
  m.set({ 'ROOT_CR0.GPCEN': gpcen });
  m.in('s').write('S_INIT', 1);
  return [m.smmu.config.size, m.smmu.tlb.size, m.read('S_INIT')];
}

/** A stream that asks to stall, and has no mapping for what it reads. */
function stalls(world: World): (m: TestSmmu) => string {
  return (m) => withStream(m, world, { S: 1 }).dma(0x1000).outcome.result;
}

const PRESENT: readonly WorldCase[] = [
  {
    id: 'NS-PRESENT',
    name: 'the Non-secure queue is there',
    see: consumes('ns', 'CMDQ_PROD'),
    holds: true,
    without: false,
  },
  {
    id: 'S-PRESENT',
    name: 'the Secure queue needs S_IDR1.SECURE_IMPL',
    options: { registers: { 'S_IDR1.SECURE_IMPL': 0 } },
    see: consumes('s', 'S_CMDQ_PROD'),
    holds: false,
    without: true,
  },
  {
    id: 'R-PRESENT',
    name: 'the Realm queue needs ROOT_IDR0.REALM_IMPL',
    options: { registers: { 'ROOT_IDR0.REALM_IMPL': 0 } },
    see: consumes('realm', 'R_CMDQ_PROD'),
    holds: false,
    without: true,
  },
  {
    id: 'ROOT-PRESENT',
    name: 'the Root state needs ROOT_IDR0.ROOT_IMPL',
    options: { registers: { 'ROOT_IDR0.ROOT_IMPL': 0 } },
    see: (m) => m.smmu.state('root').present,
    holds: false,
    without: true,
  },
];

const STREAM_IDS: readonly WorldCase[] = [
  ...(
    [
      ['NS-SEC-SID', 'ns', 'a Non-secure stream is named'],
      ['S-SEC-SID', 's', 'a Secure stream is named'],
      ['R-SEC-SID', 'realm', 'a Realm stream is named'],
      ['SEC-SID-0', 'ns', 'the value 0 names a Non-secure stream'],
      ['SEC-SID-1', 's', 'the value 1 names a Secure stream'],
      ['SEC-SID-2', 'realm', 'the value 2 names a Realm stream'],
    ] as const
  ).map(([id, world, name]) => ({ id, name, see: end(world), holds: 'ok', without: `world:${id}` })),
  {
    id: 'ROOT-SEC-SID',
    name: 'no value names a Root stream',
    besides: ['ROOT-STREAMS'],
    see: end('root'),
    holds: 'world:ROOT-SEC-SID',
    without: 'world:SEC-SID-3',
  },
  {
    id: 'ROOT-STREAMS',
    name: 'the Root state has no streams',
    see: end('root'),
    holds: 'world:ROOT-STREAMS',
    without: 'world:ROOT-SEC-SID',
  },
  {
    id: 'SEC-SID-3',
    name: 'the value 3 is reserved',
    besides: ['ROOT-STREAMS', 'ROOT-SEC-SID'],
    see: (m) => m.in('root').dma(IOVA).outcome.fault?.rule,
    holds: 'world:SEC-SID-3',
    without: '3.10.1',
  },
  {
    id: 'SEC-SID-NO-SECURE',
    name: 'a stream that calls itself Secure is a Non-secure one without Secure state',
    options: { registers: { 'S_IDR1.SECURE_IMPL': 0 } },
    see: (m) => {
      withStream(m, 'ns');
      const { outcome } = m.dma(IOVA, { world: 's' });
      return outcome.result;
    },
    holds: 'ok',
    without: 'not-modelled',
  },
];

const PLACES: readonly WorldCase[] = [
  ...(
    [
      ['NS-REGISTERS', 'ns', ENABLED, 'they lie from 0 on'],
      ['S-REGISTERS', 's', ENABLED, 'they lie from 0x8000 on'],
      ['R-REGISTERS', 'realm', ENABLED, 'they lie where BA_REALM says'],
      ['ROOT-REGISTERS', 'root', 1, 'they lie where the system says'],
    ] as const
  ).map(([id, world, holds, name]) => ({ id, name, see: readCr0(world), holds, without: 0 })),
  {
    id: 'MMIO-BANK',
    name: 'the offset chooses the bank, not the space of the access',
    options: { registers: { 'S_CR0.EVENTQEN': 0 } },
    see: (m) => m.smmu.registerRead(CR0_AT.ns, 4, 's').value,
    holds: ENABLED,
    without: 9,
  },
];

const ALL = (value: number): number[] => WORLDS.map(() => value);

const ACCESS: readonly WorldCase[] = [
  {
    id: 'NS-ACCESS',
    name: 'accesses of every space reach SMMU_CR0',
    see: readBy('ns'),
    holds: ALL(ENABLED),
    without: [ENABLED, 0, 0, 0],
  },
  {
    id: 'S-ACCESS',
    name: 'Secure and Root accesses reach S_CR0',
    see: readBy('s'),
    holds: [0, ENABLED, 0, ENABLED],
    without: ALL(ENABLED),
  },
  {
    id: 'R-ACCESS',
    name: 'Realm and Root accesses reach R_CR0',
    see: readBy('realm'),
    holds: [0, 0, ENABLED, ENABLED],
    without: ALL(ENABLED),
  },
  {
    id: 'ROOT-ACCESS',
    name: 'Root accesses reach ROOT_CR0',
    see: readBy('root'),
    holds: [0, 0, 0, 1],
    without: ALL(1),
  },
  {
    id: 'CANNOT-REGS',
    name: 'Non-secure and Realm software reads and writes no Secure register',
    see: (m) => {
      for (const world of ['ns', 'realm'] as const) m.writeAt(CR0_AT.s, 1, undefined, world);
      return [...readBy('s')(m), m.read('S_CR0')];
    },
    holds: [0, ENABLED, 0, ENABLED, ENABLED],
    without: [1, 1, 1, 1, 1],
  },
];

/** The Secure and the Realm stream table stay where they are; the Non-secure one lies elsewhere. */
const NS_ELSEWHERE = { registers: { 'STRTAB_BASE.ADDR': STRTAB + 0x100000 } } as const;

const TABLES: readonly WorldCase[] = [
  { id: 'NS-STRTAB', name: 'STRTAB_BASE is used', see: end('ns'), holds: 'ok', without: 'C_BAD_STREAMID' },
  {
    id: 'S-STRTAB',
    name: 'S_STRTAB_BASE is used',
    options: NS_ELSEWHERE,
    see: end('s'),
    holds: 'ok',
    without: 'C_BAD_STE',
  },
  {
    id: 'R-STRTAB',
    name: 'R_STRTAB_BASE is used',
    options: NS_ELSEWHERE,
    see: end('realm'),
    holds: 'ok',
    without: 'C_BAD_STE',
  },
  { id: 'ROOT-STRTAB', name: 'there is no Root stream', see: streams('root'), holds: 0, without: 256 },
];

const SAYS: readonly WorldCase[] = [
  {
    id: 'NS-STALL',
    name: 'IDR0.STALL_MODEL counts',
    options: { registers: { 'IDR0.STALL_MODEL': 1 } },
    see: stalls('ns'),
    holds: 'abort',
    without: 'stall',
  },
  {
    id: 'CAN-S-NSSTALLD',
    name: 'S_CR0.NSSTALLD forbids Non-secure stalls',
    options: { registers: { 'S_CR0.NSSTALLD': 1 } },
    see: stalls('ns'),
    holds: 'abort',
    without: 'stall',
  },
  {
    id: 'S-STALL',
    name: 'S_IDR0.STALL_MODEL counts',
    options: { registers: { 'S_IDR0.STALL_MODEL': 1 } },
    see: stalls('s'),
    holds: 'abort',
    without: 'stall',
  },
  {
    id: 'R-STALL',
    name: 'the Realm queue has no commands for stalls',
    see: (m) => {
      m.in('realm').run(['CMD_RESUME', { StreamID: 1 }], ['CMD_STALL_TERM', { StreamID: 1 }]);
      return [isStopped(m, 'R_'), m.smmu.state('realm').stallModel];
    },
    holds: [true, 1],
    without: [false, 0],
  },
  {
    id: 'R-STALL',
    name: 'a Realm transaction that asks for it stalls',
    see: stalls('realm'),
    holds: 'abort',
    without: 'stall',
  },
  {
    id: 'S-RME-SEL2',
    name: 'RME makes commands of Secure EL2 legal',
    options: { registers: { 'S_IDR1.SEL2': 0 } },
    see: (m) => {
      m.in('s').run(['CMD_TLBI_S_EL2_ALL']);
      return isStopped(m, 'S_');
    },
    holds: false,
    without: true,
  },
  {
    id: 'S-INV-ALL',
    name: 'S_INIT.INV_ALL drops what is cached of every state',
    see: (m) => afterInvAll(m),
    holds: [0, 0, 0],
    without: [3, 3, 0],
  },
  {
    id: 'CAN-S-INIT',
    name: 'S_INIT.INV_ALL does nothing while ROOT_CR0.GPCEN=1',
    see: (m) => afterInvAll(m, 1),
    holds: [3, 3, 0],
    without: [0, 0, 0],
  },
];

export const REGISTER_CASES: readonly WorldCase[] = [
  ...PRESENT,
  ...STREAM_IDS,
  ...PLACES,
  ...ACCESS,
  ...TABLES,
  ...SAYS,
];
