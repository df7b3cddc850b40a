/** Address translation operations of the Secure interface (IHI 0070 9.1). */

import { expect, test } from 'vitest';
import { type Registers, SID, TestSmmu } from '../../kit/smmu.ts';
import { map } from '../../kit/tables.ts';
import { IOVA, PA, withStream } from './case.ts';

const SSEC = 1 << 21;
const STAGE_1_READ = (1 << 10) | (1 << 8);
/** Another mapping than the Non-secure stream has. */
const SECURE_PA = PA + 0x100000;

function machine(registers: Registers = {}): TestSmmu {
  const m = new TestSmmu({ worlds: 'secure', registers: { 'IDR0.ATOS': 1, ...registers } });
  withStream(m, 'ns');
  const view = m.in('s');
  view.ste();
  view.cd();
  map(view, { iova: BigInt(IOVA), pa: BigInt(SECURE_PA) });
  return m;
}

/** PAR of an operation, both halves. */
function ask(m: TestSmmu, sidHi: number): number[] {
  const view = m.in('s');
  view.write('S_GATOS_SID', SID, sidHi);
  view.write('S_GATOS_ADDR', (IOVA | STAGE_1_READ) >>> 0, 0);
  view.write('S_GATOS_CTRL', 1);
  expect(m.read('S_GATOS_CTRL')).toBe(0);
  return [m.smmu.bank.field('S_GATOS_PAR', 'FAULT'), m.smmu.bank.field('S_GATOS_PAR', 'ADDR')];
}

test('SSEC of S_GATOS_SID chooses between Secure and Non-secure streams', () => {
  const m = machine();
  expect(ask(m, SSEC)).toEqual([0, SECURE_PA]);
  expect(ask(m, 0)).toEqual([0, PA]);
});

test('S_CR0.SMMUEN guards it, whatever CR0.SMMUEN says', () => {
  const m = machine({ 'S_CR0.SMMUEN': 0, 'S_CR0ACK.SMMUEN': 0 });
  m.in('s').write('S_GATOS_CTRL', 1);
  expect([m.read('S_GATOS_CTRL'), m.smmu.bank.lo('S_GATOS_PAR')]).toEqual([0, 0]);
  expect(machine({ 'CR0.SMMUEN': 0 }).smmu.state('s').smmuEnabled).toBe(true);
});

test('Non-secure accesses do not reach it', () => {
  const m = machine();
  m.write('S_GATOS_SID', SID, SSEC);
  expect(m.read('S_GATOS_SID')).toBe(0);
});

test('a StreamID may have as many bits as the larger of both sizes', () => {
  const m = machine({ 'S_IDR1.S_SIDSIZE': 20 });
  m.in('s').write('S_GATOS_SID', 0xffffffff, SSEC);
  expect(m.smmu.bank.field('S_GATOS_SID', 'STREAMID')).toBe(0xfffff);
});
