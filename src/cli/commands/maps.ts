import { sizeText } from '../../bits/size-text.ts';
import { hex } from '../../bits/u64.ts';
import type { World } from '../../bits/world.ts';
import { type Domain, survey } from '../../inspect/counts.ts';
import { type Maps, mapsOf } from '../../inspect/maps.ts';
import { countText } from '../../inspect/text.ts';
import { statusText } from '../../inspect/tree/node.ts';
import { DATA } from '../../model/memory.ts';
import type { Smmu } from '../../model/smmu.ts';
import { CAPTURE_OPTIONS, parse, requireWorld, sidOption, streamWorldOption } from '../args.ts';
import { type Io, LineWriter, OK } from '../io.ts';
import { openGiven } from '../session.ts';

const OPTIONS = { ...CAPTURE_OPTIONS, world: { type: 'string' }, sid: { type: 'string' } } as const;

/** `smmu-debug maps`: what every set of translation tables maps, as runs of equal neighbours. */
export async function maps(args: readonly string[], io: Io): Promise<number> {
  const given = parse('maps', args, OPTIONS);
  const world = streamWorldOption(given);
  const sid = sidOption(given);
  const machine = await openGiven('maps', given, io);
  try {
    requireWorld(machine.smmu, world);
    const found = survey(machine.smmu, world, undefined, sid);
    const out = new LineWriter(io);
    if (given.flag('json')) printAsJson(machine.smmu, world, found.domains, out);
    else {
      if (found.domains.length === 0) out.line('no translation tables');
      for (const domain of found.domains) printAsText(machine.smmu, domain, out);
      for (const remark of found.remarks) out.line(`note: ${remark}`);
    }
    out.flush();
    return OK;
  } finally {
    machine.close();
  }
}

function tagOf(domain: Domain): { asid: number } | { vmid: number } {
  return domain.start.stage === 1 ? { asid: domain.tag } : { vmid: domain.tag };
}

/** One domain after the other, so that a million runs need not be one value. */
function printAsJson(smmu: Smmu, world: World, domains: readonly Domain[], out: LineWriter): void {
  out.line(`{"world":${JSON.stringify(world)},"domains":[`);
  domains.forEach((domain, i) => {
    const found = mapsOf(smmu, domain.start);
    const { start } = domain;
    const head = {
      name: domain.name,
      base: hex(start.base),
      space: start.space,
      stage: start.stage,
      ...tagOf(domain),
      sids: domain.sids,
      granule: 2 ** start.granuleBits,
      inputBits: start.inputBits,
      level: start.level,
      leaves: found.leaves,
      bytes: found.bytes,
      truncated: found.truncated,
      unlisted: found.unlisted,
      absent: found.absent.map(holeJson),
      loops: found.loops.map(holeJson),
    };
    out.line(`${JSON.stringify(head).slice(0, -1)},"runs":[`);
    for (let r = 0; r < found.length; r++) {
      out.line(`${JSON.stringify(found.run(r))}${r + 1 < found.length ? ',' : ''}`);
    }
    out.line(i + 1 < domains.length ? ']},' : ']}');
  });
  out.line(']}');
}

function holeJson(hole: Maps['absent'][number]): object {
  const why = hole.status === DATA ? 'points back to itself' : statusText(hole.status);
  return { iova: hole.iova, pa: hex(hole.pa), level: hole.level, why };
}

function printAsText(smmu: Smmu, domain: Domain, out: LineWriter): void {
  const found = mapsOf(smmu, domain.start);
  const { start } = domain;
  const [tag] = Object.entries(tagOf(domain));
  const streams = domain.sids.map((sid) => hex(sid)).join(', ');
  out.line(
    `${domain.name} ${hex(start.base)}  ${tag?.[0].toUpperCase()} ${tag?.[1]}  StreamIDs ${streams}  ${start.inputBits} bits, ${sizeText(2 ** start.granuleBits)} granule: ${countText(found.leaves)} leaves, ${sizeText(found.bytes)}`,
  );
  for (const run of found) {
    const attr = start.stage === 1 ? `attr ${run.attrIdx}` : `MemAttr ${run.attrIdx}`;
    const af = run.accessFlag ? '' : '  AF=0';
    out.line(
      `  ${run.iova}-${run.last} -> ${run.pa}${run.space ? ` (${run.space})` : ''}  ${run.sizeText}  ${run.perm}  L${run.level} x${run.count}  ${attr}${af}`,
    );
  }
  for (const hole of found.absent) {
    out.line(`  ${hole.iova}: level ${hole.level} table at ${hex(hole.pa)} is ${statusText(hole.status)}`);
  }
  for (const hole of found.loops) {
    out.line(
      `  ${hole.iova}: level ${hole.level} table at ${hex(hole.pa)} points back to itself: not followed`,
    );
  }
  if (found.unlisted > 0) out.line(`  and ${countText(found.unlisted)} more leaves`);
  if (found.truncated) out.line('  the tables are too many: listed in part');
}
