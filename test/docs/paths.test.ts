/** Documents about the code name files that are there. */

import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { root, sources } from '../house/sources.ts';

const ALL = sources('.', ['.ts', '.mts', '.mjs', '.md', '.json', '.jsonl', '.smmu', '.css', '.svg']).map(
  ({ name }) => name,
);
/** Every folder, with a slash at its end. */
const FOLDERS = [
  ...new Set(
    ALL.flatMap((name) => {
      const parts = name.split('/').slice(0, -1);
      return parts.map((_, i) => `${parts.slice(0, i + 1).join('/')}/`);
    }),
  ),
];
/** What a user, a build or an installation makes. */
const ELSEWHERE =
  /^(?:dist|out|node_modules|test\/artefacts)(?:\/|$)|^(?:launch|tsconfig|regs|bench)\.json$|\.smmuq$/;

/** The section about what is to come. */
const PLANS = '## Not there yet';

/** Something in backquotes that is a file or a folder: `debugger.ts`, `stops/`, `src/spec`, `check-*.ts`. */
function pathsIn(text: string): string[] {
  return [...text.replace(/```[\s\S]*?```/g, '').matchAll(/`([^`\s]+)`/g)]
    .map((found) => found[1] as string)
    .filter((word) =>
      /^[\w.*/<>-]+(?:\.(?:ts|mts|mjs|md|jsonl?|smmu)|\/)$|^(?:src|test|extension|media)\/[\w/*-]+$/.test(
        word,
      ),
    )
    .filter((word) => !ELSEWHERE.test(word) && !/[<>]/.test(word));
}

/** Whether a path is there: from the root, or below the folder of the section that it stands in. */
function isThere(named: string, folder: string): boolean {
  if (existsSync(path.join(root, named))) return true;
  const form = new RegExp(
    `(?:^|/)${named.replace(/[.+]/g, '\\$&').replaceAll('*', '[^/]*')}${/\.\w+$|\/$/.test(named) ? '' : '/'}$`,
  );
  return [...ALL, ...FOLDERS].some((name) => name.startsWith(folder) && form.test(name));
}

/** Paths by section, with the folder that its heading names. */
function missingIn(name: string): string[] {
  const text = readFileSync(path.join(root, name), 'utf8');
  const parts = text.split(/^(?=#{2,3} )/m);
  return parts.flatMap((part) => {
    if (part.startsWith(PLANS)) return [];
    const folder = /^### `((?:src|extension)[\w/]*?)\/?`/.exec(part)?.[1];
    return pathsIn(part)
      .filter((named) => !isThere(named, folder === undefined ? '' : `${folder}/`))
      .map((named) => `${name}: ${named}`);
  });
}

describe('documents about the code', () => {
  it.each(['ARCHITECTURE.md', 'CONTRIBUTING.md', 'README.md'])('%s names files that are there', (name) => {
    expect(missingIn(name)).toEqual([]);
  });

  it('are read: what is not there is found', () => {
    expect(pathsIn('`src/control/debugger.ts`, `stops/`, `check-*.ts`, `a word`, `reg CR0`')).toEqual([
      'src/control/debugger.ts',
      'stops/',
      'check-*.ts',
    ]);
    expect(isThere('debugger.ts', 'src/control/')).toBe(true);
    expect(isThere('debugger.ts', 'src/spec/')).toBe(false);
    expect(isThere('check-*.ts', 'src/control/')).toBe(true);
    expect(isThere('run-stale.ts', '')).toBe(false);
  });

  it('name every file of control', () => {
    const text = readFileSync(path.join(root, 'ARCHITECTURE.md'), 'utf8');
    const direct = ALL.filter((name) => /^src\/control\/[\w-]+\.ts$/.test(name)).map((name) =>
      path.basename(name),
    );
    const minor = ['thread.ts', 'words.ts'];
    expect(direct.filter((name) => !minor.includes(name) && !text.includes(`\`${name}\``))).toEqual([]);
  });
});
