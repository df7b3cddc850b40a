import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FORMS } from '../../../src/control/script/forms.ts';
import { parseScript } from '../../../src/control/script/parse.ts';
import { bind, formOfStatement } from '../../../src/control/script/parse-bind.ts';
import type { Statement } from '../../../src/control/script/statement.ts';

const parse = (text: string) => parseScript(text, 'a.smmu');
const only = (text: string): Statement => {
  const { statements, problems } = parse(text);
  expect(problems).toEqual([]);
  expect(statements).toHaveLength(1);
  return statements[0] as Statement;
};
const told = (text: string) => parse(text).problems.map(({ line, start, message }) => [line, start, message]);

describe('a script', () => {
  it('is read line by line, with places from 1', () => {
    const statement = only('\n  map ns sid=8 iova=0x1000 pa=2G size=64K # a comment');
    expect(statement).toMatchObject({ line: 2, start: 3, file: 'a.smmu' });
    expect(statement.keyword).toMatchObject({ text: 'map', start: 3, end: 6 });
    expect(statement.words.map(({ text }) => text)).toEqual(['ns']);
    expect(statement.arguments.map(({ name, value }) => [name.text, value.text, value.start])).toEqual([
      ['sid', '8', 14],
      ['iova', '0x1000', 21],
      ['pa', '2G', 31],
      ['size', '64K', 39],
    ]);
  });

  it('keeps # and blanks of a text, and takes its quotes off', () => {
    const word = only('print "a # b {x}  c" # d').words[0];
    expect(word).toMatchObject({ text: 'a # b {x}  c', quoted: true });
    expect(only('print "say \\"no\\" \\{"').words[0]?.text).toBe('say "no" \\{');
  });

  it('keeps blanks inside of parentheses in one word', () => {
    expect(only('dma nvme0 read (base + 8) 64').words.map(({ text }) => text)).toEqual([
      'nvme0',
      'read',
      '(base + 8)',
      '64',
    ]);
  });

  it('takes what follows = as an expression', () => {
    expect(only('let x = a == b ? 1 : 2').rest).toMatchObject({ text: 'a == b ? 1 : 2', start: 9 });
    expect(only('reg ns.CR0.SMMUEN=1')).toMatchObject({
      words: [{ text: 'ns.CR0.SMMUEN' }],
      rest: { text: '1' },
    });
    const poke = only('poke ns 0x1000 = base | 3 u32');
    expect(poke.rest?.text).toBe('base | 3');
    expect(poke.words.map(({ text }) => text)).toEqual(['ns', '0x1000', 'u32']);
  });

  it('tells what is expected by its form from an expression', () => {
    expect(only('expect event F_TRANSLATION StreamID=8').rest).toBeNull();
    expect(only('expect event.StreamID == 8').rest?.text).toBe('event.StreamID == 8');
    expect(only('expect pa=0x1000').arguments[0]?.name.text).toBe('pa');
    expect(only('expect pa == 0x1000').rest?.text).toBe('pa == 0x1000');
    expect(only('expect cmdq.cons == 1').rest?.text).toBe('cmdq.cons == 1');
  });

  it('goes on after a mistake and says where each is', () => {
    expect(told('mpa ns\nlet x = 1\nmap ns iova=1 pa=1 size=1\nprint "a\nend')).toEqual([
      [1, 1, '"mpa" is no keyword; did you mean map?'],
      [3, 1, expect.stringMatching(/^"sid" is missing; write map W sid=N/)],
      [4, 7, 'a text begins with " and does not end; write " after it'],
      [5, 1, 'there is no test that this could end; leave it out'],
    ]);
    expect(parse('mpa ns\nlet x = 1').statements).toHaveLength(1);
  });

  it('points at the column of a mistake in an expression', () => {
    expect(told('let x = 1 + 12ab')).toEqual([[1, 13, expect.stringContaining('this is no number')]]);
    expect(told('dma nvme0 read 0x10q 4')[0]?.slice(0, 2)).toEqual([1, 16]);
  });

  it.each([
    ['ste 8 V=1', ' ns'],
    ['cmd TLBI_NH_VA ASID=1 Leaf', ' ns'],
    ['map sid=8 iova=0 pa=0 size=4K', ' ns'],
    ['expct ok', 'expect'],
    ['test "a"', '\nend\n'],
    ['print "a', '"'],
  ])('mends %s by %j', (text, replacement) => {
    expect(parse(text).problems.map(({ fix }) => fix?.replacement)).toContain(replacement);
  });

  it('tells arguments given twice, flags that exclude each other, and words too many', () => {
    expect(told('device a sid=1 sid=2')[0]?.[2]).toBe('sid is given twice; leave one out');
    expect(told('ste ns 8 V=1 v=0')[0]?.[2]).toBe('v is given twice; leave one out');
    expect(told('resume a retry abort')[0]?.[2]).toBe('abort and retry exclude each other; leave one out');
    expect(told('run ns 1 2')[0]?.[2]).toBe('"2" was not expected here; write run W [COUNT]');
  });

  it('says of a test within a test where its end is missing', () => {
    const { problems } = parse('test "a"\nprint "x"\ntest "b"\nend\n');
    expect(problems).toMatchObject([{ line: 1, fix: { replacement: 'end\n', at: { line: 3, start: 1 } } }]);
  });
});

