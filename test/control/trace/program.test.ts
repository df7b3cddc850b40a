import { readFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import type { ProgramNote } from '../../../src/control/program.ts';
import { TraceProgram } from '../../../src/control/trace/program.ts';
import { runTrace, traceMachine } from '../../../src/control/trace/run.ts';
import { Journal } from '../../../src/model/effects.ts';
import type { Plan } from '../../../src/model/plan.ts';
import { fingerprint } from '../../kit/machine.ts';
import { sharedDir } from '../../kit/shared.ts';
import { trace } from '../../kit/traces.ts';

const FILE = 'qemu.log';

interface Ran {
  readonly plans: { readonly line: number; readonly plan: Plan }[];
  readonly notes: ProgramNote[];
}

/** Runs a program up to a line, or to its end. */
function run(
  program: TraceProgram,
  smmu: ReturnType<typeof traceMachine>,
  to = Infinity,
  journal?: Journal,
): Ran {
  const ran: Ran = { plans: [], notes: [] };
  for (let next = program.next(); next.kind !== 'end'; next = program.next()) {
    const line = program.stack()[0]?.line ?? 0;
    if (line >= to) break;
    const plan = next.kind === 'operation' ? smmu.plan(next.operation) : null;
    if (plan !== null) {
      smmu.commit(plan.effects, journal);
      ran.plans.push({ line, plan });
    }
    ran.notes.push(...program.advance({ plan, findings: [], history: 0 }));
  }
  return ran;
}

/** The lines of a text that hold an event. */
function lineOf(text: string, part: string): number {
  return text.split('\n').findIndex((line) => line.includes(part)) + 1;
}

describe('a trace from the start of the kernel', () => {
  const text = trace('boot');

  test('is answered by the model alike, line by line', () => {
    const { notes, ...counts } = runTrace(text, FILE);
    expect(notes).toEqual([]);
    expect(counts.differing).toBe(0);
    expect(counts.unchecked).toBe(0);
    const translations = text.match(/smmuv3_translate_success/g)?.length ?? 0;
    const commands = text.match(/smmuv3_cmdq_opcode/g)?.length ?? 0;
    expect(translations).toBeGreaterThan(10);
    expect(counts.compared).toBeGreaterThan(translations + commands);
  });

  test('hits and misses where the cache of the trace did', () => {
    const { lookups } = runTrace(text, FILE);
    expect(lookups).toEqual({ alike: text.match(/smmuv3_translate_success/g)?.length, other: 0 });
  });

  test('with maximal caches has the same answers', () => {
    const report = runTrace(text, FILE, traceMachine(text, 'maximal'));
    expect(report).toMatchObject({ differing: 0, unchecked: 0, notes: [] });
  });

  test('leaves structures where the trace quotes them', () => {
    const smmu = traceMachine(text);
    const program = new TraceProgram(smmu, text, FILE);
    run(program, smmu);
    const words = new Uint32Array(2);
    smmu.memory('ns').load(0x42df2ff8, words, 0, 2);
    expect([...words]).toEqual([0x08090e4b, 0x00600000]);
    expect(smmu.bank.field('STRTAB_BASE', 'ADDR')).toBe(0x484c1000);
    expect(smmu.bank.field('CMDQ_BASE', 'ADDR')).toBe(0x5b700000);
  });

  test('consumes its commands with the fields that it quotes', () => {
    const smmu = traceMachine(text);
    const program = new TraceProgram(smmu, text, FILE);
    const { plans } = run(program, smmu);
    const line = lineOf(text, 'SMMU_CMD_TLBI_NH_ASID');
    const of = plans.find(({ line: at, plan }) => at === line && plan.operation.kind === 'command');
    expect(of?.plan.outcome).toMatchObject({ result: 'consumed', command: 'CMD_TLBI_NH_ASID' });
    // The trace: prod=13 cons=11, asid=1.
    const words = of?.plan.frames[0]?.words ?? new Uint32Array(4);
    expect(of?.plan.operation).toMatchObject({ index: 11, pa: 0x5b700000 + 11 * 16 });
    expect((words[1] ?? 0) >>> 16).toBe(1);
  });

  test('is no write of software where a descriptor becomes known', () => {
    const smmu = traceMachine(text, 'maximal');
    const program = new TraceProgram(smmu, text, FILE);
    const { plans } = run(program, smmu);
    expect(plans.some(({ plan }) => plan.operation.kind === 'learned')).toBe(true);
    expect(plans.some(({ plan }) => plan.operation.kind === 'memory')).toBe(false);
    expect(smmu.versions.size).toBe(0);
  });

  test('is taken back exactly, and goes on as before', () => {
    const smmu = traceMachine(text);
    const program = new TraceProgram(smmu, text, FILE);
    const journal = new Journal();
    run(program, smmu, 300, journal);
    const [mark, saved, before] = [journal.length, program.save(), fingerprint(smmu)];
    const place = program.stack();
    const first = run(program, smmu, 500, journal);
    const after = [fingerprint(smmu), program.counts];
    journal.undo(smmu, mark);
    program.restore(saved);
    expect(fingerprint(smmu)).toBe(before);
    expect(program.stack()).toEqual(place);
    const second = run(program, smmu, 500, journal);
    expect(second.plans.map(({ line }) => line)).toEqual(first.plans.map(({ line }) => line));
    expect([fingerprint(smmu), program.counts]).toEqual(after);
  });

  test('differs where its answer is changed, and says both', () => {
    const wrong = text.replace('translated=0x8090040', 'translated=0x8091040');
    const { notes, differing } = runTrace(wrong, FILE);
    expect(differing).toBe(1);
    expect(notes[0]?.kind).toBe('failure');
    expect(notes[0]?.text).toContain('0x8091040');
    expect(notes[0]?.text).toContain('0x8090040');
    expect(notes[0]?.place.line).toBe(lineOf(wrong, 'translated=0x8091040'));
  });

  test('differs where its permissions are changed', () => {
    const { notes } = runTrace(text.replace('perm=0x3', 'perm=0x1'), FILE);
    expect(notes[0]?.text).toContain('permissions');
  });

  test('that is cut says so of its last line and uses nothing of it', () => {
    const cut = text.slice(0, text.indexOf('pte=0x60000008090e4b') + 8);
    const { notes, differing } = runTrace(cut, FILE);
    expect(differing).toBe(0);
    expect(notes).toHaveLength(1);
    expect(notes[0]).toMatchObject({ kind: 'output', place: { line: cut.split('\n').length } });
  });
});

describe('a trace from the middle', () => {
  test('is checked as far as it quotes what is needed', () => {
    const { differing, compared, unchecked } = runTrace(trace('tail'), FILE);
    expect(differing).toBe(0);
    expect(compared).toBeGreaterThan(10);
    expect(unchecked).toBeGreaterThan(0);
  });

  test('passes streams that bypass', () => {
    const text = trace('bypass');
    const smmu = traceMachine(text);
    const program = new TraceProgram(smmu, text, FILE);
    const { plans, notes } = run(program, smmu);
    const line = lineOf(text, 'translate_bypass');
    const of = plans.find(({ line: at, plan }) => at === line && plan.operation.kind === 'transaction');
    const iova = Number(/bypass iova:(0x[0-9a-f]+)/.exec(text)?.[1]);
    expect(of?.plan.outcome).toMatchObject({ result: 'ok', pa: iova });
    expect(notes).toEqual([]);
  });

  test('has the events that it records', () => {
    const text = trace('faults');
    const smmu = traceMachine(text);
    const program = new TraceProgram(smmu, text, FILE);
    const { plans, notes } = run(program, smmu);
    expect(notes).toEqual([]);
    const events = new Set(plans.map(({ plan }) => plan.outcome.fault?.event ?? null));
    expect(events).toEqual(new Set([null, 'F_TRANSLATION', 'F_PERMISSION', 'C_BAD_STREAMID']));
    const aborted = lineOf(text, 'translate_abort');
    const of = plans.find(({ line, plan }) => line === aborted && plan.operation.kind === 'transaction');
    expect(of?.plan.outcome.result).toBe('abort');
  });

  test('says at a line why it is not checked', () => {
    const program = new TraceProgram(
      traceMachine(''),
      'smmuv3_config_cache_hit sid=0x8\nsmmu_iotlb_lookup_hit asid=1 addr=0x1000\nsmmuv3_translate_success x sid=0x8 iova=0x1000 translated=0x2000 perm=0x3\n',
      FILE,
    );
    program.jump(FILE, 3);
    expect(program.stack()[0]?.name).toContain('not checked: the trace does not show its beginning');
  });
});

describe('lines of a trace', () => {
  const text = trace('boot');

  test('are those with an event of an SMMU', () => {
    const program = new TraceProgram(traceMachine(text), text, FILE);
    const foreign = lineOf(text, 'gicv3_dist_read');
    expect(program.lines(FILE)).not.toContain(foreign);
    expect(program.lines(FILE)).toHaveLength(
      text.split('\n').filter((line) => line.includes(':smmu')).length,
    );
    expect(program.lines('other.log')).toEqual([]);
  });

  test('are jumped to forwards only', () => {
    const program = new TraceProgram(traceMachine(text), text, FILE);
    expect(program.jump(FILE, 100)).toBe(true);
    expect(program.stack()[0]?.line).toBe(100);
    expect(program.jump(FILE, 50)).toBe(false);
    expect(program.jump(FILE, 100000)).toBe(false);
    expect(program.jump('other.log', 120)).toBe(false);
    expect(program.stack()[0]?.line).toBe(100);
  });

  test('end, and then nothing is left', () => {
    const smmu = traceMachine(text);
    const program = new TraceProgram(smmu, text, FILE);
    run(program, smmu);
    expect(program.next()).toEqual({ kind: 'end' });
    expect(program.stack()).toEqual([]);
  });
});

const REAL: [name: string, read: () => string][] = (['boot', 'tail', 'bypass', 'faults'] as const).map(
  (name) => [name, () => trace(name)],
);
const shared = sharedDir();
if (shared !== null) {
  for (const name of [
    'basic/qemu-trace-tail',
    'faults/qemu-trace-tail',
    'mixed/qemu-trace-tail',
    'pending/qemu-trace-tail',
  ]) {
    const file = path.join(shared, 'dumps', `linux-${name}.log.gz`);
    REAL.push([`the whole linux-${name}`, () => gunzipSync(readFileSync(file)).toString()]);
  }
}

describe('a trace of a real kernel', () => {
  test.each(REAL)('%s does not differ from the model', (name, read) => {
    const { notes, differing, compared, unchecked } = runTrace(read(), name);
    expect(notes).toEqual([]);
    expect(differing).toBe(0);
    expect(compared).toBeGreaterThan(10);
    expect(unchecked).toBeLessThan(2 * compared);
  });
});
