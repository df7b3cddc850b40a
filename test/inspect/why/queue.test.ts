/** Why a queue does not move, and what the global errors mean. */

import { expect, test } from 'vitest';
import { explainEvent, recordedTransaction } from '../../../src/inspect/why/event.ts';
import { queueLines } from '../../../src/inspect/why/finding.ts';
import { explainGerror } from '../../../src/inspect/why/gerror.ts';
import { explainQueue } from '../../../src/inspect/why/queue.ts';
import type { CommandName } from '../../../src/spec/commands.ts';
import { CMDQ, commandWords, NOWHERE, type Registers, TestSmmu, type Values } from '../../kit/smmu.ts';
import { map } from '../../kit/tables.ts';

/** Puts commands behind PROD; nothing consumes them. */
function pending(m: TestSmmu, ...commands: (readonly [CommandName, Values?])[]): TestSmmu {
  let prod = m.read('CMDQ_PROD');
  for (const [name, values] of commands) m.store(CMDQ + (prod++ % 64) * 16, commandWords(name, values));
  m.set({ CMDQ_PROD: prod });
  return m;
}

function stuck(registers: Registers, ...commands: (readonly [CommandName, Values?])[]): Map<string, string> {
  return found(pending(new TestSmmu({ registers }), ...commands));
}

function found(m: TestSmmu, queue: 'CMDQ' | 'EVENTQ' = 'CMDQ'): Map<string, string> {
  return new Map(explainQueue(m.smmu, 'ns', queue).findings.map(({ id, text }) => [id, text]));
}

const SYNC = ['CMD_SYNC', {}] as const;

test('CMDQEN=0 is the cause that CONS never moves; SMMUEN=0 is none', () => {
  const m = pending(new TestSmmu({ registers: { 'CR0.CMDQEN': 0, 'CR0ACK.CMDQEN': 0 } }), SYNC);
  const { verdict, findings } = explainQueue(m.smmu, 'ns');
  expect(verdict).toBe('stuck; PROD 0x1 wrap 0, CONS 0x0 wrap 0, 1 of 64 entries used');
  expect(findings).toContainEqual({
    id: 'disabled',
    kind: 'cause',
    text: 'CR0.CMDQEN=0: CONS never moves (6.3.9)',
  });
  const off = pending(new TestSmmu({ registers: { 'CR0.SMMUEN': 0, 'CR0ACK.SMMUEN': 0 } }), SYNC);
  const running = explainQueue(off.smmu, 'ns');
  expect(running.verdict).toMatch(/^running/);
  expect(found(off).get('smmuen')).toBe('CR0.SMMUEN=0 does not stop the command queue');
});

test('an update of CR0 that CR0ACK does not show is told, field by field', () => {
  expect(stuck({ 'CR0ACK.SMMUEN': 0 }).get('handshake')).toMatch(/^SMMUEN is 1 in CR0 and 0 in CR0ACK: /);
  expect(stuck({}).has('handshake')).toBe(false);
});

test('CERROR_ILL names the command, the field that is illegal, and a legal value', () => {
  const m = new TestSmmu();
  m.run(SYNC, ['CMD_SYNC', { CS: 3 }], SYNC);
  const { verdict } = explainQueue(m.smmu, 'ns');
  expect(verdict).toMatch(/^stuck; PROD 0x3 wrap 0, CONS 0x1/);
  expect(found(m).get('cerror')).toMatch(/CERROR_ILL at \[0x1\] \(PA 0x40800010\): SYNC CS=3/);
  expect(found(m).get('illegal')).toMatch(
    /CMD_SYNC with CS=3, which is reserved.*CS \[13:12\] 3 -> 0 \(SIG_NONE\) would be legal/,
  );
  m.store(CMDQ + 16, commandWords('CMD_SYNC'));
  expect(found(m).get('illegal')).toMatch(/it was overwritten since/);
});

test('a command that is going to be an error is told before it is reached', () => {
  expect(stuck({}, SYNC, ['CMD_SYNC', { CS: 3 }]).get('will-stop')).toMatch(/CERROR_ILL at \[0x1\]/);
  expect(stuck({}, SYNC, SYNC).has('will-stop')).toBe(false);
});

test('an error without an enabled interrupt looks like a timeout, and that is said', () => {
  const m = new TestSmmu();
  m.run(['CMD_SYNC', { CS: 3 }]);
  expect(found(m).get('gerror-irq-off')).toMatch(/GERROR_IRQEN=0: no interrupt tells software/);
  m.set({ 'IRQ_CTRL.GERROR_IRQEN': 1, 'IRQ_CTRLACK.GERROR_IRQEN': 1 });
  expect(found(m).has('gerror-irq-off')).toBe(false);
});

test('the candidates of an ATC timeout are the CMD_ATC_INV since the CMD_SYNC before, by StreamID', () => {
  const registers = { 'CMDQ_CONS.ERR': 3, 'GERROR.CMDQ_ERR': 1 };
  const m = pending(
    new TestSmmu({ registers }),
    ['CMD_ATC_INV', { StreamID: 5 }],
    SYNC,
    ['CMD_ATC_INV', { StreamID: 8 }],
    ['CMD_ATC_INV', { StreamID: 9 }],
    ['CMD_ATC_INV', { StreamID: 8 }],
    SYNC,
  );
  m.set({ 'CMDQ_CONS.RD': 5 });
  expect(found(m).get('atc-candidates')).toBe(
    'the invalidation that timed out is one of those since the CMD_SYNC before: StreamID 0x8: CMD_ATC_INV [0x2] [0x4]; StreamID 0x9: CMD_ATC_INV [0x3]',
  );
});

