/** StreamIDs as people write them. */

import { parseNumber } from '../bits/u64.ts';
import { SID_BITS } from '../spec/stream-id.ts';

const PCI = /^(?:([0-9a-f]{1,4}):)?([0-9a-f]{1,2}):([01]?[0-9a-f])\.([0-7])$/i;

/** A StreamID as PCI bus:device.function; beyond 16 bits the upper part is the segment (or RMR) prefix. */
export function busDeviceFunction(sid: number): string {
  const two = (n: number) => n.toString(16).padStart(2, '0');
  const bdf = `${two((sid >>> 8) & 0xff)}:${two((sid >>> 3) & 0x1f)}.${sid & 7}`;
  return sid > 0xffff ? `${(sid >>> 16).toString(16).padStart(4, '0')}:${bdf}` : bdf;
}

/**
 * Reads a StreamID: decimal, 0x…, or a PCI address (`00:01.0`, `0001:00:01.0`) as {@link busDeviceFunction} writes it:
 * the requester ID is the StreamID where the host bridge maps them one to one, as is usual.
 * @returns null when it is none of these or does not fit
 */
export function parseStreamId(text: string): number | null {
  const trimmed = text.trim();
  const pci = PCI.exec(trimmed);
  if (!pci) {
    const value = parseNumber(trimmed);
    return value !== null && value < 2 ** SID_BITS ? value : null;
  }
  const [segment = 0, bus = 0, device = 0, fn = 0] = pci
    .slice(1)
    .map((part) => Number.parseInt(part || '0', 16));
  return segment * 0x10000 + bus * 0x100 + device * 8 + fn;
}
