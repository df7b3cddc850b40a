import { UserError } from '../bits/user-error.ts';
import { type CaptureFormat, hasText } from './format.ts';

const QEMU_ELF = 'in QEMU, dump-guest-memory FILE without -z, -l, -s or -w writes one';

/** Formats that are known but not read: [signature, its offset, what it is, how to come to an ELF core]. */
const FOREIGN: readonly (readonly [signature: string, offset: number, what: string, todo: string])[] = [
  [
    'KDUMP   ',
    0,
    'a kdump-compressed dump',
    `take an ELF core: ${QEMU_ELF}, with kdump makedumpfile -E does`,
  ],
  ['DISKDUMP', 0, 'a diskdump', 'take an ELF core: makedumpfile -E writes one'],
  [
    'makedumpfile\0',
    0,
    'a flattened makedumpfile dump',
    `take an ELF core: ${QEMU_ELF}, with kdump makedumpfile -E does`,
  ],
  ['EMiL', 0, 'a LiME dump', 'record it with format=padded and open that as a raw image: FILE@0x0'],
  ['AVML', 0, 'an AVML dump', 'let avml-convert write a raw image of it and open that: FILE@0x0'],
  ['PAGEDU64', 0, 'a Windows crash dump', `take an ELF core: ${QEMU_ELF}`],
  ['PAGEDUMP', 0, 'a 32-bit Windows crash dump', `take an ELF core: ${QEMU_ELF}`],
  [
    'QEVM',
    0,
    'a saved QEMU machine (migration stream)',
    `load it in QEMU (-incoming) and take an ELF core: ${QEMU_ELF}`,
  ],
  ['\xd2\xbe\xd2\xbe', 0, 'a VMware snapshot', 'let vmss2core write an ELF core of it'],
  ['BZh', 0, 'compressed with bzip2', 'inflate it with bunzip2'],
  ['\xfd7zXZ\0', 0, 'compressed with xz', 'inflate it with unxz'],
  ['\x04\x22\x4d\x18', 0, 'compressed with lz4', 'inflate it with unlz4'],
  ['\x89LZO\0\r\n\x1a\n', 0, 'compressed with lzop', 'inflate it with lzop -d'],
  ['PK\x03\x04', 0, 'a zip archive', 'unpack it'],
  ["7z\xbc\xaf'\x1c", 0, 'a 7-Zip archive', 'unpack it'],
  ['ustar', 257, 'a tar archive', 'unpack it'],
];

/** Recognises what cannot be read yet, to say what it is instead of "unknown". */
export const foreign: CaptureFormat = {
  name: 'foreign format',
  recognise: (head) => find(head) !== undefined,
  open: (file) => {
    const head = new Uint8Array(512);
    const [, , what, todo] = find(head.subarray(0, file.read(0, head))) ?? [
      '',
      0,
      'unknown',
      'take an ELF core',
    ];
    throw new UserError(`is ${what}, which cannot be read here`, { where: file.name, todo });
  },
};

function find(head: Uint8Array): (typeof FOREIGN)[number] | undefined {
  return FOREIGN.find(([signature, offset]) => hasText(head, signature, offset));
}
