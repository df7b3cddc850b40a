import { sizeText } from '../../bits/size-text.ts';
import { hex } from '../../bits/u64.ts';
import { UserError } from '../../bits/user-error.ts';
import { survey } from '../../inspect/counts.ts';
import { type MapRun, type Maps, mapsOf, type TableStart } from '../../inspect/maps.ts';
import { SID_BITS } from '../../spec/stream-id.ts';
import { type Node, named } from '../variable-node.ts';
import type { LongCommand } from './command.ts';
import { slices } from './slices.ts';
import { numberIn, splitWords, worldIn } from './words.ts';

const USAGE = 'maps sid=8 [world=ns]';
/** Runs that the text shows; the rest is there to be opened. */
const SHOWN = 16;

/** Lists what the translation tables of a stream map. */
export const maps: LongCommand = {
  name: 'maps',
  usage: USAGE,
  help: 'lists what the translation tables of a StreamID map, as runs of equal neighbours',
  words: ['sid=', 'world='],
  async search(session, rest, cancelled) {
    const { values } = splitWords(rest, ['sid', 'world'], [], USAGE);
    const sid = numberIn(values.get('sid') ?? rest.trim(), 'sid', SID_BITS, USAGE);
    const { smmu } = session.debuggee;
    const world = worldIn(session.debuggee, values.get('world'));
    const time = slices(session, cancelled);
    const { domains, remarks } = survey(smmu, world, time.stop, sid);
    const parts: Node[] = [];
    const lines: string[] = [];
    for (const { start, name, tag } of domains) {
      await time.pause();
      const found = mapsOf(smmu, start, { cancelled: time.stop });
      const tagName = start.stage === 1 ? 'ASID' : 'VMID';
      const head = `${name} ${hex(start.base)}, stage ${start.stage}, ${tagName} ${tag}: ${found.leaves} leaves, ${sizeText(found.bytes)}${found.truncated ? ', listed in part' : ''}`;
      lines.push(head, ...shown(found));
      parts.push(tableNode(name, head, found, start));
    }
    if (parts.length === 0 && remarks.length === 0) {
      throw new UserError(`StreamID ${hex(sid)} uses no translation tables`, {
        todo: `look at ste ${hex(sid)}`,
      });
    }
    return {
      value: [...lines, ...remarks.map((text) => `note: ${text}`)].join('\n'),
      children: named(() => parts),
    };
  },
};

/** `0x1000-0x1fff -> 0x80001000  4 KiB  rw-`. */
export function runText({ iova, last, pa, space, sizeText: size, perm, accessFlag }: MapRun): string {
  return `${iova}-${last} -> ${pa}${space ? ` (${space})` : ''}  ${size}  ${perm}${accessFlag ? '' : '  AF=0'}`;
}

function shown(found: Maps): string[] {
  const lines: string[] = [];
  for (let i = 0; i < Math.min(found.length, SHOWN); i++) lines.push(`  ${runText(found.run(i))}`);
  if (found.length > SHOWN) lines.push(`  and ${found.length - SHOWN} more runs`);
  return lines;
}

function tableNode(name: string, head: string, found: Maps, { base, space }: TableStart): Node {
  return {
    name: `${name} ${hex(base)}`,
    value: head,
    memory: { space, pa: base },
    children: {
      indexed: found.length,
      page: (start, count) =>
        Array.from({ length: Math.max(0, Math.min(count, found.length - start)) }, (_, i) =>
          runNode(found.run(start + i)),
        ),
    },
  };
}

function runNode(run: MapRun): Node {
  return {
    name: run.iova,
    value: runText(run),
    memory: { space: run.space ?? 'ns', pa: Number(run.pa) },
  };
}
