/** Byte offset of register page 1 from the base. */
export const PAGE_1 = 0x10000;
/** Byte offset of the Realm page 0 when ROOT_IDR0.BA_REALM is 0. */
export const REALM_PAGE_0 = 0x20000;

export interface RegisterPlace {
  /** Byte offset from the base. */
  readonly offset: number;
  /** 32 or 64 bits. */
  readonly width: number;
}

/** Where a register lies, by its name with or without SMMU_; null when there is none of that name. */
export function registerPlace(_name: string): RegisterPlace | null {
  return null;
}
