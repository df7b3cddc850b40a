/** What the commands of each queue reach. */

import type { World } from '../../../src/bits/world.ts';
import type { CommandName } from '../../../src/spec/commands.ts';
import { SID, type TestSmmu, type Values } from '../../kit/smmu.ts';
import { mapStage2, SECURE_S2_STE } from '../../kit/stage2.ts';
import { IOVA, isStopped, PA, type WorldCase, withStream } from './case.ts';

const STATES = ['ns', 's', 'realm'] as const;

/** A command and its fields. */
type Command = readonly [CommandName, Values?];

/** A stream of each state has been translated. */
function warm(m: TestSmmu): TestSmmu {
  for (const world of STATES) withStream(m, world).dma(IOVA);
  return m;
}

/** States of which the configuration of a stream is cached. */
const configured = (m: TestSmmu): World[] =>
  STATES.filter((world) => m.smmu.config.find(world, SID) !== null);

/** States of which translations are cached. */
const translated = (m: TestSmmu): World[] => {
  const worlds = m.smmu.tlb.entries().map((entry) => entry.space.tag.world);
  return STATES.filter((world) => worlds.includes(world));
};

/** Runs commands on a queue; `see` is asked afterwards. */
function after<T>(world: (typeof STATES)[number], commands: readonly Command[], see: (m: TestSmmu) => T) {
  return (m: TestSmmu): T => {
    warm(m)
      .in(world)
      .run(...commands);
    return see(m);
  };
}

/** VMIDs that differ in their lowest four bits. */
const [TAGGED, NAMED] = [0x13, 0x10];

/** A Secure translation through stage 2 is tagged by a VMID, and an invalidation names another one. */
function maskedVmid(m: TestSmmu): number {
  const view = m.in('s');
  view.ste({ ...SECURE_S2_STE, S2VMID: TAGGED });
  mapStage2(view, { ipa: BigInt(IOVA), pa: BigInt(PA) });
  view.dma(IOVA);
  view.run(['CMD_TLBI_S_S12_VMALL', { VMID: NAMED }]);
  return m.smmu.tlb.size;
}

export const COMMAND_WORLD_CASES: readonly WorldCase[] = [
  {
    id: 'CMD-NS',
    name: 'SSec=1 on the Non-secure queue is illegal, and no Secure entry goes',
    see: after('ns', [['CMD_CFGI_STE', { SSec: 1, StreamID: SID }]], (m) => [
      isStopped(m, ''),
      configured(m),
    ]),
    holds: [true, ['ns', 's', 'realm']],
    without: [false, ['ns', 'realm']],
  },
  {
    id: 'CMD-NS',
    name: 'an opcode of Secure state is illegal on the Non-secure queue',
    see: after('ns', [['CMD_TLBI_SNH_ALL']], (m) => isStopped(m, '')),
    holds: true,
    without: false,
  },
  {
    id: 'R-SSEC',
    name: 'SSec=1 on the Realm queue is illegal',
    see: after('realm', [['CMD_CFGI_STE', { SSec: 1, StreamID: SID }]], (m) => isStopped(m, 'R_')),
    holds: true,
    without: false,
  },
  {
    id: 'CMD-S',
    name: 'SSec=0 on the Secure queue names a Non-secure stream',
    see: after('s', [['CMD_CFGI_STE', { StreamID: SID }]], configured),
    holds: ['s', 'realm'],
    without: ['ns', 'realm'],
  },
  {
    id: 'CMD-S',
    name: 'an opcode of the Secure queue reaches Non-secure entries',
    see: after('s', [['CMD_TLBI_NSNH_ALL']], translated),
    holds: ['s', 'realm'],
    without: ['ns', 's', 'realm'],
  },
  {
    id: 'CMD-R',
    name: 'the Realm queue names Realm streams',
    see: after('realm', [['CMD_CFGI_STE', { StreamID: SID }]], configured),
    holds: ['ns', 's'],
    without: ['s', 'realm'],
  },
  {
    id: 'CMD-R',
    name: 'the Realm queue reaches Realm entries',
    see: after('realm', [['CMD_TLBI_NSNH_ALL']], translated),
    holds: ['ns', 's'],
    without: ['s', 'realm'],
  },
  {
    id: 'CAN-S-TLBI',
    name: 'Secure software drops Non-secure translations and configuration',
    see: after('s', [['CMD_TLBI_NSNH_ALL'], ['CMD_CFGI_STE', { StreamID: SID }]], (m) => [
      translated(m),
      configured(m),
    ]),
    holds: [
      ['s', 'realm'],
      ['s', 'realm'],
    ],
    without: [
      ['ns', 's', 'realm'],
      ['ns', 's', 'realm'],
    ],
  },
  {
    id: 'CANNOT-OVER-INVALIDATE',
    name: 'an invalidation of the Non-secure queue leaves Secure entries alone',
    see: after('ns', [['CMD_TLBI_NH_ALL', { VMID: 0 }]], translated),
    holds: ['s', 'realm'],
    without: ['realm'],
  },
  {
    id: 'TLB-VMW',
    name: 'S_CR0.VMW widens the VMID of Secure entries, whatever CR0.VMW says',
    options: { registers: { 'S_CR0.VMW': 4 } },
    see: maskedVmid,
    holds: 0,
    without: 1,
  },
  {
    id: 'TLB-VMW',
    name: 'CR0.VMW leaves Secure entries alone',
    options: { registers: { 'CR0.VMW': 4 } },
    see: maskedVmid,
    holds: 1,
    without: 0,
  },
];

export { configured, translated, warm };
