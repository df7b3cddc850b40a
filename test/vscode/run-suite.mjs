// Runs test/vscode/suite inside a real VS Code. Two hosts, the same mocha files: the VS Code server with its workbench
// in a browser, or a desktop VS Code. VSCODE_TEST_HOST=server|electron chooses; by default the first that can be had.
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { root } from '../../extension/setup.mjs';
import { ensureBrowser, openBrowser } from './browser.mjs';
import { ensureServer, makeHome, samples, startServer } from './server.mjs';

const LIMIT_MS = Number(process.env.VSCODE_TEST_LIMIT_MS ?? 300_000);
export const artefacts = path.join(root, 'test/artefacts');
const tests = path.join(root, 'out/test-vscode/index.js');

async function inServer(executable, home, env) {
  ensureServer();
  const server = await startServer(home, { testing: true });
  const context = await openBrowser(executable, home.dir);
  const shown = follow(env.SMMU_TEST_REPORT);
  const log = [];
  try {
    const page = context.pages()[0] ?? (await context.newPage());
    let finish;
    const finished = new Promise((resolve) => {
      finish = resolve;
    });
    page.on('crash', () => finish('the browser page crashed'));
    await page.exposeFunction('codeAutomationLog', (type, args) => log.push(`${type}: ${args.join(' ')}`));
    await page.exposeFunction('codeAutomationExit', (code) =>
      finish(code === 0 ? null : `exit code ${code}`),
    );
    const remote = (file) => `vscode-remote://${new URL(server.base).host}${pathToFileURL(file).pathname}`;
    const payload = [
      ['extensionDevelopmentPath', remote(root)],
      ['extensionTestsPath', remote(tests)],
      ['skipWelcome', 'true'],
      ['extensionEnvironment', JSON.stringify(env)],
    ];
    const address = `${server.url(home.workspace)}&payload=${encodeURIComponent(JSON.stringify(payload))}`;
    await page.goto(address, { waitUntil: 'domcontentloaded' });
    const timer = setTimeout(() => finish(`no end after ${LIMIT_MS / 1000} s`), LIMIT_MS);
    const trouble = await finished;
    clearTimeout(timer);
    if (trouble) {
      mkdirSync(artefacts, { recursive: true });
      await page.screenshot({ path: path.join(artefacts, 'failed-suite.png') }).catch(() => {});
    }
    return { trouble, log };
  } finally {
    await context.close().catch(() => {});
    await server.stop();
    shown.stop();
  }
}

/** The desktop VS Code to test in: VSCODE_EXECUTABLE, or one that is downloaded into .vscode-test. */
async function findDesktop() {
  if (process.env.VSCODE_EXECUTABLE) return { executable: process.env.VSCODE_EXECUTABLE };
  const { downloadAndUnzipVSCode } = await import('@vscode/test-electron');
  try {
    const cachePath = path.join(root, '.vscode-test');
    const version = process.env.VSCODE_VERSION ?? 'stable';
    return { executable: await downloadAndUnzipVSCode({ version, cachePath }) };
  } catch (error) {
    return { reason: `no desktop VS Code could be downloaded (${error.message})` };
  }
}

async function inDesktop(executable, home, env) {
  const { runTests } = await import('@vscode/test-electron');
  const shown = follow(env.SMMU_TEST_REPORT);
  try {
    await runTests({
      vscodeExecutablePath: executable,
      extensionDevelopmentPath: root,
      extensionTestsPath: tests,
      extensionTestsEnv: env,
      launchArgs: [
        home.workspace,
        ...['--disable-extensions', '--disable-workspace-trust'],
        ...['--user-data-dir', home.userData, '--extensions-dir', home.extensions],
        ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
      ],
    });
    return { trouble: null, log: [] };
  } catch (error) {
    return { trouble: String(error.message ?? error), log: [] };
  } finally {
    shown.stop();
  }
}

/** Prints what is appended to a file, as it comes. */
function follow(file) {
  let printed = 0;
  const print = () => {
    if (!existsSync(file)) return;
    const text = readFileSync(file, 'utf8');
    process.stdout.write(text.slice(printed));
    printed = text.length;
  };
  const timer = setInterval(print, 300);
  return {
    stop() {
      clearInterval(timer);
      print();
    },
  };
}

/**
 * @param grep runs only the tests whose name matches
 * @returns counts, and `reason` when nothing could be run
 */
export async function runSuite({ grep } = {}) {
  const host = process.env.VSCODE_TEST_HOST ?? 'auto';
  const browser = host === 'electron' ? { reason: 'VSCODE_TEST_HOST=electron' } : ensureBrowser();
  const desktop = browser.executable || host === 'server' ? {} : await findDesktop();
  if (!browser.executable && !desktop.executable) {
    const reason = [browser.reason, desktop.reason].filter(Boolean).join('; ');
    return { passed: 0, failed: 0, skipped: 0, reason };
  }
  const home = makeHome(samples);
  const report = path.join(home.dir, 'report.txt');
  const env = { SMMU_TEST_REPORT: report, ...(grep ? { SMMU_TEST_GREP: grep } : {}) };
  try {
    console.log(browser.executable ? `VS Code server in ${browser.executable}` : 'desktop VS Code');
    const { trouble, log } = browser.executable
      ? await inServer(browser.executable, home, env)
      : await inDesktop(desktop.executable, home, env);
    if (!existsSync(`${report}.json`)) {
      console.error(
        `the extension host left no report (${trouble ?? 'it said success'})\n${log.slice(-15).join('\n')}`,
      );
      return { passed: 0, failed: 1, skipped: 0 };
    }
    const counts = JSON.parse(readFileSync(`${report}.json`, 'utf8'));
    if (counts.passed + counts.failed + counts.skipped === 0) {
      console.error('no test ran');
      return { ...counts, failed: 1 };
    }
    // A host that ends badly after green tests is a failure of its own.
    if (trouble && counts.failed === 0) {
      console.error(`the extension host ended badly: ${trouble}\n${log.slice(-15).join('\n')}`);
      return { ...counts, failed: 1 };
    }
    return counts;
  } finally {
    home.remove();
  }
}
