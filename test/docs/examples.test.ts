/** What the documents for users show is what happens. */

import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { COMMANDS } from '../../src/adapter/evaluate/index.ts';
import { HELP } from '../../src/cli/help.ts';
import { FILTERS } from '../../src/control/stops/index.ts';
import { OPERATION_NAMES } from '../../src/control/stops/known-names.ts';
import { PRESET_NAMES } from '../../src/spec/presets.ts';
import { smmuDebug } from '../cli/io.ts';
import { root, sources } from '../house/sources.ts';
import { blocksOf } from './blocks.ts';
import { checkout, tryConsoles, tryShell } from './trial.ts';

const { folder, remove } = checkout();
afterAll(remove);

const read = (name: string): string => readFileSync(path.join(root, name), 'utf8');
const README = read('README.md');
const GUIDES = [
  'README.md',
  'extension/samples/README.md',
  'extension/samples/linux-basic/README.md',
  'extension/samples/linux-faults/README.md',
  'extension/samples/linux-pending/README.md',
  'extension/samples/scripts/README.md',
  'extension/samples/scripts/LANGUAGE.md',
];

/** The first cells of the rows of the table that begins with a heading row. */
function firstCells(text: string, heading: string): string[] {
  const at = text.indexOf(`| ${heading} |`);
  expect(at, heading).toBeGreaterThanOrEqual(0);
  const rows = text.slice(at).split('\n').slice(2);
  const end = rows.findIndex((row) => !row.startsWith('|'));
  return rows.slice(0, end).map((row) => (row.split('|')[1] as string).trim());
}

