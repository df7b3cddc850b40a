import { describe, expect, test } from 'vitest';
import { encode } from '../../src/bits/layout.ts';
import { hover, structureHover } from '../../src/inspect/hover.ts';
import { labelOf, rows, rowText } from '../../src/inspect/rows.ts';
import { escapeMarkdown } from '../../src/inspect/text.ts';
import { CD } from '../../src/spec/cd.ts';
import { S1_LEAF } from '../../src/spec/descriptors.ts';
import { STE } from '../../src/spec/ste.ts';

function byName(list: ReturnType<typeof rows>, name: string) {
  return list.find((r) => r.name === name);
}

describe('rows', () => {
  const words = encode(STE, { V: 1, Config: 5, S1ContextPtr: 0x4811_9000, S1DSS: 2 });

  test('name the value of a field', () => {
    const config = byName(rows(STE, words), 'Config');
    expect(config).toMatchObject({ bits: '[3:1]', value: '5', label: 'stage 1 only', set: true });
    expect(config && rowText(config)).toBe('Config [3:1] = 5 (stage 1 only)');
  });

  test('show an address field in bytes, also as a number', () => {
    expect(byName(rows(STE, words), 'S1ContextPtr')).toMatchObject({
      value: '0x48119000',
      address: 0x4811_9000,
    });
  });

  test('keep an undefined encoding as a value and say that it is reserved', () => {
    const tg = CD.fields.TG0;
    const cd = encode(CD, { TG0: 3 });
    expect(byName(rows(CD, cd), 'TG0')).toMatchObject({ value: '3', label: 'reserved' });
    expect(labelOf(tg, 17)).toBe('reserved');
  });

  test('give reserved bits that are set a row of their own, and no other', () => {
    expect(rows(STE, words).filter((r) => r.name.startsWith('RES0'))).toEqual([]);
    const odd = words.slice();
    odd[1] = (odd[1] as number) | 0x0300_0000;
    const found = rows(STE, odd).filter((r) => r.name.startsWith('RES0'));
    expect(found).toHaveLength(1);
    expect(found[0]).toMatchObject({ name: 'RES0 [58:56]', value: '0x3', label: 'should be 0' });
  });

  test('show one meaning of bits that have two', () => {
    const names = (d128: boolean): string[] => rows(CD, encode(CD, {}), 0, { d128 }).map((r) => r.name);
    expect(names(false)).toContain('HAD0');
    expect(names(false)).not.toContain('DisCH0');
    expect(names(true)).toContain('DisCH0');
    expect(names(true)).not.toContain('HAD0');
    const leaf = (granuleBits: number): string[] =>
      rows(S1_LEAF, new Uint32Array(2), 0, { granuleBits }).map((r) => r.name);
    expect(leaf(12)).not.toContain('OA_hi_64K');
    expect(leaf(16)).toContain('OA_hi_64K');
  });

  test('read an encoding that differs between the worlds by the world', () => {
    expect(labelOf(STE.fields.STRW, 1, 'ns')).toBe('ILLEGAL');
    expect(labelOf(STE.fields.STRW, 1, 's')).toContain('EL3');
  });

  test('are plain data', () => {
    const list = rows(STE, words);
    expect(JSON.parse(JSON.stringify(list))).toEqual(list);
  });
});

describe('a hover', () => {
  test('names field, bits, value and section', () => {
    const text = hover(STE, STE.fields.Config, encode(STE, { Config: 2 }));
    expect(text.split('\n')[0]).toBe('**STE\\.Config** \\[3:1\\] = 2 \\(acts as 0\\)');
    expect(text).toContain('IHI 0070 5\\.2');
  });

  test('of a structure leaves out what is zero, unless it matters', () => {
    const text = structureHover(STE, encode(STE, { Config: 5 }), 0, 'STE 8', {}, ['V']);
    expect(text).toContain('| Config |');
    expect(text).toContain('| V |');
    expect(text).not.toContain('S1CIR');
  });

  test('never lets data become markup', () => {
    expect(escapeMarkdown('[x](command:y) <b> `a` |\n# b')).toBe(
      '\\[x\\]\\(command:y\\) \\<b\\> \\`a\\` \\| \\# b',
    );
  });
});
