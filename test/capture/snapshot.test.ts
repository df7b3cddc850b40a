import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadSnapshot, type RegisterSnapshot } from '../../src/capture/snapshot.ts';
import { complaint, fixture, put, temporaryFolder } from '../kit/capture.ts';

const folder = temporaryFolder();
const CAPTURES = ['linux-basic', 'linux-faults', 'linux-pending', 'linux-mixed', 'linux-16k', 'linux-big'];

/** A snapshot that needs no assumption, but for what a test leaves out. */
const WHOLE: Readonly<Record<string, string | number>> = {
  IDR0: '0x0d40101a',
  IDR1: '0x02730010',
  IDR5: 0x74,
  CR0: '0xd',
  STRTAB_BASE: '0x40000000484c1000',
  STRTAB_BASE_CFG: '0x10210',
};

function without(...names: string[]): Record<string, string | number> {
  return Object.fromEntries(Object.entries(WHOLE).filter(([name]) => !names.includes(name)));
}

function fromText(text: string, base?: number): RegisterSnapshot {
  return loadSnapshot(put(folder, 'regs.txt', text), { base });
}

describe('a snapshot of a real SMMU', () => {
  test.each(CAPTURES)('%s says the same as JSON and as text of the monitor', (name) => {
    const json = loadSnapshot(fixture(name, 'regs.json'));
    const text = loadSnapshot(fixture(name, 'regs.txt'));
    const file = JSON.parse(fs.readFileSync(fixture(name, 'regs.json'), 'utf8')) as {
      regs: Record<string, string>;
    };
    for (const [offset, value] of Object.entries(file.regs)) {
      expect(json.words.get(Number(offset))).toBe(Number(value));
      // The text leaves out words that are zero.
      expect(text.words.get(Number(offset)) ?? 0).toBe(Number(value));
    }
    expect(json.words.size).toBe(Object.keys(file.regs).length);
    for (const snapshot of [json, text]) {
      expect(snapshot.base).toBe(0x0905_0000);
      expect(snapshot.assumed.size).toBe(0);
      expect(snapshot.warnings).toEqual([]);
    }
  });

  test('linux-basic has these registers', () => {
    const { words } = loadSnapshot('regs.json', { directory: fixture('linux-basic') });
    expect(words.get(0x20)).toBe(0xd);
    expect(words.get(0x80)).toBe(0x484c_1000);
    expect(words.get(0x84)).toBe(0x4000_0000);
    expect(words.get(0x98)).toBe(0x4479);
  });
});

describe('an object of launch.json', () => {
  test('may name registers, with and without SMMU_, 64-bit ones as a whole', () => {
    const { words, warnings, base } = loadSnapshot({
      ...WHOLE,
      SMMU_CMDQ_BASE: '0x4000_0000_5b70_0010',
      gerror: 4,
    });
    expect(words.get(0x80)).toBe(0x484c_1000);
    expect(words.get(0x84)).toBe(0x4000_0000);
    expect(words.get(0x90)).toBe(0x5b70_0010);
    expect(words.get(0x94)).toBe(0x4000_0000);
    expect(words.get(0x60)).toBe(4);
    expect(words.get(0x14)).toBe(0x74);
    expect(base).toBeNull();
    expect(warnings).toEqual([]);
  });

  test('may give offsets, or addresses when it has a base', () => {
    const regs = {
      '0x0': 2,
      4: '3',
      '0x14': 0x74,
      '0x9050020': 1,
      '0x9050080': '0x1000',
      '0x84': 0,
      '0x88': 0,
    };
    const { words, base } = loadSnapshot({ base: '0x9050000', regs });
    expect(base).toBe(0x0905_0000);
    expect([...words.keys()].sort((a, b) => a - b)).toEqual([0, 4, 0x14, 0x20, 0x80, 0x84, 0x88]);
    expect(words.get(0x80)).toBe(0x1000);
  });

  test('puts the queue indexes of page 1 and of the Secure bank where they belong', () => {
    const { words } = loadSnapshot({ ...WHOLE, EVENTQ_PROD: 5, PRIQ_CONS: 6, S_EVENTQ_PROD: 7, S_CR0: 1 });
    expect(words.get(0x1_00a8)).toBe(5);
    expect(words.get(0x1_00cc)).toBe(6);
    expect(words.get(0x80a8)).toBe(7);
    expect(words.get(0x8020)).toBe(1);
  });

  test('may name one register of an array', () => {
    const { words } = loadSnapshot({ ...WHOLE, CMDQ_CONTROL_PAGE_BASE2: '0x800000012' });
    expect(words.get(0x4040)).toBe(0x12);
    expect(words.get(0x4044)).toBe(8);
  });
});

