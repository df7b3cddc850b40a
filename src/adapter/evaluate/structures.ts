import { hex } from '../../bits/u64.ts';
import { UserError } from '../../bits/user-error.ts';
import type { World } from '../../bits/world.ts';
import { placeOfCd } from '../../inspect/stage2.ts';
import {
  arrayOf,
  cdAddress,
  cdTableOf,
  isFault,
  readCd,
  readLevel1,
  readSte,
  streamOf,
} from '../../inspect/streams.ts';
import { statusText } from '../../inspect/tree/node.ts';
import { DATA, type ReadStatus } from '../../model/memory.ts';
import type { Smmu } from '../../model/smmu.ts';
import { SID_BITS, SSID_BITS } from '../../spec/stream-id.ts';
import { structureScope } from '../scopes/structure.ts';
import type { Session } from '../session.ts';
import type { Answer, ConsoleCommand } from './command.ts';
import { numberIn, splitWords, worldIn } from './words.ts';

const STE_USAGE = 'ste 8 [world=ns]';
const CD_USAGE = 'cd 8 [ssid=1] [world=ns]';

/** Shows the STE of a stream as it lies in memory, whatever the caches hold. */
export const ste: ConsoleCommand = {
  name: 'ste',
  usage: STE_USAGE,
  help: 'shows the STE of a StreamID, as it lies in memory',
  words: ['world='],
  run(session, rest) {
    const [first = '', ...more] = rest.trim().split(/[\s,]+/);
    const sid = numberIn(first, 'sid', SID_BITS, STE_USAGE);
    const { values } = splitWords(more.join(' '), ['world'], [], STE_USAGE);
    return steAnswer(session, sid, worldIn(session.debuggee, values.get('world')));
  },
};

/** Shows the CD of a stream as it lies in memory. */
export const cd: ConsoleCommand = {
  name: 'cd',
  usage: CD_USAGE,
  help: 'shows the CD of a StreamID (and SubstreamID), as it lies in memory',
  words: ['ssid=', 'world='],
  run(session, rest) {
    const [first = '', ...more] = rest.trim().split(/[\s,]+/);
    const sid = numberIn(first, 'sid', SID_BITS, CD_USAGE);
    const { values } = splitWords(more.join(' '), ['ssid', 'world'], [], CD_USAGE);
    const index = numberIn(values.get('ssid') ?? '0', 'ssid', SSID_BITS, CD_USAGE);
    return cdAnswer(session, sid, index, worldIn(session.debuggee, values.get('world')));
  },
};

/** The STE of a StreamID. @throws UserError when it has none */
export function steAnswer(session: Session, sid: number, world: World): Answer {
  const read = steOf(session, sid, world);
  return structureAnswer(`STE ${hex(read.sid)}`, 'STE', read, world);
}

/** The CD of a StreamID and an index. @throws UserError when there is none */
export function cdAnswer(session: Session, sid: number, index: number, world: World): Answer {
  const { smmu } = session.debuggee;
  const state = smmu.state(world);
  const stream = streamOf(steOf(session, sid, world), world, state);
  if (isFault(stream)) throw new UserError(`StreamID ${hex(sid)} has no CD: ${stream.reason}`);
  if (!stream.translates1)
    throw new UserError(`StreamID ${hex(sid)} has no CD: its STE says ${stream.action}`);
  const memory = smmu.memory(world);
  const place = (ipa: number): number => {
    const pa = placeOfCd(smmu, stream, ipa);
    if (typeof pa === 'number') return pa;
    throw new UserError(`the CD of StreamID ${hex(sid)} cannot be reached through stage 2: ${pa}`);
  };
  const pa = cdAddress(memory, cdTableOf(stream, place), index, state);
  if (pa === null) throw new UserError(`StreamID ${hex(sid)} has no CD ${index}`);
  return structureAnswer(`CD ${index} of StreamID ${hex(sid)}`, 'CD', readCd(memory, pa, index), world);
}

function steOf(session: Session, sid: number, world: World): ReturnType<typeof readSte> {
  const { smmu } = session.debuggee;
  const memory = smmu.memory(world);
  const array = arrayOf(memory, smmu.state(world), sid);
  if (!array)
    throw new UserError(`StreamID ${hex(sid)} has no STE: ${whyNoArray(session.debuggee.smmu, sid, world)}`);
  return readSte(memory, array, sid);
}

function whyNoArray(smmu: Smmu, sid: number, world: World): string {
  const { log2size, split } = smmu.state(world).streamTable;
  if (sid >= 2 ** log2size) return `it is not below 2^${log2size}, the size of the stream table`;
  const level1 = readLevel1(smmu.memory(world), smmu.state(world), Math.floor(sid / 2 ** split));
  if (level1.status !== DATA) return `its L1STD at PA ${hex(level1.pa)} is ${statusText(level1.status)}`;
  return typeof level1.array === 'string' ? level1.array : 'it is beyond the span of its L1STD';
}

function structureAnswer(
  name: string,
  layout: string,
  { pa, words, status }: { pa: number; words: Uint32Array; status: ReadStatus },
  space: World,
): Answer {
  return {
    value: `${name} at PA ${hex(pa)} (${space})`,
    memory: { space, pa },
    children: structureScope({ layout, space, pa, words, status }),
  };
}
