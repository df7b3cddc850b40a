/** Forms of `expect` about IOMMU notifiers. */

import { DECISION_REASONS } from '../../model/notifiers/decision.ts';
import { CONSUMERS } from '../../spec/notifiers.ts';
import type { ArgumentParam, Form } from './form.ts';
import { ADDRESS, DEVICE, IOVA, SIZE, WORLD } from './forms-shared.ts';

const NONE = { flags: [], arguments: [], acts: true } as const;

const CONSUMER: ArgumentParam = { name: 'consumer', takes: CONSUMERS, doc: 'Whose notifier it is.' };
const NUMBER: ArgumentParam = {
  name: 'notifier',
  takes: 'expression',
  doc: 'Which notifier of the device, from 0; any unless given.',
};

export const EXPECT_NOTIFIER_FORMS: readonly Form[] = [
  {
    ...NONE,
    keyword: 'expect',
    subject: 'registered',
    usage: 'expect registered DEVICE [consumer=KIND]',
    doc: 'A device has a notifier.',
    words: [DEVICE],
    arguments: [CONSUMER],
    example: 'expect registered nvme0 consumer=vhost',
  },
  {
    ...NONE,
    keyword: 'expect',
    subject: 'refused',
    usage: 'expect refused DEVICE ["TEXT"] [consumer=KIND] [exits]',
    doc: 'The last statement tried to register a notifier, and the SMMU refused it, with a message that contains the text.',
    words: [DEVICE, { name: 'message', takes: 'text', optional: true, doc: 'Part of what QEMU prints.' }],
    flags: [{ name: 'exits', doc: 'QEMU ends with it.' }],
    arguments: [CONSUMER],
    example: 'expect refused nvme0 "MAP" consumer=vfio',
  },
  {
    ...NONE,
    keyword: 'expect',
    subject: 'notify',
    usage:
      'expect notify map|unmap|none [DEVICE] [iova=A] [size=S] [space=W] [world=W] [path=iova|whole] [reason=R] [notifier=N] [done|refused]',
    doc: 'The last acting statement told a notifier: of this range, in this address space. With none: nobody was told, for this reason.',
    words: [
      { name: 'kind', takes: ['map', 'unmap', 'none'], doc: 'What it was told.' },
      { ...DEVICE, optional: true },
    ],
    flags: [
      { name: 'done', doc: 'The consumer did what it was told.', set: 'action' },
      { name: 'refused', doc: 'The consumer refused to.', set: 'action' },
    ],
    arguments: [
      { ...IOVA, doc: 'First input address of which it was told, in bytes.' },
      SIZE,
      { name: 'space', takes: WORLD.takes, doc: 'Address space of the event.' },
      { ...WORLD, doc: 'Security state whose entries the invalidation acts on.' },
      {
        name: 'path',
        takes: ['iova', 'whole', 'none'],
        doc: 'How QEMU goes about it: by address, or by whole ranges.',
      },
      { name: 'reason', takes: DECISION_REASONS, doc: 'Why it was told or not.' },
      NUMBER,
    ],
    example: 'expect notify unmap nvme0 iova=0x1000 size=4K space=ns done',
  },
  {
    ...NONE,
    keyword: 'expect',
    subject: 'held',
    usage: 'expect held DEVICE [ADDR] [pa=A] [space=W] [notifier=N]',
    doc: 'The consumer of a device holds a mapping that it obtained: of this input address, to this address and space.',
    words: [DEVICE, { ...ADDRESS, optional: true }],
    arguments: [
      { name: 'pa', takes: 'expression', doc: 'Physical address of the first byte of the mapping.' },
      { name: 'space', takes: WORLD.takes, doc: 'Physical address space.' },
      NUMBER,
    ],
    example: 'expect held nvme0 0x1000 space=ns',
  },
  {
    ...NONE,
    keyword: 'expect',
    subject: 'not-held',
    usage: 'expect not-held DEVICE [ADDR] [notifier=N]',
    doc: 'The consumer of a device holds no mapping, or none of this input address.',
    words: [DEVICE, { ...ADDRESS, optional: true }],
    arguments: [NUMBER],
    example: 'expect not-held nvme0 0x1000',
  },
];
