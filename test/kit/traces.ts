import { readFileSync } from 'node:fs';
import path from 'node:path';

/** The text of one of the small traces. */
export function trace(name: 'boot' | 'tail' | 'bypass' | 'faults'): string {
  return readFileSync(path.resolve(import.meta.dirname, '../fixtures/traces', `${name}.log`), 'utf8');
}
