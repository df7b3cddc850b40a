/** Which physical address space an access is made to: IHI 0070 3.10.2, 3.10.3 and 13.5. */

import { WORLD_INDEX, WORLDS, type World } from '../../bits/world.ts';
import { feature } from '../../spec/features.ts';
import { STE } from '../../spec/ste.ts';
import type { StreamWorld } from '../../spec/stream-worlds.ts';
import type { WorldStatementId } from '../../spec/world-statements.ts';
import type { Transaction } from '../plan.ts';
import type { WorldState } from '../state.ts';
import type { StreamConfig, TableSpaces } from './configuration.ts';

const { NSCFG, S2SW, S2SA, S2NSW, S2NSA } = STE.fields;
const { NONSECURE, SECURE } = NSCFG.names;

/** What is said of each Security state in its own words. */
const RULES = {
  'FETCH-STE': { ns: 'world:NS-FETCH-STE', s: 'world:S-FETCH-STE', realm: 'world:R-FETCH-STE' },
  'FETCH-CD': { ns: 'world:NS-FETCH-CD', s: 'world:S-FETCH-CD', realm: 'world:R-FETCH-CD' },
  'FETCH-TT': { ns: 'world:NS-FETCH-TT', s: 'world:S-FETCH-TT1', realm: 'world:R-FETCH-TT' },
  OUTPUT: { ns: 'world:NS-OUTPUT', s: 'world:S-OUTPUT', realm: 'world:R-OUTPUT' },
  STREAMWORLDS: { ns: 'world:NS-STREAMWORLDS', s: 'world:S-STREAMWORLDS', realm: 'world:R-STREAMWORLDS' },
  DISABLED: { ns: 'world:NS-DISABLED', s: 'world:S-DISABLED', realm: 'world:R-DISABLED' },
  ATS: { ns: 'world:NS-ATS', s: 'world:S-ATS', realm: 'world:R-ATS' },
} as const satisfies Readonly<Record<string, Readonly<Partial<Record<World, `world:${WorldStatementId}`>>>>>;

/** Whether what is said of a state's streams is left out of the model. */
export function streamRuleOff(state: WorldState, world: World, topic: keyof typeof RULES): boolean {
  if (state.rulesOff.size === 0 || world === 'root') return false;
  return state.rulesOff.has(RULES[topic][world]);
}

/** A statement that is left out; asked away from the hot path. */
export function statementOff(state: WorldState, id: `world:${WorldStatementId}`): boolean {
  return state.rulesOff.size !== 0 && state.rulesOff.has(id);
}

/** Another space than that of a state, for structures that are looked for in the wrong place. */
const ELSEWHERE: Readonly<Record<World, World>> = { ns: 's', s: 'ns', realm: 'ns', root: 'ns' };

/** Where L1STDs, STEs and VMSs of a state's streams lie. */
export function streamTableSpace(state: WorldState, world: World): World {
  return streamRuleOff(state, world, 'FETCH-STE') ? ELSEWHERE[world] : world;
}

/** Where CDs and L1CDs of a stream without stage 2 lie. */
export function contextSpace(state: WorldState, world: World): World {
  return streamRuleOff(state, world, 'FETCH-CD') ? ELSEWHERE[world] : world;
}

/** A space by its index, as walks keep it. */
export function spaceAt(index: number): World {
  return WORLDS[index] as World;
}

/**
 * The spaces of a stage 1.
 * @param nsCfg CD.NSCFG0 or NSCFG1
 * @returns null where everything is Non-secure
 */
export function stage1Spaces(
  state: WorldState,
  world: World,
  streamWorld: StreamWorld,
  nested: boolean,
  nsCfg: boolean,
): TableSpaces | null {
  const isFree = streamRuleOff(state, world, 'OUTPUT');
  const isElsewhere = streamRuleOff(state, world, 'FETCH-TT');
  const anywhere = { contexts: null, tables: null } as const;
  if (world === 's') {
    const byTables = !isElsewhere;
    const walk = byTables && nsCfg ? 'ns' : 's';
    const nsExecutes = !(state.secureFetchOnly && !statementOff(state, 'world:S-SIF'));
    const bits = { nsTable: byTables, nsLeaf: !isFree };
    return { input: 's', walk, output: 's', ...bits, ...anywhere, nsExecutes, amec: false };
  }
  if (world === 'realm') {
    const isEl2 = streamWorld === 'Realm-EL2' || streamWorld === 'Realm-EL2-E2H';
    const ignored = !statementOff(state, 'world:R-NSCFG');
    const walk = (!ignored && nsCfg) || (isElsewhere && !nested) ? 'ns' : 'realm';
    return {
      input: 'realm',
      walk,
      output: 'realm',
      nsTable: false,
      nsLeaf: isEl2 && !isFree,
      nsExecutes: statementOff(state, 'world:R-NS-EXEC'),
      ...anywhere,
      amec: isEl2 && feature(state.ids, 'R_IDR3.MEC') === 1,
    };
  }
  if (!isFree && !isElsewhere) return null;
  const walk = isElsewhere ? ELSEWHERE[world] : world;
  const output = isFree ? ELSEWHERE[world] : world;
  const bits = { nsTable: false, nsLeaf: true, nsExecutes: true };
  return { input: world, walk, output, ...bits, ...anywhere, amec: false };
}

