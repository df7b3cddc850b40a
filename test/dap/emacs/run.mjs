// A client written elsewhere runs a session: Emacs with dap-mode, without a window. What it knows on the way is a
// transcript that is held against test/golden/emacs.txt.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { root } from '../../../extension/setup.mjs';
import { aptInstall, isRootOn } from '../../debian.mjs';

const PACKAGES = ['emacs-nox', 'elpa-dap-mode'];
const HINT = `it needs Emacs with dap-mode as Debian and Ubuntu package them: apt-get install ${PACKAGES.join(' ')}`;
/** Where Debian's packages of Emacs Lisp lie. */
const ELPA = '/usr/share/emacs/site-lisp/elpa';
const GOLDEN = path.join(root, 'test/golden/emacs.txt');
const TIMEOUT_MS = 120_000;

function hasEmacs() {
  const hasDapMode = existsSync(ELPA) && readdirSync(ELPA).some((name) => name.startsWith('dap-mode-'));
  return hasDapMode && spawnSync('emacs', ['--version'], { stdio: 'ignore' }).status === 0;
}

/** @returns why there is no Emacs with dap-mode and what to do, or null when there is */
export function ensureEmacs() {
  if (hasEmacs()) return null;
  if (!isRootOn('debian', 'ubuntu')) return HINT;
  console.error(
    'No Emacs with dap-mode found; this is root on Debian: installing both by apt-get (about 150 MB)...',
  );
  const why = aptInstall(...PACKAGES);
  return hasEmacs() ? null : `apt-get could not install it (${why}); ${HINT}`;
}

/** Runs the session with the built command line. */
export function runEmacs() {
  const scratch = mkdtempSync(path.join(os.tmpdir(), 'smmu-emacs-'));
  const pending = path.join(root, 'test/fixtures/linux-pending');
  try {
    const { status, stdout, stderr, error } = spawnSync(
      'emacs',
      [
        ...['--batch', '-Q', '-l', path.join(import.meta.dirname, 'session.el'), '--'],
        ...[process.execPath, path.join(root, 'dist/cli.js')],
        path.join(root, 'test/dap/scripts/session.smmu'),
        ...[path.join(pending, 'small.elf.gz'), path.join(pending, 'regs.json'), scratch],
      ],
      { encoding: 'utf8', timeout: TIMEOUT_MS, env: { ...process.env, LC_ALL: 'C.UTF-8', HOME: scratch } },
    );
    const checks = [
      ['the session in Emacs goes to its end', status === 0 ? null : (error?.message ?? stderr)],
      ['what Emacs knows is what the transcript says', difference(stdout)],
    ];
    for (const [name, why] of checks)
      console.log(why === null ? `ok      ${name}` : `FAILED  ${name}\n${why}`);
    const failed = checks.filter(([, why]) => why !== null).length;
    return { passed: checks.length - failed, failed, skipped: 0 };
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** How many tests there are, for those that cannot be run here. */
export const EMACS_TESTS = 2;

/** The first line that is another; null when there is none. UPDATE_GOLDEN=1 takes the transcript as it is. */
function difference(transcript) {
  if (process.env.UPDATE_GOLDEN) writeFileSync(GOLDEN, transcript);
  const expected = readFileSync(GOLDEN, 'utf8').split('\n');
  const actual = transcript.split('\n');
  const at = expected.findIndex((line, i) => line !== actual[i]);
  if (at < 0 && expected.length === actual.length) return null;
  const line = at < 0 ? expected.length : at;
  return `line ${line + 1} of ${path.relative(root, GOLDEN)}\n  expected ${expected[line]}\n  actual   ${actual[line]}`;
}
