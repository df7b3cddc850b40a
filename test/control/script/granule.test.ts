import { expect, it } from 'vitest';
import { failuresOf, run } from './kit.ts';

const CHECKED = `machine preset=architecture-rme
device nic sid=8
map ns sid=8 iova=0x1000 pa=0x50000000 size=64K
invalidate ns all
`;

async function holds(text: string, before = CHECKED): Promise<void> {
  expect(failuresOf(await run(before + text))).toEqual([]);
}

async function fails(text: string, why: string, before = CHECKED): Promise<void> {
  expect(failuresOf(await run(before + text)).join('\n')).toContain(why);
}

it('a table that was just made lets everybody pass', () =>
  holds(`
gpc on
expect reg.root.CR0.GPCEN == 1 && reg.root.GPT_BASE.ADDR != 0
dma nic read 0x1000 4
expect pa=0x50000000
access s read 0x50000000 4
expect ok
`));

it('a granule is reached from the spaces that its GPI names, and its neighbours as before', () =>
  holds(`
gpt 0x50001000 4K SECURE
gpc on
access ns read 0x50000ffc 4
expect ok
access ns read 0x50001000 4
expect result == abort
access s write 0x50001ffc 4
expect ok
access ns read 0x50002000 4
expect ok
dma nic read 0x2000 4
expect result == abort
expect eventq prod=0
`));

it('whole regions become blocks again, and parts of them tables', () =>
  holds(`
gpt 0x40000000 4K NO_ACCESS
gpt 0x40000000 2G REALM
gpc on
access realm read 0x40000000 4
expect ok
access realm read 0x7ffff000 4
expect ok
access ns read 0x80000000 4
expect result == abort
access ns read 0xc0000000 4
expect ok
`));

it('what was read of the table stays until ROOT_TLBI names it', () =>
  holds(`
gpc on
access ns read 0x50000000 4
gpt 0x50000000 64K REALM
access ns read 0x50000000 4
expect ok
gpc invalidate 0x90000000 64K
access ns read 0x50000000 4
expect ok
gpc invalidate 0x50000000 64K
access ns read 0x50000000 4
expect result == abort
gpc off
access ns read 0x50000000 4
expect ok
gpc on
gpc invalidate
access ns read 0x50000000 4
expect result == abort
`));

it('an access touches pages, and its space is that of the statement', () =>
  holds(`
gpt 0x50001000 4K NO_ACCESS
gpc on
access ns read 0x50000ff0 0x20
expect result == ok
access root read 0x50000000 4
expect pa=0x50000000 space=root
`));

const RME = 'machine preset=architecture-rme';

it.each([
  ['2M', 0x20_0000, 1],
  ['32M', 0x200_0000, 2],
  ['512M', 0x2000_0000, 3],
])('contiguous=%s: entries of whole regions, each of which speaks for its region', (size, bytes, code) =>
  holds(`
let region = ${bytes}
gpt (0x40000000 + region) (2 * region) REALM contiguous=${size}
let table = mem(reg.root.GPT_BASE.ADDR + 8, root) & ~0xfff
let entry = mem(table + (region >> 16) * 8, root)
expect (entry & 0xf) == 1 && (entry >> 4) == (0xb | (${code} << 4))
expect mem(table + (3 * region >> 16) * 8 - 8, root) == entry
gpc on
access ns read (0x40000000 + region - 4K) 4
expect ok
access ns read (0x40000000 + region) 4
expect result == abort
access realm read (0x40000000 + 3 * region - 4K) 4
expect ok
access ns read (0x40000000 + 3 * region) 4
expect ok
`),
);

it('a granule inside a Contiguous region makes granules of all of it', () =>
  holds(`
gpt 0x60000000 2M REALM contiguous=2M
gpt 0x60001000 4K NONSECURE
gpc on
access realm read 0x60000000 4
expect ok
access ns read 0x60000000 4
expect result == abort
access ns read 0x60001000 4
expect ok
access realm read 0x60001000 4
expect result == abort
access realm read 0x601ff000 4
expect ok
access ns read 0x60200000 4
expect ok
`));

it('a smaller Contiguous region inside of a larger one leaves the rest as it was', () =>
  holds(`
gpt 0x60000000 32M REALM contiguous=32M
gpt 0x60400000 2M SECURE contiguous=2M
gpc on
access s read 0x60400000 4
expect ok
access realm read 0x60400000 4
expect result == abort
access realm read 0x603ff000 4
expect ok
access realm read 0x60600000 4
expect ok
access realm read 0x61fff000 4
expect ok
`));

it.each([
  ['4KB', 0x1000],
  ['16KB', 0x4000],
  ['64KB', 0x1_0000],
])('pgs=%s: the granule of a table that is made', (pgs, bytes) =>
  holds(`
gpt (0x60000000 + ${bytes}) ${bytes} SECURE pgs=${pgs} pps=40bit
expect reg.root.GPT_BASE_CFG.PPS == 2 && reg.root.GPT_BASE_CFG.PGS == ${['4KB', '64KB', '16KB'].indexOf(pgs)}
gpc on pgs=${pgs}
access ns read (0x60000000 + ${bytes} - 4) 4
expect ok
access ns read (0x60000000 + ${bytes}) 4
expect result == abort
access s read (0x60000000 + 2 * ${bytes} - 4) 4
expect ok
access ns read (0x60000000 + 2 * ${bytes}) 4
expect ok
`),
);