const TLBI = ['CMD_TLBI_NSNH_ALL', {}] as const;
const ATC = ['CMD_ATC_INV', { StreamID: 8 }] as const;

test.each([
  ['in one batch with the TLBI', [TLBI, ATC, SYNC]],
  ['before the TLBI', [ATC, TLBI, SYNC]],
])('an ATC_INV %s is found', (_how, commands) => {
  expect(stuck({}, ...commands).get('atc-before-tlbi')).toMatch(
    /the order is TLBI, CMD_SYNC, CMD_ATC_INV, CMD_SYNC \(3\.9\.1\)/,
  );
});

test('an ATC_INV after the CMD_SYNC of its TLBI is in order', () => {
  expect(stuck({}, TLBI, SYNC, ATC, SYNC).has('atc-before-tlbi')).toBe(false);
});

test('a CMD_SYNC with an MSI shows its data and the word at its address', () => {
  const msi = { CS: 1, MSIAddress: 0x40a00000, MSIData: 0x123 };
  expect(stuck({}, ['CMD_SYNC', msi]).get('sync')).toBe(
    'CMD_SYNC [0x0] writes MSIData 0x123 to 0x40a00000, which holds 0x0: not complete, and not consumed yet',
  );
  const m = new TestSmmu();
  m.run(['CMD_SYNC', msi]);
  expect(found(m).get('sync')).toMatch(/which holds 0x123: complete$/);
  m.store(0x40a00000, Uint32Array.of(7));
  expect(found(m).get('sync')).toMatch(/which holds 0x7: consumed, but the word differs/);
});

test('an aborted MSI of a CMD_SYNC is why its completion word never comes', () => {
  const m = new TestSmmu();
  m.run(['CMD_SYNC', { CS: 1, MSIAddress: NOWHERE, MSIData: 1 }]);
  expect(found(m).get('sync-msi-abort')).toMatch(/never written/);
  expect(queueLines(explainGerror(m.smmu))[0]).toMatch(/^GERROR ns: active: MSI_CMDQ_ABT_ERR/);
});

test('full is told from empty by the wrap bits, and too far apart is an error', () => {
  const full = stuck({ CMDQ_PROD: 64 });
  expect(full.get('full')).toMatch(/the indices agree, and only the wrap bits/);
  expect(stuck({ CMDQ_PROD: 0 }).has('full')).toBe(false);
  expect(stuck({ CMDQ_PROD: 80 }).get('inconsistent')).toMatch(/80 entries apart in a queue of 64/);
});

test('an overflow of the event queue that is not acknowledged is told', () => {
  const lost = found(new TestSmmu({ registers: { 'EVENTQ_PROD.OVFLG': 1 } }), 'EVENTQ');
  expect(lost.get('overflow')).toMatch(/OVFLG=1 and EVENTQ_CONS\.OVACKFLG=0 differ/);
  const acknowledged = { 'EVENTQ_PROD.OVFLG': 1, 'EVENTQ_CONS.OVACKFLG': 1 };
  expect(found(new TestSmmu({ registers: acknowledged }), 'EVENTQ').has('overflow')).toBe(false);
});

test('service failure mode is a cause, and a state that is not there has no queue', () => {
  const m = new TestSmmu({ registers: { 'GERROR.SFM_ERR': 1 } });
  expect(found(m).get('sfm')).toMatch(/service failure mode/);
  expect(found(new TestSmmu()).has('sfm')).toBe(false);
  expect(explainQueue(m.smmu, 's')).toEqual({
    title: 'CMDQ s',
    verdict: 'this SMMU has no Secure state (3.10)',
    findings: [],
  });
});

test('global errors are those whose bits differ', () => {
  const m = new TestSmmu({ registers: { 'GERROR.EVENTQ_ABT_ERR': 1, 'GERROR.PRIQ_ABT_ERR': 1 } });
  m.set({ 'GERRORN.PRIQ_ABT_ERR': 1 });
  expect(explainGerror(m.smmu).verdict).toMatch(/^active: EVENTQ_ABT_ERR \(/);
  expect(explainGerror(new TestSmmu().smmu).verdict).toMatch(/^no error is active/);
});

test('a record is explained by trying its transaction again', () => {
  const m = new TestSmmu();
  m.ste();
  m.cd();
  m.dma(0x5000, { write: true, privileged: true });
  const record = Uint32Array.from(m.events()[0] as number[]);
  expect(recordedTransaction(record, 'ns')).toMatchObject({
    sid: 8,
    ssid: -1,
    vaLo: 0x5000,
    write: true,
    privileged: true,
  });
  expect(explainEvent(m.smmu, 0)?.now?.outcome).toBe('F_TRANSLATION');
  expect(explainEvent(m.smmu, 0)?.remarks).toEqual([]);
  map(m, { iova: 0x5000n, pa: 0x42340000n });
  expect(explainEvent(m.smmu, 0)?.remarks[0]).toMatch(/^the same access comes to ok now/);
});
