/** Small texts that many rows share. */

import type { World } from '../bits/world.ts';

const UNITS = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const;

/** `4 KiB`, `1.5 GiB`, `64 bytes`. */
export function sizeText(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    unit++;
  }
  const text = Number.isInteger(value) ? String(value) : value.toFixed(1);
  return `${text} ${bytes === 1 ? 'byte' : UNITS[unit]}`;
}

/** `rw-` of the bits r=1, w=2, x=4. */
export function permText(bits: number): string {
  return `${bits & 1 ? 'r' : '-'}${bits & 2 ? 'w' : '-'}${bits & 4 ? 'x' : '-'}`;
}

/** A StreamID as PCI bus:device.function; beyond 16 bits the upper part is the segment (or RMR) prefix. */
export function busDeviceFunction(sid: number): string {
  const two = (n: number) => n.toString(16).padStart(2, '0');
  const bdf = `${two((sid >>> 8) & 0xff)}:${two((sid >>> 3) & 0x1f)}.${sid & 7}`;
  return sid > 0xffff ? `${(sid >>> 16).toString(16).padStart(4, '0')}:${bdf}` : bdf;
}

/** `1,266`, independent of the machine's locale. */
export function countText(n: number): string {
  return String(n).replace(/\B(?=(\d{3})+(?!\d))/g, ',');
}

const WORLD_NAMES: Readonly<Record<World, string>> = {
  ns: 'Non-secure',
  s: 'Secure',
  realm: 'Realm',
  root: 'Root',
};

/** The world's name in prose. */
export function worldName(world: World): string {
  return WORLD_NAMES[world];
}

/** Text for Markdown in which nothing is markup. */
export function escapeMarkdown(text: string): string {
  return text.replace(/[\\`*_{}[\]()#+\-.!|<>~&$]/g, '\\$&').replace(/\r?\n/g, ' ');
}
