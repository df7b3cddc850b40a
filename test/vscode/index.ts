/**
 * What the extension host calls (`extensionTestsPath`), in a desktop VS Code and in the VS Code server alike: runs every
 * suite with mocha and writes what happened to the file SMMU_TEST_REPORT. The runner demands that file, because a
 * killed extension host reports success.
 */
import { appendFileSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { format } from 'node:util';
import Mocha from 'mocha';

export async function run(): Promise<void> {
  const report = process.env['SMMU_TEST_REPORT'];
  if (report === undefined) throw new Error('SMMU_TEST_REPORT is not set: run npm test -- vscode');
  // Mocha's own lines would arrive among the workbench's log.
  Mocha.reporters.Base.consoleLog = (...line: unknown[]) => appendFileSync(report, `${format(...line)}\n`);
  const grep = process.env['SMMU_TEST_GREP'];
  const mocha = new Mocha({
    ui: 'bdd',
    color: false,
    timeout: 30_000,
    forbidOnly: true,
    ...(grep ? { grep } : {}),
  });
  const suites = path.join(__dirname, 'suite');
  for (const file of readdirSync(suites).sort()) mocha.addFile(path.join(suites, file));
  const stats = await new Promise<Mocha.Stats | undefined>((resolve) => {
    const runner = mocha.run(() => resolve(runner.stats));
  });
  if (!stats) throw new Error('mocha kept no statistics');
  const { passes, failures, pending } = stats;
  writeFileSync(`${report}.json`, JSON.stringify({ passed: passes, failed: failures, skipped: pending }));
  if (failures > 0) throw new Error(`${failures} tests failed`);
}
