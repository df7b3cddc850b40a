/** Features of the Secure, the Realm and the Root ID registers: what shows that each is there. */

import { describe, expect, test } from 'vitest';
import type { FeatureName } from '../../../src/spec/features.ts';
import { type Registers, SID, type TestOptions, TestSmmu } from '../../kit/smmu.ts';
import { isStopped, withStream } from './case.ts';
import { asks, priq, signals, UNMAPPED } from './cases-queues.ts';

interface FeatureCase {
  readonly see: (m: TestSmmu) => unknown;
  readonly absent: unknown;
  readonly there: unknown;
  /** What else the machine is. */
  readonly registers?: Registers;
  /** The value of the field without the feature; default 0. */
  readonly without?: number;
}

/** What a register holds after software has written ones. */
const written =
  (world: 's' | 'realm' | 'root', name: string, value: number) =>
  (m: TestSmmu): number => {
    m.in(world).write(name, value);
    return m.read(name);
  };

const CMDQP_ERR = 1 << 9;
const UPDATE = 2 ** 31;
const MPAM_NS = 1 << 24;
const MPAM: Registers = { 'IDR3.MPAM': 1, 'S_MPAMIDR.PARTID_MAX': 63, 'R_MPAMIDR.PARTID_MAX': 63 };
const PRIQ_ON = priq('R_').registers;

const CASES: Readonly<Partial<Record<FeatureName, FeatureCase>>> = {
  'S_IDR0.ECMDQ': { see: written('s', 'S_GERRORN', CMDQP_ERR), absent: 0, there: CMDQP_ERR },
  'S_IDR0.MSI': { see: signals('s'), absent: [], there: ['s'] },
  'S_IDR0.STALL_MODEL': {
    see: (m) => withStream(m, 's', { S: 1 }).dma(UNMAPPED).outcome.result,
    absent: 'abort',
    there: 'stall',
    without: 1,
  },
  'S_IDR1.SECURE_IMPL': { see: written('s', 'S_CR0', 5), absent: 13, there: 5 },
  'S_IDR1.SEL2': {
    see: (m) => {
      m.in('s').run(['CMD_TLBI_SNH_ALL']);
      return isStopped(m, 'S_');
    },
    registers: { 'IDR0.RME_IMPL': 0 },
    absent: true,
    there: false,
  },
  'S_IDR1.S_SIDSIZE': {
    see: (m) => withStream(m, 's').dma(UNMAPPED).outcome.fault?.event,
    absent: 'C_BAD_STREAMID',
    there: 'F_TRANSLATION',
  },
  'S_IDR3.SAMS': {
    see: (m) => {
      m.in('s').run(['CMD_ATC_INV', { StreamID: SID }]);
      return isStopped(m, 'S_');
    },
    absent: true,
    there: false,
    without: 1,
  },
  'S_MPAMIDR.HAS_MPAM_NS': {
    see: written('s', 'S_GMPAM', UPDATE + MPAM_NS),
    registers: MPAM,
    absent: 0,
    there: MPAM_NS,
  },
  'R_IDR0.ECMDQ': { see: written('realm', 'R_GERRORN', CMDQP_ERR), absent: 0, there: CMDQP_ERR },
  'R_IDR0.PRI': { see: asks('realm'), registers: PRIQ_ON, absent: 'abort', there: 'ok' },
  'R_IDR0.MSI': { see: signals('realm'), absent: [], there: ['realm'] },
  'R_IDR0.ATS': {
    see: (m) => {
      m.in('realm').run(['CMD_ATC_INV', { StreamID: SID }]);
      return isStopped(m, 'R_');
    },
    absent: true,
    there: false,
  },
  'R_IDR3.MEC': {
    see: written('realm', 'R_GMECID', 5),
    registers: { 'R_MECIDR.MECIDSIZE': 15 },
    absent: 0,
    there: 5,
  },
  'R_IDR3.DPT': {
    see: (m) => {
      m.in('realm').run(['CMD_DPTI_ALL']);
      return isStopped(m, 'R_');
    },
    absent: true,
    there: false,
  },
  'R_MPAMIDR.HAS_MPAM_NS': {
    see: written('realm', 'R_GMPAM', UPDATE + MPAM_NS),
    registers: MPAM,
    absent: 0,
    there: MPAM_NS,
  },
  'ROOT_IDR0.ROOT_IMPL': { see: (m) => m.smmu.state('root').present, absent: false, there: true },
  'ROOT_IDR0.REALM_IMPL': {
    see: (m) => 'operation' in m.smmu.nextCommand('realm'),
    registers: { R_CMDQ_PROD: 1 },
    absent: false,
    there: true,
  },
  'ROOT_IDR0.RGPTM': { see: written('root', 'ROOT_TLBI', 1), absent: 0, there: 1 },
};

const NAMES = Object.entries(CASES);

function machine(name: string, of: FeatureCase, value: number | null, off: readonly string[] = []): TestSmmu {
  const registers: Registers = { ...of.registers, ...(value !== null && { [name]: value }) };
  const options: TestOptions = { worlds: 'rme', registers, rulesOff: new Set(off) };
  return new TestSmmu(options);
}

/** The value with which the feature is there, where the machine does not have it by itself. */
const THERE: Readonly<Record<string, number>> = {
  'S_IDR0.ECMDQ': 1,
  'S_MPAMIDR.HAS_MPAM_NS': 1,
  'R_IDR0.ECMDQ': 1,
  'R_IDR3.MEC': 1,
  'R_IDR3.DPT': 1,
  'R_MPAMIDR.HAS_MPAM_NS': 1,
};

describe('what shows a feature of another state', () => {
  test.each(NAMES)('%s', (name, of) => {
    expect(of.see(machine(name, of, of.without ?? 0))).toEqual(of.absent);
    expect(of.see(machine(name, of, THERE[name] ?? null))).toEqual(of.there);
  });

  test.each(NAMES)('%s decides: with its rule off the feature is there', (name, of) => {
    expect(of.see(machine(name, of, of.without ?? 0, [`feature:${name}`]))).toEqual(of.there);
  });
});
