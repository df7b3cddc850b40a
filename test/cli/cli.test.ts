import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { PRESET_NAMES } from '../../src/spec/presets.ts';
import { put, temporaryFolder } from '../kit/capture.ts';
import { fixture } from '../kit/machine.ts';
import { smmuDebug } from './io.ts';

const folder = temporaryFolder();

function given(name: string): [string, string, string] {
  const { capture, registers } = fixture(name);
  return [capture, '--registers', registers];
}

const basic = given('linux-basic');

describe('tree', () => {
  test('prints streams, CDs and tables, and ends with the counts', async () => {
    const { status, out, err } = await smmuDebug('tree', ...basic);
    expect([status, err]).toEqual([0, '']);
    expect(out).toContain('    StreamID 0x8 (00:01.0)  stage 1, CD at 0x48119000\n      CD  ASID 3,');
    expect(out.trimEnd().split('\n').at(-1)).toBe(
      '1,280 STEs, 1,280 valid (1,266 abort, 14 s1); 6 CDs; 6 sets of tables; 1,439 pages and blocks',
    );
  });

  test('as JSON ends in counts', async () => {
    const { out } = await smmuDebug('tree', ...basic, '--json');
    const answer = JSON.parse(out) as { nodes: unknown[]; counts: unknown };
    expect(Object.keys(answer).at(-1)).toBe('counts');
    expect(answer.counts).toEqual({
      steInMemory: 1280,
      steValid: 1280,
      ste_abort: 1266,
      ste_s1: 14,
      cds: 6,
      leafPTEs: 1439,
      domainsDistinct: 6,
    });
    expect(answer.nodes).toHaveLength(1);
  });

  test('of one stream goes down to its pages', async () => {
    const { out } = await smmuDebug('tree', ...basic, '--sid', '00:02.0', '--pages');
    expect(out).toContain('0xfffc0000–0xfffcffff  → 0x483b7000 rwx 16 pages, 64 KiB, attr 1');
    expect(out).not.toContain('StreamID 0x18');
  });
});

test.each([
  ['linear', '0x20'],
  ['linear', '0x3f'],
  ['two levels', '0x101a0'],
])('a stream table far larger than the dump (%s) is listed where the dump has it', async (shape, config) => {
  const { capture, registers } = fixture('linux-basic');
  const snapshot = JSON.parse(readFileSync(registers, 'utf8')) as { regs: Record<string, string> };
  Object.assign(snapshot.regs, { '0x4': '0x0273003f', '0x88': config });
  const file = put(folder, 'huge.json', JSON.stringify(snapshot));
  const { status, out, err } = await smmuDebug('tree', capture, '-r', file);
  expect(status).toBe(0);
  expect(out).toContain(`${shape}`);
  expect(out.length).toBeLessThan(300_000);
  expect(err).toContain('STRTAB_BASE (offset 0x80): the stream table at 0x');
});

describe('maps', () => {
  test('lists what a stream maps', async () => {
    const { status, out } = await smmuDebug('maps', ...basic, '--sid', '16');
    expect(status).toBe(0);
    expect(out.split('\n')[0]).toBe(
      'TTB0 0x4832f000  ASID 4  StreamIDs 0x10  48 bits, 4 KiB granule: 46 leaves, 184 KiB',
    );
    expect(out).toContain('  0xfffc0000-0xfffcffff -> 0x483b7000  64 KiB  rwx  L3 x16  attr 1\n');
  });

  test('as JSON lists every set of tables with its runs', async () => {
    const { out } = await smmuDebug('maps', ...given('linux-mixed'), '--json');
    const { domains } = JSON.parse(out) as { domains: { leaves: number; runs: { count: number }[] }[] };
    expect(domains).toHaveLength(6);
    for (const { leaves, runs } of domains) expect(runs.reduce((n, r) => n + r.count, 0)).toBe(leaves);
  });

  test('of a stream that the table does not have says so', async () => {
    const { out } = await smmuDebug('maps', ...basic, '--sid', '0xffff');
    expect(out).toContain('note: StreamID 0xffff is not in the stream table');
  });
});

