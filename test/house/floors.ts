import path from 'node:path';
import { withoutComments } from './sources.ts';

/** Which floors a folder may import from. Its own files are always allowed. */
const BELOW: Readonly<Record<string, readonly string[]>> = {
  'src/bits': [],
  'src/spec': ['src/bits'],
  'src/model': ['src/bits', 'src/spec'],
  'src/inspect': ['src/bits', 'src/spec', 'src/model'],
  'src/capture': ['src/bits', 'src/spec', 'src/model'],
  'src/control': ['src/bits', 'src/spec', 'src/model'],
  'src/live': ['src/bits', 'src/spec', 'src/model'],
  'src/adapter': floors3(),
  'src/cli': [...floors3(), 'src/adapter'],
  extension: [...floors3(), 'src/adapter'],
};

function floors3(): string[] {
  return ['bits', 'spec', 'model', 'inspect', 'capture', 'control', 'live'].map((name) => `src/${name}`);
}

/** Packages besides relative files, by floor; `node:` stands for all of Node. Not listed: none, pure ES. */
const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  'src/capture': ['node:', 'fzstd'],
  'src/control': ['jsep'],
  'src/live': ['node:'],
  'src/adapter': ['node:', '@vscode/debugadapter', '@vscode/debugprotocol'],
  'src/cli': ['node:'],
  extension: ['node:', 'vscode', '@vscode/debugprotocol', '@vscode/debugadapter'],
};

/** Every module that a source names: import, export from, import(), require(). */
export function importsOf(text: string): string[] {
  const code = withoutComments(text);
  const form =
    /(?:^|[;\s}])(?:import|export)\s[^'"`;()]*?\bfrom\s*['"]([^'"]+)['"]|(?:^|[;\s}])import\s*['"]([^'"]+)['"]|\b(?:import|require)\s*\(\s*['"`]([^'"`]+)['"`]/g;
  return [...code.matchAll(form)].map((found) => (found[1] ?? found[2] ?? found[3]) as string);
}

const floorOf = (name: string): string | undefined =>
  Object.keys(BELOW).find((floor) => name === floor || name.startsWith(`${floor}/`));

/**
 * Why a file may not import a module, or null when it may.
 * @param file name relative to the root
 * @param specifier as written in the import
 */
export function refusal(file: string, specifier: string): string | null {
  const floor = floorOf(file);
  if (floor === undefined) return `${file} lies on no floor`;
  if (!specifier.startsWith('.')) {
    const allowed = PACKAGES[floor] ?? [];
    const fits = (name: string): boolean =>
      name.endsWith(':')
        ? specifier.startsWith(name)
        : specifier === name || specifier.startsWith(`${name}/`);
    return allowed.some(fits) ? null : `${file} imports ${specifier}, which ${floor} must not know`;
  }
  const target = path.posix.join(path.posix.dirname(file), specifier);
  const targetFloor = floorOf(target);
  if (targetFloor === floor) return null;
  if (targetFloor !== undefined && BELOW[floor]?.includes(targetFloor)) return null;
  return `${file} imports ${target}: ${floor} stands on ${BELOW[floor]?.join(', ') || 'nothing'}`;
}
