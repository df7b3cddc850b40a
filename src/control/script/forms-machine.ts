/** Forms that say what there is: the machine, files, names, registers, memory, structures, tables. */

import { LEVEL0_SIZE } from '../../spec/registers/encodings.ts';
import type { ArgumentParam, FlagParam, Form, WordParam } from './form.ts';
import { IOVA, SID, SIZE, SSID, WORLD } from './forms-shared.ts';

const NONE: readonly FlagParam[] = [];
const STAGE: ArgumentParam = {
  name: 'stage',
  takes: ['1', '2'],
  doc: 'Which stage translates; 1 unless given.',
};

const IPA_SPACE: ArgumentParam = {
  name: 'ipa',
  takes: 'world',
  doc: 'Space of the intermediate addresses at stage 2: W unless given; Secure streams have tables for ns as well.',
};

const STREAM: WordParam = { name: 'sid', takes: 'expression', doc: 'StreamID.' };
const INDEX: WordParam = { name: 'index', takes: 'expression', doc: 'Index in the level-1 table, from 0.' };
const SPACE: WordParam = {
  name: 'space',
  takes: 'world',
  optional: true,
  doc: 'Physical address space; ns unless given.',
};

/** What a script runs on, and what it consists of. */
const SETTING: readonly Form[] = [
  {
    keyword: 'machine',
    usage: 'machine [preset=NAME] [worlds=W,…] [ram=BASE] [size=SIZE] [l0gptsz=1GB] [IDR3.BBML=1 …] [bare]',
    doc: 'The SMMU that the script runs on: ID registers of a preset (architecture-max unless given) with single fields changed, and RAM that holds zeros. It comes up with stream tables and queues in RAM and enabled, in every security state that it has; `bare` leaves it as after reset. Where there is a Root state, accesses pass (ACCESSEN=1) and granule protection is off.',
    words: [],
    flags: [{ name: 'bare', doc: 'As after reset: no tables, no queues, SMMUEN=0, ACCESSEN=0.' }],
    arguments: [
      { name: 'preset', takes: 'preset', doc: 'ID registers of a known SMMU.' },
      {
        name: 'worlds',
        takes: 'worlds',
        doc: 'Security states that come up: ns,s,realm,root; all that the ID registers have unless given.',
      },
      { name: 'ram', takes: 'expression', doc: 'Where RAM begins; 0x40000000 unless given.' },
      { name: 'size', takes: 'expression', doc: 'Bytes of RAM; 8G unless given.' },
      {
        name: 'l0gptsz',
        takes: Object.keys(LEVEL0_SIZE.names),
        doc: 'What an entry of level 0 of the granule protection table covers (ROOT_GPT_BASE_CFG.L0GPTSZ, read-only); 1GB unless given.',
      },
    ],
    fields: 'features',
    acts: false,
    example: 'machine preset=architecture-max ram=0x40000000 size=256M IDR3.BBML=1',
  },
  {
    keyword: 'load',
    usage: 'load "CAPTURE" [registers="FILE"] [base=ADDR]',
    doc: 'A memory dump with its register snapshot instead of an empty machine. Paths are relative to the script and stay inside the workspace.',
    words: [{ name: 'capture', takes: 'path', doc: 'The memory dump.' }],
    flags: NONE,
    arguments: [
      {
        name: 'registers',
        takes: 'path',
        doc: 'The register snapshot; a file such as regs.json beside the dump unless given.',
      },
      { name: 'base', takes: 'expression', doc: 'Physical address of the first byte of a raw image.' },
    ],
    acts: false,
    example: 'load "small.elf.gz" registers="regs.json"',
  },
  {
    keyword: 'include',
    usage: 'include "OTHER.smmu"',
    doc: 'The statements of another script, as if they stood here. The path is relative to this script and stays inside the workspace.',
    words: [{ name: 'script', takes: 'path', doc: 'The other script.' }],
    flags: NONE,
    arguments: [],
    acts: false,
    example: 'include "common.smmu"',
  },
  {
    keyword: 'let',
    usage: 'let NAME = EXPR',
    doc: 'A name for a number, from here on.',
    words: [{ name: 'name', takes: 'new-name', doc: 'The name.' }],
    flags: NONE,
    arguments: [],
    rest: 'after-equals',
    acts: false,
    example: 'let table = base + 64K',
  },
  {
    keyword: 'device',
    usage: 'device NAME sid=N [ssid=N] [worlds=W,…]',
    doc: 'A name for a client of the SMMU: its StreamID, and where its transactions have one, its SubstreamID. A device of several worlds sends transactions of each.',
    words: [{ name: 'name', takes: 'new-name', doc: 'The name.' }],
    flags: NONE,
    arguments: [
      { ...SID, required: true },
      SSID,
      { ...WORLD, name: 'world', doc: 'Security state of its transactions; ns unless given.' },
      {
        name: 'worlds',
        takes: 'worlds',
        doc: 'Security states of its transactions, where there are several; the first is that of a dma that names none.',
      },
    ],
    acts: false,
    example: 'device disk sid=(base + 8)',
  },
  {
    keyword: 'test',
    usage: 'test "NAME" … end',
    doc: 'A block that is a test. It begins with the state that the statements outside of blocks before it made, and leaves nothing behind.',
    words: [{ name: 'name', takes: 'text', doc: 'Name of the test.' }],
    flags: NONE,
    arguments: [],
    acts: false,
    example: 'test "reuse of an ASID"\nend',
  },
  {
    keyword: 'end',
    usage: 'end',
    doc: 'The end of a test block.',
    words: [],
    flags: NONE,
    arguments: [],
    acts: false,
    example: 'test "nothing"\nend',
  },
];

