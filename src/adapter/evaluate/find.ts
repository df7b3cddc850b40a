import { hex } from '../../bits/u64.ts';
import { type Domain, survey } from '../../inspect/counts.ts';
import { type MapRun, mapsOf } from '../../inspect/maps.ts';
import { PA_BITS } from '../../model/memory.ts';
import { type Node, named } from '../variable-node.ts';
import type { LongCommand } from './command.ts';
import { runText } from './maps.ts';
import { slices } from './slices.ts';
import { numberIn, splitWords, worldIn } from './words.ts';

const USAGE = 'find pa=0x80001000 [world=ns]';
/** Answers enough to see who it is. */
const MOST = 256;
/** Runs of one set of tables that are looked at. */
const RUNS = 2 ** 18;

/** Finds out who can reach a physical address. Of a nested stream it is stage 2 that leads there, from an IPA. */
export const find: LongCommand = {
  name: 'find',
  usage: USAGE,
  help: 'finds the streams whose translation tables map a physical address, and from which IOVA or IPA',
  words: ['pa=', 'world='],
  async search(session, rest, cancelled) {
    const { values } = splitWords(rest, ['pa', 'world'], [], USAGE);
    const pa = numberIn(values.get('pa') ?? '', 'pa', PA_BITS, USAGE);
    const { smmu } = session.debuggee;
    const world = worldIn(session.debuggee, values.get('world'));
    const time = slices(session, cancelled);
    const { domains } = survey(smmu, world, time.stop);
    const found: Node[] = [];
    let partly = false;
    for (const domain of domains) {
      await time.pause();
      if (found.length >= MOST || time.over) break;
      const listed = mapsOf(smmu, domain.start, {
        cancelled: time.stop,
        runLimit: RUNS,
      });
      partly ||= listed.truncated || listed.unlisted > 0;
      for (const run of listed)
        if (holds(run, pa) && found.length < MOST) found.push(hitNode(domain, run, pa));
    }
    const rests = partly || time.over || found.length >= MOST ? ['not everything was looked at'] : [];
    if (found.length === 0) return { value: [`nobody maps PA ${hex(pa)}`, ...rests].join('; ') };
    return {
      value: [...found.map(({ name, value }) => `${name}: ${value}`), ...rests].join('\n'),
      children: named(() => found),
    };
  },
};

function holds({ pa, size }: MapRun, wanted: number): boolean {
  const first = Number(pa);
  return wanted >= first && wanted < first + size;
}

function hitNode({ name, sids, start }: Domain, run: MapRun, pa: number): Node {
  const input = BigInt(run.iova) + BigInt(pa - Number(run.pa));
  return {
    name: `StreamID ${sids.map((sid) => hex(sid)).join(', ')} ${name}`,
    value: `${start.stage === 1 ? 'IOVA' : 'IPA'} 0x${input.toString(16)} -> ${hex(pa)} ${run.perm}, in ${runText(run)}`,
    memory: { space: run.space ?? 'ns', pa },
  };
}
