/** StreamIDs as people write them. */

import { parseNumber } from '../../src/bits/u64.ts';

const PCI = /^(?:([0-9a-f]{4}):)?([0-9a-f]{1,2}):([0-9a-f]{1,2})\.([0-7])$/i;
const LARGEST = 0xffff_ffff;

/**
 * Reads a StreamID: decimal, 0x…, or a PCI address (`00:01.0`, `0000:00:01.0`), whose requester ID is the StreamID
 * where the host bridge maps them one to one, as is usual.
 * @returns null when it is none of these or does not fit 32 bits
 */
export function parseStreamId(text: string): number | null {
  const trimmed = text.trim();
  const pci = PCI.exec(trimmed);
  if (!pci) {
    const value = parseNumber(trimmed);
    return value !== null && value <= LARGEST ? value : null;
  }
  const [, domain = '0', bus = '', device = '', fn = ''] = pci;
  const number = Number.parseInt(device, 16);
  if (number > 31 || Number.parseInt(domain, 16) !== 0) return null;
  return Number.parseInt(bus, 16) * 256 + number * 8 + Number(fn);
}