describe('text of a monitor or debugger', () => {
  const rows = [
    '0000000009050000: 0x0d40101a 0x02730010',
    '0000000009050014: 0x00000074',
    '09050020: 0x0000000d',
  ];
  const table = [
    '0000000009050080: 0x484c1000',
    '0000000009050084: 0x40000000',
    '0000000009050088: 0x00010210',
  ];

  test("is read as QEMU's xp prints it, with prompts, echoes and blank lines", () => {
    const log = [
      '(qemu) xp /2wx 0x9050000',
      ...rows,
      '',
      '\u001b[K(qemu) xp /1wx 0x9050080',
      ...table,
      '(qemu) ',
    ];
    const { base, words, warnings } = fromText(log.join('\r\n'));
    expect(base).toBe(0x0905_0000);
    expect([...words]).toEqual([
      [0x00, 0x0d40_101a],
      [0x04, 0x0273_0010],
      [0x14, 0x74],
      [0x20, 0xd],
      [0x80, 0x484c_1000],
      [0x84, 0x4000_0000],
      [0x88, 0x0001_0210],
    ]);
    expect(warnings).toEqual([]);
  });

  test('takes 64-bit words, low half first', () => {
    const { words } = fromText([...rows, '0000000009050080: 0x40000000484c1000', table[2]].join('\n'));
    expect(words.get(0x80)).toBe(0x484c_1000);
    expect(words.get(0x84)).toBe(0x4000_0000);
  });

  test.each([
    ['gdb', '0x9050000 <smmu>:\t0x0d40101a\t0x02730010'],
    ['U-Boot', '09050000: 0d40101a 02730010 00000000 00001404    ..@...s.........'],
  ])('of %s is read too', (_, line) => {
    const { words } = fromText([line, ...rows.slice(1), ...table].join('\n'));
    expect(words.get(0)).toBe(0x0d40_101a);
    expect(words.get(4)).toBe(0x0273_0010);
    expect(words.has(0x10)).toBe(false);
  });

  test('may be names and values', () => {
    const text = Object.entries(WHOLE).map(([name, value]) => `SMMU_${name} = ${value}`);
    const { words, base } = fromText(['# by hand', ...text].join('\n'));
    expect(words.get(0x84)).toBe(0x4000_0000);
    expect(words.get(0x14)).toBe(0x74);
    expect(base).toBeNull();
  });

  test('counts offsets from the base that the user gives', () => {
    const { words } = fromText('00000000c0a80: 0x00001000\n00000000c0a84: 0x00000000\n', 0xc_0a00);
    expect(words.get(0x80)).toBe(0x1000);
  });

  test('says which registers could not be read', () => {
    const { warnings } = fromText([...rows, ...table, '0000000009051000: Cannot access memory'].join('\n'));
    expect(warnings).toEqual([expect.stringContaining('1 line says "Cannot access memory"')]);
  });

  test('is found in UTF-16 as well', () => {
    const text = Buffer.from(`\ufeff${[...rows, ...table].join('\r\n')}`, 'utf16le');
    expect(loadSnapshot(put(folder, 'wide.txt', text)).words.get(0x80)).toBe(0x484c_1000);
  });
});

