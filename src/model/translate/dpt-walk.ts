/** The walk of the Device Permission Table: IHI 0070 3.24.3 and 3.24.4. */

import { reservedMask } from '../../bits/layout.ts';
import { hex, hex64 } from '../../bits/u64.ts';
import { placeText, type World } from '../../bits/world.ts';
import {
  DPT_ACCESS,
  DPT_CONTIG_LOG2,
  DPT_FAULTCODES,
  DPT_L0_NOACCESS,
  DPT_L0_TABLE,
  DPT_L0_TYPES,
  DPT_L1,
} from '../../spec/dpt.ts';
import { type DptEntry, dptPage } from '../caches/dpt.ts';
import type { DptConfig } from '../dpt-config.ts';
import type { Machine } from '../machine.ts';
import { DATA, isAbort, type ReadStatus } from '../memory.ts';
import type { Fault, Recorder } from '../plan.ts';
import type { WorldState } from '../state.ts';
import { type Answer, configFault } from './answer.ts';

const { Type } = DPT_L0_TABLE.fields;
const { A, AC0, W0, Contig, VMID0, AC1, W1, VMID1 } = DPT_L1.fields;
const TABLE_RESERVED = reservedMask(DPT_L0_TABLE);
const NO_ACCESS_RESERVED = reservedMask(DPT_L0_NOACCESS);
const LEVEL1_RESERVED = reservedMask(DPT_L1);
const ENTRY_BYTES = 8;
const NARROW_VMID = 0xff;

/** An access that the table does not let pass: the event says nothing more (7.3.8). */
export function forbidden(reason: string, rule: string): Fault {
  return configFault('F_TRANSL_FORBIDDEN', reason, rule);
}

/** A Device Access fault: the lookup succeeds and does not grant the access (3.24.1). */
export function denyDpt(why: string, pa: number, answer: Answer): false {
  answer.fail(forbidden(`DPT check of ${hex(pa)}: ${why}`, 'ATS-TT-DPT'));
  return false;
}

const entry64 = new Uint32Array(2);

/**
 * Looks an address up in the table (3.24.3).
 * @param pa in bytes, below 2^52
 * @returns null when the answer says why not: No Access, or a failed lookup
 */
export function walkDpt(
  machine: Machine,
  state: WorldState,
  config: DptConfig,
  pa: number,
  answer: Answer,
  recorder: Recorder | null,
): DptEntry | null {
  const fail = (code: number, level: 0 | 1, reason: string, rule = '3.24.4'): null => {
    answer.dptFault = { code, level, pa };
    return answer.fail(forbidden(`DPT lookup of ${hex(pa)} failed: ${reason}`, rule));
  };
  const { DPT_DISABLED, DPT_WALK_FAULT, DPT_EABT } = DPT_FAULTCODES;
  if (!config.walks && !state.rulesOff.has('ATS-TT-DPTOFF'))
    return fail(DPT_DISABLED, 0, 'CR0.DPT_WALK_EN=0', 'ATS-TT-DPTOFF');
  if (!config.valid) return fail(DPT_WALK_FAULT, 0, 'DPT_BASE_CFG describes no table');
  if (dptPage(pa, config.sizeBits) !== 0) {
    denyDpt(`beyond the ${config.sizeBits} bits that DPT_BASE_CFG.DPTPS covers`, pa, answer);
    return null;
  }
  const read = (at: number, level: 0 | 1): boolean => {
    const memory = machine.own(config.world);
    const status = memory.load64(Math.floor(at / 2 ** 32), at >>> 0);
    entry64[0] = memory.lo;
    entry64[1] = memory.hi;
    if (recorder) recordFetch(recorder, config.world, level, at, status);
    if (status === DATA) return true;
    const reason = `reading the level ${level} entry at ${hex(at)} aborted`;
    if (isAbort(status)) fail(DPT_EABT, level, reason);
    else answer.unreadable(status, config.world, at, `DPT level ${level} entry`, forbidden(reason, '3.24.4'));
    return false;
  };

  const { level0Bits, granuleBits } = config;
  if (!read(config.base + dptPage(pa, level0Bits) * ENTRY_BYTES, 0)) return null;
  const [lo, hi] = [entry64[0] as number, entry64[1] as number];
  const shown = hex64(hi, lo);
  switch (Type.get(entry64, 0)) {
    case DPT_L0_TYPES.NO_ACCESS:
      if (reservedSet(NO_ACCESS_RESERVED))
        return fail(DPT_WALK_FAULT, 0, `level 0 entry ${shown} has reserved bits set`);
      denyDpt('its level 0 entry says No Access', pa, answer);
      return null;
    case DPT_L0_TYPES.BLOCK:
      // Where AC, W and VMID lie in a Block is not certain.
      answer.decline(`the level 0 entry ${shown} of the Device Permission Table is a Block`, '3.24.3.1.2');
      return null;
    case DPT_L0_TYPES.TABLE:
      break;
    default:
      return fail(DPT_WALK_FAULT, 0, `level 0 entry ${shown} has no defined type`);
  }
  const address = DPT_L0_TABLE.fields.Address.get(entry64, 0);
  if (reservedSet(TABLE_RESERVED) || address >= 2 ** state.oasBits)
    return fail(DPT_WALK_FAULT, 0, `level 0 entry ${shown} has reserved bits set`);

  const tableBytes = 2 ** (level0Bits - granuleBits - 1) * ENTRY_BYTES;
  const index = (pa % 2 ** level0Bits) / 2 ** (granuleBits + 1);
  if (!read(address - (address % tableBytes) + Math.floor(index) * ENTRY_BYTES, 1)) return null;
  const why = invalidLevel1(config, state.features.vmid16);
  if (why !== null)
    return fail(
      DPT_WALK_FAULT,
      1,
      `level 1 entry ${hex64(entry64[1] as number, entry64[0] as number)} ${why}`,
    );
  return level1Entry(config, pa, answer);
}

