/**
 * Memory attributes, packed: bits [7:0] are the memory type as a byte of MAIR has it (DDI 0487 D8.6; type, cacheability,
 * allocation hints and transience of both levels), bits [9:8] the shareability (0 NSH, 2 OSH, 3 ISH).
 */
export type Attributes = number;

/** What counts when the client conveys none (IHI 0070 13.1.3): Normal iWB-oWB, RA, WA, non-transient, NSH. */
export const DEFAULT_ATTRIBUTES: Attributes = 0xff;

export function fromMair(byte: number, sh: number): Attributes {
  return byte | (sh << 8);
}
export function combineStage2(s1: Attributes, memAttr: number, sh: number): Attributes {
  return s1 | memAttr | sh;
}
export function combineForced(s1: Attributes, memAttr: number, sh: number): Attributes {
  return s1 | memAttr | sh;
}
export function withHints(_input: Attributes, s1: Attributes): Attributes {
  return s1;
}
export function isDevice(memAttr: number, fwb: boolean): boolean {
  return fwb ? (memAttr & 4) === 0 : (memAttr & 12) === 0;
}
export function override(
  input: Attributes,
  _by: { readonly memAttr: number; readonly shCfg: number; readonly allocCfg: number },
): Attributes {
  return input;
}
