import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkScript, type IncludedScript, problemText } from '../../../src/control/script/check.ts';
import { FORMS } from '../../../src/control/script/forms.ts';
import { parseScript } from '../../../src/control/script/parse.ts';

const check = (text: string, files?: Readonly<Record<string, string>>) =>
  checkScript(
    parseScript(text, 'a.smmu'),
    files
      ? {
          resolveInclude: (path): IncludedScript | null =>
            Object.hasOwn(files, path) ? { text: files[path] as string, file: path } : null,
        }
      : {},
  );
const messages = (text: string) => check(text).map(({ message }) => message);
const SETTING = 'device nvme0 sid=8\nlet base = 0x40000000\n';

describe('what is right', () => {
  it.each(FORMS.map(({ example }) => [example]))('has no problems: %s', (example) => {
    const text = /^(?:machine|load)/.test(example) ? example : SETTING + example;
    expect(messages(text)).toEqual([]);
  });

  it('may name values, in upper or lower case, and compute them', () => {
    expect(messages('ste ns 8 Config=s1 S1DSS=SSID0 S1CDMax=2+3 s1contextptr=(0x50000000 + 4K)')).toEqual([]);
    expect(messages('cmd ns CMD_TLBI_NH_VA ASID=0xffff Address=0x1000 TG=4KB Leaf=1')).toEqual([]);
    expect(messages('cmd ns CFGI_ALL\ncmd ns SYNC CS=SIG_IRQ')).toEqual([]);
    expect(messages('expect result == abort && event.name == F_TRANSLATION')).toEqual([]);
    expect(messages(`${SETTING}expect nvme0.sid == 8 && mem(base) == 0`)).toEqual([]);
  });
});

describe('what is wrong', () => {
  it.each([
    ['ste ns 8 Confg=S1', 1, 10, 'there is no field of STE "Confg"; did you mean Config?', 'Config'],
    ['ste ns 8 Config=9', 1, 17, '9 does not fit Config, which takes 0 to 7', undefined],
    ['ste ns 8 Config=S11', 1, 17, 'there is no value of Config "S11"; did you mean S1?', 'S1'],
    ['ste ns 8 S1CDMax=-1', 1, 18, '-1 does not fit S1CDMax, which takes 0 to 0x1f', undefined],
    [
      'ste ns 8 S1ContextPtr=0x50000001',
      1,
      23,
      '0x50000001 is no address that S1ContextPtr can hold: only bits [55:6] may be set',
      undefined,
    ],
    ['ste nss 8 V=1', 1, 5, 'there is no world "nss"; did you mean ns?', 'ns'],
    ['cmd root SYNC', 1, 5, 'there is no world with a queue "root"; there are ns, s, realm', undefined],
    ['cmd ns TLBI_NH_VAX', 1, 8, 'there is no command "TLBI_NH_VAX"; did you mean TLBI_NH_VA?', 'TLBI_NH_VA'],
    ['cmd ns TLBI_NH_VA ASID', 1, 19, 'ASID has 16 bits and needs a value; write ASID=…', undefined],
    [
      'cmd ns TLBI_NH_VA VA=1',
      1,
      19,
      expect.stringMatching(/no field of CMD_TLBI_NH_VA "VA"; there are .*ASID, Address/),
      undefined,
    ],
    [
      'cmd ns SYNC Opcode=1',
      1,
      13,
      expect.stringMatching(/no field of CMD_SYNC "Opcode"; there are CS, MSH, /),
      undefined,
    ],
    [
      'expect event F_TRANSLATON',
      1,
      14,
      'there is no event "F_TRANSLATON"; did you mean F_TRANSLATION?',
      'F_TRANSLATION',
    ],
    ['reg ns.CR0.SMMUENX = 1', 1, 12, 'there is no field of CR0 "SMMUENX"; did you mean SMMUEN?', 'SMMUEN'],
    ['reg ns.CR9 = 1', 1, 8, 'there is no register of ns "CR9"; did you mean CR0?', 'CR0'],
    ['reg CR0.SMMUEN = 1', 1, 5, 'the world is missing; write ns.CR0.SMMUEN', 'ns.CR0.SMMUEN'],
    ['reg ns.CR0.SMMUEN = 2', 1, 21, '2 does not fit SMMUEN, which takes 0 to 1', undefined],
    ['reg ns.IDR0 = 0', 1, 1, 'SMMU_IDR0 is read-only: the write is ignored', undefined],
    ['dma nvm0 read 0 4', 1, 5, 'there is no device "nvm0"', undefined],
    ['let x = 1 + foo', 1, 13, 'there is no name "foo"', undefined],
    ['expect ste(8).Confi == 5', 1, 15, 'there is no field of STE "Confi"; did you mean Config?', 'Config'],
    ['expect reg.ns.CR0.SMUEN', 1, 19, 'there is no field of CR0 "SMUEN"; did you mean SMMUEN?', 'SMMUEN'],
    ['expect cmdq.con == 1', 1, 13, 'there is no part of cmdq "con"; did you mean cons?', 'cons'],
    ['expect eventq.s.pod == 1', 1, 17, 'there is no part of eventq.s "pod"; did you mean prod?', 'prod'],
    [
      'expect priq.s.prod == 1',
      1,
      13,
      'there is no part of priq "s"; there are cons, prod, ns, realm',
      undefined,
    ],
    ['print "at {bas}"', 1, 12, 'there is no name "bas"', undefined],
    ['let x = 1 / 0', 1, 9, '"1 / 0" divides by zero', undefined],
    [
      'machine preset=nothing',
      1,
      16,
      expect.stringMatching(/no preset "nothing"; there are .*architecture-max/),
      undefined,
    ],
    ['machine IDR0.ATSQ=0', 1, 9, expect.stringContaining('did you mean IDR0.ATS?'), 'IDR0.ATS'],
    ['machine IDR0.ATS=2', 1, 18, '2 does not fit ATS, which takes 0 to 1', undefined],
    ['load small.elf', 1, 6, 'a path stands in quotes: "small.elf"', '"small.elf"'],
    ['load "/etc/passwd"', 1, 6, 'the path must be relative to the script', undefined],
    [
      'map ns sid=8 iova=0 pa=0 size=4K perm=wr',
      1,
      39,
      expect.stringContaining('"wr" is no permission'),
      undefined,
    ],
    ['map ns sid=8 iova=0 pa=0 size=4K stage=3', 1, 40, '"3" was not expected here; write 1 or 2', undefined],
    [
      'map ns sid=8 iovaa=0 iova=0 pa=0 size=4K',
      1,
      14,
      expect.stringContaining('did you mean iova?'),
      'iova',
    ],
    ['invalidate ns sid=8', 1, 1, expect.stringMatching(/^"iova" is missing/), undefined],
    ['expect notify told', 1, 15, '"told" was not expected here; write map or unmap or none', undefined],
    ['machine worlds=ns,secure', 1, 16, expect.stringContaining('secure'), undefined],
    [
      'expect finding isolation crossed',
      1,
      26,
      expect.stringContaining('"crossed" was not expected'),
      undefined,
    ],
    ['gpt 0 4K OPEN', 1, 10, expect.stringContaining('"OPEN" was not expected here'), undefined],
    ['let ok = 1', 1, 5, 'ok has a meaning already; choose another name', undefined],
    ['let 9a = 1', 1, 5, expect.stringContaining('"9a" is no name'), undefined],
  ])('is told with its place and a fix: %s', (text, line, start, message, fix) => {
    const problems = check(text);
    expect(problems[0]).toMatchObject({ line, start, message });
    expect(problems[0]?.fix?.replacement).toBe(fix);
    expect(problems).toHaveLength(1);
  });

  it('is a name made twice, or one of a test that is over', () => {
    expect(messages('device a sid=1\nlet a = 2')).toEqual(['a is a name already, made in line 1 of a.smmu']);
    expect(messages('let a = 1\nlet a = a + 1')).toEqual([]);
    expect(messages('test "x"\nlet a = 1\nend\nprint "{a}"')).toEqual(['there is no name "a"']);
    expect(messages('test "x"\nlet a = 1\nend\ntest "y"\nlet a = 1\nend')).toEqual([]);
  });

  it('is not told twice when a name was made by a statement with a mistake', () => {
    expect(messages('let a = 1 +\nprint "{a}"')).toHaveLength(1);
  });

  it('is a machine that comes twice, late, or in a test', () => {
    expect(messages('machine\nmachine')[0]).toContain('line 1 already');
    expect(messages('machine\nload "a"')[0]).toContain('there is a machine in line 1 already');
    expect(messages('run ns\nmachine')[0]).toBe(
      'machine stands before whatever acts, but line 1 acts already',
    );
    expect(messages('test "a"\nmachine\nend')[0]).toBe('machine stands outside of tests');
  });

  it('is said with its line and column', () => {
    const first = check('let x = 1\n  map ns iova=0 pa=0 size=1')[0];
    expect(first && problemText(first)).toMatch(/^line 2, column 3: "sid" is missing; write map W sid=N/);
  });
});

