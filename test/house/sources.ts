import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** The repository's folder. */
export const root = path.resolve(import.meta.dirname, '../..');

const NOT_OURS = new Set(['node_modules', 'dist', 'out', 'artefacts', '.git', '.vscode-test']);

/** One text file of the repository; `name` is relative to the root, with slashes. */
export interface SourceFile {
  readonly name: string;
  readonly text: string;
}

/** All files below a folder of the repository whose name ends so, without what is installed or built. */
export function sources(folder: string, endings: readonly string[]): SourceFile[] {
  const found: SourceFile[] = [];
  const visit = (dir: string): void => {
    for (const entry of readdirSync(path.join(root, dir), { withFileTypes: true })) {
      const name = path.posix.join(dir, entry.name);
      if (entry.isDirectory()) {
        if (!NOT_OURS.has(entry.name)) visit(name);
      } else if (endings.some((ending) => name.endsWith(ending))) {
        found.push({ name, text: readFileSync(path.join(root, name), 'utf8') });
      }
    }
  };
  visit(folder);
  return found;
}

/** A source without its comments; line numbers stay. Strings are kept, because imports are strings. */
export function withoutComments(text: string): string {
  const token = /'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`|\/\/[^\n]*|\/\*[\s\S]*?\*\//g;
  return text.replace(token, (found) => (found.startsWith('/') ? found.replace(/[^\n]/g, ' ') : found));
}

/** A source without comments and without the contents of its strings. */
export function withoutStrings(text: string): string {
  return withoutComments(text).replace(/'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`/g, "''");
}
