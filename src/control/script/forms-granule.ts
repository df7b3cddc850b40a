/** Forms about granule protection, and accesses that nothing but granule protection checks. */

import { GPI } from '../../spec/encodings.ts';
import type { Form } from './form.ts';
import { WORLD } from './forms-shared.ts';

const PA = { name: 'address', takes: 'expression', doc: 'Physical address in bytes.' } as const;
const BYTES = { name: 'size', takes: 'expression', doc: 'Bytes.' } as const;

/** Statements of Root software. */
export const GRANULE_FORMS: readonly Form[] = [
  {
    keyword: 'gpt',
    usage: 'gpt ADDR SIZE GPI',
    doc: 'Writes who may reach a range of granules into the granule protection table; the rest stays. A table is made when ROOT_GPT_BASE names none: all of it is ANY. Invalidates nothing, and switches no checks on: see gpc.',
    words: [PA, BYTES, { name: 'gpi', takes: Object.keys(GPI.names), doc: 'Which spaces reach it.' }],
    flags: [],
    arguments: [],
    acts: true,
    example: 'gpt 0x60000000 2M REALM',
  },
  {
    keyword: 'gpc',
    usage: 'gpc on  |  gpc off  |  gpc invalidate [ADDR SIZE]',
    doc: 'Granule protection checks: ROOT_CR0.GPCEN on or off, with a table that lets all pass when there is none; or ROOT_TLBI of everything or of a range.',
    words: [
      { name: 'what', takes: ['on', 'off', 'invalidate'], doc: 'What is done.' },
      { ...PA, optional: true },
      { ...BYTES, optional: true },
    ],
    flags: [],
    arguments: [],
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
