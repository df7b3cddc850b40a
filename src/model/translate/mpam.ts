/** Which PARTID and PMG each access bears: IHI 0070 chapter 17 and 5.6. */

import type { Field } from '../../bits/layout.ts';
import { hex } from '../../bits/u64.ts';
import { placeText, WORLD_INDEX, WORLDS, type World } from '../../bits/world.ts';
import { CD } from '../../spec/cd.ts';
import { feature, type IdValues } from '../../spec/features.ts';
import { PARTID_MAP_BYTES, PARTID_SPACES, VIRTUAL_PARTIDS } from '../../spec/mpam.ts';
import { REGISTERS } from '../../spec/registers.ts';
import { STE } from '../../spec/ste.ts';
import type { PartidMap, PartidMapIndex } from '../caches/partid-maps.ts';
import type { Machine } from '../machine.ts';
import { DATA } from '../memory.ts';
import type { Recorder } from '../plan.ts';
import type { WorldState } from '../state.ts';
import { type Answer, configFault } from './answer.ts';
import type { StreamConfig } from './configuration.ts';

const { Config, S1MPAM, VMSPtr, S2VMID, MPAM_NS, PARTID, PMG } = STE.fields;
const STAGE1_ONLY = Config.names.S1;
const NESTED = Config.names.NESTED;

/**
 * What an access is labelled with, packed: PARTID in [15:0], PMG in [23:16], the PARTID space in [25:24] as an index of
 * {@link WORLDS}; bit 26 and 27: an UNKNOWN PARTID or PMG is used, because the one configured exceeds what there is.
 */
export type MpamLabel = number;

/** MPAM is not supported in the Security state: accesses bear no label. */
export const NO_LABEL: MpamLabel = -1;

const PMG_SHIFT = 16;
const SPACE_SHIFT = 24;
const UNKNOWN_PARTID = 1 << 26;
const UNKNOWN_PMG = 1 << 27;

type StreamsWorld = keyof typeof PARTID_SPACES;

/** MPAM is supported in a Security state (17.1). */
export function mpamSupported(ids: IdValues, world: StreamsWorld): boolean {
  const { partidMax, pmgMax } = PARTID_SPACES[world];
  return feature(ids, 'IDR3.MPAM') === 1 && (feature(ids, partidMax) !== 0 || feature(ids, pmgMax) !== 0);
}

/** The PARTID space that an MPAM_NS bit selects (17.7): Non-secure, where the world has the choice. */
function spaceOf(ids: IdValues, world: StreamsWorld, mpamNs: number): StreamsWorld {
  const { chooses } = PARTID_SPACES[world];
  return mpamNs === 1 && chooses !== null && feature(ids, chooses) === 1 ? 'ns' : world;
}

function label(ids: IdValues, space: StreamsWorld, partid: number, pmg: number): MpamLabel {
  const { partidMax, pmgMax } = PARTID_SPACES[space];
  return (
    partid |
    (pmg << PMG_SHIFT) |
    (WORLD_INDEX[space] << SPACE_SHIFT) |
    (partid > feature(ids, partidMax) ? UNKNOWN_PARTID : 0) |
    (pmg > feature(ids, pmgMax) ? UNKNOWN_PMG : 0)
  );
}

/** The VMS exists in a Security state (5.6.1). */
export function vmsSupported(ids: IdValues, world: StreamsWorld): boolean {
  const both = feature(ids, 'IDR0.S1P') === 1 && feature(ids, 'IDR0.S2P') === 1;
  if (feature(ids, 'IDR3.MPAM') === 0 || !both) return false;
  if (world === 's' && feature(ids, 'S_IDR1.SEL2') === 0) return false;
  const { partidMax, chooses } = PARTID_SPACES[world];
  if (feature(ids, partidMax) !== 0) return true;
  return chooses !== null && feature(ids, chooses) === 1 && feature(ids, PARTID_SPACES.ns.partidMax) !== 0;
}

/**
 * The VMS of a stream is enabled (5.2, VMSPtr): both stages translate, the CD says the PARTID, and the PARTID space has
 * more than one. Then a VMSPtr beyond OAS makes the STE ILLEGAL.
 * @param ste the words of the STE
 */
export function needsVms(ste: Uint32Array, state: WorldState): boolean {
  const { ids, world } = state;
  if (world === 'root' || Config.get(ste, 0) !== NESTED || S1MPAM.get(ste, 0) === 0) return false;
  if (!vmsSupported(ids, world)) return false;
  const space = spaceOf(ids, world, MPAM_NS.get(ste, 0));
  return feature(ids, PARTID_SPACES[space].partidMax) !== 0;
}

const scratch = new Uint32Array(PARTID_MAP_BYTES / 4);

/**
 * Reads the PARTID_MAP of a stream whose STE {@link needsVms}, in the PA space of the STE (5.6). An external abort is
 * F_VMS_FETCH, which comes after C_BAD_STE; this SMMU fetches before it looks for a CD.
 * @param by what the map would be kept by in a cache (5.6.2)
 * @returns null when the answer already says why not
 */
