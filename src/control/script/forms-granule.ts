/** Forms about granule protection, and accesses that nothing but granule protection checks. */

import { GPI } from '../../spec/encodings.ts';
import { CONTIG_LOG2 } from '../../spec/gpc.ts';
import { PROTECTED_SIZE, PROTECTION_GRANULE } from '../../spec/registers/encodings.ts';
import type { ArgumentParam, Form } from './form.ts';
import { WORLD } from './forms-shared.ts';

const PA = { name: 'address', takes: 'expression', doc: 'Physical address in bytes.' } as const;
const BYTES = { name: 'size', takes: 'expression', doc: 'Bytes.' } as const;

const CONTIGUOUS_SIZES = CONTIG_LOG2.flatMap((bits) => (bits === undefined ? [] : [`${2 ** (bits - 20)}M`]));

/** The shape of a table that is made. */
const SHAPE: readonly ArgumentParam[] = [
  {
    name: 'pgs',
    takes: Object.keys(PROTECTION_GRANULE.names),
    doc: 'Granule of a table that is made; the smallest that the SMMU has unless given.',
  },
  {
    name: 'pps',
    takes: Object.keys(PROTECTED_SIZE.names),
    doc: 'Address space that a table covers that is made; the least with all of RAM unless given.',
  },
];

/** Statements of Root software. */
export const GRANULE_FORMS: readonly Form[] = [
  {
    keyword: 'gpt',
    usage: 'gpt ADDR SIZE GPI [contiguous=2M|32M|512M] [next] [pgs=4KB|64KB|16KB] [pps=40bit]',
    doc: 'Writes who may reach a range of granules into the granule protection table; the rest stays. A table is made when ROOT_GPT_BASE names none: all of it is ANY. Whole regions of level 0 become blocks. Invalidates nothing, and switches no checks on: see gpc.',
    words: [PA, BYTES, { name: 'gpi', takes: Object.keys(GPI.names), doc: 'Which spaces reach it.' }],
    flags: [
      {
        name: 'next',
        doc: 'Writes into a second table, which ROOT_GPT_BASE2 names and gpc update takes over; it is made when there is none.',
      },
    ],
    arguments: [
      {
        name: 'contiguous',
        takes: CONTIGUOUS_SIZES,
        doc: 'By Contiguous entries of level 1, each for a region of this size, of which the range is made.',
      },
      ...SHAPE,
    ],
    acts: true,
    example: 'gpt 0x60000000 2M REALM',
  },
  {
    keyword: 'gpc',
    usage: 'gpc on [pgs=4KB|64KB|16KB] [pps=40bit]  |  gpc off  |  gpc invalidate [ADDR SIZE]  |  gpc update',
    doc: 'Granule protection checks: ROOT_CR0.GPCEN on or off, with a table that lets all pass when there is none; ROOT_TLBI of everything or of a range; or ROOT_GPT_BASE_UPDATE, by which the table of gpt … next is taken over.',
    words: [
      { name: 'what', takes: ['on', 'off', 'invalidate', 'update'], doc: 'What is done.' },
      { ...PA, optional: true },
      { ...BYTES, optional: true },
    ],
    flags: [],
    arguments: SHAPE,
    acts: true,
    example: 'gpc invalidate 0x60000000 2M',
  },
  {
    keyword: 'access',
    usage: 'access SPACE read|write ADDR SIZE',
    doc: 'An access of a device without StreamID: nothing translates it, and its address and space are physical. One for each page of 4 KiB that is touched.',
    words: [
      { ...WORLD, name: 'space', doc: 'Physical address space.' },
      { name: 'access', takes: ['read', 'write'], doc: 'read or write.' },
      PA,
      BYTES,
    ],
    flags: [],
    arguments: [],
    acts: true,
    example: 'access ns read 0x60000000 64',
  },
];