it.each([
  ['1GB', 30],
  ['16GB', 34],
  ['64GB', 36],
  ['512GB', 39],
])('machine l0gptsz=%s: entries of level 0 cover so much', (size, bits) =>
  holds(
    `
expect reg.root.GPT_BASE_CFG.L0GPTSZ == ${bits - 30}
reg root.GPT_BASE_CFG.L0GPTSZ = 0
expect reg.root.GPT_BASE_CFG.L0GPTSZ == ${bits - 30}
gpc on pps=48bit
gpt (2 << ${bits}) (1 << ${bits}) REALM
gpt 0x60000000 4K NO_ACCESS
gpc invalidate
access root read 0x60000000 4
expect result == abort
access ns read 0x60001000 4
expect ok
expect mem(reg.root.GPT_BASE.ADDR + 16, root) == 0xb1
expect (mem(reg.root.GPT_BASE.ADDR + (0x60000000 >> ${bits}) * 8, root) & 0xf) == 3
`,
    `${RME} l0gptsz=${size}\n`,
  ),
);

it('a second table is prepared, and taken over as a whole', () =>
  holds(`
gpt 0x60000000 2M SECURE
gpc on
gpt 0x60000000 2M REALM next
expect reg.root.GPT_BASE2.ADDR != 0 && reg.root.GPT_BASE2.ADDR != reg.root.GPT_BASE.ADDR
let second = reg.root.GPT_BASE2.ADDR
access s read 0x60000000 4
expect ok
gpc update
expect reg.root.GPT_BASE.ADDR == second
access s read 0x60000000 4
expect ok
gpc invalidate
access s read 0x60000000 4
expect result == abort
access realm read 0x60000000 4
expect ok
gpt 0x60000000 2M NONSECURE next
expect reg.root.GPT_BASE2.ADDR != second && reg.root.GPT_BASE.ADDR == second
gpc update
gpc invalidate
access ns read 0x60000000 4
expect ok
`));

it('says what no table can be', async () => {
  await fails('gpt 0x60001000 2M REALM contiguous=2M', 'is not made of regions of 2 MiB (contiguous=)');
  await fails('gpt 0x60000000 1M REALM contiguous=2M', 'is not made of regions of 2 MiB');
  await fails('gpt 0x60000000 4K REALM contiguous=4M', '"4M" was not expected here; write 2M or 32M or 512M');
  await fails('gpt 0x60000000 2M REALM next', 'ROOT_GPT_BASE names no table');
  await fails('gpc on\ngpt 0x60000000 2M REALM next pgs=64KB', 'has granules of 4 KiB already');
  await fails('gpc on\ngpt 0x60000000 2M REALM pps=48bit', 'covers 64 GiB already; leave pgs= and pps= out');
  await fails('gpc update', 'ROOT_GPT_BASE2 names no other table');
  await fails('gpc off pgs=4KB', 'gpc off makes no table');
  await fails('gpc on pps=52bit', 'output addresses have 48', `${RME} IDR5.OAS=48bit\n`);
  await fails('gpc on pgs=16KB', 'no granules of 16 KiB', `${RME} IDR5.GRAN16K=0\n`);
  expect((await run('machine l0gptsz=16GB\nexpect 1 == 1')).unreadable?.message).toContain('no root state');
});

it('says what does not fit', async () => {
  await fails('gpt 0x50000800 4K REALM', 'is not made of granules of 4 KiB (ROOT_GPT_BASE_CFG.PGS)');
  await fails('gpt 0x1000000000 4K REALM', 'the range ends beyond 0x1000000000');
  await fails('gpt 0x50000000 0 REALM', 'the range is empty');
  await fails('gpc invalidate 0x50000000 12K', 'ROOT_TLBI has no size of 12 KiB');
  await fails('gpc invalidate 0x50001000 64K', '0x50001000 is no multiple of 64 KiB');
  await fails('gpc invalidate 0x50001000', 'the size is missing');
  await fails('gpc on 0x50001000 4K', 'gpc on has no range');
});

it('what was read of the table stays until a PE broadcasts that it goes', () =>
  holds(`
access ns read 0x50000000 4
expect ok
gpt 0x50000000 4K SECURE
access ns read 0x50000000 4
expect ok
broadcast RPAOS address=0x50010000 size=64K
access ns read 0x50000000 4
expect ok
broadcast RPALOS address=0x50000000 size=64K
access ns read 0x50000000 4
expect abort
gpt 0x50000000 4K NONSECURE
access ns read 0x50000000 4
expect abort
broadcast PAALLOS
access ns read 0x50000000 4
expect ok
`));

it('a broadcast by physical address that says too little or too much is told so', async () => {
  await fails('broadcast RPAOS address=0x50000000', '"size" is missing');
  await fails('broadcast RPAOS size=4K', '"address" is missing');
  await fails('broadcast RPAOS address=0x50000000 size=12K', 'RPAOS has no size of 12 KiB; use 4 KiB');
  await fails('broadcast RPALOS address=0x50001000 size=64K', '0x50001000 is no multiple of 64 KiB');
  await fails('broadcast PAALLOS address=0x50000000', 'PAALLOS names everything');
  await fails('broadcast RPAOS address=0x50000000 size=4K asid=1', 'RPAOS has no asid');
  await fails('broadcast VAE1 address=0x1000 size=4K', 'VAE1 has no size');
  await fails('broadcast RPAO', 'RPAO');
});
