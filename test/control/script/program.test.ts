import { expect, it } from 'vitest';
import { ScriptProgram } from '../../../src/control/script/execute/program.ts';
import { DEFAULT_WISH, makeMachine, SMALLEST_RAM, tablesOf } from '../../../src/control/script/machine.ts';
import { Journal } from '../../../src/model/effects.ts';
import { failuresOf, NAME, open, run } from './kit.ts';

const WISH = { ...DEFAULT_WISH, ram: { base: 0x40000000, size: SMALLEST_RAM } };

async function programOf(text: string, files: Readonly<Record<string, string>> = {}, only?: string) {
  const smmu = makeMachine(WISH);
  const program = new ScriptProgram(await open(text, files), smmu, tablesOf(WISH), { only });
  const journal = new Journal();
  const marks: number[] = [];
  /** Does what the program proposes. @returns what kind that was */
  const step = (): string => {
    const next = program.next();
    if (next.kind === 'operation') {
      const plan = smmu.plan(next.operation);
      marks.push(journal.length);
      smmu.commit(plan.effects, journal);
      program.advance({ plan, findings: [], history: marks.length });
      return next.begins ? 'begins' : 'goes on';
    }
    if (next.kind === 'revert') {
      const mark = marks[next.to];
      if (mark !== undefined) journal.undo(smmu, mark);
      marks.length = Math.min(marks.length, next.to);
    }
    if (next.kind !== 'end' && next.kind !== 'failed')
      program.advance({ plan: null, findings: [], history: marks.length });
    return next.kind;
  };
  const lineOf = (): number | undefined => program.stack()[0]?.line;
  return { smmu, program, step, lineOf, undo: (entries: number) => journal.undo(smmu, marks[entries] ?? 0) };
}

it('a program proposes the same again until it is told to go on', async () => {
  const { program, step } = await programOf('ste ns 8 Config=BYPASS V=1');
  const first = program.next();
  expect(program.next()).toEqual(first);
  const saved = program.save();
  expect(program.save()).toBe(saved);
  expect(step()).toBe('begins');
  expect(program.save()).not.toBe(saved);
});

it('a saved state brings a program back, whatever came after it', async () => {
  const text = 'let a = 1\nste ns 8 Config=BYPASS V=1\nlet a = 2\nexpect a == 1';
  const { program, step, lineOf, undo } = await programOf(text);
  step();
  const saved = program.save();
  expect([step(), step(), step(), step(), step()]).toEqual(['begins', 'goes on', 'quiet', 'quiet', 'end']);
  expect(program.failures).toBe(1);
  program.restore(saved);
  undo(0);
  expect(lineOf()).toBe(2);
  expect(program.failures).toBe(0);
  expect(step()).toBe('begins');
});

it('a command is two writes of memory, one of PROD, and its consumption', async () => {
  const { smmu, step, lineOf } = await programOf('cmd ns SYNC\nprint "done"');
  expect([step(), step(), step()]).toEqual(['begins', 'goes on', 'goes on']);
  expect(smmu.bank.lo('CMDQ_CONS')).toBe(0);
  expect(lineOf()).toBe(1);
  expect(step()).toBe('goes on');
  expect(smmu.bank.lo('CMDQ_CONS')).toBe(1);
  expect(lineOf()).toBe(2);
});

it('a test leaves nothing behind', async () => {
  const result = await run(`
device disk sid=8
map ns sid=8 iova=0x1000 pa=0x50000000 size=4K
test "one"
  let inner = 5
  dma disk read 0x1000 4
  ste ns 8 Config=ABORT
  invalidate ns all
  dma disk read 0x1000 4
  expect result == abort
end
test "two"
  expect cmdq prod=0
  dma disk read 0x1000 4
  expect pa=0x50000000
end
dma disk read 0x1000 4
expect pa=0x50000000
`);
  expect(result.tests.map(({ name, failures }) => [name, failures.map(({ line }) => line)])).toEqual([
    ['one', []],
    ['two', []],
  ]);
  const inner = await run('test "one"\n  let inner = 5\nend\ntest "two"\n  expect inner == 5\nend');
  expect(failuresOf(inner)).toEqual(['5: line 5, column 10: there is no name "inner"']);
});

it('only the test that is asked for runs, on what stands outside of tests', async () => {
  const text = 'let a = 1\ntest "one"\nexpect a == 2\nend\ntest "two"\nexpect a == 1\nend';
  expect((await run(text, { only: 'two' })).tests).toEqual([{ name: 'two', line: 5, failures: [] }]);
  const missing = await run(text, { only: 'three' });
  expect(failuresOf(missing)).toEqual(['1: there is no test "three"']);
});

