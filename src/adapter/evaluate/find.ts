import { hex } from '../../bits/u64.ts';
import { type Domain, survey } from '../../inspect/counts.ts';
import { mapsOf } from '../../inspect/maps.ts';
import { PA_LIMIT } from '../../model/memory.ts';
import { type Node, named } from '../variable-node.ts';
import type { LongCommand } from './command.ts';
import { runText } from './maps.ts';
import { slices } from './slices.ts';
import { numberIn, splitWords } from './words.ts';

const USAGE = 'find pa=0x80001000';
const WORLD = 'ns';
const PA_BITS = Math.log2(PA_LIMIT);
/** Answers enough to see who it is. */
const MOST = 256;
/** Runs of one set of tables that are looked at. */
const RUNS = 2 ** 18;

/** Finds out who can reach a physical address. */
export const find: LongCommand = {
  name: 'find',
  usage: USAGE,
  help: 'finds the streams whose translation tables map a physical address, and at which input addresses',
  words: ['pa='],
  async search(session, rest, cancelled) {
    const { values } = splitWords(rest, ['pa'], [], USAGE);
    const pa = numberIn(values.get('pa') ?? '', 'pa', PA_BITS, USAGE);
    const { smmu } = session.debuggee;
    const time = slices(session, cancelled);
    const { domains } = survey(smmu, WORLD, time.stop);
    const found: Node[] = [];
    let partly = time.over;
    for (const domain of domains) {
      await time.pause();
      const listed = mapsOf(smmu.memory(WORLD), domain.start, { cancelled: time.stop, runLimit: RUNS });
      partly ||= listed.truncated || listed.unlisted > 0 || time.over;
      for (let i = 0; i < listed.length && found.length < MOST; i++) {
        const run = listed.run(i);
        const first = Number(run.pa);
        if (pa < first || pa >= first + run.size) continue;
        found.push({
          name: whoText(domain),
          value: `${inputText(run.iova, pa - first)} -> ${hex(pa)} ${run.perm}, in ${runText(run)}`,
          memory: { space: WORLD, pa },
        });
      }
      if (found.length >= MOST || time.over) break;
    }
    const rests = partly ? '; not everything was looked at' : '';
    if (found.length === 0) return { value: `nobody maps PA ${hex(pa)}${rests}` };
    return {
      value: [
        ...found.map(({ name, value }) => `${name}: ${value}`),
        ...(partly ? [rests.slice(2)] : []),
      ].join('\n'),
      children: named(() => found),
    };
  },
};

function whoText({ name, sids, start }: Domain): string {
  const what = start.stage === 1 ? 'IOVA' : 'IPA';
  return `StreamID ${sids.map((sid) => hex(sid)).join(', ')} ${name} (${what})`;
}

function inputText(iova: string, offset: number): string {
  return `0x${(BigInt(iova) + BigInt(offset)).toString(16)}`;
}