/** Writes of software. */
const WRITING: readonly Form[] = [
  {
    keyword: 'reg',
    usage: 'reg W.NAME[.FIELD] = EXPR',
    doc: 'A write of software to a register, by the rules of the register. With a field: read, change the field, write.',
    words: [
      { name: 'register', takes: 'register', doc: 'World, register, and perhaps a field: ns.CR0.SMMUEN.' },
    ],
    flags: NONE,
    arguments: [],
    rest: 'after-equals',
    acts: true,
    example: 'reg ns.CR0.SMMUEN = 1',
  },
  {
    keyword: 'poke',
    usage: 'poke [SPACE] ADDR = EXPR [u32|u64]',
    doc: 'A write of software to memory: 64 bits, or 32.',
    words: [
      SPACE,
      { name: 'address', takes: 'expression', doc: 'Physical address in bytes, aligned to the write.' },
    ],
    flags: [
      { name: 'u32', doc: 'Writes 4 bytes.', set: 'width' },
      { name: 'u64', doc: 'Writes 8 bytes.', set: 'width' },
    ],
    arguments: [],
    rest: 'after-equals',
    acts: true,
    example: 'poke ns 0x50000000 = base | 3 u64',
  },
  {
    keyword: 'ste',
    usage: 'ste W SID FIELD=…',
    doc: 'Writes the named fields of a Stream Table Entry; the others stay. Doublewords that change are written one by one, upwards, doubleword 0 last.',
    words: [WORLD, STREAM],
    flags: NONE,
    arguments: [],
    fields: 'STE',
    acts: true,
    example: 'ste ns 8 Config=S1 S1ContextPtr=0x50000000 V=1',
  },
  {
    keyword: 'cd',
    usage: 'cd W SID [SSID] FIELD=…',
    doc: 'Writes the named fields of a Context Descriptor; the others stay. The stream must have stage 1; a CD table is made when S1ContextPtr is 0.',
    words: [
      WORLD,
      STREAM,
      { name: 'ssid', takes: 'expression', optional: true, doc: 'SubstreamID; 0 unless given.' },
    ],
    flags: NONE,
    arguments: [],
    fields: 'CD',
    acts: true,
    example: 'cd ns 8 ASID=5 T0SZ=16 IPS=48bit V=1',
  },
  {
    keyword: 'l1std',
    usage: 'l1std W INDEX FIELD=…',
    doc: 'Writes the named fields of a Level 1 Stream Table Descriptor; the others stay.',
    words: [WORLD, INDEX],
    flags: NONE,
    arguments: [],
    fields: 'L1STD',
    acts: true,
    example: 'l1std ns 0 Span=9 L2Ptr=0x50000000',
  },
  {
    keyword: 'l1cd',
    usage: 'l1cd W SID INDEX FIELD=…',
    doc: 'Writes the named fields of a Level 1 Context Descriptor; the others stay.',
    words: [WORLD, STREAM, INDEX],
    flags: NONE,
    arguments: [],
    fields: 'L1CD',
    acts: true,
    example: 'l1cd ns 8 0 L2Ptr=0x50000000 V=1',
  },
  {
    keyword: 'map',
    usage:
      'map W sid=N [ssid=N] iova=A pa=A size=S [perm=rw] [stage=1|2] [granule=4K|16K|64K] [pages=SIZE] [af=0|1] [global] [attr=…] [space=W] [ipa=W] [tables=W]',
    doc: 'Makes real translation tables that map a range, and the STE and CD when the stream has none. A table is written before the descriptor that publishes it. For stage 2, iova is the intermediate address.',
    words: [WORLD],
    flags: [{ name: 'global', doc: 'The mapping is global: nG=0.' }],
    arguments: [
      { ...SID, required: true },
      SSID,
      { ...IOVA, required: true },
      { name: 'pa', takes: 'expression', required: true, doc: 'Output address in bytes.' },
      { ...SIZE, required: true },
      { name: 'perm', takes: 'permissions', doc: 'What is permitted: some of r, w, x; rw unless given.' },
      STAGE,
      {
        name: 'granule',
        takes: ['4K', '16K', '64K'],
        doc: 'Translation granule of tables that are made; 4K unless given.',
      },
      {
        name: 'pages',
        takes: ['4K', '16K', '64K', '2M', '32M', '512M', '1G'],
        doc: 'Size of every leaf; as large as alignment lets it be unless given.',
      },
      { name: 'af', takes: ['0', '1'], doc: 'Access flag; 1 unless given.' },
      { name: 'attr', takes: 'word', doc: 'Memory attributes.' },
      {
        name: 'space',
        takes: 'world',
        doc: 'Physical address space of the output: W, or that of ipa or tables, unless given; ns where tables of W can say so.',
      },
      IPA_SPACE,
      {
        name: 'tables',
        takes: 'world',
        doc: 'Space of stage-1 tables that are made: that of the table above, or of NSCFGx in the CD, unless given. Of a Secure stream ns as well: the first table by NSCFGx, one below by NSTable. What they lead to is ns.',
      },
    ],
    acts: true,
    example: 'map ns sid=8 iova=0x1000 pa=0x80000000 size=64K perm=rw stage=1',
  },
  {
    keyword: 'unmap',
    usage: 'unmap W sid=N [ssid=N] iova=A size=S [stage=1|2] [ipa=W]',
    doc: 'Writes zeros to the leaves of a range. Invalidates nothing.',
    words: [WORLD],
    flags: NONE,
    arguments: [
      { ...SID, required: true },
      SSID,
      { ...IOVA, required: true },
      { ...SIZE, required: true },
      STAGE,
      IPA_SPACE,
    ],
    acts: true,
    example: 'unmap ns sid=8 iova=0x1000 size=4K',
  },
];

export const MACHINE_FORMS: readonly Form[] = [...SETTING, ...WRITING];
