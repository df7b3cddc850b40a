import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  COMMANDS,
  CONTAINERS,
  CONTEXTS,
  DEBUG_TYPE,
  QUEUE_LANGUAGE,
  SCRIPT_LANGUAGE,
  SETTINGS,
  TRACE_LANGUAGE,
  VIEWS,
} from '../../extension/manifest.ts';
import { WORLDS } from '../../src/bits/world.ts';
import { RESERVED_BITS } from '../../src/model/smmu.ts';
import { NONSECURE_FEATURES } from '../../src/spec/feature-most.ts';
import {
  CONSUMER_FACTS,
  CONSUMERS,
  NO_NOTIFIER_FLAG,
  NOTIFIER_ACCEPTS,
  NOTIFIER_FLAGS,
  NOTIFIER_POLICIES,
} from '../../src/spec/notifiers.ts';
import { DEFAULT_PRESET, PRESETS } from '../../src/spec/presets.ts';
import { root, sources, withoutComments } from './sources.ts';

interface Manifest {
  readonly main: string;
  readonly bin: Readonly<Record<string, string>>;
  readonly engines: { readonly vscode: string };
  readonly devDependencies: Readonly<Record<string, string>>;
  readonly contributes: {
    readonly commands?: readonly { readonly command: string; readonly title: string }[];
    readonly views?: Readonly<Record<string, readonly { readonly id: string }[]>>;
    readonly viewsContainers?: Readonly<Record<string, readonly { readonly id: string }[]>>;
    readonly configuration?: { readonly properties: Readonly<Record<string, unknown>> };
    readonly debuggers?: readonly { readonly type: string }[];
    readonly languages?: readonly { readonly id: string }[];
  };
}

const text = readFileSync(path.join(root, 'package.json'), 'utf8');
const manifest = JSON.parse(text) as Manifest;
const contributes = manifest.contributes;
const code = sources('extension', ['.ts'])
  .filter(({ name }) => name !== 'extension/manifest.ts')
  .map(({ name, text }) => ({ name, text: withoutComments(text) }));
const allCode = code.map(({ text }) => text).join('\n');

/** Every string of the manifest that fits, wherever it stands. */
function strings(pattern: RegExp): string[] {
  const found: string[] = [];
  JSON.stringify(manifest, (_key, value: unknown) => {
    if (typeof value === 'string') found.push(...(value.match(pattern) ?? []));
    return value;
  });
  return found;
}

const sorted = (names: Iterable<string>): string[] => [...new Set(names)].sort();