describe('what a snapshot lacks is assumed and named', () => {
  test('ID registers come from the preset', () => {
    const snapshot = loadSnapshot(without('IDR0', 'IDR1', 'IDR5'), { preset: 'qemu-7.2' });
    expect(snapshot.words.get(0)).toBe(0x0d40_101a);
    expect(snapshot.words.get(0x14)).toBe(0x74);
    expect([...snapshot.assumed].sort((a, b) => a - b)).toEqual([0, 4, 8, 0xc, 0x10, 0x14, 0x18, 0x1c]);
    expect(snapshot.warnings).toEqual([expect.stringContaining('those of preset qemu-7.2 are assumed')]);
  });

  test('ID registers that are there stay', () => {
    const { words, assumed } = loadSnapshot(without('IDR5'));
    expect(words.get(0)).toBe(0x0d40_101a);
    expect(assumed.has(0)).toBe(false);
    expect(assumed.has(0x14)).toBe(true);
  });

  test('the presets are what real captures say', () => {
    for (const [name, preset] of [
      ['linux-basic', 'qemu-7.2'],
      ['linux-big', 'qemu-10.2'],
    ] as const) {
      const real = loadSnapshot(fixture(name, 'regs.json'));
      const assumed = loadSnapshot(without('IDR0', 'IDR1', 'IDR5'), { preset });
      for (let offset = 0; offset < 0x20; offset += 4)
        expect(assumed.words.get(offset)).toBe(real.words.get(offset));
    }
  });

  test('an unknown preset is refused', async () => {
    const message = await complaint(() => loadSnapshot(without('IDR0'), { preset: 'constructor' }));
    expect(message).toMatch(/^smmu\.preset: "constructor" is no preset; write qemu-virt-7\.2, /);
  });

  test('high words, CR0 and STRTAB_BASE_CFG are zero', () => {
    const { words, assumed, warnings } = loadSnapshot({
      ...without('CR0', 'STRTAB_BASE', 'STRTAB_BASE_CFG'),
      '0x80': 4096,
    });
    expect(words.get(0x84)).toBe(0);
    expect([...assumed].sort((a, b) => a - b)).toEqual([0x20, 0x84, 0x88]);
    expect(warnings.join('\n')).toMatch(/high word of STRTAB_BASE \(offset 0x84\) is missing/);
    expect(warnings.join('\n')).toMatch(
      /has no CR0 \(offset 0x20\), STRTAB_BASE_CFG \(offset 0x88\): taken as 0/,
    );
  });

  test('queue indexes of page 1 come from their aliases in page 0', () => {
    const { words, assumed } = loadSnapshot({ ...WHOLE, '0xa8': '0x19c', '0xac': '0x9c' });
    expect(words.get(0x1_00a8)).toBe(0x19c);
    expect(words.get(0x1_00ac)).toBe(0x9c);
    expect(assumed.has(0x1_00a8)).toBe(true);
  });
});

