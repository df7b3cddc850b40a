/**
 * The adapter as a process, driven through all that it declares: each capability has a row that says what is asked
 * and what must come back, and every message is held against the protocol.
 */

import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { DebugProtocol } from '@vscode/debugprotocol';
import { describe, expect, test } from 'vitest';
import { membersOf } from '../kit/dap-schema.ts';
import { CLIENT, withAdapter } from './drive.ts';
import { BREAKPOINT_ROWS } from './rows/breakpoints.ts';
import { DATA_ROWS } from './rows/data.ts';
import { EXECUTION } from './rows/execution.ts';
import { UNDECLARED_ROWS } from './rows/undeclared.ts';

const ROWS = [...EXECUTION, ...BREAKPOINT_ROWS, ...DATA_ROWS, ...UNDECLARED_ROWS];

interface Promised {
  readonly features: readonly { readonly feature: string; readonly declared: readonly string[] }[];
  readonly undeclared: readonly string[];
}

const PROMISED = JSON.parse(
  readFileSync(path.resolve(import.meta.dirname, '../vectors/dap-capabilities.json'), 'utf8'),
) as Promised;

const promised = PROMISED.features.flatMap(({ declared }) => declared);

test('the capabilities declared are those that are promised, no more and no less', async () => {
  await withAdapter(async (client) => {
    const capabilities = await client.ask<DebugProtocol.Capabilities>('initialize', CLIENT);
    const declared = Object.entries(capabilities).flatMap(([name, value]) => (value ? [name] : []));
    expect(declared.sort()).toEqual([...promised].sort());
  });
});

test('every name that is promised is one of the protocol', () => {
  expect(membersOf('Capabilities')).toEqual(expect.arrayContaining([...promised]));
});

test('every capability and every undeclared feature has a row, and no row is of anything else', () => {
  const names = ROWS.map(({ of }) => of).sort();
  expect(names).toEqual([...promised, ...PROMISED.undeclared].sort());
});

describe('what is declared is kept', () => {
  test.each(ROWS.map((row) => [row.of, row.fact, row] as const))('%s: %s', async (_of, _fact, row) => {
    await withAdapter((client, adapter) => row.check(client, adapter));
  });
});
