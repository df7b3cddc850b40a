import { describe, expect, it } from 'vitest';
import { parseExpression } from '../../../src/control/expression/parse.ts';
import { parseTemplate } from '../../../src/control/expression/template.ts';
import type { Bag, Scope, Value } from '../../../src/control/expression/value.ts';

const STE: Bag = {
  text: 'STE 8',
  names: () => ['Config'],
  part: (name) => (name === 'Config' ? 5n : undefined),
};
const NAMES: Readonly<Record<string, Value>> = {
  sid: 8n,
  iova: 0xffff_ffff_ffff_f000n,
  world: 'ns',
  ns: 'ns',
  event: 'F_TRANSLATION',
  F_TRANSLATION: 'F_TRANSLATION',
  command: 'CMD_TLBI_NH_VA',
  TLBI_NH_VA: 'TLBI_NH_VA',
  rnw: true,
};
const SCOPE: Scope = {
  name: (name) => NAMES[name],
  call: (name, args) => (name === 'ste' && args[0] === 8n ? STE : undefined),
};
const value = (text: string): Value => parseExpression(text).evaluate(SCOPE);

describe('an expression', () => {
  it('keeps 64-bit numbers exact', () => {
    expect(value('iova')).toBe(0xffff_ffff_ffff_f000n);
    expect(value('0xffff_ffff_ffff_f001 - iova')).toBe(1n);
  });

  it.each([
    ['64K', 65536n],
    ['2M + 0x10', 0x200010n],
    ['0b101', 5n],
    ['1 + 2 * 3', 7n],
    ['(1 << 12) - 1', 0xfffn],
    ['~0', 0xffff_ffff_ffff_ffffn],
    ['sid == 8 && world == ns', true],
    ['sid == 8 ? 1 : 2', 1n],
    ['event == F_TRANSLATION', true],
    ['event != "f_translation"', false],
    ['command == TLBI_NH_VA', true],
    ['rnw == 1', true],
    ['!rnw || iova >= 0xfffffffffffff000', true],
    ['ste(8).Config', 5n],
  ])('%s', (text, expected) => {
    expect(value(text)).toBe(expected);
  });

  it.each([
    ['', 'missing'],
    ['sid ==', 'no expression'],
    ['12ab', 'no number'],
    ['sid 8', 'more than one'],
    ['nobody', 'nobody is not known'],
    ['ste(8).Confg', 'it has Config'],
    ['ste(9)', 'ste(0x9) is nothing that is known here'],
    ['sid[0]', 'no meaning'],
    ['1 / 0', 'divides by zero'],
    ['1 << 4000', 'shifts by'],
    ['world + 1', 'needs numbers'],
    ['this', 'no meaning'],
    ['/x/', 'no expression'],
    [`${'('.repeat(900)}1${')'.repeat(900)} +`, 'xpression'],
    ['1'.repeat(3000), 'longer than'],
  ])('%s is refused with a reason', (text, reason) => {
    expect(() => value(text)).toThrow(reason);
  });

  it('tells the free names that it uses', () => {
    expect(parseExpression('sid == 8 && ste(sid).Config != 0').names).toEqual(['sid', 'ste']);
  });

  it('survives any nesting', () => {
    const text = `${'('.repeat(990)}1${')'.repeat(990)}`;
    expect(() => value(text)).not.toThrow(RangeError);
  });
});

describe('the message of a logpoint', () => {
  it('shows expressions in braces', () => {
    expect(parseTemplate('{sid}: {event} \\{x\\}').fill(SCOPE)).toBe('0x8: F_TRANSLATION {x}');
  });

  it('shows what is wrong with an expression instead of losing the line', () => {
    expect(parseTemplate('a {nobody} b').fill(SCOPE)).toContain('nobody is not known here');
  });

  it('refuses a brace without end', () => {
    expect(() => parseTemplate('{sid')).toThrow('no }');
  });
});