it('a failed expectation says what was expected and what there is', async () => {
  const result = await run(`
device disk sid=8
map ns sid=8 iova=0x1000 pa=0x50000000 size=4K
dma disk read 0x1000 4
expect pa=0x60000000
expect event F_TRANSLATION
expect reg.ns.CR0.SMMUEN == 0
expect cmdq cons=3
expect gerror CMDQ_ERR
expect stale certain
dma disk read 0x9000 4
expect ok
expect event F_TRANSLATION InputAddr=0x1000 StreamID=8
expect none
`);
  expect(failuresOf(result)).toEqual([
    '5: expected PA 0x60000000, got PA 0x50000000 (ns)',
    '6: expected event F_TRANSLATION, got no event',
    '7: expected reg.ns.CR0.SMMUEN == 0, got reg.ns.CR0.SMMUEN is 0x1',
    '8: expected cmdq cons=3, got cons=0 prod=0 error=CERROR_NONE',
    '9: expected GERROR.CMDQ_ERR active, got no global error',
    '10: expected stale use certain, got no finding',
    expect.stringMatching(/^12: expected ok, got abort \(F_TRANSLATION: /),
    '13: expected event F_TRANSLATION InputAddr=0x1000 StreamID=0x8, got F_TRANSLATION with InputAddr=0x9000',
    '14: expected no event and no error, got F_TRANSLATION',
  ]);
});

it.each([
  ['dma disk read 0x1000 4', 'line 2, column 5: there is no device "disk"'],
  [
    'ste ns 0x100000 V=1',
    'line 2, column 1: StreamID 0x100000 is beyond the 65536 streams of STRTAB_BASE_CFG; use a smaller one',
  ],
  ['ste ns 8 Config=9', 'line 2, column 17: 9 does not fit Config, which takes 0 to 7'],
  ['cd ns 8 ASID=1', 'line 2, column 1: L1STD 0 has no level-2 table (Span=0)'],
  ['poke 0x10 = 1', 'line 2, column 6: the address lies outside RAM'],
  ['poke 0x40000004 = 1', 'line 2, column 6: the address is no multiple of 8'],
  ['ste s 8 V=1', 'line 2, column 5: this SMMU has no s state: S_IDR1.SECURE_IMPL is 0'],
  ['unmap ns sid=8 iova=0 size=4K', 'line 2, column 1: L1STD 0 has no level-2 table (Span=0)'],
  [
    'map ns sid=8 iova=0x1000 pa=0x10 size=4K',
    'stage 1 of STE 0x8: the output address 0x10 is no multiple of 4 KiB',
  ],
  [
    'map ns sid=8 iova=0 pa=0 size=4K perm=w',
    'stage 1 permits no writing without reading; use perm=rw, or stage=2',
  ],
  [
    'map ns sid=8 iova=0 pa=0 size=1T pages=4K',
    'line 2, column 1: this takes more than 65536 writes of 8 bytes; map less at once, or larger pages',
  ],
  [
    'device d sid=8\ndma d read 0 1T',
    'line 3, column 14: this touches 268435456 pages; a statement makes 65536 transactions at most',
  ],
  ['expect held d', 'line 2, column 13: there is no device "d"'],
  ['device d sid=8\nobtain d 0', 'line 3, column 8: d is not plugged in; write notifier d consumer=… before'],
  [
    'device d sid=8\nnotifier d consumer=vhost size=0',
    'line 3, column 1: a range of 0 bytes holds no address',
  ],
  ['device d sid=8\nnotifier d consumer=vhost\nunregister d notifier=1', 'd has no notifier 1'],
  ['gpc on', 'this SMMU has no root state: ROOT_IDR0.ROOT_IMPL is 0'],
  ['device d sid=8\nresume d retry', 'line 3, column 1: no transaction of d is stalled'],
  ['expect pa == 1', 'line 2, column 8: pa is not known: there was no dma'],
])('%s cannot be executed, and the message says where and why', async (text, why) => {
  const failures = failuresOf(await run(`# first line\n${text}`));
  expect(failures).toHaveLength(1);
  expect(failures[0]).toContain(why);
});

it('a statement that cannot be executed ends its test, and the others run', async () => {
  const { tests } = await run(
    'test "bad"\nste ns 0x100000 V=1\nexpect 0 == 1\nend\ntest "good"\nexpect 1 == 1\nend',
  );
  expect(tests.map(({ name, failures }) => [name, failures.length])).toEqual([
    ['bad', 1],
    ['good', 0],
  ]);
  const outside = await run('ste ns 0x100000 V=1\ntest "good"\nexpect 1 == 1\nend');
  expect(failuresOf(outside).at(-1)).toBe('2: not run: line 1 before it failed');
});

it('includes run where they stand, with a place each', async () => {
  const { program, step, lineOf } = await programOf('include "b.smmu"\nexpect b == 2', {
    'b.smmu': '\nlet b = 2',
  });
  expect(program.files).toEqual([NAME, 'b.smmu']);
  expect(step()).toBe('quiet');
  expect(program.stack()).toEqual([
    { file: 'b.smmu', line: 2, name: 'let b = 2' },
    { file: NAME, line: 1, name: 'include "b.smmu"' },
  ]);
  expect(program.lines('b.smmu')).toEqual([2]);
  step();
  expect(lineOf()).toBe(2);
  step();
  expect(program.failures).toBe(0);
});

it('includes that never end are refused', async () => {
  await expect(open('include "b.smmu"', { 'b.smmu': `include "${NAME}"`, [NAME]: '' })).rejects.toThrow(
    'includes itself',
  );
  const bomb = Object.fromEntries(
    Array.from({ length: 14 }, (_, i) => [`${i}.smmu`, `include "${i + 1}.smmu"\n`.repeat(8)]),
  );
  await expect(open('include "0.smmu"', { ...bomb, '14.smmu': 'let a = 1' })).rejects.toThrow(
    /more than 100000 statements/,
  );
  await expect(
    open('include "0.smmu"', {
      ...Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`${i}.smmu`, `include "${i + 1}.smmu"`])),
    }),
  ).rejects.toThrow(/nested more than 16 deep/);
  await expect(open('include "nowhere.smmu"')).rejects.toThrow(
    `${NAME}: line 1, column 9: nowhere.smmu cannot be found`,
  );
});

