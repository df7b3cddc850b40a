import { existsSync } from 'node:fs';
import path from 'node:path';

/**
 * The maintainers' folder of large captures and specification extracts, `../shared` beside the repository.
 * It is optional: tests that can check more when it is there ask here, and `null` means it is not.
 */
export function sharedDir(): string | null {
  const dir = path.resolve(import.meta.dirname, '../../../shared');
  return existsSync(dir) ? dir : null;
}
