import { describe, expect, it } from 'vitest';
import { DEFAULT_WISH, makeMachine, READY_PLACES } from '../../../src/control/script/machine.ts';
import { failuresOf, run } from './kit.ts';

const RME = 'machine preset=architecture-rme\n';
const BASE = 0x4000_0000;
/** A quarter of the 8 GiB that a machine has. */
const QUARTER = 0x8000_0000;

/** Every expectation of the text comes true. */
async function holds(text: string): Promise<void> {
  expect(failuresOf(await run(text))).toEqual([]);
}

async function fails(text: string, why: string): Promise<void> {
  expect(failuresOf(await run(text)).join('\n')).toContain(why);
}

describe('a machine with Security states', () => {
  it('comes up with tables and queues of each, in a quarter of RAM each', () => {
    const smmu = makeMachine({ ...DEFAULT_WISH, preset: 'architecture-rme' });
    for (const [i, prefix] of ['', 'S_', 'R_'].entries()) {
      const base = BASE + i * QUARTER;
      expect(smmu.bank.field(`${prefix}STRTAB_BASE`, 'ADDR')).toBe(base);
      expect(smmu.bank.field(`${prefix}CMDQ_BASE`, 'ADDR')).toBe(base + READY_PLACES.commandQueue);
      expect(smmu.bank.field(`${prefix}CR0`, 'SMMUEN')).toBe(1);
    }
    expect(smmu.bank.field('ROOT_CR0', 'ACCESSEN')).toBe(1);
    expect(smmu.bank.field('ROOT_CR0', 'GPCEN')).toBe(0);
    for (const world of ['ns', 's', 'realm', 'root'] as const)
      expect(smmu.memory(world).inRam(BASE)).toBe(true);
  });

  it('leaves a state that is not asked for as after reset, and lets accesses pass all the same', () =>
    holds(`machine preset=architecture-rme worlds=ns,realm
expect reg.ns.CR0.SMMUEN == 1 && reg.realm.CR0.SMMUEN == 1
expect reg.s.CR0.SMMUEN == 0
expect reg.root.CR0.ACCESSEN == 1
`));

  it('is as after reset when it is bare', () =>
    holds(`machine preset=architecture-rme bare
expect reg.root.CR0.ACCESSEN == 0 && reg.s.CR0.SMMUEN == 0
`));

  it('says which state it does not have', async () => {
    await fails('machine worlds=ns,s\nste ns 8 V=0', 'this SMMU has no s state: S_IDR1.SECURE_IMPL is 0');
    await fails('map realm sid=8 iova=0 pa=0 size=4K', 'this SMMU has no realm state');
    await fails(`machine preset=architecture-rme size=16M\nste ns 8 V=0`, 'RAM is smaller than 0x4000000');
  });
});

