/** A fixed session over standard input and output, against its text. */

import path from 'node:path';
import { expect, test } from 'vitest';
import { withAdapter } from './drive.ts';
import { transcriptOf } from './transcript.ts';

const GOLDEN = path.resolve(import.meta.dirname, '../golden/session.txt');

test('a fixed session in a fresh process says what its golden text says, twice', async () => {
  await withAdapter(async (client) => {
    const first = await transcriptOf(client);
    await expect(first).toMatchFileSnapshot(GOLDEN);
    expect(await transcriptOf(client)).toBe(first);
  });
});
