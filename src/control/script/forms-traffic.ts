/** Forms that make something happen: commands, transactions, page requests, broadcasts. */

import type { Form } from './form.ts';
import { ADDRESS, DEVICE, DEVICE_WORLD, IOVA, QUEUE_WORLD, SID, SIZE, SSID } from './forms-shared.ts';

/** Statements of the command queue, of clients and of PEs. */
export const TRAFFIC_FORMS: readonly Form[] = [
  {
    keyword: 'cmd',
    usage: 'cmd W MNEMONIC FIELD=… [hold]',
    doc: 'Puts a command into the queue and moves PROD; the SMMU consumes it, unless it is held. One-bit fields may stand bare: Leaf.',
    words: [QUEUE_WORLD, { name: 'mnemonic', takes: 'mnemonic', doc: 'The command, with or without CMD_.' }],
    flags: [{ name: 'hold', doc: 'The command stays pending; `run` consumes it.' }],
    arguments: [],
    fields: 'command',
    acts: true,
    example: 'cmd ns TLBI_NH_VA ASID=1 Address=0x1000 Leaf',
  },
  {
    keyword: 'run',
    usage: 'run W [COUNT]',
    doc: 'The SMMU consumes commands that are pending: all, or so many.',
    words: [QUEUE_WORLD, { name: 'count', takes: 'expression', optional: true, doc: 'How many commands.' }],
    flags: [],
    arguments: [],
    acts: true,
    example: 'run ns 1',
  },
  {
    keyword: 'invalidate',
    usage:
      'invalidate W sid=N [ssid=N] iova=A size=S [leaf]  |  invalidate W sid=N config  |  invalidate W all',
    doc: 'The right CMD_TLBI_* or CMD_CFGI_*, and a CMD_SYNC for it.',
    words: [QUEUE_WORLD],
    flags: [
      { name: 'all', doc: 'Everything that is cached: configuration and translations.', set: 'what' },
      { name: 'config', doc: 'The configuration of the stream: its STE and CDs.', set: 'what' },
      { name: 'leaf', doc: 'Only last levels; tables did not change.' },
    ],
    arguments: [SID, SSID, IOVA, SIZE],
    acts: true,
    example: 'invalidate ns sid=8 iova=0x1000 size=64K leaf',
  },
  {
    keyword: 'dma',
    usage:
      'dma DEVICE read|write ADDR SIZE [ssid=N] [priv] [inst] [atomic] [ns] [xt] [ats=tr|tt|u] [attr=…] [world=W]',
    doc: 'Transactions of a device: one for each page of 4 KiB that is touched.',
    words: [
      DEVICE,
      { name: 'access', takes: ['read', 'write'], doc: 'read or write.' },
      ADDRESS,
      { name: 'size', takes: 'expression', doc: 'Bytes.' },
    ],
    flags: [
      { name: 'priv', doc: 'Privileged.' },
      { name: 'inst', doc: 'An instruction fetch.' },
      { name: 'atomic', doc: 'An atomic access: it reads and writes.' },
      { name: 'ns', doc: 'The NS attribute with which it arrives; it counts where stage 1 is bypassed.' },
      {
        name: 'xt',
        doc: 'XT=1 of a Realm stream: it must reach Realm memory, or with ns Non-secure memory.',
      },
    ],
    arguments: [
      SSID,
      {
        name: 'ats',
        takes: ['tr', 'tt', 'u'],
        doc: 'ATS: tr is a translation request, tt a translated transaction, u an untranslated one.',
      },
      { name: 'attr', takes: 'word', doc: 'Memory attributes with which it arrives.' },
      DEVICE_WORLD,
    ],
    acts: true,
    example: 'dma nvme0 read 0x1000 64',
  },
  {
    keyword: 'page',
    usage: 'page DEVICE ADDR [read] [write] [exec] [priv] [last] [group=N] [ssid=N] [world=W]',
    doc: 'A page request of a device (PRI).',
    words: [DEVICE, { ...ADDRESS, doc: 'Address of the page in bytes.' }],
    flags: [
      { name: 'read', doc: 'Reading is asked for.' },
      { name: 'write', doc: 'Writing is asked for.' },
      { name: 'exec', doc: 'Execution is asked for; counts with a SubstreamID only.' },
      { name: 'priv', doc: 'Privileged; counts with a SubstreamID only.' },
      { name: 'last', doc: 'The last request of its group.' },
    ],
    arguments: [
      { name: 'group', takes: 'expression', doc: 'Page request group, 0 to 511.' },
      SSID,
      DEVICE_WORLD,
    ],
    acts: true,
    example: 'page nvme0 0x1000 read write last group=3',
  },
  {
    keyword: 'broadcast',
    usage:
      'broadcast NAME [asid=N] [vmid=N] [address=A] [world=W] [e2h] [ns]  |  broadcast PAALLOS  |  broadcast RPAOS|RPALOS address=A size=S',
    doc: 'A TLB invalidation that a PE broadcasts; PAALLOS, RPAOS and RPALOS are about the granule protection table.',
    words: [{ name: 'name', takes: 'broadcast', doc: 'The instruction, without IS or OS: VAE1.' }],
    flags: [
      { name: 'e2h', doc: 'EL2 of the PE runs with E2H.' },
      { name: 'ns', doc: 'Of IPAS2E1 in Secure state: the IPA is a Non-secure one.' },
    ],
    arguments: [
      { name: 'asid', takes: 'expression', doc: 'ASID.' },
      { name: 'vmid', takes: 'expression', doc: 'VMID.' },
      { name: 'address', takes: 'expression', doc: 'VA or IPA in bytes; PA of RPAOS and RPALOS.' },
      { name: 'size', takes: 'expression', doc: 'Bytes of RPAOS and RPALOS: 4K to 512G.' },
      { ...QUEUE_WORLD, doc: 'Security state of the PE; ns unless given.' },
    ],
    acts: true,
    example: 'broadcast VAE1 asid=5 address=0x1000',
  },
  {
    keyword: 'resume',
    usage: 'resume DEVICE [retry|abort] [stag=N] [world=W]',
    doc: 'CMD_RESUME for stalled transactions of a device: all of them, or the one of a stall tag.',
    words: [DEVICE],
    flags: [
      { name: 'retry', doc: 'The transaction is tried again.', set: 'action' },
      { name: 'abort', doc: 'The transaction is aborted.', set: 'action' },
    ],
    arguments: [{ name: 'stag', takes: 'expression', doc: 'Stall tag, as in the event.' }, DEVICE_WORLD],
    acts: true,
    example: 'resume nvme0 retry',
  },
  {
    keyword: 'print',
    usage: 'print "text {expr}"',
    doc: 'Writes a line to the console; an expression in braces becomes its value.',
    words: [{ name: 'text', takes: 'template', doc: 'Text, with expressions in braces.' }],
    flags: [],
    arguments: [],
    acts: false,
    example: 'print "base is {base}, CMDQ at {cmdq.cons}"',
  },
];
