/** Each rule of ATS by name (IHI 0070 3.9.1): the smallest case that it decides, with the rule and without it. */

import { describe, expect, test } from 'vitest';
import { encode } from '../../src/bits/layout.ts';
import { completeRequest, refuseRequest } from '../../src/model/ats/request.ts';
import { translatedBefore } from '../../src/model/ats/translated.ts';
import { Answer } from '../../src/model/translate/answer.ts';
import type { StreamConfig } from '../../src/model/translate/configuration.ts';
import { checkDpt } from '../../src/model/translate/dpt.ts';
import { decodeStream } from '../../src/model/translate/stream.ts';
import { STE } from '../../src/spec/ste.ts';
import type { ATS_RULES } from '../../src/spec/validity/ats.ts';
import {
  type Access,
  BASE_STE,
  type Registers,
  SID,
  TestSmmu,
  transaction,
  type Values,
} from '../kit/smmu.ts';
import { NESTED_STE } from '../kit/stage2.ts';
import { LEAF, map } from '../kit/tables.ts';

type Id = keyof typeof ATS_RULES;

const CHECKED: Registers = { 'CR0.ATSCHK': 1 };
const DPT: Registers = { 'IDR3.DPT': 1, 'CR0.DPT_WALK_EN': 1, 'DPT_BASE_CFG.DPTPS': 1 };
const PAGE = 0x1000;
const PA = 0x10001000;

/** DPT_CFG_FAR.FAULTCODE (6.3). */
const DPT_DISABLED = 0;

/** Event numbers of 7.3. */
const BAD_STE = 0x04;
const BAD_TREQ = 0x05;
const FORBIDDEN = 0x07;
const TRANSLATION = 0x10;

interface Case {
  readonly registers?: Registers;
  readonly ste?: Values;
  /** Attributes of the page, if not those of an ordinary one. */
  readonly attributes?: bigint;
  readonly address?: number | string;
  readonly access: Access;
  /** A rule that forbids the same, off in every run: the effective EATS is 0 with Config=4 as well. */
  readonly also?: Id;
  /** Result, status and rights of the completion, numbers of the events. */
  readonly gives: string;
  readonly without: string;
}

const TR: Access = { kind: 'request', write: true };
const TT: Access = { kind: 'translated' };

function shownOf(of: Case, off: readonly string[]): string {
  const { registers = {}, attributes } = of;
  const m = new TestSmmu({ registers, rulesOff: new Set([...off, ...(of.also ? [of.also] : [])]) });
  m.ste({ EATS: 1, ...of.ste });
  m.cd();
  map(m, { iova: BigInt(PAGE), pa: BigInt(PA), ...(attributes !== undefined && { attributes }) });
  const { result, ats } = m.dma(of.address ?? PAGE, of.access).outcome;
  const rights = ats?.status === 'success' ? ` R=${Number(ats.read)} W=${Number(ats.write)}` : '';
  const events = m.drain().map(([word = 0]) => ` event ${(word & 0xff).toString(16)}`);
  return `${result}${ats ? ` ${ats.status}` : ''}${rights}${events.join('')}`;
}

const event = (n: number): string => ` event ${n.toString(16)}`;
const UR = `abort ur${event(BAD_TREQ)}`;
const REFUSED = `abort${event(FORBIDDEN)}`;
const GRANTED = 'ok success R=1 W=1';
const DENIED = 'ok success R=0 W=0';

const CASES: Readonly<Partial<Record<Id, Case>>> = {
  'ATS-TR-SMMUEN0': {
    // Without the rule GBPA decides, as for any other transaction.
    registers: { 'CR0.SMMUEN': 0, 'GBPA.ABORT': 1 },
    access: TR,
    gives: UR,
    without: 'abort ca',
  },
  'ATS-TR-CFG0': { ste: { Config: 0 }, access: TR, gives: 'abort ur', without: UR },
  'ATS-TR-BYPASS': {
    ste: { Config: 4 },
    also: 'ATS-TR-EATS0',
    access: TR,
    gives: UR,
    without: GRANTED,
  },
  'ATS-TR-EATS0': { ste: { EATS: 0 }, access: TR, gives: UR, without: GRANTED },
  'ATS-TR-CFGERR': { ste: { V: 0 }, access: TR, gives: 'abort ca', without: DENIED },
  'ATS-TR-FAULT': {
    address: 0x9000,
    access: TR,
    gives: DENIED,
    without: `abort ca${event(TRANSLATION)}`,
  },
  'ATS-TR-PERM': {
    attributes: LEAF.AF | LEAF.nG | LEAF.USER | LEAF.READ_ONLY,
    access: TR,
    gives: 'ok success R=1 W=0',
    without: GRANTED,
  },
  'ATS-TT-SMMUEN0': { registers: { 'CR0.SMMUEN': 0 }, access: TT, gives: REFUSED, without: 'ok' },
  'ATS-TT-BYPASS': {
    registers: CHECKED,
    ste: { Config: 4 },
    also: 'ATS-TT-EATS0',
    access: TT,
    gives: REFUSED,
    without: 'ok',
  },
  'ATS-TT-CFG0': { registers: CHECKED, ste: { Config: 0 }, access: TT, gives: 'abort', without: REFUSED },
  'ATS-TT-EATS0': { registers: CHECKED, ste: { EATS: 0 }, access: TT, gives: REFUSED, without: 'ok' },
  'ATS-TT-INVSTE': {
    registers: CHECKED,
    ste: { V: 0 },
    access: TT,
    gives: 'abort',
    without: `abort${event(BAD_STE)}`,
  },
  'ATS-TT-NOCHK': { ste: { EATS: 0 }, access: TT, gives: 'ok', without: REFUSED },
  'ATS-TT-SPLIT': {
    registers: CHECKED,
    ste: { ...NESTED_STE, EATS: 2 },
    access: TT,
    gives: `abort${event(TRANSLATION)}`,
    without: 'ok',
  },
  'ATS-TT-DPT': {
    // A table of zeroes: No Access.
    registers: { ...CHECKED, ...DPT, 'DPT_BASE.BADDR': 0x40500000 },
    ste: { EATS: 3 },
    access: TT,
    gives: REFUSED,
    without: 'ok',
  },
};

