/** Everything that can be switched off has a test by its name, and one that says that it decides something. */

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { COMMAND_LIST } from '../../src/spec/commands.ts';
import { EVENT_LIST } from '../../src/spec/events.ts';
import { effectsOf } from '../../src/spec/feature-effects.ts';
import { FEATURES } from '../../src/spec/features.ts';
import { GPC_STATEMENTS } from '../../src/spec/gpc-statements.ts';
import { ISOLATION_STATEMENTS } from '../../src/spec/isolation-statements.ts';
import { NOTIFIER_STATEMENTS } from '../../src/spec/notifier-statements.ts';
import { QUEUE_RULES } from '../../src/spec/queues.ts';
import { isRuleId, unknownRules } from '../../src/spec/rule-ids.ts';
import { VALIDITY_RULES } from '../../src/spec/validity.ts';
import { WORLD_STATEMENTS } from '../../src/spec/world-statements.ts';
import { TestSmmu } from '../kit/smmu.ts';
import { TESTED_IN } from '../model/validity/elsewhere.ts';
import { root, sources } from './sources.ts';

/** Where the tests by name are. */
const RULES_FILE = 'validity.test.ts';
const EVENTS_FILE = 'event-coverage.test.ts';
const COMMANDS_FILE = 'command-coverage.test.ts';
const FEATURE_FILES = ['features.test.ts', 'feature-commands.test.ts', 'feature-rules.test.ts'];
/** Features of the ID registers of other states are among the tests of those states. */
const OTHER_FEATURES = 'test/model/worlds';
const QUEUE_FILES = ['queue-rules.test.ts', 'pri-queue.test.ts'];
const FILES = [
  ...new Set([
    RULES_FILE,
    EVENTS_FILE,
    COMMANDS_FILE,
    ...FEATURE_FILES,
    ...QUEUE_FILES,
    ...Object.keys(TESTED_IN),
  ]),
];
/** Folders whose tests are named after statements, with the prefix that these have in `rulesOff`. */
const STATEMENT_FOLDERS = [
  'test/model/worlds',
  'test/model/gpc',
  'test/model/notifiers',
  'test/control/isolation',
];
const COLLECTING_MS = 120_000;

/** Names of the tests of each file, as they are when the tables that make them have been read. */
const names = new Map<string, string[]>();

beforeAll(() => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'smmu-names-'));
  const list = path.join(folder, 'names.json');
  const vitest = path.join(root, 'node_modules/vitest/vitest.mjs');
  const files = [...FILES.map((file) => `test/model/${file}`), ...STATEMENT_FOLDERS];
  const { VITEST: _, ...env } = process.env;
  const args = [vitest, 'list', ...files, `--json=${list}`, '--no-static-parse'];
  const { status, stderr } = spawnSync(process.execPath, args, { cwd: root, env, encoding: 'utf8' });
  expect(status, stderr).toBe(0);
  for (const { name, file } of JSON.parse(readFileSync(list, 'utf8')) as { name: string; file: string }[]) {
    const short = STATEMENT_FOLDERS.find((folder) => file.includes(folder)) ?? path.basename(file);
    names.set(short, [...(names.get(short) ?? []), name]);
  }
  rmSync(folder, { recursive: true });
}, COLLECTING_MS);

/** Whether a text has the id as a word of its own: `CD-EPD` is not in `CD-EPD-IGN`. */
function has(text: string, id: string): boolean {
  const at = text.indexOf(id);
  if (at < 0) return false;
  const around = `${text[at - 1] ?? ' '}${text[at + id.length] ?? ' '}`;
  return !/[\w-]/.test(around) || has(text.slice(at + 1), id);
}

/** The ids that no test of these files is named after, or no test that switches them off. */
function untested(ids: readonly string[], files: readonly string[]): string[] {
  const named = files.flatMap((file) => names.get(file) ?? []);
  expect(named.length).toBeGreaterThan(0);
  return ids.filter((id) => {
    const own = named.filter((name) => has(name, id));
    return !own.some((name) => !name.includes('decides')) || !own.some((name) => name.includes('decides'));
  });
}

