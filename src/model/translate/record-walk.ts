/** What walks tell a recorder. Apart from the walks, so that closures cost nothing where nobody records. */

import { hex, hex64 } from '../../bits/u64.ts';
import { placeText, type World } from '../../bits/world.ts';
import { DATA, type ReadStatus } from '../memory.ts';
import type { Recorder } from '../plan.ts';
import type { Tables } from './configuration.ts';
import {
  addressLo,
  contiguousCount,
  descriptorKind,
  INVALID,
  isContiguous,
  LEAF_DESCRIPTOR,
  outputHi,
} from './descriptor.ts';
import { permissionText } from './permission.ts';

/** A stage-1 descriptor whose address stage 2 must translate first. */
export function recordTableAddress(
  recorder: Recorder,
  space: World,
  level: number,
  ipaHi: number,
  ipaLo: number,
): void {
  recorder.enterDescriptor(3, {
    stage: 1,
    level,
    layout: 'TABLE',
    space,
    pa: null,
    hi: 0,
    lo: 0,
    status: DATA,
  });
  recorder.step(
    'decide',
    () => `the level ${level} descriptor lies at IPA ${hex((ipaHi >>> 0) * 2 ** 32 + (ipaLo >>> 0))}`,
  );
}

/** A descriptor as it was read, and what it is. */
export function recordDescriptor(
  recorder: Recorder,
  depth: number,
  space: World,
  stage: 1 | 2,
  tables: Tables,
  level: number,
  paHi: number,
  paLo: number,
  hi: number,
  lo: number,
  status: ReadStatus,
  shift: number,
): void {
  const pa = (paHi >>> 0) * 2 ** 32 + (paLo >>> 0);
  const { granuleBits } = tables;
  const kind = descriptorKind(lo, level, granuleBits, tables.wide);
  const leaf = kind === LEAF_DESCRIPTOR || level === 3;
  const layout = leaf ? (stage === 1 ? 'S1_LEAF' : 'S2_LEAF') : 'TABLE';
  recorder.enterDescriptor(depth, { stage, level, layout, space, pa, hi, lo, status });
  recorder.step(
    'fetch',
    () => `read ${stage === 2 ? 'stage 2 ' : ''}level ${level} descriptor at ${placeText(pa, space)}`,
  );
  if (status !== DATA) return;
  if (kind === INVALID)
    recorder.step('decide', () => `${hex64(hi, lo)} is invalid`, (lo & 1) === 0 ? 'Valid' : 'Type');
  else if (kind === LEAF_DESCRIPTOR)
    recorder.step(
      'decide',
      () => {
        const joined = tables.contiguous && isContiguous(hi) ? contiguousCount(level, granuleBits) : 1;
        const span = joined > 1 ? `, contiguous with ${joined} entries` : '';
        return `${hex64(hi, lo)}: ${level === 3 ? 'page' : 'block'} of ${hex(2 ** shift)} bytes${span}`;
      },
      'Type',
    );
  else
    recorder.step(
      'decide',
      () => {
        const next = outputHi(hi, lo, tables) * 2 ** 32 + addressLo(lo, granuleBits);
        return `${hex64(hi, lo)}: table at ${hex(next)}`;
      },
      'NextTable',
    );
}

/** What a leaf permits. */
export function recordUse(recorder: Recorder, stage: 1 | 2, permissions: number, twoRanges: boolean): void {
  recorder.step(
    'decide',
    () => `${stage === 2 ? 'stage 2 ' : ''}permissions: ${permissionText(permissions, twoRanges)}`,
    stage === 2 ? 'S2AP0' : 'AP2',
  );
}
