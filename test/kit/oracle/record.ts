/** Event records by the manual's bit positions (7.3), as four doublewords. */

import type { EventFields, EventName, OracleResult } from './types.ts';

export const NUMBERS: Readonly<Record<EventName, number>> = {
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
};

export type Record4 = readonly [bigint, bigint, bigint, bigint];

const flag = (set: boolean, at: number): bigint => (set ? 1n << BigInt(at) : 0n);

function encode(event: EventName, f: EventFields): Record4 {
  const type = BigInt(NUMBERS[event]);
  const first = type | flag(f.SSV, 11) | (BigInt(f.SubstreamID) << 12n) | (BigInt(f.StreamID) << 32n);
  const second =
    flag(f.Stall, 31) |
    flag(f.PnU, 33) |
    flag(f.InD, 34) |
    flag(f.RnW, 35) |
    flag(f.S2, 39) |
    (BigInt(f.CLASS) << 40n) |
    flag(f.TTRnW, 44);
  return [first, second, f.InputAddr, f.IPA | f.FetchAddr];
}

/** The record that a result leaves in the queue, or null. */
export function recordOf(result: OracleResult): Record4 | null {
  return !result.ok && result.recorded && result.event !== null ? encode(result.event, result.fields) : null;
}

const SUBSTREAM = 0xffffffff_fffff8ffn;
const ACCESS = 0x0000038e_00000000n;
const STALL = 0x80000000n;
const ALL = 0xffffffff_ffffffffn;
const ADDRESS = 0x00ffffff_ffffffffn;
const TABLE_READ = 1n << 44n;

/**
 * What two implementations must agree on in a record: not the stall tag, Reason, what is UNKNOWN (TTRnW but for
 * stage-1 tables, IPA of stage 1, SubstreamID without SSV).
 */
export function comparable([w0, w1, w2, w3]: Record4): Record4 {
  const type = Number(w0 & 0xffn);
  const substream = (w0 & (1n << 11n)) !== 0n || type === NUMBERS.C_BAD_SUBSTREAMID;
  const first = w0 & (substream ? SUBSTREAM : SUBSTREAM & ~0xfffff000n);
  if (type === NUMBERS.F_WALK_EABT) return [first, w1 & ACCESS, w2, w3 & ADDRESS & ~7n];
  if (type === NUMBERS.F_STE_FETCH || type === NUMBERS.F_CD_FETCH) return [first, 0n, 0n, w3 & ADDRESS & ~7n];
  if (type < NUMBERS.F_TRANSLATION) return [first, 0n, 0n, 0n];
  const stage2 = (w1 & (1n << 39n)) !== 0n;
  const forTable = stage2 && ((w1 >> 40n) & 3n) === 1n && type === NUMBERS.F_PERMISSION;
  const mask = ACCESS | STALL | (forTable ? TABLE_READ : 0n);
  return [first, w1 & mask, w2 & ALL, stage2 ? w3 & ADDRESS & ~0xfffn : 0n];
}

/** A record of 32 bytes as they lie in memory, 64 hex digits. */
export function parseRecord(text: string): Record4 {
  const word = (at: number): bigint =>
    BigInt(`0x${(text.slice(at * 16, at * 16 + 16).match(/../g) ?? []).reverse().join('')}`);
  return [word(0), word(1), word(2), word(3)];
}
