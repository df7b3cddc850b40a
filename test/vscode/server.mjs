// A real VS Code without a desktop: the VS Code server of the npm package code-server, on 127.0.0.1 only.
// Used by the tests and by `npm start` on a machine without a desktop VS Code.
import { execFileSync, spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { childEnv, ensurePackages, npm, root } from '../../extension/setup.mjs';

const tools = path.join(import.meta.dirname, 'tools');
const inner = path.join(tools, 'node_modules/code-server/lib/vscode');
const main = path.join(inner, 'out/server-main.js');

/** Installs the server unless it is there: no compiler is needed and no install script runs. */
export function ensureServer() {
  const ready = path.join(inner, '.installed');
  if (!ensurePackages(tools) && existsSync(ready)) return;
  console.error(
    'Installing the VS Code server for tests (about 650 MB in test/vscode/tools/node_modules)...',
  );
  // The inner package comes with a shrinkwrap that `npm ci` refuses.
  npm(
    [
      'install',
      '--omit=dev',
      '--omit=optional',
      '--ignore-scripts',
      '--no-audit',
      '--no-fund',
      '--loglevel=error',
    ],
    inner,
  );
  writeFileSync(ready, '');
}

/** What keeps the workbench quiet and the same on every machine. */
const SETTINGS = {
  'workbench.startupEditor': 'none',
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'chat.disableAIFeatures': true,
  'extensions.autoUpdate': false,
  'extensions.autoCheckUpdates': false,
  'extensions.ignoreRecommendations': true,
  'telemetry.telemetryLevel': 'off',
  'update.mode': 'none',
  'git.enabled': false,
  'debug.toolBarLocation': 'floating',
  'debug.openDebug': 'neverOpen',
  'debug.internalConsoleOptions': 'neverOpen',
};

/**
 * A temporary home for one VS Code: user data, extensions, and a copy of the workspace that may be written to.
 * @param workspace folder to copy, or null for an empty one
 */
export function makeHome(workspace, settings = {}) {
  const dir = mkdtempSync(path.join(tmpdir(), 'smmu-debug-'));
  const home = {
    dir,
    workspace: path.join(dir, 'workspace'),
    userData: path.join(dir, 'user'),
    extensions: path.join(dir, 'extensions'),
    remove: () => rmSync(dir, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 }),
  };
  for (const folder of [home.workspace, home.extensions, path.join(home.userData, 'User')])
    mkdirSync(folder, { recursive: true });
  if (workspace && existsSync(workspace)) cpSync(workspace, home.workspace, { recursive: true });
  writeFileSync(
    path.join(home.userData, 'User/settings.json'),
    JSON.stringify({ ...SETTINGS, ...settings }, null, 2),
  );
  return home;
}

function serverArgs(home) {
  const data = path.join(home.dir, 'server');
  return [
    ...['--accept-server-license-terms', '--user-data-dir', home.userData],
    ...['--server-data-dir', data, '--extensions-dir', home.extensions],
  ];
}

/** Installs a packaged extension into a home. */
export function installVsix(home, vsix) {
  try {
    execFileSync(process.execPath, [main, ...serverArgs(home), '--install-extension', vsix], {
      env: childEnv(),
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: 120_000,
    });
  } catch (error) {
    throw new Error(
      `VS Code refused ${path.basename(vsix)}:\n${error.stdout ?? ''}${error.stderr ?? error.message}`,
    );
  }
}

const running = new Set();
const killGroup = (child) => {
  running.delete(child);
  try {
    if (process.platform === 'win32') child.kill('SIGKILL');
    else process.kill(-child.pid, 'SIGKILL');
  } catch {
    // The group is empty already.
  }
};
process.on('exit', () => {
  for (const child of running) killGroup(child);
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
  process.once(signal, () => process.exit(signal === 'SIGINT' ? 130 : 143));

/**
 * Starts a server on a free port.
 * @param testing lets the URL's `payload` name an extension under development and its tests
 */
export async function startServer(home, { testing = false } = {}) {
  const child = spawn(
    process.execPath,
    [
      main,
      ...['--host', '127.0.0.1', '--port', '0', '--without-connection-token'],
      ...['--disable-workspace-trust', '--disable-telemetry'],
      ...serverArgs(home),
      ...(testing ? ['--enable-smoke-test-driver'] : []),
    ],
    // A process group of its own: a hung extension host outlives the server and is ended with the group.
    {
      cwd: home.dir,
      detached: process.platform !== 'win32',
      stdio: ['ignore', 'pipe', 'pipe'],
      env: childEnv(),
    },
  );
  running.add(child);
  const base = await new Promise((resolve, reject) => {
    let log = '';
    const read = (data) => {
      log += data;
      const port = /Web UI available at http:\/\/\S+:(\d+)/.exec(log)?.[1];
      if (port) resolve(`http://127.0.0.1:${port}`);
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`the VS Code server ended with ${code}:\n${log}`)));
    setTimeout(() => reject(new Error(`the VS Code server did not start in 60 s:\n${log}`)), 60_000).unref();
  });
  return {
    base,
    /** The workbench's address for a folder; without a slash before the question mark, or the page stays blank. */
    url: (folder) => `${base}/?folder=${encodeURIComponent(folder)}`,
    async stop() {
      const gone = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      await Promise.race([gone, new Promise((resolve) => setTimeout(resolve, 3000))]);
      killGroup(child);
    },
  };
}

/** The samples that come with the extension. */
export const samples = path.join(root, 'extension/samples');
