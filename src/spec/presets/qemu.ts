import { ids, withFeatures } from '../features.ts';
import type { Preset } from './preset.ts';

const SOURCE = 'read from a running guest, 32 bits at a time';

const STAGE_1 = ids({
  'IDR0.S1P': 1,
  'IDR0.TTF': 2,
  'IDR0.COHACC': 1,
  'IDR0.ASID16': 1,
  'IDR0.TTENDIAN': 2,
  'IDR0.STALL_MODEL': 1,
  'IDR0.TERM_MODEL': 1,
  'IDR0.ST_LEVEL': 1,
  'IDR1.SIDSIZE': 16,
  'IDR1.EVENTQS': 19,
  'IDR1.CMDQS': 19,
  'IDR2.BA_VATOS': 0,
  'IDR3.HAD': 1,
  'IDR3.RIL': 1,
  'IDR3.BBML': 2,
  'IDR4.IMPDEF': 0,
  'IDR5.GRAN4K': 1,
  'IDR5.GRAN16K': 1,
  'IDR5.GRAN64K': 1,
  'IDR5.OAS': 4,
  'IIDR.Implementer': 0,
  'AIDR.ArchMinorRev': 1,
});

/** The SMMU of QEMU's machine virt. */
export const QEMU_PRESETS: readonly Preset[] = [
  {
    name: 'qemu-virt-7.2',
    aliases: ['qemu-7.2'],
    doc: 'QEMU 7.2, machine virt: stage 1',
    source: `QEMU 7.2.22, ${SOURCE}`,
    values: STAGE_1,
  },
  {
    name: 'qemu-virt-10.2',
    aliases: ['qemu-10.2'],
    doc: 'QEMU 10.2, machine virt, nested: stage 1 and stage 2',
    source: `QEMU 10.2.50, ${SOURCE}`,
    values: withFeatures(STAGE_1, { 'IDR0.S2P': 1, 'IDR0.VMID16': 1, 'IDR3.XNX': 1 }),
  },
];
