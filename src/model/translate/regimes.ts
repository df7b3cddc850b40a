/** Translation regimes of streams, and the tags of their TLB entries: IHI 0070 3.3.4, 3.10.2.2 and 5.2 (STRW, S2VMID). */

import type { World } from '../../bits/world.ts';
import { feature, holds } from '../../spec/features.ts';
import { STE } from '../../spec/ste.ts';
import { STREAM_WORLDS, type StreamWorld } from '../../spec/stream-worlds.ts';
import type { WorldState } from '../state.ts';
import type { StreamTags } from './configuration.ts';
import { statementOff, streamRuleOff } from './spaces.ts';

const { STRW, S2VMID, NSCFG } = STE.fields;

/** An STE under judgement. */
export interface SteSubject {
  readonly w: Uint32Array;
  readonly state: WorldState;
  readonly config: number;
}

/** Stage 2 translates. */
export const stage2On = (s: SteSubject): boolean => (s.config & 6) === 6;

/** The state whose stream table holds the STE. */
export const inWorld = (s: SteSubject, world: World): boolean => s.state.world === world;
/** IDR0.Hyp is about Non-secure streams; the others have an EL2 of their own (5.2, STRW). */
export const strwUsed = (s: SteSubject): boolean =>
  (s.config === 5 && (s.state.features.hyp || !inWorld(s, 'ns'))) || s.state.rulesOff.has('STE-STRW-IGN');

const { EL3, EL2 } = STRW.names;

/** StreamWorlds of each state: of EL1, of EL2, and of EL2 with E2H. */
const REGIMES = {
  ns: ['NS-EL1', 'NS-EL2', 'NS-EL2-E2H'],
  s: ['Secure', 'S-EL2', 'S-EL2-E2H'],
  realm: ['Realm-EL1', 'Realm-EL2', 'Realm-EL2-E2H'],
} as const satisfies Readonly<Partial<Record<World, readonly StreamWorld[]>>>;

/** The regimes of a state's streams; Root has none. */
function regimesOf(world: World): readonly [StreamWorld, StreamWorld, StreamWorld] {
  return REGIMES[world === 'root' ? 'ns' : world];
}

/** StreamWorld of a stream: IHI 0070 5.2, STRW; (S_, R_)CR2.E2H selects the flavour of EL2. */
export function streamWorldOf(s: SteSubject): StreamWorld {
  const { state } = s;
  const [el1, el2, el2E2h] = regimesOf(state.world);
  const strw = STRW.get(s.w, 0);
  if (strw === 0 || !strwUsed(s) || streamRuleOff(state, state.world, 'STREAMWORLDS')) return el1;
  if (strw === EL3 && inWorld(s, 's')) return 'EL3';
  if (strw !== EL2) return el1;
  return state.e2h ? el2E2h : el2;
}

/**
 * VMID of the TLB tags; -1 where the regime has none. That of a Secure stream is 0 without stage 2 (3.10.2.2).
 * @param streamWorld of {@link streamWorldOf}
 */
export function vmidOf(s: SteSubject, streamWorld: StreamWorld): number {
  const { state } = s;
  const { vmid } = STREAM_WORLDS[streamWorld];
  if (vmid === undefined || !holds(state.ids, vmid)) return -1;
  const isZero = inWorld(s, 's') && !stage2On(s) && !statementOff(state, 'world:S-VMID0');
  return isZero ? 0 : S2VMID.get(s.w, 0);
}

/**
 * By what TLB entries of the stream are told from those of other streams.
 * @param streamWorld of {@link streamWorldOf}
 */
export function tagsOf({ state }: SteSubject, streamWorld: StreamWorld): StreamTags {
  const { world } = state;
  const isShared = statementOff(state, 'world:CANNOT-TAGS') || statementOff(state, 'world:TLB-SEPARATE');
  const own = isShared ? 'ns' : world;
  const kind = regimesOf(world).indexOf(streamWorld);
  const regimes = regimesOf(own);
  return {
    world: own,
    streamWorld: regimes[kind] ?? streamWorld,
    stage2: regimes[0],
    byIpaSpace: world === 's' && !statementOff(state, 'world:TLB-S-IPA'),
  };
}

/** NSCFG=1 of a Realm stream asks for a check where XT is supported; else it is reserved and acts as 0 (5.2). */
export function checksNs({ w, state }: SteSubject): boolean {
  return (
    state.world === 'realm' && NSCFG.get(w, 0) === NSCFG.names.CHECK && feature(state.ids, 'R_IDR3.XT') === 1
  );
}

type AtsState = Pick<WorldState, 'world' | 'features' | 'rulesOff'>;

/** The streams of the state have ATS: by IDR0.ATS or R_IDR0.ATS, and Secure ones never (3.9). */
export function hasAts({ world, features, rulesOff }: AtsState): boolean {
  if (!features.ats) return false;
  if (world === 's') return rulesOff.has('world:S-ATS');
  return world !== 'ns' || !rulesOff.has('world:NS-ATS');
}