export function fetchVms(
  machine: Machine,
  state: WorldState,
  stream: StreamConfig,
  by: PartidMapIndex,
  answer: Answer,
  recorder: Recorder | null,
): PartidMap | null {
  const { world, sid, words } = stream;
  const pa = VMSPtr.get(words, 0) % 2 ** state.oasBits;
  const status = machine.own(world).load(pa, scratch, 0, scratch.length);
  recorder?.enter(2, {
    kind: 'vms',
    name: `VMS of STE ${hex(sid)}`,
    layout: 'VMS',
    space: world,
    pa,
    words: status === DATA ? scratch.slice() : new Uint32Array(0),
    status,
    level: 0,
  });
  recorder?.step('fetch', `read PARTID_MAP of StreamID ${hex(sid)} at ${placeText(pa, world)}`);
  if (status !== DATA) {
    const reason = `reading the VMS at ${hex(pa)} aborted`;
    const abort = configFault('F_VMS_FETCH', reason, '7.3.20', pa);
    return answer.unreadable(status, world, pa, `VMS of StreamID ${hex(sid)}`, abort);
  }
  const key = by === 'stream' ? sid : S2VMID.get(words, 0);
  return { world, by, key, pa, words: scratch.slice() };
}

/** The physical PARTID of a virtual one, of which five bits count (5.4, PARTID). */
export function physicalPartid(map: PartidMap, virtual: number): number {
  const at = virtual % VIRTUAL_PARTIDS;
  return ((map.words[at >>> 1] as number) >>> ((at & 1) * 16)) & 0xffff;
}

/**
 * The label of a client's transaction, and of the stage-1 table walks for it (17.2, 17.4).
 * @param ste the words of the STE
 * @param cd the words of the CD; null where stage 1 does not translate, and for ATS Translated transactions unless
 * IDR3.PASIDTT=1 and there is a SubstreamID (17.3)
 * @param map what {@link fetchVms} gave; null where the STE needs none
 */
export function clientLabel(
  ste: Uint32Array,
  cd: Uint32Array | null,
  map: PartidMap | null,
  state: WorldState,
): MpamLabel {
  const config = Config.get(ste, 0);
  const translates = config === STAGE1_ONLY || config === NESTED;
  if (cd === null || !translates || S1MPAM.get(ste, 0) === 0) return streamLabel(ste, state);
  const { ids, world } = state;
  if (world === 'root' || !mpamSupported(ids, world)) return NO_LABEL;
  const space = spaceOf(ids, world, MPAM_NS.get(ste, 0));
  const configured = CD.fields.PARTID.get(cd, 0);
  // Without a map the PARTID space of a nested stream has nothing but PARTID 0.
  const partid = config === STAGE1_ONLY ? configured : map === null ? 0 : physicalPartid(map, configured);
  return label(ids, space, partid, CD.fields.PMG.get(cd, 0));
}

/** The label of what an STE leads to: L1CD, CD, stage-2 tables, the device permission table (17.4, 3.24.3). */
export function streamLabel(ste: Uint32Array, state: WorldState): MpamLabel {
  const { ids, world } = state;
  if (world === 'root' || !mpamSupported(ids, world)) return NO_LABEL;
  const space = spaceOf(ids, world, MPAM_NS.get(ste, 0));
  return label(ids, space, PARTID.get(ste, 0), PMG.get(ste, 0));
}

interface GlobalFields {
  readonly partid: Field;
  readonly pmg: Field;
}

const { SO_PARTID, SO_PMG } = REGISTERS.GMPAM.layout.fields;
const { GBP_PARTID, GBP_PMG } = REGISTERS.GBPMPAM.layout.fields;
/** GMPAM and GBPMPAM of Secure, and GMPAM of Realm, have it at the same place. */
const GLOBAL_NS = REGISTERS.S_GMPAM.layout.fields.MPAM_NS;

function globalLabel(fields: GlobalFields, register: number, state: WorldState): MpamLabel {
  const { ids, world } = state;
  if (world === 'root' || !mpamSupported(ids, world)) return NO_LABEL;
  const w = Uint32Array.of(register);
  const space = spaceOf(ids, world, GLOBAL_NS.get(w, 0));
  return label(ids, space, fields.partid.get(w, 0), fields.pmg.get(w, 0));
}

/**
 * The label of the SMMU's own accesses: stream table, VMS, queues and MSIs (17.4).
 * @param gmpam GMPAM, S_GMPAM or R_GMPAM, by the state's world
 */
export function ownLabel(gmpam: number, state: WorldState): MpamLabel {
  return globalLabel({ partid: SO_PARTID, pmg: SO_PMG }, gmpam, state);
}

/**
 * The label of transactions while SMMUEN=0, and of ATS Translated ones while ATSCHK=0 (17.2, 17.3).
 * @param gbpmpam GBPMPAM or S_GBPMPAM, by the state's world
 */
export function bypassLabel(gbpmpam: number, state: WorldState): MpamLabel {
  return globalLabel({ partid: GBP_PARTID, pmg: GBP_PMG }, gbpmpam, state);
}

/** The PARTID space of a label. */
export function labelSpace(of: MpamLabel): World {
  return WORLDS[(of >>> SPACE_SHIFT) & 3] ?? 'ns';
}

/** `PARTID 5 PMG 1 (ns)`, for people; says what is UNKNOWN and what was configured. */
export function labelText(of: MpamLabel): string {
  if (of === NO_LABEL) return 'no MPAM label';
  const unknown = (bit: number, value: number): string =>
    (of & bit) !== 0 ? `UNKNOWN (${value} is configured, which is too large)` : String(value);
  const partid = unknown(UNKNOWN_PARTID, of & 0xffff);
  const pmg = unknown(UNKNOWN_PMG, (of >>> PMG_SHIFT) & 0xff);
  return `PARTID ${partid} PMG ${pmg} (${labelSpace(of)})`;
}
