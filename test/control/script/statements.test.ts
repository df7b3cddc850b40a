import { expect, it } from 'vitest';
import { failuresOf, run } from './kit.ts';

const MAPPED = `
device disk sid=8
map ns sid=8 iova=0x1000 pa=0x50000000 size=64K
`;

/** Every expectation of the text comes true. */
async function holds(text: string): Promise<void> {
  expect(failuresOf(await run(text))).toEqual([]);
}

it('a mapped address is translated, and one beside it faults with an event', () =>
  holds(`${MAPPED}
dma disk read 0x1040 64
expect ok
expect pa=0x50000040
expect pa=0x50000040 space=ns
expect result == ok && pa == 0x50000040
expect none
dma disk write 0x11000 4
expect event F_TRANSLATION StreamID=8 InputAddr=0x11000
expect event.name == F_TRANSLATION && event.RnW == 0
expect result == abort
expect eventq prod=1 cons=0
`));

it('a dma makes one transaction for each page that it touches', () =>
  holds(`${MAPPED}
dma disk read 0x1fff 2
expect ok
expect pa=0x50000fff
dma disk read 0x10fff 2
expect result == ok
expect event F_TRANSLATION InputAddr=0x11000
`));

it('permissions and the access flag are those of the statement', () =>
  holds(`
device disk sid=8
map ns sid=8 iova=0x1000 pa=0x50000000 size=4K perm=r
map ns sid=8 iova=0x2000 pa=0x50001000 size=4K perm=rx
map ns sid=8 iova=0x3000 pa=0x50002000 size=4K af=0
dma disk write 0x1000 4
expect event F_PERMISSION
dma disk read 0x1000 4
expect ok
dma disk read 0x2000 4 inst
expect ok
dma disk read 0x1000 4 inst
expect event F_PERMISSION
dma disk read 0x3000 4
expect event F_ACCESS
`));

it('fields of structures are written by name and read by expressions', () =>
  holds(`
ste ns 8 Config=BYPASS V=1
expect ste(8).Config == 4 && ste(8).V == 1
device disk sid=8
dma disk read 0x12345000 4
expect pa=0x12345000
ste ns 9 Config=S1 V=1
cd ns 9 ASID=7 T0SZ=16
expect cd(9).ASID == 7 && cd(9).V == 0
l1std ns 1 Span=0
expect mem(0x40000008) == 0
poke 0x50000000 = 0x123456789 + 1
expect mem(0x50000000) == 0x12345678a
poke ns 0x50000004 = 2 u32
expect mem(0x50000000, ns) == 0x22345678a
`));

it('an L1CD is written by name where the CD table has two levels', () =>
  holds(`
ste ns 8 Config=S1 S1CDMax=12 V=1
cd ns 8 0x401 ASID=3
expect ste(8).S1Fmt == 2 && cd(8, 0x401).ASID == 3
l1cd ns 8 1 V=0
expect !(mem(ste(8).S1ContextPtr + 8) & 1)
`));

it('registers are written whole and by fields', () =>
  holds(`
reg ns.CR2.PTM = 1
expect reg.ns.CR2.PTM == 0 && reg.ns.CR2.RECINVSID == 1   # guarded while SMMUEN=1 (6.3.12)
expect reg.ns.CR0 == 0xf
reg ns.CR0.SMMUEN = 0
expect reg.ns.CR0ACK.SMMUEN == 0 && reg.ns.CR0.CMDQEN == 1
reg ns.CR2.PTM = 1
expect reg.ns.CR2.PTM == 1 && reg.ns.CR2.RECINVSID == 1
reg ns.STRTAB_BASE = 0x4000000050000000
expect reg.ns.STRTAB_BASE.RA == 1 && reg.ns.STRTAB_BASE.ADDR == 0x50000000
expect reg.ns.STRTAB_BASE == 0x4000000050000000
`));

