import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { analyse } from '../../extension/language/service/analysis.ts';
import { completionsAt } from '../../extension/language/service/complete.ts';
import { formatLines } from '../../extension/language/service/format.ts';
import { hoverAt } from '../../extension/language/service/hover.ts';
import { definitionAt, symbolsOf } from '../../extension/language/service/navigate.ts';
import { signatureAt } from '../../extension/language/service/signature.ts';
import { FORMS, KEYWORDS } from '../../src/control/script/forms.ts';
import { MNEMONICS } from '../../src/control/script/names.ts';

const SETTING = 'device nvme0 sid=8\nlet base = 0x40000000\n';

/** A script with a bar where the cursor stands, after two names have been made. */
function cursor(marked: string) {
  const text = SETTING + marked;
  const before = text.slice(0, text.indexOf('|')).split('\n');
  const script = analyse(text.replace('|', ''), 'a.smmu');
  return { script, line: before.length, column: (before.at(-1) ?? '').length + 1 };
}

const offered = (marked: string) => {
  const { script, line, column } = cursor(marked);
  return completionsAt(script, line, column);
};
const labels = (marked: string) => offered(marked).map(({ label }) => label);
const hovered = (marked: string) => {
  const { script, line, column } = cursor(marked);
  return hoverAt(script, line, column)?.markdown ?? null;
};

describe('completion', () => {
  it('offers the keywords at the beginning of a statement', () => {
    expect(labels('|')).toEqual(KEYWORDS);
    expect(labels('  dm|')).toEqual(KEYWORDS);
    expect(offered('  dm|')[0]?.start).toBe(3);
  });

  it.each([
    ['ste |', 'ns'],
    ['cmd |', 'realm'],
    ['cmd ns |', 'TLBI_NH_VA'],
    ['cmd ns TLBI|', 'CFGI_ALL'],
    ['cmd ns TLBI_NH_VA |', 'ASID='],
    ['cmd ns TLBI_NH_VA ASID=1 |', 'Leaf='],
    ['cmd ns TLBI_NH_VA ASID=1 |', 'hold'],
    ['cmd ns TLBI_NH_VA TG=|', '4KB'],
    ['cmd ns SYNC CS=|', 'SIG_IRQ'],
    ['ste ns 8 |', 'Config='],
    ['ste ns 8 Config=|', 'NESTED'],
    ['ste ns 8 S1ContextPtr=ba|', 'base'],
    ['ste ns nvme0.|', 'sid'],
    ['cd ns 8 V=1 |', 'ASID='],
    ['map ns |', 'iova='],
    ['map ns sid=|', 'nvme0'],
    ['map ns sid=8 granule=|', '16K'],
    ['dma |', 'nvme0'],
    ['dma nvme0 |', 'write'],
    ['dma nvme0 read |', 'base'],
    ['dma nvme0 read 0 4 |', 'atomic'],
    ['machine worlds=|', 'realm'],
    ['machine worlds=ns,s,re|', 'realm'],
    ['notifier nvme0 consumer=|', 'vhost-vdpa'],
    ['notifier nvme0 consumer=custom flags=UNMAP,|', 'MAP'],
    ['notifiers policy=|', 'reject+drop'],
    ['expect notify none reason=|', 'qemu-aborts'],
    ['expect finding isolation |', 'over-invalidation'],
    ['gpt 0 4K |', 'REALM'],
    ['dma nvme0 read 0 4 ats=|', 'tr'],
    ['expect |', 'event'],
    ['expect |', 'result'],
    ['expect event |', 'F_TRANSLATION'],
    ['expect event F_TRANSLATION |', 'StreamID='],
    ['expect gerror |', 'CMDQ_ERR'],
    ['expect cmdq error=|', 'ILL'],
    ['expect ste(8).|', 'Config'],
    ['expect eventq.|', 's'],
    ['expect eventq.s.|', 'prod'],
    ['expect reg.|', 'ns'],
    ['expect reg.ns.|', 'CR0'],
    ['expect reg.ns.CR0.|', 'SMMUEN'],
    ['reg |', 'ns'],
    ['reg ns.|', 'CR0'],
    ['reg ns.CR0.|', 'SMMUEN'],
    ['let x = |', 'base'],
    ['print "at {|', 'base'],
    ['machine |', 'IDR0.ATS='],
    ['machine preset=|', 'architecture-max'],
  ])('offers at %s among others %s', (marked, label) => {
    expect(labels(marked)).toContain(label);
  });

  it('offers every command, and no field that is there already', () => {
    expect(labels('cmd ns |')).toEqual(MNEMONICS);
    expect(labels('cmd ns TLBI_NH_VA ASID=1 |')).not.toContain('ASID=');
    expect(labels('cmd ns TLBI_NH_VA |')).not.toContain('Opcode=');
  });

  it('offers no name that is made later, or in another test', () => {
    expect(labels('let y = |\nlet late = 1')).not.toContain('late');
    expect(labels('test "a"\nlet inner = 1\nend\nlet y = |')).not.toContain('inner');
  });

  it('offers nothing in comments and plain texts', () => {
    expect(labels('# |')).toEqual([]);
    expect(labels('print "a |')).toEqual([]);
  });
});

