import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { root } from '../../../extension/setup.mjs';

describe('npm start', () => {
  it('serves the workbench with the samples and ends when asked to check only', () => {
    const run = spawnSync(process.execPath, [path.join(root, 'extension/start.mjs'), '--check'], {
      encoding: 'utf8',
      timeout: 100_000,
    });
    assert.equal(run.status, 0, run.stderr);
    assert.match(run.stdout, /^ok http:\/\/127\.0\.0\.1:\d+\/\?folder=\S+$/m);
  });
});
