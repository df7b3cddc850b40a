import { existsSync, readdirSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { root, sources, withoutStrings } from './sources.ts';

const LIMIT = 600;
const CODE = ['.ts', '.mts', '.mjs', '.js', '.css'];
const code = ['src', 'extension', 'test', ...(existsSync(path.join(root, 'media')) ? ['media'] : [])].flatMap(
  (folder) => sources(folder, CODE),
);
const written = [
  ...code,
  ...sources('.', ['.md', '.json', '.yml', '.yaml']).filter(
    ({ name }) => !/^(test\/(vectors|golden)|extension\/samples)\/|package-lock\.json$/.test(name),
  ),
];

const where = (
  files: typeof code,
  pattern: RegExp,
  clean: (text: string) => string = (text) => text,
): string[] =>
  files.flatMap(({ name, text }) =>
    clean(text)
      .split('\n')
      .flatMap((line, at) => (pattern.test(line) ? [`${name}:${at + 1}: ${line.trim()}`] : [])),
  );

describe('the sources', () => {
  it(`have no file of more than ${LIMIT} lines`, () => {
    const lines = code.map(({ name, text }) => ({ name, count: text.split('\n').length - 1 }));
    const counts = lines.map(({ count }) => count).sort((a, b) => a - b);
    const at = (share: number): number => counts[Math.floor((counts.length - 1) * share)] as number;
    console.log(`${counts.length} files, lines: median ${at(0.5)}, p90 ${at(0.9)}, longest ${at(1)}`);
    expect(lines.filter(({ count }) => count > LIMIT)).toEqual([]);
  });

  it('have no `any`', () => {
    const types = code.filter(({ name }) => name.endsWith('.ts'));
    expect(where(types, /(?:[:<|&,(]|\bas|\bextends|=)\s*any\b(?!\w|\s*[:(])/, withoutStrings)).toEqual([]);
  });

  it('silence no checker and put nothing off', () => {
    expect(
      where(code, /@ts-(?:ignore|expect-error|nocheck)|biome-[i]gnore|\b(?:TO[D]O|FIX[M]E|X[X]X)\b/),
    ).toEqual([]);
  });

  it('leave out no test, and run none alone', () => {
    const tests = code.filter(({ name }) => name.startsWith('test/'));
    const form =
      /\b(?:it|test|describe|suite)\.(?:only|skip|skipIf|todo|fails|runIf(?!\(process\.platform))\b|\bthis\.skip\(/;
    expect(where(tests, form, withoutStrings)).toEqual([]);
  });

  it('name no folder of one machine', () => {
    expect(where(written, /(?:^|[\s"'`(=:])\/(?:work|tmp|root|home|Users)\/\w|[A-Z]:\\\\?Users\b/)).toEqual(
      [],
    );
  });

  it('write down no number of the tables a second time', () => {
    const exported = new Set(
      sources('src/spec', ['.ts']).flatMap(({ text }) =>
        [...text.matchAll(/^export const ([A-Z]\w+)\b/gm)].map((found) => found[1] as string),
      ),
    );
    const again = code
      .filter(({ name }) => /^(?:src\/(?!spec\/)|extension\/)/.test(name))
      .flatMap(({ name, text }) =>
        [...text.matchAll(/^(?:export )?const ([A-Z]\w+)\b[^=\n]*= -?\d/gm)]
          .filter((found) => exported.has(found[1] as string))
          .map((found) => `${name}: ${found[1]}`),
      );
    expect(exported).toContain('STE_BYTES');
    expect(again).toEqual([]);
  });

  it('export nothing above the tables that nobody else uses', () => {
    const words = code.map(({ name, text }) => ({ name, words: new Set(text.match(/\w+/g)) }));
    const dead = code
      .filter(({ name }) => /^src\/(?!bits\/|spec\/)/.test(name))
      .flatMap(({ name, text }) =>
        [...text.matchAll(/^export (?:async )?(?:const|function|class) (\w+)/gm)]
          .map((found) => found[1] as string)
          .filter((word) => !words.some((other) => other.name !== name && other.words.has(word)))
          .map((word) => `${name}: ${word}`),
      );
    expect(dead).toEqual([]);
  });

  it('are understood by Node, which runs them as they are', () => {
    const refused = code
      .filter(({ name }) => name.endsWith('.ts'))
      .flatMap(({ name, text }) => {
        try {
          stripTypeScriptTypes(text);
          return [];
        } catch (mistake) {
          return [`${name}: ${String(mistake)}`];
        }
      });
    expect(refused).toEqual([]);
  });

  it('have a tsconfig on each floor, and the root names them all', () => {
    const floors = readdirSync(path.join(root, 'src'), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => `src/${entry.name}`);
    const references = sources('.', ['tsconfig.json'])
      .filter(({ name }) => name === 'tsconfig.json')
      .flatMap(({ text }) => (JSON.parse(text) as { references: { path: string }[] }).references);
    for (const floor of floors) {
      expect(existsSync(path.join(root, floor, 'tsconfig.json')), `${floor}/tsconfig.json`).toBe(true);
      expect(references).toContainEqual({ path: floor });
    }
  });
});