describe('queues and events', () => {
  test('show the 16 commands that wait, and why', async () => {
    const { out } = await smmuDebug('queues', ...given('linux-pending'), '--consumed', '0');
    expect(out).toContain('16 pending; disabled (CR0.CMDQEN=0)');
    expect(out.match(/ pending {3}TLBI_NH_VA /g)).toHaveLength(8);
    expect(out.match(/ pending {3}SYNC /g)).toHaveLength(8);
  });

  test('as JSON give every field of an event', async () => {
    const { out } = await smmuDebug('events', ...given('linux-faults'), '--json', '--consumed', '0');
    const answer = JSON.parse(out) as {
      pending: number;
      shown: { name: string; fields: Record<string, string> }[];
    };
    expect(answer.pending).toBe(256);
    expect(answer.shown).toHaveLength(256);
    expect(answer.shown[0]).toMatchObject({
      index: 156,
      name: 'F_PERMISSION',
      fields: { StreamID: '0x38', InputAddr: '0x10100010', RnW: '0' },
    });
  });
});

describe('translate', () => {
  test('tells the steps and the output address', async () => {
    const { status, out } = await smmuDebug('translate', ...basic, '--sid', '8', '--iova', '0xffff7123');
    expect(status).toBe(0);
    expect(out).toContain('caches combined (cold)');
    expect(out).toContain('read level 3 descriptor at 0x4847bfb8');
    expect(out.trimEnd().split('\n').at(-1)).toBe('PA 0x4809b123 (ns), Normal iWB(RA,WA) oWB(RA,WA) ISH');
  });

  test('ends with status 1 for a fault, and says why', async () => {
    const { status, out } = await smmuDebug(
      'translate',
      ...basic,
      '--sid',
      '8',
      '--iova',
      '0x1000',
      '--write',
      '--json',
    );
    expect(status).toBe(1);
    expect(JSON.parse(out)).toMatchObject({
      ok: false,
      outcome: 'abort',
      event: 'F_TRANSLATION',
      record: '1000000008000000000000000002000000100000000000000000000000000000',
      caches: 'combined',
    });
  });

  test('calls a silent abort by its name', async () => {
    const { status, out } = await smmuDebug('translate', ...basic, '--sid', '0', '--iova', '0');
    expect(status).toBe(1);
    expect(out.trimEnd().split('\n').at(-1)).toContain('terminated without an event (abort)');
  });

  test('answers a batch line by line, in order, with status 0 although some fault', async () => {
    const file = put(
      folder,
      'batch.jsonl',
      [
        '{"sid":8,"iova":"0xffff7123","rw":"r"}',
        '',
        '{"sid":8,"iova":"0x1000","rw":"w","priv":true}',
        '{"sid":0,"iova":4096,"rw":"r","note":"unknown keys are nobody\'s business"}',
      ].join('\r\n'),
    );
    const { status, out, err } = await smmuDebug('translate', ...basic, '--batch', file);
    expect([status, err]).toEqual([0, '']);
    const answers = out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(answers).toHaveLength(3);
    expect(answers[0]).toEqual({
      ok: true,
      pa: '0x4809b123',
      pas: 'ns',
      attr: 'Normal iWB(RA,WA) oWB(RA,WA) ISH',
    });
    expect(answers[1]).toMatchObject({ ok: false, outcome: 'abort', event: 'F_TRANSLATION' });
    // PnU of the record.
    expect(String(answers[1]?.['record']).slice(24, 32)).toBe('02020000');
    expect(answers[2]).toMatchObject({ ok: false, outcome: 'abort', event: null, record: null });
  });

  test('says which lines of a batch it cannot answer', async () => {
    const file = put(folder, 'root.jsonl', '{"sid":8,"iova":"0x0","rw":"r","world":"root"}\n');
    const { status, out, err } = await smmuDebug('translate', ...basic, '--batch', file);
    expect(status).toBe(1);
    expect(JSON.parse(out)).toMatchObject({ ok: false, outcome: 'not-modelled' });
    expect(err).toContain('1 of 1 lines');
  });

  test('answers what is missing from the image with absent, not with zeros', async () => {
    const { capture } = fixture('linux-basic');
    const registers = JSON.parse(readFileSync(fixture('linux-basic').registers, 'utf8')) as {
      regs: Record<string, string>;
    };
    registers.regs['0x80'] = '0x50000000';
    const file = put(folder, 'moved.json', JSON.stringify(registers));
    const { status, out, err } = await smmuDebug(
      'translate',
      capture,
      '-r',
      file,
      '--sid',
      '8',
      '--iova',
      '0',
      '--json',
    );
    expect(status).toBe(1);
    expect(JSON.parse(out)).toMatchObject({ ok: false, outcome: 'absent', event: null });
    expect(err).toContain('is not in the capture');
  });
});