describe('structures and queues of a Security state', () => {
  it('lie in its own space, and equal StreamIDs have nothing to do with each other', () =>
    holds(`${RME}
device nic sid=8
device sec sid=8 world=s
device rlm sid=8 worlds=realm
map ns sid=8 iova=0x1000 pa=0x50000000 size=64K
map s sid=8 iova=0x1000 pa=0x60000000 size=64K
map realm sid=8 iova=0x1000 pa=0x70000000 size=64K
dma nic read 0x1000 4
expect pa=0x50000000 space=ns
dma sec read 0x1000 4
expect pa=0x60000000 space=s
dma rlm read 0x1000 4
expect pa=0x70000000 space=realm
expect sec.world == s && rlm.world == realm
expect cd(8, 0, s).V == 1 && ste(8, realm).V == 1
expect mem(ste(8, s).S1ContextPtr, s) != 0 && mem(ste(8, s).S1ContextPtr, ns) == 0
`));

  it('take commands, and their events and errors stand apart', () =>
    holds(`${RME}
device sec sid=8 world=s
dma sec read 0x1000 4
expect event C_BAD_STREAMID world=s StreamID=8
expect eventq world=s prod=1
expect eventq prod=0
cmd s CFGI_STE StreamID=8 SSec Leaf
expect cmdq world=s prod=1 cons=1 error=NONE
cmd ns CFGI_STE StreamID=8 SSec Leaf
expect cmdq world=ns error=CERROR_ILL
expect gerror CMDQ_ERR
expect cmdq world=s error=NONE
cmd realm SYNC CS=3
expect gerror CMDQ_ERR world=realm
`));

  it('stand in expressions and texts by the name of their state', () =>
    holds(`${RME}
device sec sid=8 world=s
dma sec read 0x1000 4
expect eventq.s.prod == 1 && eventq.s.cons == 0 && eventq.prod == 0 && eventq.realm.prod == 0
cmd realm CFGI_ALL
expect cmdq.realm.cons == 1 && cmdq.ns.cons == cmdq.cons && cmdq.s.cons == 0
print "{eventq.s.prod} {priq.realm.cons}"
`));

  it('are told when there is none', () =>
    fails(`${RME}expect priq world=s prod=0`, 'the s state has no PRIQ; there is one of ns and realm'));

  it('have no name where the state is not there', () =>
    fails('expect eventq.s.prod == 0', 'EVENTQ has no s; it has prod, cons, ns'));

  it('are invalidated by the commands of their queue', async () => {
    for (const world of ['s', 'realm'])
      await holds(
        `${RME}
device d sid=8 world=${world}
map ${world} sid=8 iova=0x1000 pa=0x60000000 size=64K
dma d read 0x1000 4
unmap ${world} sid=8 iova=0x1000 size=4K
dma d read 0x1000 4
expect ok
invalidate ${world} sid=8 iova=0x1000 size=4K
dma d read 0x1000 4
expect event F_TRANSLATION world=${world}
ste ${world} 8 Config=ABORT
invalidate ${world} sid=8 config
dma d read 0x1000 4
expect result == abort
expect none == none
`.replace('expect none == none\n', ''),
      );
  });

  it('are all invalidated at once', async () => {
    for (const [preset, strw] of [
      ['architecture-secure', 'EL1'],
      ['architecture-secure', 'EL3'],
      ['architecture-secure', 'EL2'],
    ])
      await holds(`machine preset=${preset}
device d sid=8 world=s
map s sid=8 iova=0x1000 pa=0x60000000 size=64K
${strw === 'EL1' ? '' : `ste s 8 STRW=${strw === 'EL2' ? 2 : 1}\n`}invalidate s all
dma d read 0x1000 4
expect ok
unmap s sid=8 iova=0x1000 size=4K
invalidate s all
expect cmdq world=s error=NONE
dma d read 0x1000 4
expect event F_TRANSLATION world=s
`);
  });
});

