/** When bits of a command's field are RES0 although the features are there. */
export interface ReservedPart {
  /** The bits, counted from the least significant of the field; absent means all of it. */
  readonly bits?: readonly [msb: number, lsb: number];
  /** RES0 where the command stands on a queue of another world. */
  readonly onlyOn?: 's' | 'realm';
  /** RES0 while this field of the same command is 0. */
  readonly unlessField?: string;
  /** First minor version of SMMUv3 that has the bits. */
  readonly sinceMinor?: number;
  readonly section: string;
}

const RANGE = [{ unlessField: 'TG', section: '4.4.1.1' }] as const satisfies readonly ReservedPart[];

/** Bits [55:52] came with SMMUv3.4, [51:48] with SMMUv3.1 (4.1.6). */
const physical = (lsb: number): readonly ReservedPart[] => [
  { bits: [55 - lsb, 52 - lsb], sinceMinor: 4, section: '4.1.6' },
  { bits: [51 - lsb, 48 - lsb], sinceMinor: 1, section: '4.1.6' },
];

/** Fields of commands, by name, of which not all bits always exist. */
export const RESERVED_PARTS: Readonly<Record<string, readonly ReservedPart[]>> = {
  NUM: RANGE,
  SCALE: RANGE,
  TTL: RANGE,
  TTL128: [...RANGE, { unlessField: 'TTL', section: '4.4.1.1' }, { sinceMinor: 4, section: '4.4.1.1' }],
  MSIAddress: physical(2),
  MSI_NS: [{ onlyOn: 'realm', section: '4.7.3' }],
};

/** The same for Address, where it is an IPA or a PA; a VA has all its bits. */
export const RESERVED_ADDRESS: readonly ReservedPart[] = physical(12);