describe('included scripts', () => {
  it('make names', () => {
    expect(check('include "b"\nprint "{x}"', { b: 'let x = 1' })).toEqual([]);
  });

  it('that include each other are refused', () => {
    const [problem] = check('include "b"', { b: 'include "a.smmu"', 'a.smmu': '' });
    expect(problem?.message).toContain('a.smmu includes itself: a.smmu includes b includes a.smmu');
  });

  it('that do not exist or have mistakes are told where they are included', () => {
    expect(check('include "c"', {})[0]).toMatchObject({ line: 1, start: 9 });
    expect(check('include "b"', { b: '\nfoo' })[0]?.message).toMatch(
      /^b has mistakes; line 2, column 1: "foo" is no/,
    );
  });

  it('do not multiply without end', () => {
    const files = Object.fromEntries(
      Array.from({ length: 30 }, (_, at) => [`f${at}`, `include "f${at + 1}"\n`.repeat(2)]),
    );
    expect(check('include "f0"', { ...files, f30: '' })[0]?.message).toContain('more than 100 scripts');
  });
});

describe('any script', () => {
  const words = fc.constantFrom(
    ...FORMS.flatMap(({ example }) => example.split(' ')),
    ...['=', '==', '(', ')', '"', '{', '}', '.', 'ste(8).', 'reg.', '1', '\n'],
  );

  it('is checked without an exception', () => {
    fc.assert(
      fc.property(fc.array(words, { maxLength: 40 }), (list) => {
        for (const { message, line, start, end } of check(list.join(' '))) {
          expect(message).not.toBe('');
          expect(line).toBeGreaterThan(0);
          expect(end).toBeGreaterThanOrEqual(start);
        }
      }),
      { numRuns: 2000 },
    );
  });
});
