/** Invalidations that PEs broadcast, from the debug console (IHI 0070 3.17). */

import { expect, test } from 'vitest';
import { scriptSession } from '../kit/script-session.ts';

const SCRIPT = `machine preset=architecture-rme
map ns sid=8 iova=0x1000 pa=0x50010000 size=4K
map s sid=8 iova=0x1000 pa=0x50020000 size=4K
gpc on
device disk sid=8
device safe sid=8 world=s
dma disk read 0x1000 4
dma safe read 0x1000 4
gpt 0x50010000 4K SECURE
let here = 1
dma disk read 0x1000 4
expect abort
let there = 1
`;
const HERE = 10;

const session = scriptSession(SCRIPT);

/** Goes on to the line before which everything is cached. */
async function here(launch = {}): Promise<void> {
  await session.adapter.client.launch({ program: session.program, ...launch });
  await session.to(HERE);
}

async function refused(expression: string): Promise<string> {
  const { client } = session.adapter;
  const response = await client.response(client.post('evaluate', { expression, context: 'repl' }));
  expect(response.success).toBe(false);
  return response.message ?? '';
}

test('an invalidation of granule protection is an operation: what it drops goes, and comes back', async () => {
  await here();
  const { client } = session.adapter;
  const ask = (): Promise<string> => client.evaluate('translate sid=8 iova=0x1000');
  expect(await ask()).toMatch(/-> PA 0x50010000/);
  const said = await client.evaluate('broadcast RPAOS address=0x50010000 size=4K');
  expect(said).toMatch(/GPT cache drops 0x40000000 .*; the invalidation is done$/);
  expect(await ask()).toContain('Secure PAS only');
  expect(await client.evaluate('history')).toContain('broadcast TLBI RPAOS address=0x50010000 size=4K');
  expect(await client.evaluate('broadcast paallos')).toMatch(/the invalidation is done$/);
});

test('an invalidation of translations is of a Security state', async () => {
  await here();
  const { client } = session.adapter;
  expect(await client.evaluate('broadcast ALLE1 world=s')).toMatch(/done$/);
  expect(await client.evaluate('translate sid=8 iova=0x1000')).toContain('from the TLB');
  expect(await client.evaluate('broadcast alle1')).toMatch(/done$/);
  expect(await client.evaluate('translate sid=8 iova=0x1000')).not.toContain('from the TLB');
});

test('what is not understood is said with the form that would be', async () => {
  await here();
  expect(await refused('broadcast')).toMatch(/^the invalidation is missing; write ALLE1, .*PAALLOS/);
  expect(await refused('broadcast VAE9')).toMatch(/^there is no broadcast VAE9; write ALLE1/);
  expect(await refused('broadcast RPAOS size=4K')).toBe(
    'address= is missing; write broadcast RPAOS address=0x40000000 size=4K',
  );
  expect(await refused('broadcast RPAOS address=0x1000 size=3K')).toMatch(
    /^RPAOS has no size of 3 KiB; use 4 KiB/,
  );
  expect(await refused('broadcast PAALLOS size=4K')).toMatch(/^"size=4K" is not understood/);
  expect(await refused('broadcast VAE1 world=root')).toMatch(/^VAE1 is of no regime of root/);
  expect(await refused('broadcast VAE1 asid=70000')).toMatch(/^asid=70000 is too large/);
});

test('a viewer of another state broadcasts neither for Secure state nor by physical address', async () => {
  await here({ viewerWorld: 'ns' });
  expect(await refused('broadcast ALLE1 world=s')).toMatch(/^masked \(Secure\)/);
  expect(await refused('broadcast PAALLOS')).toMatch(/^masked \(Root\)/);
});
