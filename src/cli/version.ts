import { existsSync, readFileSync, realpathSync } from 'node:fs';
import path from 'node:path';

/** The package's version: of the package.json above the program, which is bundled or not. */
export function version(): string {
  let directory = path.dirname(realpathSync(process.argv[1] ?? '.'));
  for (;;) {
    const file = path.join(directory, 'package.json');
    if (existsSync(file)) {
      const manifest = JSON.parse(readFileSync(file, 'utf8')) as { name?: unknown; version?: unknown };
      if (manifest.name === 'smmu-debug') return String(manifest.version);
    }
    const parent = path.dirname(directory);
    if (parent === directory) return 'of unknown version';
    directory = parent;
  }
}
