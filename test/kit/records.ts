/** Event records by the manual's bit positions (IHI 0070 7.3), written down apart from the tables of src. */

export const EVENT = {
  C_BAD_STREAMID: 0x02,
  F_STE_FETCH: 0x03,
  C_BAD_STE: 0x04,
  F_STREAM_DISABLED: 0x06,
  C_BAD_SUBSTREAMID: 0x08,
  F_CD_FETCH: 0x09,
  C_BAD_CD: 0x0a,
  F_WALK_EABT: 0x0b,
  F_TRANSLATION: 0x10,
  F_ADDR_SIZE: 0x11,
  F_ACCESS: 0x12,
  F_PERMISSION: 0x13,
} as const;

export type RecordedEvent = keyof typeof EVENT;

export interface RecordParts {
  readonly sid: number;
  /** Absent: SSV=0. */
  readonly ssid?: number;
  readonly write?: boolean;
  readonly privileged?: boolean;
  readonly instruction?: boolean;
  readonly address?: bigint;
  readonly fetch?: bigint;
  /** A fault of stage 2: CLASS (0 CD, 1 TT, 2 IN) and the IPA, of which the record holds the page. */
  readonly stage2?: { readonly class: 0 | 1 | 2; readonly ipa: bigint };
  /** Stall tag: Stall=1. */
  readonly stag?: number;
}

const TRANSLATION = [EVENT.F_TRANSLATION, EVENT.F_ADDR_SIZE, EVENT.F_ACCESS, EVENT.F_PERMISSION] as number[];
const FETCH = [EVENT.F_STE_FETCH, EVENT.F_CD_FETCH, EVENT.F_WALK_EABT] as number[];
const CLASS_TT = 1;
const CLASS_IN = 2;

/** The 8 words of a record; of stage 1, unless the parts say otherwise. */
export function record(event: RecordedEvent, parts: RecordParts): number[] {
  const number = EVENT[event];
  const words = new Array<number>(8).fill(0);
  words[0] = number;
  words[1] = parts.sid;
  const substream = number !== EVENT.F_STREAM_DISABLED;
  // C_BAD_SUBSTREAMID is only ever about a transaction with a SubstreamID: it has no SSV.
  if (parts.ssid !== undefined && substream) {
    words[0] += (number === EVENT.C_BAD_SUBSTREAMID ? 0 : 1 << 11) + parts.ssid * 2 ** 12;
  }
  const walk = number === EVENT.F_WALK_EABT;
  if (TRANSLATION.includes(number) || walk) {
    const address = parts.address ?? 0n;
    words[3] =
      (parts.privileged ? 1 << 1 : 0) |
      (parts.instruction && !parts.write ? 1 << 2 : 0) |
      (parts.write ? 0 : 1 << 3) |
      ((walk ? CLASS_TT : CLASS_IN) << 8);
    words[4] = Number(address & 0xffffffffn);
    words[5] = Number(address >> 32n);
    if (parts.stag !== undefined) words[2] = (0x80000000 | parts.stag) >>> 0;
  }
  if (parts.stage2 !== undefined) {
    const { class: of, ipa } = parts.stage2;
    const tableRead = number === EVENT.F_PERMISSION && of === CLASS_TT ? 1 << 12 : 0;
    words[3] = ((words[3] ?? 0) & ~(3 << 8)) | (1 << 7) | (of << 8) | tableRead;
    words[6] = Number(ipa & 0xfffff000n);
    words[7] = Number(ipa >> 32n);
  }
  if (FETCH.includes(number)) {
    const fetch = parts.fetch ?? 0n;
    words[6] = Number(fetch & 0xfffffff8n);
    words[7] = Number(fetch >> 32n);
  }
  return words;
}
