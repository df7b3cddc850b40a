import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll } from 'vitest';
import { UserError } from '../../src/bits/user-error.ts';

/** Path of a file of test/fixtures. */
export function fixture(...parts: string[]): string {
  return path.resolve(import.meta.dirname, '../fixtures', ...parts);
}

/** truth.json of a capture, in part. */
export interface Truth {
  readonly translations: readonly { readonly sid: number; readonly iova: string; readonly pa: string }[];
}

/** What is known to be in a capture of test/fixtures. */
export function truthOf(name: string): Truth {
  return JSON.parse(gunzipSync(fs.readFileSync(fixture(name, 'truth.json.gz'))).toString('utf8')) as Truth;
}

/** A folder of the test file's own, deleted when its tests are done. */
export function temporaryFolder(): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'smmu-test-'));
  afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Writes a file into `folder`. @returns its path */
export function put(folder: string, name: string, contents: Uint8Array | string): string {
  const file = path.join(folder, name);
  fs.writeFileSync(file, contents);
  return file;
}

/** The message of the UserError that `run` ends with; anything else fails the test. */
export async function complaint(run: () => unknown): Promise<string> {
  try {
    await run();
  } catch (error) {
    if (error instanceof UserError) return error.message;
    throw error;
  }
  throw new Error('no error at all');
}
