import { REGISTERS } from '../spec/registers.ts';

/** The ID registers of an SMMU that many people have. */
export interface Preset {
  readonly doc: string;
  /** Byte offset -> value: IDR0 to IDR5, IIDR, AIDR. */
  readonly words: ReadonlyMap<number, number>;
}

function preset(doc: string, idr0: number, idr3: number): Preset {
  return {
    doc,
    words: new Map([
      [REGISTERS.IDR0.offset, idr0],
      [REGISTERS.IDR1.offset, 0x0273_0010],
      [REGISTERS.IDR2.offset, 0],
      [REGISTERS.IDR3.offset, idr3],
      [REGISTERS.IDR4.offset, 0],
      [REGISTERS.IDR5.offset, 0x74],
      [REGISTERS.IIDR.offset, 0],
      [REGISTERS.AIDR.offset, 1],
    ]),
  };
}

/** ID registers by name, for snapshots that have none. */
export const PRESETS: Readonly<Record<string, Preset>> = {
  'qemu-7.2': preset('QEMU 7.2, machine virt: stage 1', 0x0d40_101a, 0x1404),
  'qemu-10.2': preset('QEMU 10.2, machine virt, nested: stage 1 and stage 2', 0x0d44_101b, 0x1414),
};

export const DEFAULT_PRESET = 'qemu-10.2';
