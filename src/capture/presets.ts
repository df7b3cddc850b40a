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
      [0x00, idr0],
      [0x04, 0x0273_0010],
      [0x08, 0],
      [0x0c, idr3],
      [0x10, 0],
      [0x14, 0x74],
      [0x18, 0],
      [0x1c, 1],
    ]),
  };
}

/** ID registers by name, for snapshots that have none. */
export const PRESETS: Readonly<Record<string, Preset>> = {
  'qemu-7.2': preset('QEMU 7.2, machine virt: stage 1', 0x0d40_101a, 0x1404),
  'qemu-10.2': preset('QEMU 10.2, machine virt, nested: stage 1 and stage 2', 0x0d44_101b, 0x1414),
};

export const DEFAULT_PRESET = 'qemu-10.2';
