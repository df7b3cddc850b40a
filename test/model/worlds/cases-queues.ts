/** Queues and interrupts of Security states: which there are, where they lie, whose events they get. */

import { WORLDS, type World } from '../../../src/bits/world.ts';
import { recordEvent } from '../../../src/model/events/report.ts';
import type { Effect } from '../../../src/model/plan.ts';
import { type Registers, SID, type TestSmmu, type Values } from '../../kit/smmu.ts';
import { isStopped, type WorldCase, withStream } from './case.ts';

const MSI = 0x40a00000;
const PRIQ = 0x40b00000;
const UNMAPPED = 0x1000;

/** Which spaces hold something at an address. */
const writtenIn = (m: TestSmmu, pa: number): World[] =>
  WORLDS.filter((world) => m.in(world).words(pa, 1)[0] !== 0);

/** Whether a queue would consume the command that waits in the Non-secure queue, or in its own. */
const consumes = (world: World, name: string) => (m: TestSmmu) => {
  m.set({ [name]: 1 });
  return 'operation' in m.smmu.nextCommand(world);
};

/** Whether an event of a state's stream is recorded anywhere. */
const records = (world: World) => (m: TestSmmu) => withStream(m, world).dma(UNMAPPED).outcome.recording;

/** A PRI queue of a state: where it lies, and enabled. */
function priq(prefix: '' | 'R_', more: Registers = {}): { registers: Registers } {
  return {
    registers: {
      [`${prefix}PRIQ_BASE.ADDR`]: PRIQ,
      [`${prefix}PRIQ_BASE.LOG2SIZE`]: 2,
      [`${prefix}CR0.PRIQEN`]: 1,
      [`${prefix}CR0ACK.PRIQEN`]: 1,
      ...more,
    },
  };
}

/** What becomes of a page request of a state's stream. */
const asks = (world: World) => (m: TestSmmu) => {
  const rights = { read: true, write: false, execute: false, privileged: false };
  const page = { sid: SID, ssid: -1, addressHi: 0, addressLo: UNMAPPED, last: true, prgIndex: 5 };
  const plan = m.smmu.plan({ kind: 'page-request', request: { world, ...page, ...rights } });
  m.smmu.commit(plan.effects);
  return plan.outcome.result;
};

/** A command that waits in the memory of the state's own space: whether the queue stops at what it reads. */
const stops = (world: World, prefix: '' | 'S_' | 'R_') => (m: TestSmmu) => {
  m.in(world).run(['CMD_SYNC']);
  return isStopped(m, prefix);
};

/** Where the MSI of a CMD_SYNC goes, with more fields of it. */
const signals =
  (world: World, values: Values = {}) =>
  (m: TestSmmu) => {
    m.in(world).run(['CMD_SYNC', { CS: 1, MSIAddress: MSI, MSIData: 1, ...values }]);
    return writtenIn(m, MSI);
  };

const QUEUES: readonly WorldCase[] = [
  { id: 'NS-CMDQ', name: 'CMDQ is consumed', see: consumes('ns', 'CMDQ_PROD'), holds: true, without: false },
  {
    id: 'S-CMDQ',
    name: 'S_CMDQ is consumed',
    see: consumes('s', 'S_CMDQ_PROD'),
    holds: true,
    without: false,
  },
  {
    id: 'R-CMDQ',
    name: 'R_CMDQ is consumed',
    see: consumes('realm', 'R_CMDQ_PROD'),
    holds: true,
    without: false,
  },
  {
    id: 'ROOT-CMDQ',
    name: 'the Root state consumes nothing',
    see: consumes('root', 'CMDQ_PROD'),
    holds: false,
    without: true,
  },
  { id: 'NS-EVENTQ', name: 'EVENTQ gets records', see: records('ns'), holds: 'written', without: 'none' },
  { id: 'S-EVENTQ', name: 'S_EVENTQ gets records', see: records('s'), holds: 'written', without: 'none' },
  { id: 'R-EVENTQ', name: 'R_EVENTQ gets records', see: records('realm'), holds: 'written', without: 'none' },
  {
    id: 'ROOT-EVENTQ',
    name: 'the Root state records nothing',
    see: ({ smmu }) => {
      const effects: Effect[] = [];
      const root = smmu.state('root');
      const record = new Uint32Array(8);
      return [
        root.eventqEnabled,
        recordEvent(smmu, root, 'root', 'F_TRANSLATION', record, false, effects, null),
        effects.length > 0,
      ];
    },
    holds: [false, 'none', false],
    without: [true, 'written', true],
  },
  {
    id: 'NS-PRIQ',
    name: 'the PRI queue needs IDR0.PRI',
    options: priq('', { 'IDR0.PRI': 0 }),
    see: asks('ns'),
    holds: 'abort',
    without: 'ok',
  },
  {
    id: 'S-PRIQ',
    name: 'a page request of a Secure stream is discarded',
    options: priq(''),
    see: (m) => [asks('s')(m), m.read('PRIQ_PROD')],
    holds: ['abort', 0],
    without: ['ok', 1],
  },
  {
    id: 'R-PRIQ',
    name: 'the Realm PRI queue needs R_IDR0.PRI',
    options: priq('R_', { 'R_IDR0.PRI': 0 }),
    see: asks('realm'),
    holds: 'abort',
    without: 'ok',
  },
];

const SPACES: readonly WorldCase[] = [
  {
    id: 'NS-FETCH-QUEUES',
    name: 'commands are read from Non-secure memory',
    see: stops('ns', ''),
    holds: false,
    without: true,
  },
  {
    id: 'S-FETCH-QUEUES',
    name: 'commands are read from Secure memory',
    see: stops('s', 'S_'),
    holds: false,
    without: true,
  },
  {
    id: 'R-FETCH-QUEUES',
    name: 'commands are read from Realm memory',
    see: stops('realm', 'R_'),
    holds: false,
    without: true,
  },
  {
    id: 'NS-FETCH-MSI',
    name: 'an MSI goes to Non-secure memory',
    see: signals('ns'),
    holds: ['ns'],
    without: ['s'],
  },
  {
    id: 'S-FETCH-MSI',
    name: 'an MSI goes to Secure memory',
    see: signals('s'),
    holds: ['s'],
    without: ['ns'],
  },
  {
    id: 'R-FETCH-MSI',
    name: 'an MSI goes to Realm memory',
    see: signals('realm'),
    holds: ['realm'],
    without: ['ns'],
  },
  {
    id: 'EVENTS-ROUTING',
    name: "an event goes to the queue of its stream's state",
    see: (m) => {
      const found = [];
      for (const world of ['s', 'realm'] as const) withStream(m, world).dma(UNMAPPED);
      for (const world of ['ns', 's', 'realm'] as const) found.push(m.in(world).events().length);
      return found;
    },
    holds: [0, 1, 1],
    without: [2, 0, 0],
  },
];

export const QUEUE_CASES: readonly WorldCase[] = [...QUEUES, ...SPACES];

export { asks, MSI, PRIQ, priq, signals, UNMAPPED, writtenIn };
