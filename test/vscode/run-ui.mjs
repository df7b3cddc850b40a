// Runs test/vscode/ui/*.ui.mjs with mocha in this process: each drives the packaged extension in the VS Code server's
// workbench through a browser, and looks at what a user sees.
import { readdirSync } from 'node:fs';
import path from 'node:path';
import Mocha from 'mocha';
import { closePopups, shootFailure, stopAll } from './ui/kit.mjs';

/** @returns counts; the browser and the server must be there */
export async function runUi({ grep } = {}) {
  const mocha = new Mocha({
    ui: 'bdd',
    color: false,
    timeout: 120_000,
    // A busy machine loses a click now and then. A second failure is one, and each second try is told.
    retries: 1,
    forbidOnly: true,
    ...(grep ? { grep } : {}),
  });
  const dir = path.join(import.meta.dirname, 'ui');
  for (const file of readdirSync(dir).sort())
    if (file.endsWith('.ui.mjs')) mocha.addFile(path.join(dir, file));
  mocha.rootHooks({
    async beforeEach() {
      if (this.currentTest?.currentRetry() > 0) await closePopups();
    },
    async afterEach() {
      if (this.currentTest?.state === 'failed') await shootFailure(this.currentTest.fullTitle());
    },
  });
  await mocha.loadFilesAsync();
  try {
    return await new Promise((resolve) => {
      const runner = mocha.run(() => {
        const { passes, failures, pending } = runner.stats;
        resolve({ passed: passes, failed: failures, skipped: pending });
      });
      runner.on('retry', (test, error) =>
        console.log(`    tried again: ${test.title} (${error.message.split('\n')[0]})`),
      );
    });
  } finally {
    await stopAll();
  }
}
