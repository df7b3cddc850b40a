import type { World } from '../bits/world.ts';
import type { FeatureName } from './feature-test.ts';

/** Virtual PARTIDs that VMS.PARTID_MAP translates (5.6). */
export const VIRTUAL_PARTIDS = 32;

/** Bytes of a VMS that hold anything: PARTID_MAP (5.6). */
export const PARTID_MAP_BYTES = 64;

/** PARTID spaces (17.7): largest IDs, and whether the world may choose the Non-secure space instead (MPAM_NS). */
export interface PartidSpace {
  readonly partidMax: FeatureName;
  readonly pmgMax: FeatureName;
  /** Null: the world has no choice. */
  readonly chooses: FeatureName | null;
}

/** By Security state; Root has no streams. */
export const PARTID_SPACES: Readonly<Record<Exclude<World, 'root'>, PartidSpace>> = {
  ns: { partidMax: 'MPAMIDR.PARTID_MAX', pmgMax: 'MPAMIDR.PMG_MAX', chooses: null },
  s: {
    partidMax: 'S_MPAMIDR.PARTID_MAX',
    pmgMax: 'S_MPAMIDR.PMG_MAX',
    chooses: 'S_MPAMIDR.HAS_MPAM_NS',
  },
  realm: {
    partidMax: 'R_MPAMIDR.PARTID_MAX',
    pmgMax: 'R_MPAMIDR.PMG_MAX',
    chooses: 'R_MPAMIDR.HAS_MPAM_NS',
  },
};
