import { expect, test } from 'vitest';
import { placeText } from '../../src/bits/world.ts';

test('a place names its address space, unless it is the Non-secure one', () => {
  expect(placeText(0x1000, 'ns')).toBe('0x1000');
  expect([placeText(0x1000, 's'), placeText(0, 'realm'), placeText(0x1000, 'root')]).toEqual([
    '0x1000 (s)',
    '0x0 (realm)',
    '0x1000 (root)',
  ]);
});