describe('the space of an output', () => {
  it('of stage 1 is Non-secure where the leaf says so', () =>
    holds(`${RME}
device sec sid=8 world=s
map s sid=8 iova=0x1000 pa=0x60000000 size=4K space=ns
dma sec read 0x1000 4
expect pa=0x60000000 space=ns
`));

  it('of Realm stage 2 is Non-secure where the leaf says so', () =>
    holds(`${RME}
device rlm sid=8 world=realm
map realm sid=8 stage=2 iova=0x1000 pa=0x60000000 size=4K space=ns
map realm sid=8 stage=2 iova=0x2000 pa=0x61000000 size=4K
dma rlm read 0x1000 4
expect pa=0x60000000 space=ns
dma rlm read 0x2000 4
expect pa=0x61000000 space=realm
`));

  it('of Secure stage 2 is that of the tables, which there are for Secure and Non-secure addresses', () =>
    holds(`${RME}
device sec sid=8 world=s
map s sid=8 stage=2 iova=0x80000000 pa=0x90000000 size=2M
map s sid=8 stage=2 ipa=ns iova=0x80000000 pa=0x50000000 size=2M
dma sec read 0x80000000 4
expect pa=0x90000000 space=s
dma sec read 0x80000000 4 ns
expect pa=0x50000000 space=ns
map s sid=8 iova=0x1000 pa=0x80000000 size=4K
map s sid=8 iova=0x2000 pa=0x80000000 size=4K space=ns
invalidate s all
expect ste(8, s).Config == 7
dma sec read 0x1000 4
expect pa=0x90000000 space=s
dma sec read 0x2000 4
expect pa=0x50000000 space=ns
unmap s sid=8 stage=2 ipa=ns iova=0x80000000 size=4K
invalidate s all
dma sec read 0x2000 4
expect event F_TRANSLATION world=s S2=1
dma sec read 0x1000 4
expect ok
`));

  it('is told by invalidations from the other one, and without stage 1 both may be cached', async () => {
    const arranged = `${RME}
device sec sid=8 world=s
map s sid=8 stage=2 iova=0x80000000 pa=0x90000000 size=4K
map s sid=8 stage=2 ipa=ns iova=0x80000000 pa=0x50000000 size=4K
dma sec read 0x80000000 4
dma sec read 0x80000000 4 ns
unmap s sid=8 stage=2 iova=0x80000000 size=4K
unmap s sid=8 stage=2 ipa=ns iova=0x80000000 size=4K
`;
    await holds(`${arranged}
broadcast IPAS2E1 vmid=ste(8, s).S2VMID address=0x80000000 world=s ns
dma sec read 0x80000000 4
expect pa=0x90000000 space=s
dma sec read 0x80000000 4 ns
expect event F_TRANSLATION world=s S2=1
`);
    await holds(`${arranged}
invalidate s sid=8 iova=0x80000000 size=4K
dma sec read 0x80000000 4
expect event F_TRANSLATION world=s S2=1
dma sec read 0x80000000 4 ns
expect event F_TRANSLATION world=s S2=1
`);
  });

  it('is refused where tables cannot say it', async () => {
    await fails(
      `${RME}map realm sid=8 iova=0 pa=0 size=4K space=ns`,
      'tables of a realm stream cannot output ns addresses at this stage',
    );
    await fails(
      `${RME}map ns sid=8 iova=0 pa=0 size=4K space=s`,
      'tables of a ns stream cannot output s addresses',
    );
    await fails(
      `${RME}map realm sid=8 stage=2 ipa=ns iova=0 pa=0 size=4K`,
      'stage 2 of a realm stream has no ns addresses; use ipa=realm',
    );
    await fails(
      `${RME}map s sid=8 stage=2 iova=0 pa=0 size=4K\nmap s sid=8 stage=2 iova=0x1000 pa=0 size=4K space=ns`,
      'all output of these tables of STE 0x8 is s (S2SA)',
    );
  });
});