describe('why', () => {
  test('a fault is explained, with its cure, and the status says no', async () => {
    const { status, out } = await smmuDebug('why', ...basic, '--sid', '8', '--iova', '0x1000');
    expect(status).toBe(1);
    expect(out).toMatch(/^Asked: StreamID 0x8 \(00:01\.0\) reads 0x1000/);
    expect(out).toContain('Outcome: F_TRANSLATION.');
    expect(out).toContain('Cure: ');
  });

  test('as JSON it has the same parts', async () => {
    const { status, out } = await smmuDebug('why', ...basic, '--sid', '8', '--iova', '0xffff7123', '--json');
    expect(status).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ outcome: 'ok', cures: [], hints: [], nearest: null });
  });
});

describe('conform', () => {
  const cases = put(
    folder,
    'cases.jsonl',
    `${JSON.stringify({
      name: 'off-1',
      family: 'disabled',
      profile: 's1',
      idr: ['0xd40101a', '0x2730010', '0x0', '0x1404', '0x0', '0x74'],
      aidr: '0x1',
      ram: ['0x40000000', '0x1000000'],
      regs: [],
      mem: [],
      steps: [{ op: 'dma', sid: 8, iova: '0x1000', size: 4, rw: 'r' }],
      expect: { steps: [{ ok: true, pa: '0x2000', ev: [] }] },
    })}\n`,
  );

  test('compares and ends with status 1 on a failure', async () => {
    const { status, out } = await smmuDebug('conform', cases, '--json');
    expect(status).toBe(1);
    expect(JSON.parse(out)).toMatchObject({ caches: 'combined', total: { failed: 1 } });
  });

  test('writes what the model answered', async () => {
    const actual = path.join(folder, 'actual.jsonl');
    await smmuDebug('conform', cases, '--actual', actual);
    expect(JSON.parse(readFileSync(actual, 'utf8'))).toMatchObject({
      name: 'off-1',
      steps: [{ ok: true, pa: '0x1000' }],
    });
  });
});

describe('what the SMMU is', () => {
  const where = ['--sid', '8', '--iova', '0xffff7123'];

  test('a feature on the command line changes the answer, and is said', async () => {
    const { status, out, err } = await smmuDebug(
      'translate',
      ...basic,
      ...where,
      '--feature',
      'IDR5.GRAN4K=0',
    );
    expect(status).toBe(1);
    expect(out).toContain('C_BAD_CD');
    expect(err).toMatch(/^warning: .*regs\.json: as asked, IDR5\.GRAN4K=0 instead of 1$/);
  });

  test('a preset replaces the ID registers, and features come after it', async () => {
    const { status, err } = await smmuDebug(
      ...['translate', ...basic, ...where, '--preset', 'fvp-base-3.2'],
      ...['--feature', 'IDR1.SIDSIZE=16', '--feature', 'IDR0.ST_LEVEL=1', '--feature', 'IDR5.OAS=48bit'],
    );
    expect(status).toBe(0);
    expect(err).toContain('its ID registers are replaced by those of preset fvp-base-3.2');
    expect(err).toContain(
      'IDR1.SIDSIZE=16 instead of 2, IDR0.ST_LEVEL=1 instead of 0, IDR5.OAS=5 instead of 2',
    );
  });

  test('every command that opens a capture knows both, and the help names every preset', async () => {
    for (const command of ['tree', 'maps', 'queues', 'events']) {
      const { status } = await smmuDebug(
        command,
        ...basic,
        '--preset',
        'qemu-7.2',
        '--feature',
        'IDR5.OAS=5',
      );
      expect([command, status]).toEqual([command, 0]);
    }
    const { out } = await smmuDebug('help', 'translate');
    for (const name of PRESET_NAMES) expect(out).toContain(name);
    expect(out).toContain('--feature');
  });
});

