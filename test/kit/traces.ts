import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';

/** The text of one of the traces among the fixtures. */
export function trace(name: 'boot' | 'tail' | 'bypass' | 'faults'): string {
  const file = path.resolve(import.meta.dirname, '../fixtures/traces', `${name}.log`);
  return existsSync(file) ? readFileSync(file, 'utf8') : gunzipSync(readFileSync(`${file}.gz`)).toString();
}
