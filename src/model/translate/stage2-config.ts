/** Stage 2 of an STE, decoded: IHI 0070 5.2. Legality has been judged. */

import type { World } from '../../bits/world.ts';
import { STE } from '../../spec/ste.ts';
import { GRANULES } from '../../spec/translation.ts';
import type { WorldState } from '../state.ts';
import type { Stage2Config } from './configuration.ts';
import { cutTo, indexBitsAt } from './descriptor.ts';
import { notModelled } from './extensions.ts';
import { stage2Spaces } from './spaces.ts';
import {
  type Stage2Fields,
  stage2Format,
  stage2GranuleBits,
  stage2InputBits,
  stage2LargeAddresses,
  stage2OutputBits,
  stage2StartLevel,
  stage2TableBase,
  tableFields,
} from './stage2-format.ts';

const f = STE.fields;

/** Shareability by S2SH0: 0b01 is reserved and acts as 0 (5.2). */
const SHAREABILITY = [0, 0, 2, 3];

/** More bits than an IPA has. */
const NO_LIMIT = 63;
/** Where a walk begins when a switched-off rule has let an STE pass that has no start level. */
const NO_START_LEVEL = 0;

/**
 * Decodes the stage 2 of a legal STE. A Secure one has tables for IPAs of either space (3.10.2.2).
 * @param w 16 words
 */
export function decodeStage2(w: Uint32Array, state: WorldState): Stage2Config {
  const { world } = state;
  if (world !== 's') return decodeTables({ w, state }, world, null);
  return decodeTables({ w, state, secure: true }, 's', decodeTables({ w, state }, 'ns', null));
}

function decodeTables(fields: Stage2Fields, input: World, nonSecure: Stage2Config | null): Stage2Config {
  const { w, state } = fields;
  const { features } = state;
  const format = stage2Format(fields);
  const lpae = format === 'VMSAv8-32';
  const granuleBits = stage2GranuleBits(fields) ?? GRANULES['4KB'].log2;
  const ds = stage2LargeAddresses(fields);
  const start = stage2StartLevel(fields);
  const startLevel = start?.level ?? NO_START_LEVEL;
  // The input is capped to IAS (3.4), the table has the size that S2T0SZ says.
  const tableBits = stage2InputBits(fields);
  const inputBits = lpae ? tableBits : Math.min(tableBits, state.iasBits);
  const outputBits = stage2OutputBits(fields);
  const base = start === null ? tableFields(fields).TTB.get(w, 0) : stage2TableBase(fields, start);
  const ha = !lpae && features.httu >= 1 && f.S2HA.get(w, 0) === 1;
  return {
    baseHi: Math.floor(base / 2 ** 32),
    baseLo: base >>> 0,
    granuleBits,
    inputBits: state.rulesOff.has('S2-RANGE') ? NO_LIMIT : inputBits,
    startLevel,
    startBits: indexBitsAt(tableBits, startLevel, granuleBits),
    wide: granuleBits === 16 ? !lpae && state.oasBits === 52 : ds,
    sh: ds ? (SHAREABILITY[f.S2SH0.get(w, 0)] ?? 0) : -1,
    format,
    bigEndian: f.S2ENDI.get(w, 0) === 1,
    outputBits,
    ha,
    hd: ha && features.httu >= 2 && f.S2HD.get(w, 0) === 1,
    haft: ha && features.httu === 3 && f.S2HAFT.get(w, 0) === 1,
    affd: f.S2AFFD.get(w, 0) === 1,
    vmid: f.S2VMID.get(w, 0),
    ptw: f.S2PTW.get(w, 0) === 1,
    fwb: features.fwb && f.S2FWB.get(w, 0) === 1,
    mtePerm: features.mtePerm,
    xnx: features.xnx,
    stall: f.S2S.get(w, 0) === 1,
    record: f.S2R.get(w, 0) === 1,
    contiguous: true,
    cutMask: lpae ? cutTo(state.oasBits) : -1,
    declined: notModelled(w, null, state),
    spaces: stage2Spaces(state, input, w),
    nonSecure,
    space: null,
  };
}
