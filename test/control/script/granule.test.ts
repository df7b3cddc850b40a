import { expect, it } from 'vitest';
import { failuresOf, run } from './kit.ts';

const CHECKED = `machine preset=architecture-rme
device nic sid=8
map ns sid=8 iova=0x1000 pa=0x50000000 size=64K
invalidate ns all
`;

async function holds(text: string): Promise<void> {
  expect(failuresOf(await run(CHECKED + text))).toEqual([]);
}

async function fails(text: string, why: string): Promise<void> {
  expect(failuresOf(await run(CHECKED + text)).join('\n')).toContain(why);
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

it('says what does not fit', async () => {
  await fails('gpt 0x50000800 4K REALM', 'is not made of granules of 4 KiB (ROOT_GPT_BASE_CFG.PGS)');
  await fails('gpt 0x1000000000 4K REALM', 'the range ends beyond 0x1000000000');
  await fails('gpt 0x50000000 0 REALM', 'the range is empty');
  await fails('gpc invalidate 0x50000000 12K', 'ROOT_TLBI has no size of 12 KiB');
  await fails('gpc invalidate 0x50001000 64K', '0x50001000 is no multiple of 64 KiB');
  await fails('gpc invalidate 0x50001000', 'the size is missing');
  await fails('gpc on 0x50001000 4K', 'gpc on has no range');
});
