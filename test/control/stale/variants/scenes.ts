/** Scenes that many variants have. */

export const INV = 'invalidate ns all';
export const s1 = (o = '') => `device nic sid=8; map ns sid=8 iova=0x1000 pa=0x50000000 size=4K ${o}; ${INV}`;
export const D = 'dma nic read 0x1000 64';
export const CFGI = 'cmd ns CFGI_STE StreamID=8 Leaf; cmd ns SYNC';
export const s2 = `device nic sid=8; map ns sid=8 stage=2 iova=0x80000000 pa=0x50000000 size=4K; ${INV}`;
export const D2 = 'dma nic read 0x80000000 64';
export const nested = `device nic sid=8; map ns sid=8 stage=2 iova=0x80000000 pa=0x60000000 size=2M pages=4K; map ns sid=8 stage=1 iova=0x1000 pa=0x80000000 size=8K; ${INV}`;
export const other = (o = '') =>
  `device nic sid=8; device spare sid=0x10a; map ns sid=8 iova=0x1000 pa=0x50000000 size=4K ${o}; map ns sid=0x10a iova=0x1000 pa=0x60000000 size=4K ${o}; ${INV}`;
