/** Forms of `expect`, chosen by the word after it: what must be true, or the test fails. */

import { BREACHES } from '../isolation/breach.ts';
import type { ArgumentParam, Form } from './form.ts';
import { FINDING_FLAGS, QUEUE_WORLD, WORLD } from './forms-shared.ts';

const KINDS = ['stale-use', 'address-space-clash', 'update-sequence', 'isolation'] as const;

const NONE = { words: [], flags: [], arguments: [], acts: true } as const;

const QUEUE_ARGUMENTS: readonly ArgumentParam[] = [
  { ...QUEUE_WORLD, doc: 'Security state whose queue is meant; ns unless given.' },
  { name: 'cons', takes: 'expression', doc: 'The read index and its wrap bit, as in the register.' },
  { name: 'prod', takes: 'expression', doc: 'The write index and its wrap bit, as in the register.' },
];

/** What can be expected. The form without a subject takes any expression. */
export const EXPECT_FORMS: readonly Form[] = [
  {
    ...NONE,
    keyword: 'expect',
    subject: 'ok',
    usage: 'expect ok',
    doc: 'The last transactions went through.',
    example: 'expect ok',
  },
  {
    ...NONE,
    keyword: 'expect',
    subject: 'none',
    usage: 'expect none',
    doc: 'No event and no error since the last acting statement; for what checkers find, see expect findings none.',
    example: 'expect none',
  },
  {
    ...NONE,
    keyword: 'expect',
    subject: 'pa',
    usage: 'expect pa=A [space=W]',
    doc: 'The last dma was translated to this address; its first page, when it touched several.',
    arguments: [
      { name: 'pa', takes: 'expression', required: true, doc: 'Physical address in bytes.' },
      { name: 'space', takes: WORLD.takes, doc: 'Physical address space.' },
    ],
    example: 'expect pa=0x80000000 space=ns',
  },
  {
    ...NONE,
    keyword: 'expect',
    subject: 'event',
    usage: 'expect event NAME [world=W] [FIELD=…]',
    doc: 'The last acting statement recorded an event of this name, with these fields.',
    words: [{ name: 'event', takes: 'event', doc: 'Name of the event.' }],
    arguments: [{ ...QUEUE_WORLD, doc: 'Security state whose event queue has it; any unless given.' }],
    fields: 'event',
    example: 'expect event F_TRANSLATION StreamID=8 InputAddr=0x2000',
  },
  {
    ...NONE,
    keyword: 'expect',
    subject: 'cmdq',
    usage: 'expect cmdq [world=W] [cons=N] [prod=N] [error=CERROR_ILL]',
    doc: 'Where the command queue stands, and its error.',
    arguments: [
      ...QUEUE_ARGUMENTS,
      { name: 'error', takes: 'cerror', doc: 'Error of the queue; NONE for none.' },
    ],
    example: 'expect cmdq cons=1 error=NONE',
  },
  {
    ...NONE,
    keyword: 'expect',
    subject: 'eventq',
    usage: 'expect eventq [world=W] [cons=N] [prod=N]',
    doc: 'Where the event queue stands.',
    arguments: QUEUE_ARGUMENTS,
    example: 'expect eventq prod=1',
  },
  {
    ...NONE,
    keyword: 'expect',
    subject: 'priq',
    usage: 'expect priq [world=W] [cons=N] [prod=N]',
    doc: 'Where the page request queue stands.',
    arguments: QUEUE_ARGUMENTS,
    example: 'expect priq prod=0',
  },
  {
    ...NONE,
    keyword: 'expect',
    subject: 'gerror',
    usage: 'expect gerror NAME [world=W]',
    doc: 'A global error is active.',
    words: [{ name: 'error', takes: 'gerror', doc: 'Bit of GERROR.' }],
    arguments: [{ ...QUEUE_WORLD, doc: 'Security state; ns unless given.' }],
    example: 'expect gerror CMDQ_ERR',
  },
  {
    ...NONE,
    keyword: 'expect',
    subject: 'stale',
    usage: 'expect stale [certain|possible] [unsafe|spurious-fault]',
    doc: 'The last dma used something stale from a cache.',
    flags: FINDING_FLAGS,
    example: 'expect stale certain unsafe',
  },
  {
    ...NONE,
    keyword: 'expect',
    subject: 'finding',
    usage: 'expect finding KIND [BREACH] [certain|possible] [unsafe|spurious-fault]',
    doc: 'A checker found something of this kind at the last acting statement.',
    words: [
      { name: 'kind', takes: KINDS, doc: 'Kind of the finding.' },
      { name: 'breach', takes: Object.keys(BREACHES), optional: true, doc: 'Of isolation: what was broken.' },
    ],
    flags: FINDING_FLAGS,
    example: 'expect finding address-space-clash possible',
  },
  {
    ...NONE,
    keyword: 'expect',
    subject: 'findings',
    usage: 'expect findings none',
    doc: 'No checker has found anything since the test began.',
    words: [{ name: 'none', takes: ['none'], doc: 'none.' }],
    example: 'expect findings none',
  },
  {
    ...NONE,
    keyword: 'expect',
    usage: 'expect EXPR',
    doc: 'An expression is true: `expect result == abort`, `expect ste(8).Config == 5`.',
    rest: 'all',
    example: 'expect ste(8).Config == 5 && reg.ns.CR0.SMMUEN == 1',
  },
];