describe('a hover', () => {
  it.each([
    ['ma|p ns sid=8 iova=0 pa=0 size=4K', 'map W sid=N'],
    ['map ns si|d=8 iova=0 pa=0 size=4K', 'StreamID'],
    ['map ns sid=8 iova=0 pa=0 size=6|4K', '0x10000 = 65536 = 64 KiB'],
    ['ste ns 8 Con|fig=S1', '**STE\\.Config** \\[3:1\\]'],
    ['ste ns 8 Config=S|1', 'is 5: stage 1 only'],
    ['cmd ns TLBI|_NH_VA ASID=1', 'CMD\\_TLBI\\_NH\\_VA'],
    ['expect event F_TRANS|LATION', 'event 0x10'],
    ['reg ns.CR0.SMM|UEN = 1', 'SMMUEN'],
    ['expect reg.ns.CR|0.SMMUEN', 'SMMU\\_CR0'],
    ['expect ste(8).Conf|ig == 5', 'STE\\.Config'],
    ['dma nvm|e0 read 0 4', 'device nvme0 sid=8'],
    ['poke ba|se = 1', '0x40000000 = 1073741824 = 1 GiB'],
    ['expect resu|lt == abort', 'What the last dma came to'],
    ['machine preset=architecture|-max', 'SMMUv3'],
  ])('explains %s', (marked, text) => {
    expect(hovered(marked)).toContain(text);
  });

  it('says nothing in a comment', () => {
    expect(hovered('run ns # bas|e')).toBeNull();
  });
});

describe('signature help', () => {
  const help = (marked: string) => {
    const { script, line, column } = cursor(marked);
    const found = signatureAt(script, line, column);
    const { label = '', parameters = [] } = found?.signatures[found.active] ?? {};
    const active = parameters[found?.parameter ?? -1];
    return [label, active ? label.slice(active.from, active.to) : null];
  };

  it('points at the word or argument that is written', () => {
    expect(help('run |')).toEqual(['run world [count]', 'world']);
    expect(help('dma nvme0 read 0x10|')[1]).toBe('address');
    expect(help('dma nvme0 |')[1]).toBe('access');
    expect(help('map ns sid=8 pa=1|')[1]).toBe('pa=…');
  });

  it('has every form of expect while none is chosen', () => {
    const { script, line, column } = cursor('expect |');
    expect(signatureAt(script, line, column)?.signatures).toHaveLength(
      FORMS.filter(({ keyword }) => keyword === 'expect').length,
    );
  });
});

