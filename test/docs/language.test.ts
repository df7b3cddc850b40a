/** The reference of the script language. `npx vitest run test/docs/language.test.ts -u` makes it anew. */

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkScript } from '../../src/control/script/check.ts';
import { FORMS } from '../../src/control/script/forms.ts';
import { parseScript } from '../../src/control/script/parse.ts';
import { run } from '../control/script/kit.ts';
import { root } from '../house/sources.ts';
import { blocksOf } from './blocks.ts';
import { MADE, renewed } from './reference.ts';

const FILE = path.join(root, 'extension/samples/scripts/LANGUAGE.md');
const text = readFileSync(FILE, 'utf8');
const blocks = blocksOf(text);

describe('the reference of the script language', () => {
  it('says what the tables say', async () => {
    for (const name of MADE) expect(text).toContain(`<!-- ${name} -->`);
    await expect(renewed(text)).toMatchFileSnapshot(FILE);
  });

  it('has an example of every statement, and each is right', () => {
    const examples = blocks.filter(({ kind }) => kind === 'smmu part').map((block) => block.text);
    expect(examples).toEqual(FORMS.map(({ example }) => example));
    for (const example of examples) {
      const script = `device nvme0 sid=8\nlet base = 0x40000000\n${example}\n`;
      const problems = checkScript(parseScript(script, 'example.smmu')).map(({ message }) => message);
      expect(problems, example).toEqual([]);
    }
  });

  it('has scripts that do what they say', async () => {
    const scripts = blocks.filter(({ kind }) => kind === 'smmu');
    expect(scripts.length).toBeGreaterThan(0);
    for (const { text: script, line } of scripts) {
      const { tests } = await run(script);
      expect(
        tests.flatMap(({ failures }) => failures),
        `line ${line}`,
      ).toEqual([]);
    }
  });

  it('points at headings that it has', () => {
    const headings = new Set(
      [...text.matchAll(/^#+ (.*)$/gm)].map((found) =>
        (found[1] as string).toLowerCase().replaceAll(' ', '-'),
      ),
    );
    const links = [...text.matchAll(/\]\(#([^)]+)\)/g)].map((found) => found[1] as string);
    expect(links.length).toBeGreaterThan(FORMS.length);
    expect(links.filter((link) => !headings.has(link))).toEqual([]);
  });
});