it('a mistake in the text is told with its place, and nothing runs', async () => {
  await expect(open('print "a"\nstee ns 8 V=1')).rejects.toThrow(
    `${NAME}: line 2, column 1: "stee" is no keyword`,
  );
  expect(failuresOf(await run('test "a"\nmap ns sid=8\nend'))[0]).toMatch(
    /^2: line 2, column 1: "iova" is missing/,
  );
});

it('the machine is the one that the script asks for', async () => {
  const text =
    'machine preset=qemu-virt-10.2 ram=0x80000000 size=64M IDR0.ATS=0\nexpect reg.ns.IDR0.ATS == 0 && reg.ns.CMDQ_BASE.ADDR == 0x80100000\nexpect reg.ns.CR0.SMMUEN';
  expect(failuresOf(await run(text))).toEqual([]);
  expect(failuresOf(await run('machine bare\nexpect reg.ns.CR0 == 0'))).toEqual([]);
  expect(failuresOf(await run('let a = 1\npoke 0x40000000 = 1\nmachine bare'))[0]).toContain(
    'machine stands before whatever acts, but line 2 acts already',
  );
  expect(failuresOf(await run('machine size=4K'))[0]).toContain('RAM of 0x1000 bytes');
  expect(failuresOf(await run('machine preset=architecture-max', { preset: 'architecture-min' }))).toEqual(
    [],
  );
});

it('a program goes on at another line, but not into or out of a test', async () => {
  const { program, lineOf, step } = await programOf(
    'let a = 1\nlet b = 2\ntest "t"\nlet c = 3\nend\nlet d = 4',
  );
  expect(program.jump(NAME, 6)).toBe(true);
  expect(lineOf()).toBe(6);
  expect(program.jump(NAME, 4)).toBe(false);
  expect(program.jump(NAME, 7)).toBe(false);
  expect(program.jump('other.smmu', 1)).toBe(false);
  expect(program.jump(NAME, 3)).toBe(true);
  step();
  expect(lineOf()).toBe(4);
  expect(program.jump(NAME, 1)).toBe(false);
  expect(program.jump(NAME, 5)).toBe(true);
  expect(program.stack()[1]?.name).toBe('test "t"');
});

it('the names of a script serve conditions and watches', async () => {
  const { program, step } = await programOf('let a = 5\ndevice d sid=8');
  step();
  step();
  expect(program.scope().name('a')).toBe(5n);
  expect(program.scope().name('nothing')).toBeUndefined();
});
