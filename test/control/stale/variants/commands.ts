/** Missing CMD_SYNCs, level-1 descriptors, ranges and levels (bug classes 5, 8, 11, 12). */

import type { Variant } from '../variant.ts';
import { D, D2, INV, s1, s2 } from './scenes.ts';

export const COMMANDS: readonly Variant[] = [
  ...(
    [
      ['16K', '16K'],
      ['64K', '64K'],
    ] as const
  ).map(([g, s]) => ({
    name: `bug 5: SYNC missing, granule ${g}`,
    setup: `device nic sid=8; map ns sid=8 iova=0x10000 pa=0x50000000 size=${s} granule=${g}; ${INV}`,
    before: 'dma nic read 0x10000 64',
    wrong: `unmap ns sid=8 iova=0x10000 size=${s}; cmd ns TLBI_NH_VA ASID=cd(8).ASID Address=0x10000 Leaf`,
    right: `unmap ns sid=8 iova=0x10000 size=${s}; cmd ns TLBI_NH_VA ASID=cd(8).ASID Address=0x10000 Leaf; cmd ns SYNC`,
    probe: 'dma nic read 0x10000 64',
    finds: 'possible unsafe stale-use',
  })),
  {
    name: 'bug 5: SYNC before the TLBI',
    setup: s1(),
    before: D,
    wrong:
      'unmap ns sid=8 iova=0x1000 size=4K; cmd ns SYNC; cmd ns TLBI_NH_VA ASID=cd(8).ASID Address=0x1000 Leaf',
    right:
      'unmap ns sid=8 iova=0x1000 size=4K; cmd ns TLBI_NH_VA ASID=cd(8).ASID Address=0x1000 Leaf;cmd ns SYNC',
    probe: D,
    finds: 'possible unsafe stale-use',
  },
  {
    name: 'bug 5: TLBI before the write',
    setup: s1(),
    before: D,
    wrong:
      'cmd ns TLBI_NH_VA ASID=cd(8).ASID Address=0x1000 Leaf; unmap ns sid=8 iova=0x1000 size=4K; cmd ns SYNC',
    right:
      'unmap ns sid=8 iova=0x1000 size=4K; cmd ns TLBI_NH_VA ASID=cd(8).ASID Address=0x1000 Leaf;cmd ns SYNC',
    probe: D,
    finds: 'possible unsafe stale-use',
  },
  {
    name: 'bug 5: SYNC held',
    setup: s1(),
    before: D,
    wrong:
      'unmap ns sid=8 iova=0x1000 size=4K; cmd ns TLBI_NH_VA ASID=cd(8).ASID Address=0x1000 Leaf; cmd ns SYNC hold',
    right:
      'unmap ns sid=8 iova=0x1000 size=4K; cmd ns TLBI_NH_VA ASID=cd(8).ASID Address=0x1000 Leaf;cmd ns SYNC hold; run ns',
    probe: D,
    finds: 'possible unsafe stale-use',
  },
  {
    name: 'bug 5: nothing at all',
    setup: s1(),
    before: D,
    wrong: 'unmap ns sid=8 iova=0x1000 size=4K',
    right: 'unmap ns sid=8 iova=0x1000 size=4K; cmd ns TLBI_NH_ALL;cmd ns SYNC',
    probe: D,
    finds: 'certain unsafe stale-use',
    says: [/no invalidation was consumed since/],
  },
  {
    name: 'bug 5: stage 2',
    setup: s2,
    before: D2,
    wrong:
      'unmap ns sid=8 stage=2 iova=0x80000000 size=4K; cmd ns TLBI_S2_IPA VMID=ste(8).S2VMID Address=0x80000000 Leaf',
    right:
      'unmap ns sid=8 stage=2 iova=0x80000000 size=4K; cmd ns TLBI_S2_IPA VMID=ste(8).S2VMID Address=0x80000000 Leaf;cmd ns SYNC',
    probe: D2,
    finds: 'possible unsafe stale-use',
  },
  {
    name: 'bug 5: never used, nothing invalidated',
    setup: s1(),
    wrong: 'unmap ns sid=8 iova=0x1000 size=4K',
    right:
      'unmap ns sid=8 iova=0x1000 size=4K; cmd ns TLBI_NH_VA ASID=cd(8).ASID Address=0x1000 Leaf;cmd ns SYNC',
    probe: D,
    finds: 'possible unsafe stale-use',
    says: [/the model has not cached it/],
  },
  {
    name: 'bug 8: L1STD Leaf, S1',
    setup: 'device hot sid=0x300',
    before: 'dma hot read 0x1000 64',
    wrong:
      'map ns sid=0x300 iova=0x1000 pa=0x50000000 size=4K; cmd ns CFGI_STE StreamID=0x300 Leaf; cmd ns SYNC',
    right:
      'map ns sid=0x300 iova=0x1000 pa=0x50000000 size=4K; cmd ns CFGI_STE StreamID=0x300; cmd ns CFGI_CD_ALL StreamID=0x300; cmd ns SYNC',
    probe: 'dma hot read 0x1000 64',
    finds: 'certain spurious-fault stale-use',
  },
  {
    name: 'bug 8: CFGI_STE of a StreamID under another L1STD',
    setup: 'device hot sid=0x300',
    before: 'dma hot read 0x1000 64',
    wrong: 'ste ns 0x300 Config=BYPASS V=1; cmd ns CFGI_STE StreamID=0x200; cmd ns SYNC',
    right: 'ste ns 0x300 Config=BYPASS V=1; cmd ns CFGI_STE_RANGE StreamID=0x200 Range=8; cmd ns SYNC',
    probe: 'dma hot read 0x1000 64',
    finds: 'certain spurious-fault stale-use',
  },
  {
    name: 'bug 8: L1STD not used before',
    setup: 'device hot sid=0x300',
    wrong: 'ste ns 0x300 Config=BYPASS V=1; cmd ns CFGI_STE StreamID=0x300 Leaf; cmd ns SYNC',
    right: 'ste ns 0x300 Config=BYPASS V=1; cmd ns CFGI_STE StreamID=0x300; cmd ns SYNC',
    probe: 'dma hot read 0x1000 64',
    finds: 'possible spurious-fault stale-use',
  },
  {
    name: 'bug 8: L1STD cleared with Leaf',
    setup: `device hot sid=0x300; ste ns 0x300 Config=BYPASS V=1; ${INV}`,
    before: 'dma hot read 0x1000 64',
    wrong: 'l1std ns 3 Span=0 ; cmd ns CFGI_STE StreamID=0x300 Leaf; cmd ns SYNC',
    right: 'l1std ns 3 Span=0 ; cmd ns CFGI_STE StreamID=0x300; cmd ns SYNC',
    probe: 'dma hot read 0x1000 64',
    finds: 'certain unsafe stale-use',
  },
  {
    name: 'bug 8: L1STD span shrunk',
    setup: `device hot sid=0x3f0; ste ns 0x3f0 Config=BYPASS V=1; ${INV}`,
    before: 'dma hot read 0x1000 64',
    wrong: 'l1std ns 3 Span=5; cmd ns CFGI_STE StreamID=0x3f0 Leaf; cmd ns SYNC',
    right: 'l1std ns 3 Span=5 ; cmd ns CFGI_STE StreamID=0x3f0; cmd ns SYNC',
    probe: 'dma hot read 0x1000 64',
    finds: 'certain unsafe stale-use',
  },
  {
    name: 'bug 8: L1CD Leaf',
    setup: `device nic sid=8 ssid=0x500; map ns sid=8 ssid=0x500 iova=0x1000 pa=0x50000000 size=4K; ${INV}`,
    before: D,
    wrong: 'l1cd ns 8 1 V=0; cmd ns CFGI_CD StreamID=8 SubstreamID=0x500 Leaf; cmd ns SYNC',
    right: 'l1cd ns 8 1 V=0; cmd ns CFGI_CD StreamID=8 SubstreamID=0x500; cmd ns SYNC',
    probe: D,
    finds: 'certain unsafe stale-use',
  },
  ...[
    ['NUM=14 SCALE=0', 'NUM=15 SCALE=0', '16 pages of 4K', '4K', '64K', '0x1f000', 'TG=4KB', '0x10000'],
    [
      'NUM=15 SCALE=1',
      'NUM=15 SCALE=2',
      '64 pages of 4K, SCALE too small',
      '4K',
      '256K',
      '0x7f000',
      'TG=4KB',
      '0x40000',
    ],
    [
      'NUM=15 SCALE=0',
      'NUM=15 SCALE=0',
      '16K granule',
      '16K',
      '256K',
      '0x7c000',
      'TG=16KB',
      '0x40000',
      'TG=4KB',
    ],
    ['NUM=2 SCALE=0', 'NUM=3 SCALE=0', '64K granule', '64K', '256K', '0x70000', 'TG=64KB', '0x40000'],
    ['NUM=0 SCALE=9', 'NUM=0 SCALE=10', 'one SCALE less', '4K', '4M', '0x7ff000', 'TG=4KB', '0x400000'],
    ['NUM=30 SCALE=5', 'NUM=31 SCALE=5', 'NUM 31', '4K', '4M', '0x7ff000', 'TG=4KB', '0x400000'],
  ].map(
    ([w, r, n, g, size, last, tg, first, wtg]) =>
      ({
        name: `bug 11: ${n}`,
        setup: `device nic sid=8; map ns sid=8 iova=${first} pa=0x50000000 size=${size} granule=${g} pages=${g}; ${INV}`,
        before: `dma nic read ${last} 64`,
        wrong: `unmap ns sid=8 iova=${first} size=${size}; cmd ns TLBI_NH_VA ASID=cd(8).ASID Address=${first} ${wtg ?? tg} ${w} Leaf; cmd ns SYNC`,
        right: `unmap ns sid=8 iova=${first} size=${size}; cmd ns TLBI_NH_VA ASID=cd(8).ASID Address=${first} ${tg} ${r} Leaf; cmd ns SYNC`,
        probe: `dma nic read ${last} 64`,
        finds: 'certain unsafe stale-use',
        says: [/it names 0x[0-9a-f]+ \+ 0x/],
      }) as Variant,
  ),
  {
    name: 'bug 11: base one page late',
    setup: `device nic sid=8; map ns sid=8 iova=0x10000 pa=0x50000000 size=32K pages=4K; ${INV}`,
    before: 'dma nic read 0x10000 64',
    wrong:
      'unmap ns sid=8 iova=0x10000 size=32K; cmd ns TLBI_NH_VA ASID=cd(8).ASID Address=0x11000 TG=4KB NUM=7 SCALE=0 Leaf; cmd ns SYNC',
    right:
      'unmap ns sid=8 iova=0x10000 size=32K; cmd ns TLBI_NH_VA ASID=cd(8).ASID Address=0x10000 TG=4KB NUM=7 SCALE=0 Leaf; cmd ns SYNC',
    probe: 'dma nic read 0x10000 64',
    finds: 'certain unsafe stale-use',
  },
  {
    name: 'bug 11: TTB1 range',
    setup: `device nic sid=8; map ns sid=8 iova=0xffffffff00010000 pa=0x50000000 size=32K pages=4K; ${INV}`,
    before: 'dma nic read 0xffffffff00017000 64',
    wrong:
      'unmap ns sid=8 iova=0xffffffff00010000 size=32K; cmd ns TLBI_NH_VA ASID=cd(8).ASID Address=0xffffffff00010000 TG=4KB NUM=6 SCALE=0 Leaf; cmd ns SYNC',
    right:
      'unmap ns sid=8 iova=0xffffffff00010000 size=32K; cmd ns TLBI_NH_VA ASID=cd(8).ASID Address=0xffffffff00010000 TG=4KB NUM=7 SCALE=0 Leaf; cmd ns SYNC',
    probe: 'dma nic read 0xffffffff00017000 64',
    finds: 'certain unsafe stale-use',
  },
  {
    name: 'bug 11: TTB1 address without its upper bits',
    setup: `device nic sid=8; map ns sid=8 iova=0xffffffff00010000 pa=0x50000000 size=4K pages=4K; ${INV}`,
    before: 'dma nic read 0xffffffff00010000 64',
    wrong:
      'unmap ns sid=8 iova=0xffffffff00010000 size=4K; cmd ns TLBI_NH_VA ASID=cd(8).ASID Address=0xffff00010000 Leaf; cmd ns SYNC',
    right:
      'unmap ns sid=8 iova=0xffffffff00010000 size=4K; cmd ns TLBI_NH_VA ASID=cd(8).ASID Address=0xffffffff00010000 Leaf; cmd ns SYNC',
    probe: 'dma nic read 0xffffffff00010000 64',
    finds: 'certain unsafe stale-use',
  },
  {
    name: 'bug 11: stage-2 range',
    setup: `device nic sid=8; map ns sid=8 stage=2 iova=0x80000000 pa=0x60000000 size=64K pages=4K; ${INV}`,
    before: 'dma nic read 0x8000f000 64',
    wrong:
      'unmap ns sid=8 stage=2 iova=0x80000000 size=64K; cmd ns TLBI_S2_IPA VMID=ste(8).S2VMID Address=0x80000000 TG=4KB NUM=7 SCALE=0 Leaf; cmd ns SYNC',
    right:
      'unmap ns sid=8 stage=2 iova=0x80000000 size=64K; cmd ns TLBI_S2_IPA VMID=ste(8).S2VMID Address=0x80000000 TG=4KB NUM=7 SCALE=1 Leaf; cmd ns SYNC',
    probe: 'dma nic read 0x8000f000 64',
    finds: 'certain unsafe stale-use',
  },
  {
    name: 'bug 11: one page only, no range',
    setup: `device nic sid=8; map ns sid=8 iova=0x10000 pa=0x50000000 size=32K pages=4K; ${INV}`,
    before: 'dma nic read 0x17000 64',
    wrong:
      'unmap ns sid=8 iova=0x10000 size=32K; cmd ns TLBI_NH_VA ASID=cd(8).ASID Address=0x10000 NUM=7 Leaf; cmd ns SYNC',
    right: 'unmap ns sid=8 iova=0x10000 size=32K; invalidate ns sid=8 iova=0x10000 size=32K',
    probe: 'dma nic read 0x17000 64',
    finds: 'certain unsafe stale-use',
  },
  ...[
    [
      'TTL 3 for 2M',
      '4K',
      '2M',
      '2M',
      '0x200000',
      'TG=4KB TTL=3 NUM=0 SCALE=9',
      'TG=4KB TTL=2 NUM=0 SCALE=9',
    ],
    [
      'TTL 2 for 1G',
      '4K',
      '1G',
      '1G',
      '0x40000000',
      'TG=4KB TTL=2 NUM=0 SCALE=18',
      'TG=4KB TTL=1 NUM=0 SCALE=18',
    ],
    [
      'TTL 2 for pages',
      '4K',
      '2M',
      '4K',
      '0x200000',
      'TG=4KB TTL=2 NUM=0 SCALE=9',
      'TG=4KB TTL=3 NUM=0 SCALE=9',
    ],
    [
      'TG 4K for 64K pages with TTL',
      '64K',
      '64K',
      '64K',
      '0x10000',
      'TG=4KB TTL=3 NUM=15 SCALE=0',
      'TG=64KB TTL=3 NUM=0 SCALE=0',
    ],
    [
      'TG 16K for 4K pages',
      '4K',
      '64K',
      '4K',
      '0x10000',
      'TG=16KB TTL=3 NUM=3 SCALE=0',
      'TG=4KB TTL=3 NUM=15 SCALE=0',
    ],
    [
      'TTL 3 for 32M of 16K',
      '16K',
      '32M',
      '32M',
      '0x2000000',
      'TG=16KB TTL=3 NUM=0 SCALE=11',
      'TG=16KB TTL=2 NUM=0 SCALE=11',
    ],
    [
      'TTL 3 for 512M of 64K',
      '64K',
      '512M',
      '512M',
      '0x20000000',
      'TG=64KB TTL=3 NUM=0 SCALE=13',
      'TG=64KB TTL=2 NUM=0 SCALE=13',
    ],
  ].map(
    ([n, g, size, pages, at, w, r]) =>
      ({
        name: `bug 12: ${n}`,
        setup: `device nic sid=8; map ns sid=8 iova=${at} pa=0x80000000 size=${size} granule=${g} pages=${pages}; ${INV}`,
        before: `dma nic read ${at} 64`,
        wrong: `unmap ns sid=8 iova=${at} size=${size}; cmd ns TLBI_NH_VA ASID=cd(8).ASID Address=${at} ${w} Leaf; cmd ns SYNC`,
        right: `unmap ns sid=8 iova=${at} size=${size}; cmd ns TLBI_NH_VA ASID=cd(8).ASID Address=${at} ${r} Leaf; cmd ns SYNC`,
        probe: `dma nic read ${at} 64`,
        finds: 'certain unsafe stale-use',
      }) as Variant,
  ),
  {
    name: 'bug 12: stage-2 TTL',
    setup: `device nic sid=8; map ns sid=8 stage=2 iova=0x80000000 pa=0x60000000 size=2M pages=2M; ${INV}`,
    before: D2,
    wrong:
      'unmap ns sid=8 stage=2 iova=0x80000000 size=2M; cmd ns TLBI_S2_IPA VMID=ste(8).S2VMID Address=0x80000000 TG=4KB TTL=3 NUM=31 SCALE=4 Leaf; cmd ns SYNC',
    right:
      'unmap ns sid=8 stage=2 iova=0x80000000 size=2M; cmd ns TLBI_S2_IPA VMID=ste(8).S2VMID Address=0x80000000 TG=4KB TTL=2 NUM=31 SCALE=4 Leaf; cmd ns SYNC',
    probe: D2,
    finds: 'certain unsafe stale-use',
  },
];
