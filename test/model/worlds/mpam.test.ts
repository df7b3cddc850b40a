/** PARTID spaces of Secure and Realm streams: IHI 0070 17.7 and 5.2 (MPAM_NS, VMSPtr). */

import { describe, expect, test } from 'vitest';
import { labelText } from '../../../src/model/translate/mpam.ts';
import { type Registers, TestSmmu } from '../../kit/smmu.ts';
import { identity, SECURE_S2_STE } from '../../kit/stage2.ts';
import { endOf } from './statement-case.ts';
import { stage1, through } from './translation-cases.ts';

const MPAM: Registers = { 'IDR3.MPAM': 1, 'MPAMIDR.PARTID_MAX': 63, 'MPAMIDR.PMG_MAX': 1 };

describe('STE.MPAM_NS', () => {
  const both: Registers = { ...MPAM, 'S_MPAMIDR.PARTID_MAX': 7, 'R_MPAMIDR.PARTID_MAX': 7 };

  test.each([
    ['s', 'S_', 1, 'PARTID 5 PMG 0 (ns)'],
    ['s', 'R_', 1, 'PARTID 5 PMG 0 (s)'],
    ['realm', 'R_', 1, 'PARTID 5 PMG 0 (ns)'],
    ['realm', 'S_', 1, 'PARTID 5 PMG 0 (realm)'],
    ['realm', 'R_', 0, 'PARTID 5 PMG 0 (realm)'],
  ] as const)('of a stream of %s with %sMPAMIDR.HAS_MPAM_NS, %s: %s', (world, has, MPAM_NS, label) => {
    const registers = { ...both, [`${has}MPAMIDR.HAS_MPAM_NS`]: 1 };
    const m = new TestSmmu({ worlds: 'rme', registers }).in(world);
    stage1(m, 0n, { PARTID: 5, MPAM_NS });
    expect(labelText(through(m).outcome.mpam)).toBe(label);
  });
});

describe('VMSPtr of a Secure stream', () => {
  const BEYOND = 2 ** 48;
  const secure = (registers: Registers, ste = {}): string => {
    const m = new TestSmmu({ worlds: 'secure', registers: { ...MPAM, ...registers } }).in('s');
    stage1(m, 0n, { ...SECURE_S2_STE, Config: 7, S1MPAM: 1, VMSPtr: BEYOND, ...ste });
    identity(m);
    return endOf(through(m));
  };

  test.each([
    ['Secure PARTIDs', { 'S_MPAMIDR.PARTID_MAX': 7, 'MPAMIDR.PARTID_MAX': 0 }, {}, 'C_BAD_STE'],
    ['Non-secure PARTIDs alone', {}, {}, 'ok s:0x48000000'],
    ['Non-secure PARTIDs that MPAM_NS selects', { 'S_MPAMIDR.HAS_MPAM_NS': 1 }, { MPAM_NS: 1 }, 'C_BAD_STE'],
  ])('counts where its PARTID space has more than one: %s', (_, registers, ste, end) => {
    expect(secure(registers, ste)).toBe(end);
  });
});
