/** What is allowed, and the class of what is not (IHI 0070 3.21.1, IDR3.BBML). */

import type { Variant } from '../variant.ts';
import { CFGI, D, D2, INV, nested, s1, s2 } from './scenes.ts';

export const ALLOWED: readonly Variant[] = [
  ...(
    [
      ['AF 1->0', 'poke (t3+8) = mem(t3+8)-0x400 u64'],
      ['software bits', 'poke (t3+8) = mem(t3+8) | 0x0780000000000000 u64'],
      ['the same value written', 'poke (t3+8) = mem(t3+8) u64'],
      ['another page changed', 'poke (t3+16) = 0 u64'],
      ['STE software bits', 'poke (ste_at+24) = 0 u64'],
    ] as const
  ).map(
    ([n, w]) =>
      ({
        name: `allowed: ${n}`,
        setup: `device nic sid=8; map ns sid=8 iova=0x1000 pa=0x50000000 size=8K pages=4K; ${INV}; let t1=mem(cd(8).TTB0)&0xfffffffff000; let t2=mem(t1)&0xfffffffff000; let t3=mem(t2)&0xfffffffff000; let ste_at=0x40400200`,
        before: D,
        wrong: w,
        right: '',
        probe: D,
        finds: 'none',
      }) as Variant,
  ),
  {
    name: 'allowed: invalid to valid',
    setup: s1(),
    before: D,
    wrong: 'map ns sid=8 iova=0x2000 pa=0x60000000 size=4K',
    right: 'map ns sid=8 iova=0x2000 pa=0x60000000 size=4K',
    probe: 'dma nic read 0x2000 64',
    finds: 'none',
  },
  {
    name: 'allowed: invalid to valid with a new table',
    setup: s1(),
    before: D,
    wrong: 'map ns sid=8 iova=0x80000000 pa=0x60000000 size=4K',
    right: '',
    probe: 'dma nic read 0x80000000 64',
    finds: 'none',
  },
  {
    name: 'allowed: fault first, then mapped',
    setup: s1(),
    before: 'dma nic read 0x2000 64',
    wrong: 'map ns sid=8 iova=0x2000 pa=0x60000000 size=4K',
    right: '',
    probe: 'dma nic read 0x2000 64',
    finds: 'none',
  },
  {
    name: 'class: tightened permissions',
    setup: s1(),
    before: 'dma nic write 0x1000 64',
    wrong: 'map ns sid=8 iova=0x1000 pa=0x50000000 size=4K perm=r',
    right:
      'map ns sid=8 iova=0x1000 pa=0x50000000 size=4K perm=r; cmd ns TLBI_NH_VA ASID=cd(8).ASID Address=0x1000 Leaf; cmd ns SYNC',
    probe: 'dma nic write 0x1000 64',
    finds: 'certain unsafe stale-use',
  },
  {
    name: 'class: tightened, a read',
    setup: s1(),
    before: 'dma nic write 0x1000 64',
    wrong: 'map ns sid=8 iova=0x1000 pa=0x50000000 size=4K perm=r',
    right: '',
    probe: 'dma nic read 0x1000 64',
    finds: 'certain unsafe stale-use',
  },
  {
    name: 'class: loosened permissions',
    setup: s1('perm=r'),
    before: 'dma nic read 0x1000 64',
    wrong: 'map ns sid=8 iova=0x1000 pa=0x50000000 size=4K perm=rw',
    right:
      'map ns sid=8 iova=0x1000 pa=0x50000000 size=4K perm=rw; cmd ns TLBI_NH_VA ASID=cd(8).ASID Address=0x1000 Leaf; cmd ns SYNC',
    probe: 'dma nic write 0x1000 64',
    finds: 'certain spurious-fault stale-use',
  },
  {
    name: 'class: loosened, a read',
    setup: s1('perm=r'),
    before: 'dma nic read 0x1000 64',
    wrong: 'map ns sid=8 iova=0x1000 pa=0x50000000 size=4K perm=rw',
    right: '',
    probe: 'dma nic read 0x1000 64',
    finds: 'none',
  },
  {
    name: 'class: loosened, never used',
    setup: s1('perm=r'),
    wrong: 'map ns sid=8 iova=0x1000 pa=0x50000000 size=4K perm=rw',
    right:
      'map ns sid=8 iova=0x1000 pa=0x50000000 size=4K perm=rw; cmd ns TLBI_NH_VA ASID=cd(8).ASID Address=0x1000 Leaf; cmd ns SYNC',
    probe: 'dma nic write 0x1000 64',
    finds: 'possible spurious-fault stale-use',
  },
  {
    name: 'class: tightened, never used',
    setup: s1(),
    wrong: 'map ns sid=8 iova=0x1000 pa=0x50000000 size=4K perm=r',
    right:
      'map ns sid=8 iova=0x1000 pa=0x50000000 size=4K perm=r; cmd ns TLBI_NH_VA ASID=cd(8).ASID Address=0x1000 Leaf; cmd ns SYNC',
    probe: 'dma nic write 0x1000 64',
    finds: 'possible unsafe stale-use',
  },
  {
    name: 'class: tightened, never used, stage 2',
    setup: s2,
    wrong: 'map ns sid=8 stage=2 iova=0x80000000 pa=0x50000000 size=4K perm=r',
    right:
      'map ns sid=8 stage=2 iova=0x80000000 pa=0x50000000 size=4K perm=r; cmd ns TLBI_S2_IPA VMID=ste(8).S2VMID Address=0x80000000 Leaf; cmd ns SYNC',
    probe: 'dma nic write 0x80000000 64',
    finds: 'possible unsafe stale-use',
  },
  {
    name: 'class: unmapped, never used, stage 2',
    setup: s2,
    wrong: 'unmap ns sid=8 stage=2 iova=0x80000000 size=4K',
    right:
      'unmap ns sid=8 stage=2 iova=0x80000000 size=4K; cmd ns TLBI_S2_IPA VMID=ste(8).S2VMID Address=0x80000000 Leaf; cmd ns SYNC',
    probe: D2,
    finds: 'possible unsafe stale-use',
  },
  {
    name: 'class: unmapped, never used, nested stage 2',
    setup: nested,
    wrong: 'unmap ns sid=8 stage=2 iova=0x80000000 size=4K',
    right:
      'unmap ns sid=8 stage=2 iova=0x80000000 size=4K; cmd ns TLBI_S12_VMALL VMID=ste(8).S2VMID; cmd ns SYNC',
    probe: D,
    finds: 'possible unsafe stale-use',
  },
  {
    name: 'class: pa changed',
    setup: s1(),
    before: D,
    wrong: 'map ns sid=8 iova=0x1000 pa=0x60000000 size=4K',
    right:
      'map ns sid=8 iova=0x1000 pa=0x60000000 size=4K; cmd ns TLBI_NH_VA ASID=cd(8).ASID Address=0x1000 Leaf; cmd ns SYNC',
    probe: D,
    finds: 'certain unsafe stale-use',
  },
  {
    name: 'class: attributes changed',
    setup: s1(),
    before: D,
    wrong: 'map ns sid=8 iova=0x1000 pa=0x50000000 size=4K attr=NC',
    right:
      'map ns sid=8 iova=0x1000 pa=0x50000000 size=4K attr=NC; cmd ns TLBI_NH_VA ASID=cd(8).ASID Address=0x1000 Leaf; cmd ns SYNC',
    probe: D,
    finds: 'certain unsafe stale-use',
  },
  ...([0, 1, 2] as const).map(
    (b) =>
      ({
        name: `BBML ${b}: block split to equal pages`,
        setup: `machine preset=qemu-virt-10.2 IDR3.BBML=${b}; device nic sid=8; map ns sid=8 iova=0x200000 pa=0x60000000 size=2M pages=2M; map ns sid=8 iova=0x400000 pa=0x60000000 size=2M pages=4K; ${INV}; let t1=mem(cd(8).TTB0)&0xfffffffff000; let t2=mem(t1)&0xfffffffff000; let t3=mem(t2+16)`,
        before: 'dma nic read 0x200000 64',
        wrong: 'poke (t2+8) = t3 u64',
        right: '',
        probe: 'dma nic read 0x200000 64',
        finds: b === 2 ? 'none' : 'certain unsafe stale-use',
      }) as Variant,
  ),
  {
    name: 'BBML 1: split with nT',
    setup: `machine IDR3.BBML=1; device nic sid=8; map ns sid=8 iova=0x200000 pa=0x60000000 size=2M pages=2M; map ns sid=8 iova=0x400000 pa=0x60000000 size=2M pages=4K; ${INV}; let t1=mem(cd(8).TTB0)&0xfffffffff000; let t2=mem(t1)&0xfffffffff000; let t3=mem(t2+16); poke (t2+8) = mem(t2+8)|0x10000 u64; cmd ns TLBI_NH_ALL; cmd ns SYNC`,
    before: 'dma nic read 0x200000 64',
    wrong: 'poke (t2+8) = t3 u64',
    right: '',
    probe: 'dma nic read 0x200000 64',
    finds: 'none',
  },
  ...([0, 1] as const).map(
    (b) =>
      ({
        name: `BBML ${b}: contiguous bit`,
        setup: `machine preset=qemu-virt-10.2 IDR3.BBML=${b}; device nic sid=8; map ns sid=8 iova=0x10000 pa=0x50000000 size=64K pages=4K; ${INV}; let t1=mem(cd(8).TTB0)&0xfffffffff000; let t2=mem(t1)&0xfffffffff000; let t3=mem(t2)&0xfffffffff000`,
        before: 'dma nic read 0x10000 64',
        wrong: 'poke (t3+128) = mem(t3+128) ^ 0x10000000000000 u64',
        right: '',
        probe: 'dma nic read 0x10000 64',
        finds: b >= 1 ? 'none' : 'certain unsafe stale-use',
      }) as Variant,
  ),
  {
    name: 'contiguous: other page of the run unmapped',
    setup: `device nic sid=8; map ns sid=8 iova=0x10000 pa=0x50000000 size=64K; ${INV}`,
    before: 'dma nic read 0x1f000 64',
    wrong:
      'unmap ns sid=8 iova=0x10000 size=64K; cmd ns TLBI_NH_VA ASID=cd(8).ASID Address=0x10000 Leaf; cmd ns SYNC',
    right: 'unmap ns sid=8 iova=0x10000 size=64K; invalidate ns sid=8 iova=0x10000 size=64K',
    probe: 'dma nic read 0x1f000 64',
    finds: 'certain unsafe stale-use',
  },
  {
    name: 'unmapped table entry, range',
    setup: `device nic sid=8; map ns sid=8 iova=0x200000 pa=0x60000000 size=2M pages=2M; ${INV}`,
    before: 'dma nic read 0x200000 64',
    wrong: 'unmap ns sid=8 iova=0x200000 size=2M; invalidate ns sid=8 iova=0x201000 size=4K',
    right: 'unmap ns sid=8 iova=0x200000 size=2M; invalidate ns sid=8 iova=0x200000 size=2M',
    probe: 'dma nic read 0x200000 64',
    finds: 'none',
  },
  {
    name: 'never reachable: CD table prepared while the STE is abort',
    setup: `device nic sid=8; ste ns 8 Config=ABORT V=1; ${INV}; map ns sid=0x109 iova=0x1000 pa=0x50000000 size=4K; ${INV}`,
    before: D,
    wrong: `ste ns 8 Config=S1 S1ContextPtr=ste(0x109).S1ContextPtr; ${CFGI}`,
    right: '',
    probe: D,
    finds: 'none',
  },
  {
    name: 'HTTU dirty by hardware is not stale',
    setup: `device nic sid=8; map ns sid=8 iova=0x1000 pa=0x50000000 size=4K af=0; cd ns 8 HA=1 HD=1; ${INV}`,
    before: D,
    wrong: '',
    right: '',
    probe: D,
    finds: 'none',
  },
  {
    name: 'HTTU dirty cleared by software',
    setup: `device nic sid=8; map ns sid=8 iova=0x1000 pa=0x50000000 size=4K perm=r; cd ns 8 HA=1 HD=1; ${INV}; let t1=mem(cd(8).TTB0)&0xfffffffff000; let t2=mem(t1)&0xfffffffff000; let t3=mem(t2)&0xfffffffff000; poke (t3+8) = mem(t3+8) | 0x8000000000000 u64; cmd ns TLBI_NH_ALL; cmd ns SYNC`,
    before: 'dma nic write 0x1000 64; expect ok',
    wrong: '',
    right: '',
    probe: 'dma nic write 0x1000 64',
    finds: 'none',
  },
];
