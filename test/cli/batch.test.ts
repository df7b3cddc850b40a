/** Lines of a batch against an SMMU made for it: every key, every kind of answer. */

import { describe, expect, test } from 'vitest';
import { answerOf, type TranslateAnswer } from '../../src/cli/batch/answer.ts';
import { readRequest } from '../../src/cli/batch/request.ts';
import { SID, TestSmmu, type Values } from '../kit/smmu.ts';
import { map } from '../kit/tables.ts';

function read(line: object): ReturnType<typeof readRequest> {
  return readRequest(JSON.stringify({ sid: SID, iova: '0x1234', rw: 'r', ...line }), 'here');
}

function transactionOf(line: object) {
  const request = read(line);
  if (!('transaction' in request)) throw new Error(request.reason);
  return request.transaction;
}

function ask(m: TestSmmu, line: object): TranslateAnswer {
  const transaction = transactionOf(line);
  return answerOf(m.smmu.translate(transaction), transaction);
}

function mapped(ste: Values = {}, registers: Record<string, number> = {}): TestSmmu {
  const m = new TestSmmu({ registers });
  m.ste({ EATS: 1, ...ste });
  m.cd({ MAIR0: 0xff });
  map(m, { iova: 0x1000n, pa: 0x10001000n });
  return m;
}

describe('the keys of a line', () => {
  test('name privilege, instruction, attributes, the incoming NS and the kind of ATS', () => {
    expect(transactionOf({ priv: true, inst: true, inputNs: true, ats: 'tt' })).toMatchObject({
      privileged: true,
      instruction: true,
      ns: true,
      kind: 'translated',
    });
    expect(transactionOf({ ats: 'u' }).kind).toBe('ordinary');
    expect(transactionOf({ rw: 'w', inst: true }).instruction).toBe(false);
    expect(transactionOf({ rw: 'w', inst: true, ats: 'tr' })).toMatchObject({
      kind: 'request',
      write: true,
      instruction: true,
    });
  });

  test('take attributes by name and by byte of MAIR alike', () => {
    const { attributes } = transactionOf({ attr: 'Device-nGnRE' });
    expect(attributes & 0xff).toBe(0x04);
    expect(transactionOf({ attr: 4 }).attributes).toBe(attributes);
    expect(transactionOf({ attr: '0x04' }).attributes).toBe(attributes);
  });

  test.each([
    [{ attr: 'sticky' }, '"attr" is neither'],
    [{ attr: 256 }, '"attr" is neither'],
    [{ ats: 'x' }, '"ats" is none of "u", "tr", "tt"'],
    [{ ats: 1 }, '"ats" is none of'],
    [{ inputNs: 1 }, '"inputNs" is neither true nor false'],
  ])('that make no sense are named: %j', (line, message) => {
    expect(() => read(line)).toThrow(message);
  });
});

describe('an answer', () => {
  test('has the attributes of the output: of the page, and of a bypass as they came', () => {
    expect(ask(mapped({ EATS: 0 }), {})).toEqual({
      ok: true,
      pa: '0x10001234',
      pas: 'ns',
      attr: 'Normal iWB(RA,WA) oWB(RA,WA) NSH',
    });
    expect(ask(mapped({ EATS: 0, Config: 4 }), { attr: 'Device-nGnRE' })).toMatchObject({
      pa: '0x1234',
      attr: 'Device-nGnRE',
    });
  });

  test('to a Translation Request has the range and what is granted', () => {
    expect(ask(mapped(), { ats: 'tr' })).toEqual({
      ok: true,
      pa: '0x10001234',
      pas: 'ns',
      ats: {
        address: '0x10001000',
        size: '0x1000',
        ipa: false,
        read: true,
        write: true,
        execute: false,
        privileged: false,
      },
    });
  });

  test('to a request is ur where the stream has no ATS, ca on a configuration error, no-access on a fault', () => {
    expect(ask(mapped({ EATS: 0 }), { ats: 'tr' })).toMatchObject({
      ok: false,
      outcome: 'ur',
      event: 'F_BAD_ATS_TREQ',
    });
    expect(ask(mapped({ V: 0 }), { ats: 'tr' })).toMatchObject({ ok: false, outcome: 'ca' });
    expect(ask(mapped(), { ats: 'tr', iova: '0x9000' })).toMatchObject({
      ok: false,
      outcome: 'no-access',
      event: null,
      record: null,
    });
  });

  test('to a Translated transaction is its own address, or F_TRANSL_FORBIDDEN', () => {
    expect(ask(mapped(), { ats: 'tt', iova: '0x55555000' })).toMatchObject({ ok: true, pa: '0x55555000' });
    expect(ask(mapped({ EATS: 0 }, { 'CR0.ATSCHK': 1, 'CR0ACK.ATSCHK': 1 }), { ats: 'tt' })).toMatchObject({
      ok: false,
      outcome: 'abort',
      event: 'F_TRANSL_FORBIDDEN',
    });
  });

  test('of a stalled transaction is stall, with its record', () => {
    const m = mapped();
    m.cd({ S: 1 });
    expect(ask(m, { iova: '0x9000' })).toMatchObject({ ok: false, outcome: 'stall', event: 'F_TRANSLATION' });
  });
});
