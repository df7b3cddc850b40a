/** Each command by name: what it changes, and that it is the command's own rule that changes it. */

import { describe, expect, test } from 'vitest';
import { COMMAND_LIST, type CommandName } from '../../src/spec/commands.ts';
import { WORLD_PREFIX } from '../../src/spec/registers.ts';
import { CMDQ, commandWords, type TestSmmu } from '../kit/smmu.ts';
import { COMMAND_CASES, machineOf } from './switches/command-cases.ts';

const NAMES = COMMAND_LIST.map(({ name }) => name);

/** CMDQ_CONS, error and index. */
const cons = (m: TestSmmu): number => m.read(nameIn(m, 'CMDQ_CONS'));

/** A register of the state whose queue takes the command. */
function nameIn({ world }: TestSmmu, stem: string): string {
  return WORLD_PREFIX[world] + stem;
}

function run(name: CommandName, off: readonly string[] = []): TestSmmu {
  const m = machineOf(COMMAND_CASES[name], off);
  m.run([name, COMMAND_CASES[name].values ?? {}]);
  return m;
}

describe('what each command does', () => {
  test.each(NAMES)('%s', (name) => {
    const of = COMMAND_CASES[name];
    expect(of.see(machineOf(of))).toEqual(of.before);
    expect(of.see(run(name))).toEqual(of.after);
  });

  test.each(NAMES)('%s decides: switched off, it is consumed and does nothing', (name) => {
    const of = COMMAND_CASES[name];
    const m = run(name, [`command:${name}`]);
    expect(of.see(m)).toEqual(of.before);
    expect(cons(m)).toBe(1);
    expect(m.read(nameIn(m, 'GERROR'))).toBe(0);
  });

  test.each(NAMES)('%s alone: with every other command off it does the same', (name) => {
    const others = NAMES.filter((other) => other !== name).map((other) => `command:${other}`);
    const of = COMMAND_CASES[name];
    expect(of.see(run(name, others))).toEqual(of.after);
  });

  test.each(NAMES)('%s: a plan leaves it out as well', (name) => {
    const of = COMMAND_CASES[name];
    const m = machineOf(of, [`command:${name}`]);
    m.store(CMDQ, commandWords(name, of.values));
    m.write(nameIn(m, 'CMDQ_PROD'), 1);
    const next = m.smmu.nextCommand(m.world);
    if (!('operation' in next)) throw new Error(next.idle);
    const plan = m.smmu.plan(next.operation);
    expect(plan.outcome).toMatchObject({ result: 'consumed', command: name });
    m.smmu.commit(plan.effects);
    expect(of.see(m)).toEqual(of.before);
    expect(cons(m)).toBe(1);
  });
});

test('a command that is off is off from the first change of a register on, too', () => {
  const m = machineOf(COMMAND_CASES.CMD_TLBI_NH_ALL, ['command:CMD_TLBI_NH_ALL']);
  m.run(['CMD_TLBI_NH_ALL']);
  m.write('CR2', m.read('CR2'));
  m.run(['CMD_TLBI_NH_ALL']);
  expect(m.smmu.tlb.size).toBe(1);
  m.run(['CMD_TLBI_NSNH_ALL']);
  expect(m.smmu.tlb.size).toBe(0);
});