const fileOf = (id: string): string =>
  Object.keys(TESTED_IN).find((file) => TESTED_IN[file]?.includes(id)) ?? RULES_FILE;

/** Features that change nothing of what the model does, and why. */
const UNSEEN: Readonly<Record<string, string>> = {
  'IDR0.DORMHINT': 'Lets STATUSR.DORMANT give a hint, which here is never given (6.3.13).',
};

describe('has a test by its name, and one that fails when it is switched off', () => {
  test('each validity rule', () => {
    const ids = Object.keys(VALIDITY_RULES);
    expect(ids.length).toBeGreaterThan(100);
    expect(ids.filter((id) => untested([id], [fileOf(id)]).length > 0)).toEqual([]);
  });

  test('each event', () => {
    expect(
      untested(
        EVENT_LIST.map(({ name }) => name),
        [EVENTS_FILE],
      ),
    ).toEqual([]);
  });

  test('each command', () => {
    expect(
      untested(
        COMMAND_LIST.map(({ name }) => name),
        [COMMANDS_FILE],
      ),
    ).toEqual([]);
  });

  test('each feature on which something hangs', () => {
    const own = FEATURES.map(({ name }) => name).filter((name) => effectsOf(name).length > 0);
    expect(own.length).toBeGreaterThan(30);
    expect(untested(own, [...FEATURE_FILES, OTHER_FEATURES])).toEqual(Object.keys(UNSEEN));
  });
});

describe.each([
  ['between worlds', 'world', WORLD_STATEMENTS],
  ['of granule protection', 'gpc', GPC_STATEMENTS],
  ['about notifiers', 'notify', NOTIFIER_STATEMENTS],
  ['of isolation', 'isolation', ISOLATION_STATEMENTS],
] as const)('each statement %s', (_, prefix, statements) => {
  const ids = Object.keys(statements);

  test('has a test by its name, and one that says what it decides', () => {
    expect(untested(ids, STATEMENT_FOLDERS)).toEqual([]);
  });

  test('is asked for by its id', () => {
    const texts = [...sources('src/model', ['.ts']), ...sources('src/control', ['.ts'])];
    expect(ids.filter((id) => !texts.some(({ text }) => text.includes(`'${prefix}:${id}'`)))).toEqual([]);
  });
});

test('each rule of the queues has a test by its name', () => {
  const named = QUEUE_FILES.flatMap((file) => names.get(file) ?? []);
  expect(Object.keys(QUEUE_RULES).filter((id) => !named.some((name) => has(name, id)))).toEqual([]);
});

describe('an id', () => {
  const texts = sources('src/model', ['.ts']);

  test('that the model asks for exists', () => {
    const asked = texts.flatMap(({ text }) => [
      ...[...text.matchAll(/(?:off|rulesOff)\.has\('([^']+)'\)/gi)].map(([, id]) => id as string),
      ...[...text.matchAll(/\bid: '([A-Z0-9]+-[A-Z0-9-]+)'/g)].map(([, id]) => id as string),
    ]);
    expect(asked.length).toBeGreaterThan(60);
    expect(unknownRules(asked)).toEqual([]);
  });

  test('that names nothing is refused', () => {
    for (const id of [
      'SID-RANG',
      'event:F_NONE',
      'command:CMD_NONE',
      'feature:IDR9.X',
      'rule:SID-RANGE',
      '',
    ]) {
      expect(isRuleId(id)).toBe(false);
      expect(() => new TestSmmu({ rulesOff: new Set(['SID-RANGE', id]) })).toThrow(`no such rule: ${id}`);
    }
    const ids = ['SID-RANGE', 'event:F_UUT', 'command:CMD_SYNC', 'feature:IDR3.HAD'];
    expect(unknownRules(ids)).toEqual([]);
    expect(new TestSmmu({ rulesOff: new Set(ids) }).dma(0).outcome.result).toBe('abort');
  });
});
