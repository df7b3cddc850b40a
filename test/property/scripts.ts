/** Random scripts of the forms that change something, and random moves of a debugger over them. */

import fc from 'fast-check';

/** Few of each, so that statements meet. */
const sids = fc.constantFrom(8, 9);
const pages = fc.integer({ min: 0, max: 5 }).map((page) => `0x${(0x10000 + page * 0x1000).toString(16)}`);
const outputs = fc
  .integer({ min: 0, max: 3 })
  .map((page) => `0x${(0x40800000 + page * 0x10000).toString(16)}`);
const sizes = fc.constantFrom('4K', '8K', '16K');
const devices = fc.constantFrom('one', 'two');
const flags = (...all: string[]) => fc.subarray(all).map((some) => some.map((flag) => ` ${flag}`).join(''));

const statements: fc.Arbitrary<string> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc
      .tuple(sids, pages, outputs, sizes, fc.constantFrom('r', 'rw'))
      .map(
        ([sid, iova, pa, size, perm]) => `map ns sid=${sid} iova=${iova} pa=${pa} size=${size} perm=${perm}`,
      ),
  },
  {
    weight: 2,
    arbitrary: fc
      .tuple(sids, pages, sizes)
      .map(([sid, iova, size]) => `unmap ns sid=${sid} iova=${iova} size=${size}`),
  },
  {
    weight: 6,
    arbitrary: fc
      .tuple(devices, fc.constantFrom('read', 'write'), pages, fc.constantFrom('64', '8K'), flags('priv'))
      .map(([device, access, at, size, more]) => `dma ${device} ${access} ${at} ${size}${more}`),
  },
  {
    weight: 2,
    arbitrary: fc
      .tuple(sids, fc.constantFrom('Config=BYPASS V=1', 'Config=ABORT', 'V=0', 'Config=S1 V=1', 'MTCFG=1'))
      .map(([sid, fields]) => `ste ns ${sid} ${fields}`),
  },
  {
    weight: 2,
    arbitrary: fc
      .tuple(sids, fc.constantFrom('ASID=5', 'S=1', 'S=0', 'A=0 R=0', 'EPD0=1', 'V=0'))
      .map(([sid, fields]) => `cd ns ${sid} ${fields}`),
  },
  {
    weight: 3,
    arbitrary: fc
      .tuple(
        fc.constantFrom(
          'SYNC',
          'CFGI_STE StreamID=8 Leaf',
          'CFGI_ALL',
          'TLBI_NSNH_ALL',
          'TLBI_NH_ALL',
          'TLBI_NH_VA Address=0x10000 Leaf',
          'TLBI_NH_ASID ASID=5',
          'SYNC CS=3',
        ),
        flags('hold'),
      )
      .map(([command, hold]) => `cmd ns ${command}${hold}`),
  },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      'invalidate ns all',
      'invalidate ns sid=8 config',
      'invalidate ns sid=8 iova=0x10000 size=8K',
      'run ns',
      'run ns 1',
    ),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      'reg ns.CR0.CMDQEN = 0',
      'reg ns.CR0.CMDQEN = 1',
      'reg ns.GERRORN = reg.ns.GERROR',
      'reg ns.CMDQ_CONS.ERR = 0',
      'reg ns.EVENTQ_CONS = reg.ns.EVENTQ_PROD',
    ),
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.integer({ min: 0, max: 7 }), fc.integer({ min: 0, max: 0xffff }))
      .map(([at, value]) => `poke 0x${(0x40800000 + at * 8).toString(16)} = ${value}`),
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.constantFrom('a', 'b'), fc.integer({ min: 0, max: 99 }))
      .map(([name, value]) => `let ${name} = ${value}`),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      'expect a == 1',
      'expect none',
      'expect findings none',
      'expect b < 50',
      'print "a is {a}"',
    ),
  },
  { weight: 1, arbitrary: fc.constantFrom('resume one retry', 'resume two abort') },
);

const bodies = fc.array(statements, { minLength: 1, maxLength: 8 });

/** Test blocks and what stands between them. */
const parts: fc.Arbitrary<readonly string[]> = fc.oneof(
  { weight: 3, arbitrary: bodies },
  { weight: 1, arbitrary: bodies.map((body) => ['test "t"', ...body, 'end']) },
);

const HEAD = [
  'machine size=16M',
  'let a = 1',
  'let b = 2',
  'device one sid=8',
  'device two sid=9',
  'map ns sid=8 iova=0x10000 pa=0x40800000 size=8K',
  'map ns sid=9 iova=0x10000 pa=0x40810000 size=8K',
];

/** The text of a script that can be read. */
export const scripts: fc.Arbitrary<string> = fc
  .array(parts, { minLength: 1, maxLength: 4 })
  .map((some) =>
    [...HEAD, ...some.flatMap((part, i) => part.map((line) => line.replace('"t"', `"${i}"`))), ''].join('\n'),
  );

/** What somebody does with a debugger. */
export type Move =
  | { readonly kind: 'next' | 'stepIn' | 'stepBack' | 'fine' | 'continue' | 'reverse' | 'restart' | 'queue' }
  /** To a part of the history's length. */
  | { readonly kind: 'rewind'; readonly part: number }
  | { readonly kind: 'edit'; readonly what: 'ste' | 'descriptor' | 'register'; readonly value: number }
  | { readonly kind: 'transact'; readonly sid: number; readonly page: number; readonly step: boolean }
  | { readonly kind: 'breakpoints'; readonly set: number };

export const moves: fc.Arbitrary<Move> = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom<Move>({ kind: 'next' }, { kind: 'stepIn' }) },
  { weight: 5, arbitrary: fc.constantFrom<Move>({ kind: 'stepBack' }, { kind: 'fine' }) },
  {
    weight: 2,
    arbitrary: fc.constantFrom<Move>(
      { kind: 'continue' },
      { kind: 'reverse' },
      { kind: 'restart' },
      { kind: 'queue' },
    ),
  },
  {
    weight: 2,
    arbitrary: fc.double({ min: 0, max: 1, noNaN: true }).map((part): Move => ({ kind: 'rewind', part })),
  },
  {
    weight: 2,
    arbitrary: fc
      .tuple(
        fc.constantFrom<'ste' | 'descriptor' | 'register'>('ste', 'descriptor', 'register'),
        fc.integer({ min: 0, max: 7 }),
      )
      .map(([what, value]): Move => ({ kind: 'edit', what, value })),
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(sids, fc.integer({ min: 0, max: 5 }), fc.boolean())
      .map(([sid, page, step]): Move => ({ kind: 'transact', sid, page, step })),
  },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: 5 }).map((set): Move => ({ kind: 'breakpoints', set })) },
);