const codes = (text: string): string[] => [...text.matchAll(/`([^`]+)`/g)].map((found) => found[1] as string);

interface Manifest {
  readonly contributes: {
    readonly commands: readonly { readonly title: string; readonly category: string }[];
    readonly debuggers: readonly {
      readonly configurationAttributes: { readonly launch: { readonly properties: object } };
    }[];
    readonly views: Readonly<Record<string, readonly { readonly name: string }[]>>;
  };
}
const { contributes } = JSON.parse(read('package.json')) as Manifest;

describe('what documents show', () => {
  it.each(GUIDES)('%s: what is typed is answered so', async (name) => {
    const { wrong } = await tryConsoles(name, folder);
    expect(wrong).toEqual([]);
  });

  it('README tries the command line and the debug console', async () => {
    expect((await tryConsoles('README.md', folder)).tried).toBeGreaterThan(4);
  });

  it('every line of the command line in README is understood', async () => {
    const block = blocksOf(README).find(
      ({ kind, text }) => kind === 'sh' && text.includes('smmu-debug tree'),
    );
    if (!block) throw new Error('the block is gone');
    const cwd = path.join(folder, 'extension/samples/linux-basic');
    writeFileSync(path.join(cwd, 'requests.jsonl'), '{"sid":8,"iova":"0xffffb204","rw":"r"}\n');
    const cases = read('test/vectors/corpus/s1_walk.jsonl').split('\n')[0] as string;
    writeFileSync(path.join(cwd, 'cases.jsonl'), `${cases}\n`);
    const lines = await tryShell(block, folder);
    expect(lines.length).toBe(Object.keys(HELP).length + 1);
    expect(lines.filter(({ status, err }) => status > 1 || err !== '')).toEqual([]);
  });

  it('the help of the command line names every command and its exit statuses', async () => {
    const { out } = await smmuDebug('help');
    for (const name of Object.keys(HELP)) {
      expect(out).toContain(`smmu-debug ${name}`);
      expect((await smmuDebug('help', name)).out).toContain(`smmu-debug ${name}`);
    }
    expect(out).toContain('Exit status: 0');
    expect((await smmuDebug('help', 'run')).out).toContain('Exit status: 0 every test passed');
  });

  it('blocks of JSON are JSON', () => {
    for (const name of GUIDES) {
      for (const { text } of blocksOf(read(name)).filter(({ kind }) => kind === 'json')) {
        expect(() => JSON.parse(text.startsWith('"') ? `{${text}}` : text), text).not.toThrow();
      }
    }
  });

  it('commands of the palette have the names that VS Code shows', () => {
    const titles = contributes.commands.map(({ title, category }) => `${category}: ${title}`);
    for (const name of GUIDES) {
      const shown = [...read(name).matchAll(/\*\*(SMMU: [^*]+)\*\*/g)].map((found) => found[1] as string);
      expect(
        shown.filter((title) => !titles.includes(title)),
        name,
      ).toEqual([]);
    }
  });

  it('links lead to files and headings that are there', () => {
    for (const name of [...GUIDES, 'ARCHITECTURE.md', 'CONTRIBUTING.md', 'CHANGELOG.md']) {
      const text = read(name);
      const dead = [...text.matchAll(/\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)/g)].filter(
        ([, file, anchor]) => {
          try {
            const target = file === '' ? text : read(path.join(path.dirname(name), file as string));
            return anchor !== undefined && !anchorsOf(target).has(anchor);
          } catch {
            return true;
          }
        },
      );
      expect(
        dead.map(([link]) => link),
        name,
      ).toEqual([]);
    }
  });
});

/** Anchors of headings, as GitHub and VS Code make them. */
function anchorsOf(text: string): ReadonlySet<string> {
  const headings = [...text.matchAll(/^#+ (.*)$/gm)].map((found) => found[1] as string);
  return new Set(
    headings.map((heading) =>
      heading
        .toLowerCase()
        .replace(/[^\w\- ]/g, '')
        .replaceAll(' ', '-'),
    ),
  );
}

describe('tables of README', () => {
  it('have every exception filter', () => {
    const named = new Set(codes(firstCells(README, 'filter').join(' ')));
    const families = [/^[CEF]_/, /^(?:E_PAGE_REQUEST|IMPDEF_\w+)$/, /^CERROR_/, /^GERROR\./];
    const alone = FILTERS.map(({ id }) => id).filter((id) => !families.some((family) => family.test(id)));
    expect([...named].filter((id) => !families.some((family) => family.test(id))).sort()).toEqual(
      alone.sort(),
    );
    for (const id of named) expect(FILTERS.map((filter) => filter.id)).toContain(id);
  });

  it('say truly which filters are on at first', () => {
    const rows = README.slice(README.indexOf('| filter |')).split('\n').slice(2, 9);
    const on = (id: string): boolean | undefined => FILTERS.find((filter) => filter.id === id)?.byDefault;
    for (const row of rows) {
      const [, name = '', , first = ''] = row.split('|');
      expect(on(codes(name)[0] ?? ''), row).toBe(first.trim().startsWith('on'));
    }
    const off = FILTERS.filter(({ id, byDefault }) => /^[CEF]_/.test(id) && !byDefault).map(({ id }) => id);
    expect(off).toEqual(['E_PAGE_REQUEST']);
  });

  it('have every name of a condition', () => {
    const named = new Set(codes(firstCells(README, 'name in a condition').join(' ')));
    expect(OPERATION_NAMES.filter((name) => !named.has(name))).toEqual([]);
  });

  it('have every command of the debug console', () => {
    const named = new Set(codes(firstCells(README, 'command').join(' ')).map((text) => text.split(' ')[0]));
    expect(COMMANDS.map(({ name }) => name).filter((name) => !named.has(name))).toEqual([]);
  });

  it('have every attribute of a launch', () => {
    const named = codes(firstCells(README, 'attribute').join(' '));
    const declared = Object.keys(contributes.debuggers[0]?.configurationAttributes.launch.properties ?? {});
    // VS Code itself declares noDebug.
    expect(named.sort()).toEqual([...declared, 'noDebug'].sort());
  });

  it('have every preset', () => {
    const named = codes(firstCells(README, 'preset').join(' '));
    expect([...named].sort()).toEqual([...PRESET_NAMES].sort());
  });

  it('show every command of the command line', () => {
    const shell = blocksOf(README).find(
      ({ kind, text }) => kind === 'sh' && text.includes('smmu-debug tree'),
    );
    const shown = new Set([...(shell?.text ?? '').matchAll(/^smmu-debug (\w+)/gm)].map((found) => found[1]));
    expect([...shown].sort()).toEqual(Object.keys(HELP).sort());
  });

  it('name every view', () => {
    const views = Object.values(contributes.views).flat();
    expect(views.length).toBeGreaterThan(1);
    for (const { name } of views) expect(README).toMatch(new RegExp(`\\*${name}\\*`));
  });

  it('explain messages that there are', () => {
    const code = sources('src', ['.ts'])
      .map(({ text }) => text)
      .join('\n');
    const told = codes(firstCells(README, 'message').join(' '));
    expect(told.length).toBeGreaterThan(10);
    // What changes from case to case is left out, or stands between letters and signs.
    const parts = told.flatMap((message) =>
      message.split(
        /…|CERROR_|^is (?=a kdump)|(?<=dump), |\b(?:IDR0|0x0|0x80|CR0\.CMDQEN=0|STRTAB_BASE)\b|[()]/,
      ),
    );
    const missing = parts
      .map((part) => part.trim())
      .filter((part) => part.length > 3 && !code.includes(part));
    expect(missing).toEqual([]);
  });
});