describe('what is no snapshot is refused in one sentence: file, place, cure', () => {
  test.each<[string, string | Uint8Array, string]>([
    ['empty', '', 'is empty'],
    ['blank', ' \n \n', 'is empty'],
    ['comments', '# nothing\n', 'has no registers in it'],
    ['prose', 'Dear colleague,\nhere it is', 'line 1 ("Dear colleague,"): is not a register snapshot'],
    ['broken', '{"regs": {\n"0x80": 0x10\n}}', 'broken.x, line 2: is not valid JSON'],
    ['cut', '{"regs": {"0x80": "0x1', 'is not valid JSON'],
    ['list', '[1, 2]', 'is a list, not a register snapshot'],
    ['string', '"regs"', 'is no object, not a register snapshot'],
    ['other', '{"version": "0.2.0", "configurations": []}', 'is JSON, but not a register snapshot'],
    ['hollow', '{"regs": {}}', 'has no registers in it'],
    ['regs-list', '{"regs": [1]}', 'regs-list.x, regs: is no object of offsets and values'],
    ['regs-null', '{"regs": null}', 'regs: is no object'],
    ['nested', '{"regs": {"0x80": {"lo": 1}}}', 'nested.x, regs.0x80: an object is no number'],
    ['bad-number', '{"regs": {"0x80": "0xZZ"}}', 'regs.0x80: "0xZZ" is no number'],
    ['negative', '{"regs": {"0x80": -1}}', 'regs.0x80: -1 is no number'],
    ['fraction', '{"regs": {"0x80": 1.5}}', 'regs.0x80: 1.5 is no number'],
    [
      'rounded',
      '{"regs": {"STRTAB_BASE": 4611686019641446400}}',
      'regs.STRTAB_BASE: 4611686019641446000 is no number',
    ],
    ['wide', '{"regs": {"0x80": "0x100000000"}}', 'regs.0x80: 0x100000000 has more than 32 bits'],
    ['wide-name', '{"regs": {"CR0": "0x100000000"}}', 'regs.CR0: 0x100000000 has more than 32 bits'],
    ['bad-key', '{"regs": {"0x80": 1, "CR9": 1}}', 'regs.CR9: is neither a register nor an offset'],
    ['odd', '{"regs": {"0x81": 1}}', 'offset 0x81 is not a multiple of 4'],
    ['far', '{"regs": {"0x1000000": 1}}', 'offset 0x1000000 lies outside the register pages'],
    ['bad-base', '{"base": "here", "regs": {"0x80": 1}}', 'bad-base.x, base: "here" is no address'],
    ['no-table', '{"base": "0x9050000", "regs": {"0x20": 1}}', 'has no STRTAB_BASE (offset 0x80)'],
    [
      'zeros',
      '0000000009050000: 0x00000000\n0000000009050080: 0x00001000\n',
      'IDR0 (offset 0x0) is 0, which no SMMU',
    ],
    ['bytes', '0000000009050000: 0x1a 0x10\n', 'line 1: "0x1a" is no word of 8 (or 16) hexadecimal digits'],
    ['junk', '09050080: 0x00001000\nwhat is this\n', 'line 2: "what is this" is no register'],
    [
      'two-bases',
      '0x9050080 +0x80 0x1\n0x9060080 +0x80 0x1\n',
      'line 2: address and offset give the base 0x9060000',
    ],
    ['minus', '0x40 +0x80 0x1\n', 'line 1: the offset is larger than the address'],
    ['virtual', 'ffff800011050080: 0x00001000\n', 'line 1: 0xffff800011050080 is no physical address'],
    ['wide-text', 'CR0 = 0x100000000\n', 'line 1: the value of CR0 has more than 32 bits'],
    ['binary', Uint8Array.of(1, 0, 2, 0), 'is binary, not a register snapshot'],
    ['dump', '\x7fELF\x02\x01\x01', 'is a memory dump or compressed, not a register snapshot'],
    ['big', Buffer.alloc(4 * 2 ** 20 + 1, 0x20), 'is larger than 4 MiB'],
  ])('%s', async (name, contents, text) => {
    const file = put(folder, `${name}.x`, contents);
    const message = await complaint(() => loadSnapshot(file));
    expect(message).toContain(text);
    expect(message.startsWith(file)).toBe(true);
    expect(message).toMatch(/; \w/);
    expect(message).not.toContain('\n');
  });

  test('a missing file and a directory are named', async () => {
    expect(await complaint(() => loadSnapshot(path.join(folder, 'none.json')))).toContain(
      'none.json: does not exist',
    );
    expect(await complaint(() => loadSnapshot(folder))).toContain('is a directory');
    expect(await complaint(() => loadSnapshot(''))).toBe('registers: is empty; name a register snapshot');
  });

  test('deep nesting neither hangs nor overflows', async () => {
    const deep = `{"regs": {"0x80": ${'['.repeat(100_000)}${']'.repeat(100_000)}}}`;
    const message = await complaint(() => loadSnapshot(put(folder, 'deep.json', deep)));
    expect(message).toMatch(/is not valid JSON|a list is no number/);
  });

  test('an offset that comes twice with different values is reported', () => {
    const { words, warnings } = loadSnapshot({ ...WHOLE, '0x20': 5 });
    expect(words.get(0x20)).toBe(5);
    expect(warnings).toEqual([expect.stringContaining('offset 0x20 is there twice, as 0xd and 0x5')]);
  });
});