/** Any reserved bit makes an entry invalid (3.24.4). */
function reservedSet(mask: Uint32Array): boolean {
  return (
    (((entry64[0] as number) & (mask[0] as number)) | ((entry64[1] as number) & (mask[1] as number))) !== 0
  );
}

/** What is wrong with the level-1 entry that was read (3.24.3.1.4), or null. */
function invalidLevel1(config: DptConfig, vmid16: boolean): string | null {
  if (reservedSet(LEVEL1_RESERVED)) return 'has reserved bits set';
  const present = A.get(entry64, 0);
  const contig = Contig.get(entry64, 0);
  if (contig !== 0) {
    if (present !== 3) return 'has Contig set without both granules';
    const bits = DPT_CONTIG_LOG2[contig] ?? 0;
    if (bits <= config.granuleBits || bits > config.level0Bits) return `has the reserved Contig=${contig}`;
  }
  const lower = (present & 1) !== 0;
  const upper = (present & 2) !== 0 && contig === 0;
  return (
    invalidHalf(lower, AC0.get(entry64, 0), W0.get(entry64, 0), VMID0.get(entry64, 0), vmid16) ??
    invalidHalf(upper, AC1.get(entry64, 0), W1.get(entry64, 0), VMID1.get(entry64, 0), vmid16)
  );
}

function invalidHalf(used: boolean, ac: number, w: number, vmid: number, vmid16: boolean): string | null {
  if (!used) return (ac | w | vmid) === 0 ? null : 'has fields of a granule that it does not describe';
  if (ac === DPT_ACCESS.RESERVED) return 'has the reserved AC=3';
  if (ac === DPT_ACCESS.ANYONE && vmid !== 0) return 'has a VMID with AC=2';
  return vmid16 || vmid <= NARROW_VMID ? null : `has VMID ${vmid}, but IDR0.VMID16=0`;
}

/** What the level-1 entry says of the address; null when that is No Access. */
function level1Entry(config: DptConfig, pa: number, answer: Answer): DptEntry | null {
  const contig = Contig.get(entry64, 0);
  const upper = contig === 0 && (dptPage(pa, config.granuleBits) & 1) === 1;
  if ((A.get(entry64, 0) & (upper ? 2 : 1)) === 0) {
    denyDpt('its level 1 entry says No Access', pa, answer);
    return null;
  }
  const shift = contig === 0 ? config.granuleBits : (DPT_CONTIG_LOG2[contig] as number);
  return {
    world: config.world,
    page: dptPage(pa, shift),
    shift,
    access: (upper ? AC1 : AC0).get(entry64, 0),
    write: (upper ? W1 : W0).get(entry64, 0) === 1,
    vmid: (upper ? VMID1 : VMID0).get(entry64, 0),
    source: 'walk',
  };
}

const LEVEL0_LAYOUTS = ['DPT_L0_NOACCESS', 'DPT_L0_BLOCK', 'DPT_L0_NOACCESS', 'DPT_L0_TABLE'] as const;

function recordFetch(recorder: Recorder, space: World, level: 0 | 1, pa: number, status: ReadStatus): void {
  recorder.enter(2, {
    kind: 'dpt',
    name: `DPT level ${level}`,
    layout:
      level === 1
        ? 'DPT_L1'
        : ((status === DATA ? LEVEL0_LAYOUTS[Type.get(entry64, 0)] : undefined) ?? 'DPT_L0_TABLE'),
    space,
    pa,
    words: status === DATA ? entry64.slice() : new Uint32Array(0),
    status,
    level,
  });
  recorder.step(
    'fetch',
    `read level ${level} entry of the Device Permission Table at ${placeText(pa, space)}`,
  );
}