it('commands are consumed at once, or held until run', () =>
  holds(`
cmd ns CFGI_STE StreamID=8 Leaf
expect cmdq prod=1 cons=1
cmd ns CMD_SYNC hold
cmd ns SYNC CS=SIG_SEV hold
expect cmdq prod=3 cons=1 error=NONE
expect cmdq.cons == 1
run ns 1
expect cmdq cons=2
run ns
expect cmdq cons=3
expect none
cmd ns SYNC CS=3
expect cmdq cons=3 prod=4 error=CERROR_ILL
expect gerror CMDQ_ERR
`));

it('a stale translation answers until it is invalidated and the CMD_SYNC is complete', () =>
  holds(`${MAPPED}
dma disk read 0x1000 4
unmap ns sid=8 iova=0x1000 size=4K
dma disk read 0x1000 4
expect pa=0x50000000
invalidate ns sid=8 iova=0x1000 size=4K
dma disk read 0x1000 4
expect event F_TRANSLATION
dma disk read 0x2000 4
expect pa=0x50001000
ste ns 8 Config=ABORT
dma disk read 0x2000 4
expect pa=0x50001000
invalidate ns sid=8 config
dma disk read 0x2000 4
expect result == abort
ste ns 8 Config=S1
invalidate ns all
dma disk read 0x2000 4
expect pa=0x50001000
`));

it('a stalled transaction goes on when it is resumed', () =>
  holds(`${MAPPED}
cd ns 8 S=1
invalidate ns all
dma disk read 0x20000 4
expect result == stall
expect event F_TRANSLATION Stall=1 StreamID=8
map ns sid=8 iova=0x20000 pa=0x60000000 size=4K
resume disk retry
expect none
dma disk read 0x20000 4
expect pa=0x60000000
dma disk read 0x30000 4
resume disk abort stag=0
expect none
`));

it('substreams have contexts of their own', () =>
  holds(`${MAPPED}
device gpu sid=8 ssid=5
map ns sid=8 ssid=5 iova=0x1000 pa=0x70000000 size=4K
dma gpu read 0x1000 4
expect pa=0x70000000
dma disk read 0x1000 4
expect pa=0x50000000
dma disk read 0x1000 4 ssid=5
expect pa=0x70000000
expect gpu.sid == 8 && gpu.ssid == 5
`));

it('stage 2 may come before or after stage 1', async () => {
  const stage1 = 'map ns sid=8 iova=0x1000 pa=0x80001000 size=4K';
  const stage2 = 'map ns sid=8 stage=2 iova=0x80000000 pa=0x60000000 size=2M';
  for (const both of [
    [stage1, stage2],
    [stage2, stage1],
  ]) {
    await holds(`device disk sid=8\n${both.join('\n')}
dma disk read 0x1010 4
expect pa=0x60001010
expect ste(8).Config == 7`);
  }
});

it('an ATS request and the transaction translated by it', () =>
  holds(`${MAPPED}
ste ns 8 EATS=FULL
invalidate ns sid=8 config
dma disk read 0x1000 4 ats=tr
expect ok
expect pa=0x50000000
dma disk read 0x50000000 4 ats=tt
expect pa=0x50000000
invalidate ns sid=8 iova=0x1000 size=4K leaf
expect none
`));

it('page requests, broadcasts and atomic accesses reach the SMMU', () =>
  holds(`${MAPPED}
page disk 0x1000 read write last group=3
expect priq prod=1 cons=0
expect none
dma disk read 0x1000 4
broadcast VAE1 asid=1 address=0x1000
expect none
dma disk write 0x1000 4 atomic priv
expect ok
`));

it('what is printed, let and expected by expressions', async () => {
  const result = await run('let base = 4K * 2\nprint "base is {base}"\nexpect base == 8192');
  expect(result.output).toBe('base is 0x2000\n');
  expect(failuresOf(result)).toEqual([]);
});

it('an upper address goes through TTB1', () =>
  holds(`
device disk sid=8
map ns sid=8 iova=0xffff000000001000 pa=0x50000000 size=4K
dma disk read 0xffff000000001004 4
expect pa=0x50000004
map ns sid=8 iova=0x1000 pa=0x50001000 size=4K
dma disk read 0xffff000000001004 4
expect pa=0x50000004
`));
