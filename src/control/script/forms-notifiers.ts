/** Forms about IOMMU notifiers: who is told of invalidations, who asks to be told, and what becomes of devices. */

import { CONSUMERS, NOTIFIER_ACCEPTS, NOTIFIER_POLICIES } from '../../spec/notifiers.ts';
import type { ArgumentParam, Form } from './form.ts';
import { ADDRESS, DEVICE, IOVA, SIZE } from './forms-shared.ts';

const NUMBER: ArgumentParam = {
  name: 'notifier',
  takes: 'expression',
  doc: 'Which notifier of the device, in the order of registration; 0, the first, unless given.',
};

const PLAIN = { flags: [], arguments: [], acts: true } as const;

/** Statements of devices and of those who want to be told. */
export const NOTIFIER_FORMS: readonly Form[] = [
  {
    ...PLAIN,
    keyword: 'notifiers',
    usage: 'notifiers [policy=POLICY] [accepts=qemu|map]',
    doc: 'Who is told of invalidations of which security state, and which registrations are accepted, from here on. It changes nothing of those that are registered.',
    words: [],
    arguments: [
      {
        name: 'policy',
        takes: Object.keys(NOTIFIER_POLICIES),
        doc: `The policy: ${Object.entries(NOTIFIER_POLICIES)
          .map(([name, { doc }]) => `${name}: ${doc}`)
          .join(' ')} It stays as it is unless given.`,
      },
      {
        name: 'accepts',
        takes: NOTIFIER_ACCEPTS,
        doc: 'Which registrations the SMMU accepts: as QEMU does, or with MAP, as VFIO asks. It stays as it is unless given.',
      },
    ],
    example: 'notifiers policy=route accepts=map',
  },
  {
    ...PLAIN,
    keyword: 'notifier',
    usage: 'notifier DEVICE consumer=KIND [flags=UNMAP,…] [iova=A size=S] [index=N]',
    doc: 'The consumer of a device registers a notifier; a device that has none yet is plugged in before. It may be refused: see expect refused.',
    words: [DEVICE],
    arguments: [
      { name: 'consumer', takes: CONSUMERS, required: true, doc: 'Who asks to be told.' },
      {
        name: 'flags',
        takes: 'notifier-flags',
        doc: 'What it asks for: UNMAP, MAP, DEVIOTLB_UNMAP, or NONE; what its kind asks for unless given.',
      },
      { ...IOVA, doc: 'First input address about which it is told; 0 unless given.' },
      { ...SIZE, doc: 'Bytes of the range; all from iova on unless given.' },
      {
        name: 'index',
        takes: 'expression',
        doc: 'IOMMU index through which it translates: 0 Non-secure, 1 Secure, 2 Realm; 0 unless given, and always for VFIO and vhost.',
      },
    ],
    example: 'notifier nvme0 consumer=vhost iova=0 size=4G',
  },
  {
    ...PLAIN,
    keyword: 'unregister',
    usage: 'unregister DEVICE [notifier=N]',
    doc: 'A notifier of a device goes.',
    words: [DEVICE],
    arguments: [NUMBER],
    example: 'unregister nvme0',
  },
  {
    keyword: 'obtain',
    usage: 'obtain DEVICE ADDR [write] [notifier=N]',
    doc: 'The consumer of a device translates an input address through the index of its notifier, and keeps the mapping with its address space.',
    words: [DEVICE, ADDRESS],
    flags: [{ name: 'write', doc: 'For writing; for reading unless given.' }],
    arguments: [NUMBER],
    acts: true,
    example: 'obtain nvme0 0x1000',
  },
  {
    ...PLAIN,
    keyword: 'reset',
    usage: 'reset DEVICE',
    doc: 'A device is reset: its consumers let go of what they hold.',
    words: [DEVICE],
    example: 'reset nvme0',
  },
  {
    ...PLAIN,
    keyword: 'unplug',
    usage: 'unplug DEVICE',
    doc: 'A device is unplugged, with its notifiers.',
    words: [DEVICE],
    example: 'unplug nvme0',
  },
];