/**
 * The spaces of a stage 2.
 * @param ste the words of the STE
 * @param input of the IPAs: of a Secure stream Secure or Non-secure
 * @returns null where everything is Non-secure
 */
export function stage2Spaces(state: WorldState, input: World, ste: Uint32Array): TableSpaces | null {
  const { world } = state;
  const isFree = streamRuleOff(state, world, 'OUTPUT');
  const fixed = { input, nsTable: false, nsExecutes: true, contexts: null, tables: null, amec: false };
  if (world === 's') {
    const byFields = !statementOff(state, 'world:S-FETCH-TT2');
    const sw = byFields && S2SW.get(ste, 0) === 1;
    const sa = sw || S2SA.get(ste, 0) === 1;
    if (input === 's') {
      const output = sa && !isFree ? 'ns' : 's';
      return { ...fixed, walk: sw ? 'ns' : 's', output, nsLeaf: false };
    }
    const nsw = byFields && S2NSW.get(ste, 0) === 1;
    const nsa = sa || nsw || S2NSA.get(ste, 0) === 1;
    return { ...fixed, walk: nsw ? 'ns' : 's', output: nsa && !isFree ? 'ns' : 's', nsLeaf: false };
  }
  if (world === 'realm') {
    return {
      ...fixed,
      walk: 'realm',
      output: 'realm',
      nsLeaf: !isFree,
      nsExecutes: statementOff(state, 'world:R-NS-EXEC'),
      contexts: streamRuleOff(state, world, 'FETCH-CD') ? null : 'realm',
      tables: streamRuleOff(state, world, 'FETCH-TT') ? null : 'realm',
      amec: feature(state.ids, 'R_IDR3.MEC') === 1,
    };
  }
  const isElsewhere = streamRuleOff(state, world, 'FETCH-TT');
  if (!isFree && !isElsewhere) return null;
  const walk = isElsewhere ? ELSEWHERE[world] : world;
  return { ...fixed, walk, output: isFree ? ELSEWHERE[world] : world, nsLeaf: false };
}

/** The space of a leaf's output, as an index: see {@link spaceAt}. */
export function leafSpace(spaces: TableSpaces, walk: World, nonSecure: boolean): number {
  if (spaces.nsTable && walk === 'ns') return WORLD_INDEX.ns;
  return spaces.nsLeaf && nonSecure ? WORLD_INDEX.ns : WORLD_INDEX[spaces.output];
}

/** The space that an override of the NS attribute gives: STE.NSCFG or S_GBPA.NSCFG; `incoming` when it has no say. */
function overriddenSpace(world: World, nsCfg: number, incoming: World): World {
  if (nsCfg === NONSECURE) return 'ns';
  return nsCfg === SECURE ? world : incoming;
}

/**
 * The space of an address that stage 1 does not translate: the NS attribute as it comes, or as STE.NSCFG has it (5.2,
 * 3.10.3.1). An ATOS operation asks for its NS as it is (9.1.3).
 */
export function bypassSpace(t: Transaction, stream: StreamConfig, state: WorldState): World {
  return attributeSpace(t, t.kind === 'atos' ? NSCFG.names.INCOMING : stream.nsCfg, state);
}

/**
 * The space that the NS attribute of a transaction means.
 * @param nsCfg what replaces it: STE.NSCFG or S_GBPA.NSCFG
 */
export function attributeSpace(t: Transaction, nsCfg: number, state: WorldState): World {
  switch (t.world) {
    case 's':
      return overriddenSpace('s', nsCfg, t.ns && !statementOff(state, 'world:NSIN-S') ? 'ns' : 's');
    case 'realm':
      return overriddenSpace('realm', nsCfg, t.ns && !statementOff(state, 'world:NSIN-R') ? 'ns' : 'realm');
    default:
      return nonSecureSpace(t, state);
  }
}

/** A Realm client says with XT=1 which memory the access must reach (3.9.4.3). */
export function namesSpace(t: Transaction): boolean {
  return t.ns || t.xt === true;
}

/** Where the output must be, of a stream that checks it; null: anywhere. An ATOS operation has no XT. */
export function requiredSpace(t: Transaction): World | null {
  if (t.kind === 'atos' || !namesSpace(t)) return null;
  return t.ns ? 'ns' : 'realm';
}

/** Why an output in another space is refused. */
export function elsewhereText(wanted: World, space: World): string {
  return `XT=1 and STE.NSCFG=1: the access must reach ${wanted} memory, and is translated to ${space} memory`;
}

/** Non-secure, whatever the NS attribute is (3.10.1). */
function nonSecureSpace(t: Transaction, state: WorldState): World {
  if (state.rulesOff.size === 0 || t.ns) return 'ns';
  const hasSecure = feature(state.ids, 'S_IDR1.SECURE_IMPL') === 1;
  return statementOff(state, hasSecure ? 'world:NSIN-NS' : 'world:NSIN-NO-SECURE') ? 's' : 'ns';
}
