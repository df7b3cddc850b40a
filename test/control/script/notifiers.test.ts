import { expect, it } from 'vitest';
import { failuresOf, run } from './kit.ts';

const SCENE = `
device net sid=8
map ns sid=8 iova=0x1000 pa=0x50000000 size=64K
cd ns 8 ASID=3
invalidate ns all
`;

async function failures(text: string): Promise<string[]> {
  return failuresOf(await run(SCENE + text));
}

async function holds(text: string): Promise<void> {
  expect(await failures(text)).toEqual([]);
}

it('a device is plugged in by its first notifier, and is told of what is invalidated', () =>
  holds(`
notifier net consumer=vhost
expect registered net
expect registered net consumer=vhost
obtain net 0x1000
expect held net
expect held net 0x1fff pa=0x50000000 space=ns notifier=0
expect not-held net 0x20000
cmd ns TLBI_NH_VA ASID=3 Address=0x1000
expect notify unmap
expect notify unmap net iova=0x1000 size=4K space=ns world=ns path=iova reason=delivered notifier=0 done
expect not-held net 0x1000
`));

it('who asks for what the SMMU refuses is refused, and the rules can change', () =>
  holds(`
notifier net consumer=vfio
expect refused net
expect refused net "MAP notifier" consumer=vfio
notifier net consumer=custom flags=DEVIOTLB_UNMAP
expect refused net "dev-iotlb"
notifier net consumer=custom flags=NONE
expect refused net exits
notifiers accepts=map
notifier net consumer=vfio
expect registered net consumer=vfio
notifiers policy=drop-all
notifier net consumer=custom flags=UNMAP,MAP
expect registered net consumer=custom
`));

it('a notifier of a range is told of what lies in it', () =>
  holds(`
notifier net consumer=vhost iova=0x1000 size=8K
cmd ns TLBI_NH_ASID ASID=3
expect notify unmap net iova=0x1000 size=8K path=whole
cmd ns TLBI_NH_VA ASID=3 Address=0x8000
expect notify none net reason=no-overlap
cmd ns TLBI_NH_VA ASID=4 Address=0x1000
expect notify none net reason=asid
cmd ns CFGI_STE StreamID=8 Leaf
expect notify none net
`));

it('an unregistered notifier is told nothing, a reset device lets go, an unplugged one is gone', () =>
  holds(`
notifier net consumer=vhost
notifier net consumer=custom
obtain net 0x1000
obtain net 0x1000 notifier=1 write
unregister net notifier=1
cmd ns TLBI_NH_ASID ASID=3
expect notify unmap net notifier=0
expect notify none net notifier=1
obtain net 0x1000
reset net
expect not-held net
unplug net
cmd ns TLBI_NH_ASID ASID=3
expect notify none
notifier net consumer=vhost
expect registered net
`));

it('each test begins with the rules and devices that stood before it', () =>
  holds(`
notifier net consumer=vhost
obtain net 0x1000
test "one"
  notifiers policy=drop-all
  unplug net
end
test "two"
  expect held net 0x1000
  cmd ns TLBI_NH_ASID ASID=3
  expect notify unmap net
end
`));

it('what did not come true is told', async () => {
  const told = async (text: string): Promise<string> => (await failures(text)).join('\n');
  expect(await told('expect registered net')).toContain('expected registered net, got net has no notifier');
  expect(await told('notifier net consumer=vfio\nexpect registered net')).toContain(
    'got refused: device 00.01.0 requires iommu MAP notifier',
  );
  expect(await told('notifier net consumer=vhost\nexpect refused net "MAP"')).toContain(
    'expected refused net "MAP", got no registration was refused',
  );
  const scene = 'notifier net consumer=vhost\nobtain net 0x1000\n';
  expect(await told(`${scene}expect not-held net`)).toContain('got 0x1000 -> 0x50000000 (ns) held');
  expect(await told(`${scene}expect held net 0x1000 space=s`)).toContain('(ns) held');
  expect(await told(`${scene}expect held net 0x30000`)).toContain('got nothing is held');
  expect(await told(`${scene}cmd ns TLBI_NH_ASID ASID=3\nexpect notify none net`)).toContain(
    'expected notify none net, got told net, path whole: UNMAP 0x0-0xffffffffffffffff (ns), done',
  );
  expect(
    await told(`${scene}cmd ns TLBI_NH_VA ASID=4 Address=0x1000\nexpect notify unmap net space=ns`),
  ).toContain('expected notify unmap net space=ns, got not told (asid) net');
  expect(await told('expect notify unmap')).toContain('got no decision');
});

it('a statement that changes nothing is named with its line', async () => {
  const { output } = await run(`${SCENE}cd ns 8 ASID=3\n`);
  expect(output).toBe('line 6: cd ns 8 ASID=3: nothing changes\n');
});
