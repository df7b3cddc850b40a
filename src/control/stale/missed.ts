/** Invalidations that were consumed since something became old, and why each did not help. */

import type { Field } from '../../bits/layout.ts';
import { hex, hex64 } from '../../bits/u64.ts';
import type { World } from '../../bits/world.ts';
import type { Location } from '../../model/caches/location.ts';
import type { Invalidation, SinceThen } from '../../model/caches/versions.ts';
import { range, readRange, scopeOfOpcode } from '../../model/commands/tlbi-scope.ts';
import type { Smmu } from '../../model/smmu.ts';
import { commandByOpcode, commandNameOf, opcodeOf } from '../../spec/commands.ts';
import type { StaleUse } from './use.ts';

/** A command that did not remove what is old. */
export interface Missed {
  /** `CMD_TLBI_NH_VA ASID=0x1 VMID=0x0 Address=0x1000 Leaf=1`. */
  readonly command: string;
  readonly why: string;
}

/** More are counted, not told. */
const TOLD = 16;

/** Fields that tell something even when they are zero. */
const SHOWN: ReadonlySet<string> = new Set(['StreamID', 'ASID', 'VMID', 'Address', 'Leaf']);

function fieldText(field: Field, words: Uint32Array): string | null {
  const [hi, lo] = [field.hi(words, 0), field.lo(words, 0)];
  if (field.name === 'Opcode' || (hi === 0 && lo === 0 && !SHOWN.has(field.name))) return null;
  return `${field.name}=${field.width <= 6 ? String(lo) : hex64(hi, lo)}`;
}

function commandText(words: Uint32Array): string {
  const spec = commandByOpcode(opcodeOf(words, 0));
  const name = commandNameOf(words, 0);
  if (spec === undefined || name === undefined) return 'command';
  // Its one field is that of which it is an alias.
  if (name !== spec.name) return name;
  const parts = spec.layout.list.map((field) => fieldText(field, words));
  return [spec.name, ...parts.filter((part) => part !== null)].join(' ');
}

/** Which addresses a TLBI names, with the calculation where it is a range (4.4.1.1). */
function rangeText(smmu: Smmu, world: World, words: Uint32Array): string {
  const scope = scopeOfOpcode(opcodeOf(words, 0));
  if (scope === undefined || scope.address === null) return '';
  readRange(scope, scope.address, words, smmu.state(world));
  const first = hex64(scope.address.hi(words, 0), scope.address.lo(words, 0));
  if (range.granuleBits === 0) return ` (it names ${first})`;
  const num = scope.num?.get(words, 0) ?? 0;
  const scale = scope.scale?.get(words, 0) ?? 0;
  const bytes = (range.last - range.first + 1) * 4096;
  const kib = 2 ** (range.granuleBits - 10);
  return ` (it names ${first} + ${hex(bytes)} bytes: (NUM+1) * 2^SCALE = ${(num + 1) * 2 ** scale} granules of ${kib} KiB)`;
}

function whyText(
  smmu: Smmu,
  use: StaleUse,
  { whyNot, complete, at }: SinceThen<Location>,
  words: Uint32Array,
) {
  if (whyNot !== null) {
    const combined = use.tlb?.entry.nested != null && whyNot.startsWith('it leaves stage');
    const more = combined ? ': a translation through both stages goes with stage 1 (4.4.3)' : '';
    return `does not cover it: ${whyNot}${more}${use.tlb === null || combined ? '' : rangeText(smmu, use.tlb.entry.space.tag.world, words)}`;
  }
  if (!complete) return 'covers it, but is not complete: no CMD_SYNC of its queue has been consumed since';
  if (use.remade !== null && at < use.remade.until)
    return `covers it, but ${use.remade.from} could still be used after it: its invalidation was not complete yet`;
  return 'covered it, but it was made again after that';
}

/** The invalidations since a value was overwritten, the oldest first. */
export function missedCommands(smmu: Smmu, use: StaleUse, since: readonly SinceThen<Location>[]): Missed[] {
  const told = since.slice(-TOLD).map((one) => {
    const words = wordsOf(one.invalidation);
    return { command: commandText(words), why: whyText(smmu, use, one, words) };
  });
  const more = since.length - told.length;
  if (more > 0) told.unshift({ command: `${more} more commands`, why: 'came before these' });
  return told;
}

function wordsOf({ words }: Invalidation<Location>): Uint32Array {
  return Uint32Array.from(words);
}
