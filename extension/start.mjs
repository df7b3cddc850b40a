// npm start [-- --no-open | --check]   Installs and builds what is missing, then opens VS Code with the extension on a
// copy of the sample workspace: the desktop VS Code of this machine, or else the VS Code server in a browser.
//   --no-open  the server only, its address printed
//   --check    the server only: waits until the workbench answers, prints `ok URL`, ends with 0
import { spawn, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import path from 'node:path';
import { childEnv, ensureNodeAndPackages, root, SetupError } from './setup.mjs';

const FLAGS = ['--no-open', '--check'];
const samples = path.join(root, 'extension/samples');

/** The launcher of a desktop VS Code that this terminal can open, or null. */
function findDesktop() {
  const named = process.env.VSCODE_EXECUTABLE;
  if (named) {
    if (!existsSync(named)) throw new SetupError(`VSCODE_EXECUTABLE names ${named}, which does not exist`);
    return named;
  }
  if (process.platform === 'darwin') {
    const app = 'Applications/Visual Studio Code.app/Contents/Resources/app/bin/code';
    return [path.join('/', app), path.join(homedir(), app), onPath('code')].find(
      (file) => file && existsSync(file),
    );
  }
  if (process.platform === 'win32')
    return [path.join(process.env.LOCALAPPDATA ?? '', 'Programs'), process.env.ProgramFiles ?? '']
      .map((dir) => path.join(dir, 'Microsoft VS Code/Code.exe'))
      .find((file) => existsSync(file));
  const hasDisplay = process.env.DISPLAY || process.env.WAYLAND_DISPLAY;
  // In a remote terminal of VS Code, `code` speaks to the window far away, which cannot load an extension from here.
  if (!hasDisplay || process.env.VSCODE_IPC_HOOK_CLI) return null;
  return (
    onPath('code') ?? ['/usr/share/code/bin/code', '/snap/bin/code'].find((file) => existsSync(file)) ?? null
  );
}

function onPath(command) {
  return (process.env.PATH ?? '')
    .split(path.delimiter)
    .map((dir) => path.join(dir, command))
    .find((file) => existsSync(file));
}

/** Opens the desktop VS Code and waits until its window is closed. */
async function openDesktop(executable) {
  const home = mkdtempSync(path.join(tmpdir(), 'smmu-debug-'));
  const workspace = path.join(home, 'samples');
  cpSync(samples, workspace, { recursive: true });
  const asRoot = process.platform === 'linux' && process.getuid?.() === 0;
  const args = [
    ...['--new-window', '--wait', `--extensionDevelopmentPath=${root}`],
    ...(asRoot ? ['--no-sandbox', '--user-data-dir', path.join(home, 'user')] : []),
    workspace,
  ];
  console.log(`Opening ${executable} on a copy of the samples; close its window or press Ctrl+C to end.`);
  const child = spawn(executable, args, { stdio: 'inherit', env: childEnv() });
  const code = await new Promise((resolve, reject) => {
    child.once('error', (error) => reject(new SetupError(`${executable} did not start: ${error.message}`)));
    child.once('exit', (status) => resolve(status ?? 1));
    for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => resolve(0));
  });
  rmSync(home, { recursive: true, force: true, maxRetries: 5 });
  return code;
}

/** Shows an address in this machine's browser. Answers whether there was one to show it. */
function openUrl(url, browser, profile) {
  const [command, ...args] =
    process.platform === 'darwin'
      ? ['open', url]
      : process.platform === 'win32'
        ? ['cmd', '/c', 'start', '""', url]
        : linuxBrowser(url, browser, profile);
  if (!command) return false;
  const child = spawn(command, args, { stdio: 'ignore', env: childEnv() });
  child.on('error', () => console.log(`${command} could not be started: open the address by hand.`));
  return true;
}

function linuxBrowser(url, browser, profile) {
  if (!process.env.DISPLAY && !process.env.WAYLAND_DISPLAY) return [];
  const asRoot = process.getuid?.() === 0;
  if (!asRoot && onPath('xdg-open')) return ['xdg-open', url];
  return browser ? [browser, `--user-data-dir=${profile}`, ...(asRoot ? ['--no-sandbox'] : []), url] : [];
}

/** Waits until the workbench shows itself in a headless browser, or at least is served where there is no browser. */
async function checkWorkbench(url, executable, home) {
  if (!executable) {
    const response = await fetch(url);
    if (!response.ok) throw new Error(`${url} answered ${response.status}`);
    return;
  }
  const { openBrowser } = await import('../test/vscode/browser.mjs');
  const context = await openBrowser(executable, home.dir);
  try {
    const page = context.pages()[0] ?? (await context.newPage());
    await page.goto(url, { waitUntil: 'domcontentloaded' });
    await page.waitForSelector('.monaco-workbench .part.statusbar', { timeout: 60_000 });
  } finally {
    await context.close();
  }
}

async function openServer(flag) {
  const { ensureServer, installVsix, makeHome, startServer } = await import('../test/vscode/server.mjs');
  const { ensureBrowser, findBrowser } = await import('../test/vscode/browser.mjs');
  const { packageVsix, vsixPath } = await import('./build.mjs');
  if (flag === null) console.log('No desktop VS Code found here: using the VS Code server in a browser.');
  ensureServer();
  const browser = flag === '--no-open' ? { executable: findBrowser() } : ensureBrowser();
  packageVsix();
  const home = makeHome(samples);
  process.on('exit', () => home.remove());
  installVsix(home, vsixPath());
  const server = await startServer(home);
  const url = server.url(home.workspace);
  if (flag === '--check') {
    await checkWorkbench(url, browser.executable, home);
    console.log(`ok ${url}`);
  } else {
    const shown = flag === null && openUrl(url, browser.executable, path.join(home.dir, 'browser'));
    console.log(
      `\n${shown ? 'VS Code runs at' : 'Open this address in a browser:'}\n  ${url}\nCtrl+C ends it.`,
    );
    // A signal ends the process, and with it the server.
    await new Promise(() => {});
  }
  await server.stop();
  return 0;
}

function build() {
  const run = spawnSync(process.execPath, [path.join(root, 'extension/build.mjs')], {
    stdio: ['ignore', 2, 2],
  });
  if (run.status !== 0) throw new SetupError('the build failed: see above');
}

async function main() {
  const flag = process.argv[2] ?? null;
  if (flag !== null && !FLAGS.includes(flag))
    throw new SetupError(`npm start -- ${flag}: there are ${FLAGS.join(' and ')}`);
  await ensureNodeAndPackages();
  build();
  const desktop = flag === null ? findDesktop() : null;
  return desktop ? openDesktop(desktop) : openServer(flag);
}

try {
  process.exit(await main());
} catch (error) {
  console.error(error instanceof SetupError ? error.message : error);
  process.exit(1);
}
