import { describe, expect, it } from 'vitest';
import { failuresOf, open, run } from './kit.ts';

const MAPPED =
  'device nic sid=8\nmap ns sid=8 iova=0x1000 pa=0x50000000 size=4K\ninvalidate ns all\ndma nic read 0x1000 64\nexpect pa=0x50000000';

describe('texts as editors write them', () => {
  it.each([
    ['a byte order mark', `\ufeff${MAPPED}\n`],
    ['carriage returns', `${MAPPED.replaceAll('\n', '\r\n')}\r\n`],
    ['both, and no end of the last line', `\ufeff${MAPPED.replaceAll('\n', '\r\n')}`],
    ['tabs', MAPPED.replaceAll(' ', '\t')],
    ['empty lines and comments', `\n\n# first\n${MAPPED}   # last\n\n`],
  ])('%s: the script runs', async (_, text) => {
    expect(failuresOf(await run(text))).toEqual([]);
  });

  it('a byte order mark takes no column', async () => {
    await expect(open('\ufefffoo')).rejects.toThrow(/line 1, column 1: "foo" is no keyword/);
  });
});

describe('the machine', () => {
  it.each([
    ['IDR0.ATS=0', /line 1, column 1: .*IDR0\.ATS=0.*\(IHI 0070 6\.3\.1\).*no SMMU is like that/],
    ['IDR0.ST_LEVEL=0', /IDR1\.SIDSIZE=32, IDR0\.ST_LEVEL=0/],
    ['IDR3.RIL=0', /RIL is 1 from SMMUv3\.2/],
  ])('%s contradicts other fields of architecture-max and is refused', async (features, words) => {
    const { unreadable } = await run(`machine ${features}\nexpect 1 == 1`);
    expect(unreadable?.message).toMatch(words);
  });

  it('every contradiction is told at once, as far as there are few', async () => {
    const { unreadable } = await run('machine IDR0.ATS=0\nexpect 1 == 1');
    expect(unreadable?.message.match(/IHI 0070/g)?.length).toBeGreaterThan(1);
  });

  it.each([
    ['IDR0.ST_LEVEL=0 IDR1.SIDSIZE=6', 'reg.ns.IDR0.ST_LEVEL == 0'],
    ['preset=qemu-virt-10.2 IDR0.ATS=0', 'reg.ns.IDR0.ATS == 0'],
    ['IDR3.BBML=1', 'reg.ns.IDR3.BBML == 1'],
    ['preset=qemu-virt-10.2 IDR5.OAS=48bit', 'reg.ns.IDR5.OAS == 5'],
  ])('%s is one', async (features, what) => {
    expect(failuresOf(await run(`machine ${features}\nexpect ${what}`))).toEqual([]);
  });

  it('an unknown preset: those that there are', async () => {
    const { unreadable } = await run('machine preset=nope\nexpect 1 == 1', {});
    expect(unreadable?.message).toMatch(/line 1, column 16: there is no preset "nope".*architecture-max/);
  });

  it('more commands than the queue has entries: what to do instead', async () => {
    const text = 'machine preset=architecture-min\ninvalidate ns all';
    expect(failuresOf(await run(text)).join()).toMatch(/1 entries.*write them one by one with cmd/);
  });
});
