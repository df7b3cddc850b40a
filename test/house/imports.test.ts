import { describe, expect, it } from 'vitest';
import { circlesOf } from './circles.ts';
import { importsOf, refusal } from './floors.ts';
import { sources, withoutStrings } from './sources.ts';

const code = [...sources('src', ['.ts']), ...sources('extension', ['.ts'])];
const PURE = ['src/bits/', 'src/spec/', 'src/model/', 'src/inspect/', 'src/control/'];

describe('the floors', () => {
  it('import downwards only, never a sibling, and no package that is not theirs', () => {
    expect(code.length).toBeGreaterThan(0);
    const refused = code.flatMap(({ name, text }) =>
      importsOf(text)
        .map((specifier) => refusal(name, specifier))
        .filter((reason) => reason !== null),
    );
    expect(refused).toEqual([]);
  });

  it('have no two files that need each other, not even for a type', () => {
    expect(circlesOf(code)).toEqual([]);
  });

  it('name their files with the ending .ts', () => {
    const bare = code.flatMap(({ name, text }) =>
      importsOf(text)
        .filter((to) => to.startsWith('.') && !/\.(ts|json)$/.test(to))
        .map((to) => `${name}: ${to}`),
    );
    expect(bare).toEqual([]);
  });

  it('use nothing of a host where they are pure', () => {
    const host = /(?<![.\w'])(process|Buffer|globalThis|setTimeout|setInterval|console)\s*[.([]/;
    const touched = code
      .filter(({ name }) => PURE.some((floor) => name.startsWith(floor)))
      .filter(({ text }) => host.test(withoutStrings(text)))
      .map(({ name }) => name);
    expect(touched).toEqual([]);
  });
});

describe('the check itself', () => {
  it('reads every form of import', () => {
    const text = `
      import a, { type B } from './a.ts';
      import type { C } from "./c.ts";
      import {
        D,
        E,
      } from './d.ts';
      import './e.ts';
      export * from './f.ts';
      export { g } from './g.ts';
      const h = await import('./h.ts');
      const i = require('node:fs');
      // import './not.ts';
      /* import './nor.ts'; */
    `;
    expect(importsOf(text)).toEqual([
      './a.ts',
      './c.ts',
      './d.ts',
      './e.ts',
      './f.ts',
      './g.ts',
      './h.ts',
      'node:fs',
    ]);
  });

  it('sees a circle, and the way around it', () => {
    const files = [
      { name: 'src/a.ts', text: "import { b } from './deep/b.ts';" },
      { name: 'src/deep/b.ts', text: "import type { C } from '../c.ts';" },
      { name: 'src/c.ts', text: "export * from './deep/b.ts';" },
    ];
    expect(circlesOf(files)).toEqual(['src/deep/b.ts > src/c.ts > src/deep/b.ts']);
    expect(circlesOf(files.slice(0, 2))).toEqual([]);
  });

  it.each([
    ['src/bits/u64.ts', '../spec/ste.ts'],
    ['src/spec/ste.ts', '../model/memory.ts'],
    ['src/model/smmu.ts', '../control/runner.ts'],
    ['src/inspect/tree.ts', '../capture/elf.ts'],
    ['src/capture/elf.ts', '../inspect/tree.ts'],
    ['src/control/runner.ts', '../live/qmp.ts'],
    ['src/control/stops/fault.ts', '../../capture/elf.ts'],
    ['src/adapter/session.ts', '../../extension/manifest.ts'],
    ['src/adapter/session.ts', '../cli/main.ts'],
    ['src/adapter/session.ts', 'vscode'],
    ['src/model/smmu.ts', 'vscode'],
    ['src/model/smmu.ts', 'node:fs'],
    ['src/control/runner.ts', 'node:path'],
    ['src/inspect/tree.ts', '@vscode/debugprotocol'],
    ['src/capture/elf.ts', 'lodash'],
    ['src/cli/main.ts', '../../test/kit/shared.ts'],
    ['src/stray.ts', './bits/u64.ts'],
  ])('refuses that %s imports %s', (file, specifier) => {
    expect(refusal(file, specifier)).toContain(file);
  });

  it.each([
    ['src/spec/ste.ts', '../bits/layout.ts'],
    ['src/model/translate/walk.ts', '../../spec/descriptors.ts'],
    ['src/model/translate/walk.ts', '../memory.ts'],
    ['src/capture/elf.ts', 'node:fs/promises'],
    ['src/adapter/session.ts', '../control/runner.ts'],
    ['extension/extension.ts', 'vscode'],
    ['extension/inline.ts', '../src/adapter/session.ts'],
  ])('lets %s import %s', (file, specifier) => {
    expect(refusal(file, specifier)).toBeNull();
  });
});