describe('package.json and the code', () => {
  it('have the same commands', () => {
    expect(sorted(contributes.commands?.map(({ command }) => command) ?? [])).toEqual(
      sorted(Object.values(COMMANDS)),
    );
  });

  it('have each command used in the code by its constant', () => {
    const unused = Object.keys(COMMANDS).filter(
      (name) => !new RegExp(`\\bCOMMANDS\\.${name}\\b`).test(allCode),
    );
    expect(unused).toEqual([]);
  });

  it('have the same views and view containers', () => {
    const containers = Object.entries(contributes.viewsContainers ?? {});
    expect(Object.fromEntries(containers.map(([place, list]) => [place, list.map(({ id }) => id)]))).toEqual(
      CONTAINERS,
    );
    expect(sorted(Object.keys(contributes.views ?? {}))).toEqual(sorted(Object.values(CONTAINERS).flat()));
    const ids = Object.values(contributes.views ?? {}).flatMap((list) => list.map(({ id }) => id));
    expect(sorted(ids)).toEqual(sorted(Object.values(VIEWS)));
  });

  it('have the same settings', () => {
    const { properties } = contributes.configuration ?? { properties: {} };
    expect(sorted(Object.keys(properties))).toEqual(sorted(Object.values(SETTINGS)));
  });

  it('have the same debug type and languages', () => {
    expect(contributes.debuggers?.map(({ type }) => type)).toEqual([DEBUG_TYPE]);
    expect(contributes.languages?.map(({ id }) => id)).toEqual([
      QUEUE_LANGUAGE,
      SCRIPT_LANGUAGE,
      TRACE_LANGUAGE,
    ]);
  });

  it('name the same context keys, and only commands and keys that exist', () => {
    const ids = sorted(strings(/\bsmmu\.[\w.]+/g));
    const known = [COMMANDS, VIEWS, SETTINGS, CONTEXTS].flatMap((group): string[] => Object.values(group));
    expect(ids.filter((id) => !known.includes(id))).toEqual([]);
    expect(Object.values(CONTEXTS).filter((key) => !ids.includes(key))).toEqual([]);
  });

  it('keep every name in extension/manifest.ts', () => {
    const stray = code.flatMap(({ name, text }) =>
      (text.match(/(['"`])smmu\.(?!json|txt)\w[\w.]*\1/g) ?? []).map((literal) => `${name}: ${literal}`),
    );
    expect(stray).toEqual([]);
  });
});

describe('the package', () => {
  it('names files that exist or are built', () => {
    const built = ['./dist/extension.js', 'dist/cli.js', './dist/adapter.js', 'dist/adapter.js'];
    const files = sorted(strings(/^\.?\/?(?:dist|media|extension)\/[\w./-]+$/g));
    expect(files).toContain(manifest.main);
    expect(files.filter((file) => !built.includes(file) && !existsSync(path.join(root, file)))).toEqual([]);
    expect(manifest.bin).toEqual({ 'smmu-debug': 'dist/cli.js' });
  });

  it('is written against the oldest VS Code that it accepts', () => {
    expect(manifest.engines.vscode).toBe(`^${manifest.devDependencies['@types/vscode']}`);
  });

  it('holds no sources, tests, maps or build scripts', () => {
    const vsce = path.join(root, 'node_modules/@vscode/vsce/vsce');
    const list = execFileSync(process.execPath, [vsce, 'ls', '--no-dependencies'], {
      cwd: root,
      encoding: 'utf8',
    });
    const files = list.split('\n').filter((name) => /^[\w.].*\.\w+$|^LICENSE$/.test(name));
    expect(files).toEqual(expect.arrayContaining(['package.json', 'README.md', 'CHANGELOG.md']));
    expect(files.filter((name) => /^(src|test|out|node_modules)\/|\.(ts|mjs|map)$/.test(name))).toEqual([]);
  });
});

describe('the launch attribute smmu', () => {
  interface Schema {
    readonly properties: Readonly<Record<string, Schema>>;
    readonly enum?: readonly unknown[];
    readonly enumDescriptions?: readonly unknown[];
    readonly default?: unknown;
    readonly maximum?: number;
    readonly description?: string;
  }
  const { debuggers } = JSON.parse(text).contributes as {
    debuggers: readonly { configurationAttributes: { launch: Schema } }[];
  };
  const { smmu } = debuggers[0]?.configurationAttributes.launch.properties ?? {};
  const { preset, features, reservedBits } = smmu?.properties ?? {};

  it('offers the presets of the tables, and what each is', () => {
    expect(preset?.enum).toEqual(PRESETS.map(({ name }) => name));
    expect(preset?.enumDescriptions).toEqual(PRESETS.map(({ doc }) => doc));
    expect(preset?.default).toBe(DEFAULT_PRESET);
  });

  it('offers every field of the Non-secure ID registers, its range and its meaning', () => {
    const wanted = NONSECURE_FEATURES.map(({ name, field }) => [
      name,
      { maximum: 2 ** field.width - 1, description: field.doc },
    ]);
    expect(features?.properties).toEqual(Object.fromEntries(wanted));
  });

  it('offers the ways to treat reserved bits', () => {
    expect(reservedBits?.enum).toEqual(RESERVED_BITS);
    expect(reservedBits?.default).toBe(RESERVED_BITS[0]);
  });
});

describe('the launch attributes of notifiers', () => {
  interface Schema {
    readonly properties?: Readonly<Record<string, Schema>>;
    readonly items?: Schema;
    readonly enum?: readonly unknown[];
    readonly enumDescriptions?: readonly unknown[];
    readonly default?: unknown;
  }
  const { debuggers } = JSON.parse(text).contributes as {
    debuggers: readonly { configurationAttributes: { launch: Schema } }[];
  };
  const { devices, notifierPolicy, notifierAccepts } =
    debuggers[0]?.configurationAttributes.launch.properties ?? {};
  const notifier = devices?.items?.properties?.['notifiers']?.items?.properties;

  it('offer the policies of the table, and what each is', () => {
    expect(notifierPolicy?.enum).toEqual(Object.keys(NOTIFIER_POLICIES));
    expect(notifierPolicy?.enumDescriptions).toEqual(Object.values(NOTIFIER_POLICIES).map(({ doc }) => doc));
    expect([notifierPolicy?.default, notifierAccepts?.default]).toEqual(['qemu-upstream', 'qemu']);
    expect(notifierAccepts?.enum).toEqual(NOTIFIER_ACCEPTS);
  });

  it('offer every consumer, flag and Security state of a device', () => {
    expect(notifier?.['consumer']?.enum).toEqual(CONSUMERS);
    expect(notifier?.['consumer']?.enumDescriptions).toEqual(
      CONSUMERS.map((name) => CONSUMER_FACTS[name].doc),
    );
    expect(notifier?.['flags']?.items?.enum).toEqual([...Object.keys(NOTIFIER_FLAGS), NO_NOTIFIER_FLAG]);
    const worlds = WORLDS.filter((world) => world !== 'root');
    expect(devices?.items?.properties?.['world']?.enum).toEqual(worlds);
    expect(devices?.items?.properties?.['worlds']?.items?.enum).toEqual(worlds);
  });
});
