// Packages of Debian that tests need: installed by apt-get where that is what a machine is for (root, as in CI).
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';

/** Whether this is root on one of these distributions, by their ID of os-release. */
export function isRootOn(...ids) {
  if (process.platform !== 'linux' || process.getuid?.() !== 0 || !existsSync('/etc/os-release'))
    return false;
  const id = /^ID="?([^"\n]*)"?$/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1];
  return ids.includes(id);
}

/** @returns why nothing was installed, as apt-get says; null when it went well */
export function aptInstall(...packages) {
  const update = apt('update');
  const install = apt('install', '-y', '--no-install-recommends', ...packages);
  return install.status === 0 ? null : lastLine(install.stderr || update.stderr);
}

const apt = (...args) =>
  spawnSync('apt-get', ['-q', '-o', 'DPkg::Lock::Timeout=300', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    encoding: 'utf8',
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  });

const lastLine = (text) => text?.trim().split('\n').at(-1) ?? 'no message';
