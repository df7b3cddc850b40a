import { expect, test } from 'vitest';
import { layout } from '../../src/bits/layout.ts';
import { valueByName, valueName, valueText } from '../../src/bits/values.ts';

const { Plain, PerWorld, Open, Mute } = layout('T', 'none', 32, {
  Plain: { bits: [1, 0], doc: 'x', values: { 0: 'off', 1: 'on' }, names: { OFF: 0, On: 1 } },
  PerWorld: { bits: [3, 2], doc: 'x', values: { 'ns/0': 'EL1', 's/0': 'Secure EL1' } },
  Open: { bits: [7, 4], doc: 'x', values: { 1: 'one', others: 'reserved' } },
  Mute: { bits: [8, 8], doc: 'x' },
}).fields;

test('a value has its text, an unknown one none', () => {
  expect([valueText(Plain, 1), valueText(Plain, 2), valueText(Mute, 0)]).toEqual([
    'on',
    undefined,
    undefined,
  ]);
});

test('a text can depend on the world', () => {
  expect([valueText(PerWorld, 0, 's'), valueText(PerWorld, 0, 'ns'), valueText(PerWorld, 0)]).toEqual([
    'Secure EL1',
    'EL1',
    undefined,
  ]);
});

test('one text can stand for all other values', () => {
  expect([valueText(Open, 1), valueText(Open, 9)]).toEqual(['one', 'reserved']);
});

test('short names go both ways, in either case', () => {
  expect([valueName(Plain, 1), valueName(Plain, 3), valueName(Mute, 0)]).toEqual([
    'On',
    undefined,
    undefined,
  ]);
  expect([valueByName(Plain, 'ON'), valueByName(Plain, 'off'), valueByName(Plain, 'x')]).toEqual([
    1,
    0,
    undefined,
  ]);
  expect([valueByName(Mute, 'x'), valueByName(Plain, 'toString')]).toEqual([undefined, undefined]);
});
