// The browser that shows the VS Code server's workbench: an installed one; on Debian as root one is installed.
import { existsSync } from 'node:fs';
import path from 'node:path';
import { aptInstall, isRootOn } from '../debian.mjs';

const INSTALL_HINT =
  'install Google Chrome, Chromium or Microsoft Edge, or set CHROMIUM to the path of its executable';

function candidates() {
  if (process.platform === 'darwin')
    return [
      '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
      '/Applications/Chromium.app/Contents/MacOS/Chromium',
      '/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge',
    ];
  if (process.platform === 'win32')
    return ['ProgramFiles', 'ProgramFiles(x86)', 'LOCALAPPDATA']
      .map((name) => process.env[name])
      .filter(Boolean)
      .flatMap((dir) => [
        path.join(dir, 'Google/Chrome/Application/chrome.exe'),
        path.join(dir, 'Chromium/Application/chrome.exe'),
        path.join(dir, 'Microsoft/Edge/Application/msedge.exe'),
      ]);
  const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'microsoft-edge'];
  const folders = (process.env.PATH ?? '').split(path.delimiter);
  return names.flatMap((name) => folders.map((dir) => path.join(dir, name)));
}

/** The executable of an installed browser, or null. */
export function findBrowser() {
  const named = process.env.CHROMIUM;
  if (named) return existsSync(named) ? named : null;
  return candidates().find((file) => existsSync(file)) ?? null;
}

/**
 * The executable of a browser. Only as root on Debian one is installed where none is, and that is said.
 * @returns the executable, or why there is none and what to do
 */
export function ensureBrowser() {
  const found = findBrowser();
  if (found) return { executable: found };
  if (process.env.CHROMIUM) return { reason: `CHROMIUM names ${process.env.CHROMIUM}, which does not exist` };
  if (!isRootOn('debian')) return { reason: `no browser found: ${INSTALL_HINT}` };
  console.error('No browser found; this is root on Debian: installing Chromium by apt-get (about 300 MB)...');
  const why = aptInstall('chromium', 'fonts-dejavu-core');
  const executable = findBrowser();
  return executable
    ? { executable }
    : { reason: `apt-get could not install chromium (${why}): ${INSTALL_HINT}` };
}

/** Opens a headless browser whose profile lies in `dir`. */
export async function openBrowser(executable, dir) {
  const { chromium } = await import('playwright-core');
  return chromium.launchPersistentContext(path.join(dir, 'browser'), {
    executablePath: executable,
    headless: true,
    viewport: { width: 1500, height: 950 },
    handleSIGINT: false,
    handleSIGTERM: false,
    handleSIGHUP: false,
    args: [
      ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
      ...['--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'],
      ...['--disable-component-update', '--disable-sync', '--disable-dev-shm-usage'],
    ],
  });
}