describe('a definition', () => {
  const defined = (marked: string) => {
    const { script, line, column } = cursor(marked);
    const found = definitionAt(script, line, column);
    return found?.kind === 'name' ? found.name.word.line : (found?.path ?? null);
  };

  it('is where a name is made, and the script of an include', () => {
    expect(defined('dma nv|me0 read 0 4')).toBe(1);
    expect(defined('let x = (ba|se + 4)')).toBe(2);
    expect(defined('expect nvme0.si|d == 8')).toBe(1);
    expect(defined('include "oth|er.smmu"')).toBe('other.smmu');
    expect(defined('dm|a nvme0 read 0 4')).toBeNull();
  });
});

describe('the outline', () => {
  it('has tests with their names in them', () => {
    const script = analyse('let a = 1\ntest "one"\ndevice d sid=1\nend\ntest "two"\n', 'a.smmu');
    const names = symbolsOf(script).map(({ name, kind, children }) => [
      name,
      kind,
      children.map((c) => c.name),
    ]);
    expect(names).toEqual([
      ['a', 'let', []],
      ['one', 'test', ['d']],
      ['two', 'test', []],
    ]);
  });
});

describe('formatting', () => {
  const format = (text: string) => formatLines(text).join('\n');

  it('leaves one blank between words, indents tests and keeps comments', () => {
    const text =
      '# head\n\n  test   "a  b"\nste  ns\t8 V=1   # why\n#in\nlet x=( 1 +  2 )\nend\npoke ns 4=1   u32';
    expect(format(text)).toBe(
      '# head\n\ntest "a  b"\n  ste ns 8 V=1   # why\n  #in\n  let x = ( 1 +  2 )\nend\npoke ns 4 = 1 u32',
    );
  });

  it('keeps what cannot be read', () => {
    expect(format('nonsense   "open  x')).toBe('nonsense "open  x');
  });

  it('changes nothing the second time, and never the meaning', () => {
    const piece = fc.oneof(
      fc.constantFrom(
        ...FORMS.map(({ example }) => `${example}\n`),
        '"',
        '#',
        ' ',
        '  ',
        '\t',
        '\n',
        '=',
        '(',
        'let',
      ),
      fc.string({ maxLength: 5 }),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
        const once = format(pieces.join(''));
        expect(format(once)).toBe(once);
        const meaning = (text: string) =>
          analyse(text, '').statements.map((one) => [
            one.line,
            one.keyword.text,
            ...one.words.map((word) => word.text),
            ...one.arguments.map(({ name, value }) => `${name.text}=${value.text}`),
            one.rest?.text,
          ]);
        expect(meaning(once)).toEqual(meaning(pieces.join('')));
      }),
      { numRuns: 1000 },
    );
  });
});

describe('at any place of any script', () => {
  it('the service answers without an exception', () => {
    const piece = fc.constantFrom(
      ...FORMS.map(({ example }) => example),
      '"',
      '(',
      '.',
      '=',
      '{',
      ' ',
      '\n',
      'reg.',
      'ste(8).',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), fc.nat(400), (pieces, at) => {
        const text = pieces.join('');
        const script = analyse(text, 'a.smmu');
        const before = text.slice(0, at).split('\n');
        const [line, column] = [before.length, (before.at(-1) ?? '').length + 1];
        for (const { start } of completionsAt(script, line, column))
          expect(start).toBeLessThanOrEqual(column);
        const hover = hoverAt(script, line, column);
        if (hover) expect(hover.start).toBeLessThanOrEqual(column);
        definitionAt(script, line, column);
        const help = signatureAt(script, line, column);
        if (help) expect(help.signatures.length).toBeGreaterThan(0);
        expect(symbolsOf(script).length).toBeLessThanOrEqual(script.lines.length);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('completion of a list', () => {
  it('offers what is not in it yet, behind the last comma', () => {
    expect(labels('machine worlds=ns,s,|')).toEqual(['realm', 'root']);
    expect(offered('machine worlds=ns,re|')[0]?.start).toBe(19);
  });
});
