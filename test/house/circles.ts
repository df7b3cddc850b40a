import path from 'node:path';
import { importsOf } from './floors.ts';
import type { SourceFile } from './sources.ts';

/**
 * Circles of imports, types included: for each file that comes back to itself, the way it takes.
 * @returns one line a circle, such as `a.ts > b.ts > a.ts`
 */
export function circlesOf(files: readonly SourceFile[]): string[] {
  const targets = new Map(
    files.map(({ name, text }) => [
      name,
      importsOf(text)
        .filter((to) => to.startsWith('.'))
        .map((to) => path.posix.join(path.posix.dirname(name), to)),
    ]),
  );
  const found: string[] = [];
  const done = new Set<string>();
  const visit = (name: string, way: readonly string[]): void => {
    const at = way.indexOf(name);
    if (at >= 0) found.push([...way.slice(at), name].join(' > '));
    if (at >= 0 || done.has(name)) return;
    for (const to of targets.get(name) ?? []) visit(to, [...way, name]);
    done.add(name);
  };
  for (const name of targets.keys()) visit(name, []);
  return found;
}
