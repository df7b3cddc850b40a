import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { analyse } from '../../extension/language/service/analysis.ts';
import { evaluatableAt, inlineValues } from '../../extension/language/service/values.ts';
import { testsOf } from '../../extension/tests/list.ts';
import { FORMS, KEYWORDS } from '../../src/control/script/forms.ts';

const json = (name: string): unknown =>
  JSON.parse(readFileSync(path.resolve(import.meta.dirname, '../../extension/language', name), 'utf8'));

describe('the grammar', () => {
  const { patterns } = json('script.tmLanguage.json') as { patterns: { match?: string; begin?: string }[] };
  const matches = patterns.flatMap(({ match, begin }) => [match, begin].filter((one) => one !== undefined));

  it('colours every keyword, and every word that chooses a form', () => {
    const first = (text: string) =>
      matches.filter((one) => one.startsWith('^')).some((one) => new RegExp(one).test(text));
    for (const keyword of KEYWORDS) {
      const text =
        keyword === 'test'
          ? 'test "a"'
          : keyword === 'let' || keyword === 'device'
            ? `${keyword} a`
            : keyword;
      expect(first(text), keyword).toBe(true);
    }
    const expects = matches.find((one) => one.includes('expect')) ?? '';
    for (const { subject } of FORMS) {
      if (subject === undefined || subject === 'pa') continue;
      expect(new RegExp(expects).exec(`expect ${subject}`)?.[2], subject).toBe(subject);
    }
  });
});

describe('the snippets', () => {
  const snippets = Object.entries(json('script.snippets.json') as Record<string, { body: string[] }>);

  it.each(snippets)('make statements that are right: %s', (_, { body }) => {
    const text = body
      .join('\n')
      .replace(/\$\{\d+:([^}]*)\}/g, '$1')
      .replaceAll('$0', '');
    expect(analyse(text, 'a.smmu').problems).toEqual([]);
  });
});

describe('the tests of a script', () => {
  it('are found by name and line, as the parser finds them', () => {
    const text = '# test "no"\ntest "one # two"\nend\n  test  "say \\"hi\\""\nend\nprint "test"\n';
    const parsed = analyse(text, 'a.smmu').blocks.map(({ test, from }) => ({
      name: test.words[0]?.text,
      line: from,
    }));
    expect(testsOf(text)).toEqual(parsed);
    expect(parsed.map(({ name }) => name)).toEqual(['one # two', 'say "hi"']);
  });
});

describe('what the debugger evaluates', () => {
  const text = [
    'device nvme0 sid=8',
    'let base = 0x40000000',
    'reg ns.CR0.SMMUEN = 1',
    'ste ns 8 Config=S1',
    'cd ns nvme0.sid 3 ASID=5',
    'poke base = base + 1',
    'let later = base',
  ].join('\n');
  const script = analyse(text, 'a.smmu');
  const under = (line: number, word: string) =>
    evaluatableAt(script, line, (script.lines[line - 1] ?? '').indexOf(word) + 1)?.expression ?? null;

  it('is under the mouse a name, a register, or a field in memory', () => {
    expect(under(3, 'ns.CR0')).toBe('reg.ns.CR0.SMMUEN');
    expect(under(4, 'Config')).toBe('ste(8).Config');
    expect(under(5, 'ASID')).toBe('cd(nvme0.sid, 3).ASID');
    expect(under(5, 'sid 3')).toBe('nvme0.sid');
    expect(under(6, 'base')).toBe('base');
    expect(under(6, 'poke')).toBeNull();
    expect(under(4, '8')).toBeNull();
  });

  it('stands beside the lines up to where the program stands, fields only there', () => {
    const shown = (stopped: number) =>
      inlineValues(script, 1, 7, stopped).map(({ line, expression }) => [line, expression]);
    expect(shown(4)).toEqual([
      [2, 'base'],
      [4, 'ste(8).Config'],
    ]);
    expect(shown(6)).toEqual([
      [2, 'base'],
      [6, 'base'],
      [6, 'base'],
    ]);
  });
});
