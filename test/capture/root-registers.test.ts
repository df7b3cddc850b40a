/** Snapshots that hold none, half or all of the Root registers. */

import { expect, test } from 'vitest';
import { loadSnapshot } from '../../src/capture/snapshot.ts';
import { offsetOf } from '../../src/model/bank.ts';
import { complaint } from '../kit/capture.ts';

const BASE = { CR0: '0xd', STRTAB_BASE: '0x484c1000', STRTAB_BASE_CFG: '0x10210' };
const RME = { preset: 'architecture-rme' };
const CR0 = offsetOf('ROOT_CR0');
const CR0ACK = offsetOf('ROOT_CR0ACK');

test('without ROOT_CR0 accesses pass and granule protection is off, and it is said', () => {
  const { words, assumed, warnings } = loadSnapshot(BASE, RME);
  expect([words.get(CR0), words.get(CR0ACK)]).toEqual([1, 1]);
  expect(assumed.has(CR0)).toBe(true);
  expect(warnings).toContainEqual(
    expect.stringMatching(/^registers: has no ROOT_CR0: ACCESSEN=1 and GPCEN=0 are assumed/),
  );
});

test('ROOT_CR0 of the snapshot counts, also where it ends every access', () => {
  const { words, warnings } = loadSnapshot({ ...BASE, ROOT_CR0: 0 }, RME);
  expect([words.get(CR0), words.get(CR0ACK)]).toEqual([0, 0]);
  expect(warnings.join()).not.toContain('ROOT_CR0');
});

test('an SMMU without Root state is given none of its registers', () => {
  const { words, warnings } = loadSnapshot(BASE, { preset: 'architecture-secure' });
  expect([words.has(CR0), words.has(CR0ACK)]).toEqual([false, false]);
  expect(warnings.join()).not.toContain('ROOT_CR0');
});

test('granule protection that is on needs to say where its table lies', async () => {
  const on = { ...BASE, ROOT_CR0: 3 };
  expect(await complaint(() => loadSnapshot(on, RME))).toMatch(
    /ROOT_CR0\.GPCEN=1, but there is no ROOT_GPT_BASE, ROOT_GPT_BASE_CFG; /,
  );
  expect(await complaint(() => loadSnapshot({ ...on, ROOT_GPT_BASE: '0x80000000' }, RME))).toMatch(
    /but there is no ROOT_GPT_BASE_CFG; /,
  );
  const whole = { ...on, ROOT_GPT_BASE: '0x80000000', ROOT_GPT_BASE_CFG: '0x1' };
  expect(loadSnapshot(whole, RME).warnings.join()).not.toContain('ROOT_');
});
