import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { checkersOf } from '../../../src/control/checkers.ts';
import { run } from './kit.ts';

const FOLDER = new URL('../../../extension/samples/scripts/', import.meta.url);
const SAMPLES = readdirSync(FOLDER).filter((name) => name.endsWith('.smmu'));

const BUGS = ['01', '02', '03', '04', '05', '08', '11', '12', '13', '14', '15', '16'];

it('each bug class has a script and a correct twin of the same name', () => {
  const named = (kind: string): string[] =>
    SAMPLES.filter((name) => name.startsWith(`${kind}-`)).map((name) => name.slice(kind.length + 1));
  expect(named('fixed')).toEqual(named('bug'));
  expect(named('bug').map((name) => name.slice(0, 2))).toEqual(BUGS);
});

it.each(SAMPLES)('%s does what it says', async (name) => {
  const text = readFileSync(new URL(name, FOLDER), 'utf8');
  const { tests, warnings, output } = await run(text, {
    checkers: (smmu, text) => checkersOf(smmu, text).list,
  });
  expect(tests.flatMap(({ failures }) => failures)).toEqual([]);
  expect(tests.length).toBeGreaterThan(0);
  expect(output).not.toContain('nothing changes');
  // What is wrong is found where it is wrong, and nowhere else.
  expect(warnings.length > 0).toBe(/^\s*expect (?:stale|finding )/m.test(text));
});