describe('stage-1 tables of Secure streams in Non-secure memory', () => {
  const SECURE = `${RME}device sec sid=8 world=s\n`;

  it('begin there by CD.NSCFG0, and lead to Non-secure memory', () =>
    holds(`${SECURE}
map s sid=8 iova=0x1000 pa=0x50000000 size=4K tables=ns
invalidate s all
expect cd(8, 0, s).NSCFG0 == 1
expect mem(cd(8, 0, s).TTB0, ns) != 0 && mem(cd(8, 0, s).TTB0, s) == 0
dma sec read 0x1000 4
expect pa=0x50000000 space=ns
map s sid=8 iova=0x2000 pa=0x51000000 size=4K space=ns
unmap s sid=8 iova=0x1000 size=4K
invalidate s all
dma sec read 0x2000 4
expect pa=0x51000000 space=ns
dma sec read 0x1000 4
expect event F_TRANSLATION world=s
`));

  it('begin there when software has set NSCFG1 before', () =>
    holds(`${SECURE}
ste s 8 Config=S1 V=1
cd s 8 NSCFG1=1
map s sid=8 iova=0xffffff8000001000 pa=0x50000000 size=4K space=ns
invalidate s all
expect mem(cd(8, 0, s).TTB1, s) == 0
dma sec read 0xffffff8000001000 4
expect pa=0x50000000 space=ns
`));

  it('follow Secure ones by NSTable', () =>
    holds(`${SECURE}
map s sid=8 iova=0x1000 pa=0x90000000 size=4K
map s sid=8 iova=0x8000000000 pa=0x50000000 size=4K tables=ns
invalidate s all
let entry = mem(cd(8, 0, s).TTB0 + 8, s)
expect cd(8, 0, s).NSCFG0 == 0 && (entry >> 63) == 1
expect (mem(cd(8, 0, s).TTB0, s) >> 63) == 0
expect mem(entry & 0xfffffffff000, ns) != 0 && mem(entry & 0xfffffffff000, s) == 0
dma sec read 0x1000 4
expect pa=0x90000000 space=s
dma sec read 0x8000000000 4
expect pa=0x50000000 space=ns
unmap s sid=8 iova=0x8000000000 size=4K
invalidate s all
dma sec read 0x8000000000 4
expect event F_TRANSLATION world=s
`));

  it.each([
    ['before', 'map s sid=8 stage=2 iova=0x90000000 pa=0x90000000 size=2M\n', ''],
    ['after', '', 'map s sid=8 stage=2 iova=0x90000000 pa=0x90000000 size=2M\n'],
  ])('lie where stage 2 puts Non-secure addresses, made %s stage 1', (_, before, after) =>
    holds(`${SECURE}${before}
map s sid=8 iova=0x1000 pa=0x90000000 size=4K
map s sid=8 iova=0x8000000000 pa=0x50000000 size=4K tables=ns
${after}map s sid=8 stage=2 ipa=ns iova=0x50000000 pa=0x52000000 size=4K
invalidate s all
expect ste(8, s).Config == 7
dma sec read 0x1000 4
expect pa=0x90000000 space=s
dma sec read 0x8000000000 4
expect pa=0x52000000 space=ns
`),
  );

  it('of stage 2 lie where S2SW and S2NSW say', () =>
    holds(`${SECURE}
ste s 8 S2SW=1 S2SA=1
map s sid=8 stage=2 iova=0x1000 pa=0x50000000 size=4K space=ns
invalidate s all
expect mem(ste(8, s).S_S2TTB, s) == 0 && mem(ste(8, s).S_S2TTB, ns) != 0
dma sec read 0x1000 4
expect pa=0x50000000 space=ns
`));

  it('are refused where there are none', async () => {
    await fails(
      `${RME}map ns sid=8 iova=0 pa=0 size=4K tables=s`,
      'tables of a ns stream do not lie in s memory',
    );
    await fails(`${RME}map realm sid=8 iova=0 pa=0 size=4K tables=ns`, 'use tables=realm');
    await fails(
      `${SECURE}map s sid=8 stage=2 iova=0 pa=0 size=4K tables=ns`,
      'set S2SW or S2NSW by ste before',
    );
    await fails(
      `${SECURE}map s sid=8 iova=0x1000 pa=0 size=4K tables=ns space=s`,
      'tables in ns memory lead to ns addresses alone; use space=ns',
    );
    await fails(
      `${SECURE}map s sid=8 iova=0x1000 pa=0 size=4K tables=ns\nmap s sid=8 iova=0x2000 pa=0 size=4K`,
      'tables in ns memory lead to ns addresses alone',
    );
  });
});

describe('a device of two states', () => {
  it('sends what the statement says, and of the first state unless it says', () =>
    holds(`${RME}
device dual sid=8 worlds=s,ns
map ns sid=8 iova=0x1000 pa=0x50000000 size=4K
map s sid=8 iova=0x1000 pa=0x60000000 size=4K
dma dual read 0x1000 4
expect pa=0x60000000 space=s
dma dual read 0x1000 4 world=ns
expect pa=0x50000000 space=ns
`));

  it('sends nothing of a third', async () => {
    await fails(
      `${RME}device dual sid=8 worlds=s,ns\ndma dual read 0 4 world=realm`,
      'dual is a device of s, ns, not of realm',
    );
    await fails(`${RME}device dual sid=8 worlds=s world=ns`, 'world= and worlds= say the same');
  });
});