describe('each rule, by its smallest case', () => {
  test.each(Object.entries(CASES))('%s', (_, of) => {
    expect(shownOf(of, [])).toBe(of.gives);
  });

  test.each(Object.entries(CASES))('%s decides: switched off, the outcome is another', (id, of) => {
    expect(of.without).not.toBe(of.gives);
    expect(shownOf(of, [id])).toBe(of.without);
  });
});

/** What no transaction of a Non-secure SMMU without granule protection meets is asked of the decisions themselves. */
const stateOf = (off: readonly string[], registers: Registers = {}) =>
  new TestSmmu({ registers, rulesOff: new Set(off) });

function streamOf(m: TestSmmu, ste: Values): StreamConfig {
  const words = encode(STE, { ...BASE_STE, EATS: 1, ...ste });
  const decoded = decodeStream(words, 0, 0, 'ns', SID, m.smmu.state('ns'));
  if ('event' in decoded) throw new Error(decoded.reason);
  return decoded;
}

describe('rules of Security states and tables that no transaction here has', () => {
  const secure = (kind: 'request' | 'translated') => transaction(SID, PAGE, { kind, world: 's' });

  const refused = (off: readonly string[]) =>
    refuseRequest(secure('request'), stateOf(off).smmu.state('ns'), null);

  test('ATS-TR-SECURE: a request of a Secure stream is Unsupported Request', () => {
    expect(refused([])).toMatchObject({ completion: { status: 'ur' }, fault: { event: 'F_BAD_ATS_TREQ' } });
  });

  test('ATS-TR-SECURE decides: switched off, the request is not refused', () => {
    expect(refused(['ATS-TR-SECURE'])).toBeNull();
  });

  const verdict = (off: readonly string[]) =>
    translatedBefore(secure('translated'), stateOf(off, CHECKED).smmu.state('ns'));

  test('ATS-TT-SECURE: a Secure Translated transaction is forbidden', () => {
    expect(verdict([])).toMatchObject({ kind: 'end', fault: { event: 'F_TRANSL_FORBIDDEN' } });
  });

  test('ATS-TT-SECURE decides: switched off, the STE is looked up', () => {
    expect(verdict(['ATS-TT-SECURE'])).toEqual({ kind: 'lookup' });
  });

  const found = { fault: null, permissions: 8, pa: PA, ipa: PA, realm: false, shift: 12, attributes: 0x2ff };
  const completed = (off: readonly string[]) => {
    const m = stateOf(off);
    const asked = transaction(SID, PAGE, TR);
    return completeRequest(asked, m.smmu.state('ns'), streamOf(m, {}), { ...found, gpf: true });
  };

  test('ATS-TR-GPF: an output that fails the check is Completer Abort without an event', () => {
    expect(completed([])).toMatchObject({ completion: { status: 'ca' }, fault: { event: null } });
  });

  test('ATS-TR-GPF decides: switched off, the output is granted', () => {
    const granted = { completion: { status: 'success', read: true }, fault: null };
    expect(completed(['ATS-TR-GPF'])).toMatchObject(granted);
  });

  const lookup = (off: readonly string[]) => {
    const m = stateOf(off, { ...DPT, ...CHECKED, 'CR0.DPT_WALK_EN': 0, 'DPT_BASE.BADDR': 0x40500000 });
    const answer = new Answer();
    const { smmu } = m;
    expect(checkDpt(smmu, smmu.state('ns'), streamOf(m, { EATS: 3 }), PAGE, false, answer, null)).toBe(false);
    expect(answer.fault?.event).toBe('F_TRANSL_FORBIDDEN');
    return answer.dptFault;
  };

  test('ATS-TT-DPTOFF: a lookup while walks are disabled fails at level 0', () => {
    expect(lookup([])).toEqual({ code: DPT_DISABLED, level: 0, pa: PAGE });
  });

  test('ATS-TT-DPTOFF decides: switched off, the table is walked', () => {
    // Of zeroes: its level-0 entry says No Access, and that is no failed lookup.
    expect(lookup(['ATS-TT-DPTOFF'])).toBeNull();
  });
});
