/** Memory attributes as people write them (IHI 0070 13.1.1). */

import { DEVICE_TYPES, LEVEL, SHAREABILITIES } from '../../spec/memory-attributes.ts';
import { type Attributes, DEFAULT_ATTRIBUTES, fromMair, isDevice } from './attributes.ts';

const POLICIES: readonly string[] = ['WT', 'WB', 'WT', 'WB'];

/** `WB(RA,WA,TR)`; hints that are not given are left out, and none at all is said. */
function levelText(level: number): string {
  if (level === LEVEL.NC) return 'NC';
  const hints = [
    (level & LEVEL.READ_ALLOCATE) !== 0 ? 'RA' : null,
    (level & LEVEL.WRITE_ALLOCATE) !== 0 ? 'WA' : null,
    level < LEVEL.WT ? 'TR' : null,
  ].filter((hint) => hint !== null);
  return `${POLICIES[level >>> 2]}(${hints.length === 0 ? 'nRA,nWA' : hints.join(',')})`;
}

/** `Normal iWB(RA,WA) oWB(RA,WA) ISH`, or `Device-nGnRE`, which is always Outer Shareable. */
export function attributesText(attributes: Attributes): string {
  const byte = attributes & 0xff;
  if (isDevice(attributes)) {
    return Object.entries(DEVICE_TYPES).find(([, code]) => code === byte)?.[0] ?? 'Device';
  }
  const sh = Object.entries(SHAREABILITIES).find(([, code]) => code === attributes >>> 8)?.[0] ?? 'NSH';
  return `Normal i${levelText(byte & 0xf)} o${levelText(byte >>> 4)} ${sh}`;
}

const BY_DEVICE_NAME = new Map<string, number>(
  Object.entries(DEVICE_TYPES).map(([name, code]) => [name.slice('Device-'.length).toLowerCase(), code]),
);
const BY_SHAREABILITY = new Map<string, number>(
  Object.entries(SHAREABILITIES).map(([name, code]) => [name.toLowerCase(), code]),
);

/** Inner, outer or both; the policy; then hints as `(RA,WA)` or `/RAnWATR`. */
const LEVEL_NAME = /^([io]?)(nc|wt|wb)(?:\(([a-z,]*)\)|\/([a-z]+))?$/;
const HINT = /n?(?:ra|wa|tr),?/y;

/** The bits of a level from its policy and hints; without hints RA, WA, not transient (13.1.3). Null for other words. */
function parseLevel(policy: string, hints: string | undefined): number | null {
  if (policy === 'nc') return hints === undefined ? LEVEL.NC : null;
  let allocation: number = hints === undefined ? LEVEL.READ_ALLOCATE | LEVEL.WRITE_ALLOCATE : 0;
  let transient = false;
  HINT.lastIndex = 0;
  for (let at = 0; hints !== undefined && at < hints.length; at = HINT.lastIndex) {
    const hint = HINT.exec(hints)?.[0].replace(',', '');
    if (hint === undefined) return null;
    if (hint === 'ra') allocation |= LEVEL.READ_ALLOCATE;
    if (hint === 'wa') allocation |= LEVEL.WRITE_ALLOCATE;
    if (hint === 'tr') transient = true;
  }
  const lasting = !transient || allocation === 0;
  if (policy === 'wt') return (lasting ? LEVEL.WT : LEVEL.WT_TRANSIENT) | allocation;
  return (lasting ? LEVEL.WB : LEVEL.WB_TRANSIENT) | allocation;
}

/**
 * Reads attributes: a byte of MAIR, or a name such as `Device-nGnRE`, `NC`, `WB`, `Normal-iWB-oNC-ISH` or whatever
 * {@link attributesText} writes. What is left out is as 13.1.3 has it: the other level alike, RA, WA, not transient,
 * Non-shareable.
 * @returns null when it is none
 */
export function parseAttributes(nameOrByte: string | number): Attributes | null {
  if (typeof nameOrByte === 'number') {
    return Number.isInteger(nameOrByte) && nameOrByte >= 0 && nameOrByte <= 0xff
      ? fromMair(nameOrByte, 0)
      : null;
  }
  const text = nameOrByte.trim().toLowerCase();
  if (/^(?:0x[0-9a-f]{1,2}|[0-9]{1,3})$/.test(text)) return parseAttributes(Number(text));
  const words = text.split(/[\s-]+/);
  if (words.length === 2 && words[0] === 'device') return deviceOf(words[1] as string);
  if (words.length === 1) {
    const device = deviceOf(words[0] as string);
    if (device !== null) return device;
  }
  return parseNormal(words[0] === 'normal' ? words.slice(1) : words);
}

function deviceOf(name: string): Attributes | null {
  const code = BY_DEVICE_NAME.get(name);
  return code === undefined ? null : fromMair(code, 0);
}

function parseNormal(words: readonly string[]): Attributes | null {
  let inner: number | null = null;
  let outer: number | null = null;
  let sh: number | null = null;
  for (const word of words) {
    const shareability = BY_SHAREABILITY.get(word);
    if (shareability !== undefined) {
      if (sh !== null) return null;
      sh = shareability;
      continue;
    }
    const [, side, policy, listed, joined] = LEVEL_NAME.exec(word) ?? [];
    if (policy === undefined) return null;
    const level = parseLevel(policy, listed ?? joined);
    if (level === null || (side !== 'o' && inner !== null) || (side !== 'i' && outer !== null)) return null;
    if (side !== 'o') inner = level;
    if (side !== 'i') outer = level;
  }
  const byDefault = DEFAULT_ATTRIBUTES & 0xf;
  return fromMair(((outer ?? inner ?? byDefault) << 4) | (inner ?? outer ?? byDefault), sh ?? 0);
}
