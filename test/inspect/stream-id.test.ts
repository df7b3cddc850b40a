import { describe, expect, it } from 'vitest';
import { busDeviceFunction, parseStreamId } from '../../src/inspect/stream-id.ts';

describe('a StreamID as people write it', () => {
  it.each([
    ['8', 8],
    ['0x8', 8],
    [' 0x408 ', 0x408],
    ['00:01.0', 8],
    ['00:1.1', 9],
    ['04:01.0', 0x408],
    ['0000:ff:1f.7', 0xffff],
    ['0001:00:01.0', 0x1_0008],
    ['0xffffffff', 0xffff_ffff],
  ])('%s is %i', (text, sid) => {
    expect(parseStreamId(text)).toBe(sid);
  });

  it.each([
    '',
    'x',
    '-1',
    '1.5',
    '0x1_0000_0000',
    '4294967296',
    '00:20.0',
    '00:01.8',
    '00001:00:01.0',
    '00:01',
  ])('%j is none', (text) => {
    expect(parseStreamId(text)).toBeNull();
  });

  it.each([0, 8, 0x408, 0xffff, 0x1_0008, 0xffff_ffff])('reads what it writes of %i', (sid) => {
    expect(parseStreamId(busDeviceFunction(sid))).toBe(sid);
  });
});
