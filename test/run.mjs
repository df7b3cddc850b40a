// npm test [-- house | unit | client | vscode]   Everything on a fresh clone with Node 20 and npm: installs what is missing, then
// types, lint, build, unit tests, a session in Emacs, package, tests in a real VS Code. The last line is the sum of all of them.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { ensureNodeAndPackages, root, SetupError } from '../extension/setup.mjs';

const PARTS = ['all', 'house', 'unit', 'client', 'vscode'];
const total = { passed: 0, failed: 0, skipped: 0 };
const part = process.argv[2] ?? 'all';
const grep = process.argv[3];

const bin = (name) => path.join(root, 'node_modules', name);
const run = (script, args) =>
  spawnSync(process.execPath, [script, ...args], { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] })
    .status ?? 1;

/** Runs one step; a step that answers a boolean counts as one test. */
async function step(name, work) {
  console.log(`\n== ${name}`);
  const from = Date.now();
  let answer;
  try {
    answer = await work();
  } catch (error) {
    // esbuild has printed its errors already.
    if (!error.errors) console.error(error instanceof SetupError ? error.message : error);
    answer = false;
  }
  const counts =
    typeof answer === 'boolean' ? { passed: Number(answer), failed: Number(!answer), skipped: 0 } : answer;
  for (const key of Object.keys(total)) total[key] += counts[key];
  const seconds = ((Date.now() - from) / 1000).toFixed(1);
  console.log(`== ${name}: ${sum(counts)} (${seconds} s)`);
  return counts.failed === 0;
}

const sum = (counts) => `${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`;

/** Vitest, and its own report of it: a file that cannot be loaded has no tests and is a failure all the same. */
function vitest(filter) {
  const report = path.join(root, 'out/unit.json');
  rmSync(report, { force: true });
  mkdirSync(path.dirname(report), { recursive: true });
  const args = ['run', ...filter, '--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  const status = run(bin('vitest/vitest.mjs'), args);
  if (!existsSync(report)) return false;
  const result = JSON.parse(readFileSync(report, 'utf8'));
  const unloaded = result.testResults.filter(
    (file) => file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed'),
  ).length;
  const failed = result.numFailedTests + unloaded;
  return {
    passed: result.numPassedTests,
    failed: failed === 0 && status !== 0 ? 1 : failed,
    skipped: result.numPendingTests + result.numTodoTests,
  };
}

/** How many tests the files of a folder declare, for those that cannot be run here. */
function declared(dir, ending) {
  const folder = path.join(root, 'test/vscode', dir);
  const files = readdirSync(folder).filter((name) => name.endsWith(ending));
  const count = (name) => readFileSync(path.join(folder, name), 'utf8').match(/^\s*it\(/gm)?.length ?? 0;
  return files.reduce((all, name) => all + count(name), 0);
}

function skip(dir, ending, reason) {
  const skipped = declared(dir, ending);
  console.log(`skipped ${skipped} tests: ${reason}`);
  return { passed: 0, failed: 0, skipped };
}

/** A session in a client that was written elsewhere. */
async function inEmacs() {
  const { ensureEmacs, runEmacs, EMACS_TESTS } = await import('./dap/emacs/run.mjs');
  await step('client (Emacs)', () => {
    const reason = ensureEmacs();
    if (reason === null) return runEmacs();
    console.log(`skipped ${EMACS_TESTS} tests: ${reason}`);
    return { passed: 0, failed: 0, skipped: EMACS_TESTS };
  });
}

async function build() {
  const { buildAll } = await import('../extension/build.mjs');
  return step('build', () => buildAll().then(() => true));
}

async function inVsCode() {
  const { buildSuites, packageVsix } = await import('../extension/build.mjs');
  const packaged = await step('package', () => {
    packageVsix();
    return true;
  });
  const { runSuite } = await import('./vscode/run-suite.mjs');
  await step('tests inside VS Code', async () => {
    await buildSuites();
    const result = await runSuite({ grep });
    return result.reason ? skip('suite', '.test.ts', result.reason) : result;
  });
  if (!packaged) return;
  const { ensureBrowser } = await import('./vscode/browser.mjs');
  const { runUi } = await import('./vscode/run-ui.mjs');
  await step('tests of the workbench', () => {
    const { reason } = ensureBrowser();
    return reason ? skip('ui', '.ui.mjs', reason) : runUi({ grep });
  });
}

async function main() {
  if (!PARTS.includes(part)) throw new SetupError(`npm test -- ${part}: there are ${PARTS.join(', ')}`);
  await ensureNodeAndPackages();
  console.log(`Node ${process.versions.node} on ${process.platform}-${process.arch}`);
  process.chdir(root);
  if (part === 'all') {
    await step('types', () => run(bin('typescript/bin/tsc'), ['-b', '--pretty', 'false']) === 0);
    await step('lint', () => run(bin('@biomejs/biome/bin/biome'), ['ci', '--error-on-warnings']) === 0);
  }
  if (part === 'house') {
    await step('house', () => vitest(['test/house']));
    return;
  }
  // Before the unit tests: some of them run the built command line and the built adapter.
  const built = await build();
  if (part === 'all' || part === 'unit') await step('unit tests', () => vitest(grep ? ['-t', grep] : []));
  if ((part === 'all' || part === 'client') && built) await inEmacs();
  if ((part === 'all' || part === 'vscode') && built) await inVsCode();
}

try {
  await main();
} catch (error) {
  console.error(error instanceof SetupError ? error.message : error);
  total.failed += 1;
}
console.log(`\n${sum(total)}`);
process.exit(total.failed > 0 ? 1 : 0);