describe('bad usage and unreadable input', () => {
  const [capture, , registers] = basic;
  test.each([
    [[], 'no command is given'],
    [['fry'], 'there is no command "fry"'],
    [['tree'], 'no capture is named'],
    [['tree', capture], 'no register snapshot is named'],
    [['tree', ...basic, '--bogus'], "Unknown option '--bogus'"],
    [['tree', '/nowhere/x', '-r', registers], '/nowhere/x: does not exist'],
    [['tree', registers, '-r', registers], 'is a text, not a memory image'],
    [['tree', capture, '-r', capture], 'is a memory dump or compressed, not a register snapshot'],
    [['queues', ...basic, '--world', 'mars'], '"mars" is no world'],
    [['queues', ...basic, '--consumed', 'many'], '--consumed: "many" is no number'],
    [['translate', ...basic], 'no --sid is given'],
    [['translate', ...basic, '--sid', '8'], 'no --iova is given'],
    [['translate', ...basic, '--sid', '00:40.0', '--iova', '0'], '"00:40.0" is no StreamID'],
    [['translate', ...basic, '--sid', '8', '--iova', '0x10000000000000000'], 'no address of at most 64 bits'],
    [['translate', ...basic, '--sid', '-8', '--iova', '0'], '--sid is followed by an option'],
    [['translate', ...basic, '--batch', '/nowhere/y'], '/nowhere/y: does not exist'],
    [['translate', ...basic, '--batch', folder], `${folder}: is a directory`],
    [['translate', ...basic, '--batch', 'x', '--iova', '0'], '--iova has no use'],
    [['translate', ...basic, '--sid', '8', '--iova', '0', '--caches', 'huge'], 'is no cache policy'],
    [['conform'], 'no file of cases is named'],
    [['tree', ...basic, '--preset', 'constructor'], '--preset: "constructor" is no preset'],
    [['tree', ...basic, '--feature', 'IDR3.HAD'], '--feature: "IDR3.HAD" sets nothing; write register'],
    [
      ['tree', ...basic, '--feature', 'CR0.SMMUEN=0'],
      '--feature: "CR0.SMMUEN" is no field of an ID register',
    ],
    [
      ['tree', ...basic, '--feature', 'IDR3.HAD=2'],
      '--feature: "2" is no value of IDR3.HAD, which has 1 bit',
    ],
    [
      ['tree', ...basic, '--feature', 'IDR3.HAD=0'],
      'IDR3.HAD=0: From SMMUv3.1, stage 1 comes with HAD (IHI 0070 6.3.4)',
    ],
    [['conform', '/nowhere/z'], '/nowhere/z: does not exist'],
    [['conform', folder], `${folder}: is a directory`],
    [['conform', capture, '--actual', '/nowhere/z'], '/nowhere/z: cannot be written (ENOENT)'],
    [['conform', capture, '--actual', folder], `${folder}: cannot be written (EISDIR)`],
    [['conform', capture, '--actual', capture], `${capture}: is read, so it cannot be written`],
    [['dap', '--port', '70000'], '--port'],
  ])('%j ends with status 2 and one clear line', async (args, text) => {
    const { status, out, err } = await smmuDebug(...args);
    expect(status).toBe(2);
    expect(out).toBe('');
    expect(err).toContain(text);
    expect(err.split('\n')).toHaveLength(1);
    expect(err).not.toMatch(/\bat .*\.ts:\d+|Error:/);
  });

  test('a bad line of a batch is named', async () => {
    const file = put(
      folder,
      'bad.jsonl',
      '{"sid":8,"iova":"0x0","rw":"r"}\n{"sid":8,"iova":"zero","rw":"r"}\n',
    );
    const { status, out, err } = await smmuDebug('translate', ...basic, '--batch', file);
    expect(status).toBe(2);
    expect(out.trimEnd().split('\n')).toHaveLength(1);
    expect(err).toContain('bad.jsonl, line 2: "iova" is no address');
  });

  test('a truncated dump is read as far as it goes, with a warning', async () => {
    const whole = readFileSync(capture);
    const file = put(folder, 'cut.elf.gz', whole.subarray(0, whole.length - 4000));
    const { status, err } = await smmuDebug('tree', file, '-r', registers);
    expect(err).toContain('cut.elf.gz');
    expect([0, 2]).toContain(status);
    expect(err).not.toContain('internal error');
  });
});

describe('help', () => {
  test('names every command', async () => {
    const { status, out } = await smmuDebug('help');
    expect(status).toBe(0);
    for (const name of ['tree', 'maps', 'queues', 'events', 'translate', 'conform', 'dap']) {
      expect(out).toContain(`smmu-debug ${name}`);
      const one = await smmuDebug('help', name);
      expect(one.out).toContain(`smmu-debug ${name}`);
      expect((await smmuDebug(name, '--help')).out).toBe(one.out);
    }
  });
});