describe('the table of forms', () => {
  it.each(FORMS.map((form) => [form.usage, form] as const))('has an example that is right: %s', (_, form) => {
    const { statements, problems } = parse(form.example);
    expect(problems).toEqual([]);
    expect(statements.map((statement) => formOfStatement(statement)).includes(form)).toBe(true);
  });

  it('says in words what each form is and does', () => {
    for (const form of FORMS) {
      expect(form.usage.startsWith(form.keyword)).toBe(true);
      expect(form.doc).toMatch(/^(?:.*[.!?])$/s);
      for (const { doc } of [...form.words, ...form.flags, ...form.arguments]) expect(doc).toMatch(/\.$/);
    }
  });
});

describe('words by their names', () => {
  const bound = (text: string) => {
    const statement = only(text);
    const form = formOfStatement(statement);
    if (!form) throw new RangeError(text);
    const { words, flags, fields } = bind(statement, form);
    return {
      words: Object.fromEntries([...words].map(([name, { text }]) => [name, text])),
      flags: [...flags.keys()],
      fields: fields.map(({ name, value }) => [name.text, value?.text ?? null]),
    };
  };

  it('leave out what is optional', () => {
    expect(bound('poke 0x10 = 1').words).toEqual({ address: '0x10' });
    expect(bound('poke s 0x10 = 1 u64')).toMatchObject({
      words: { space: 's', address: '0x10' },
      flags: ['u64'],
    });
    expect(bound('cd ns 8 V=1').words).toEqual({ world: 'ns', sid: '8' });
    expect(bound('cd ns 8 3 V=1').words).toEqual({ world: 'ns', sid: '8', ssid: '3' });
  });

  it('tell flags from fields that stand bare', () => {
    expect(bound('cmd ns TLBI_NH_VA ASID=1 Leaf hold')).toEqual({
      words: { world: 'ns', mnemonic: 'TLBI_NH_VA' },
      flags: ['hold'],
      fields: [
        ['Leaf', null],
        ['ASID', '1'],
      ],
    });
  });

  it('skip the word that chose the form', () => {
    expect(bound('expect event F_UUT StreamID=1')).toEqual({
      words: { event: 'F_UUT' },
      flags: [],
      fields: [['StreamID', '1']],
    });
  });
});

describe('any text', () => {
  const piece = fc.oneof(
    fc.constantFrom(
      ...['"', '(', ')', '#', '=', '==', '\n', ' ', '\t', '\\', '{', '}', '.', 'ns', 'sid=', 'test', 'end'],
      ...FORMS.map(({ keyword }) => keyword),
      ...FORMS.map(({ example }) => example),
    ),
    fc.string({ maxLength: 6 }),
  );

  it('is read without an exception, and each problem lies in it', () => {
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
        const text = pieces.join('');
        const lines = text.split('\n');
        for (const { line, start, end, message } of parse(text).problems) {
          expect(line).toBeGreaterThan(0);
          expect(line).toBeLessThanOrEqual(lines.length);
          expect(start).toBeGreaterThan(0);
          expect(end).toBeGreaterThanOrEqual(start);
          expect(message).not.toBe('');
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('of a million characters is read, and what is too long is told', () => {
    const long = parse(`let x = ${'1+'.repeat(500_000)}1`);
    expect(long.problems[0]?.message).toBe('the line is longer than 20000 characters');
    const many = parse('x\n'.repeat(200_000));
    expect(many.problems.length).toBeLessThan(600);
    expect(many.problems.at(-1)?.message).toContain('the rest of the script is not read');
  });
});
