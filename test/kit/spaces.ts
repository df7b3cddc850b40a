/** Bits of descriptors that say in which space what they lead to lies (DDI 0487 D8.3). */
export const SPACE_BITS = {
  /** NS of a stage-1 leaf. */
  NS: 1n << 5n,
  /** NSTable. */
  NS_TABLE: 1n << 63n,
  /** NS of a stage-2 leaf of Realm streams. */
  S2_NS: 1n << 55n,
  /** AMEC of either stage. */
  AMEC: 1n << 63n,
} as const;
