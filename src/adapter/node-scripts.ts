/** The files of scripts under Node: includes, captures, and nothing outside of the workspace. */

import { existsSync, readFileSync, realpathSync, statSync } from 'node:fs';
import path from 'node:path';
import { sizeText } from '../bits/size-text.ts';
import { UserError } from '../bits/user-error.ts';
import { openMachine } from '../capture/machine.ts';
import type { ScriptRunFiles } from '../control/script/run.ts';
import type { CachePolicy } from '../model/smmu.ts';

/** Nobody writes more by hand. */
const LARGEST_SCRIPT = 4 * 2 ** 20;
/** Names of register snapshots that are taken when a script names none. */
const SNAPSHOTS = ['regs.json', 'registers.json', 'regs.txt', 'registers.txt'] as const;

/**
 * Reads a script.
 * @throws UserError when it is no file, or too large to be one
 */
export function readScript(file: string): string {
  const stat = statSync(file, { throwIfNoEntry: false });
  if (!stat) throw new UserError('there is no such file', { where: file });
  if (!stat.isFile()) throw new UserError('is no file', { where: file });
  if (stat.size > LARGEST_SCRIPT) {
    throw new UserError(`is larger than ${sizeText(LARGEST_SCRIPT)}`, { where: file, todo: 'name a script' });
  }
  return readFileSync(file, 'utf8');
}

/**
 * The real path of a file that a script names.
 * @throws UserError when it is not there, or lies outside of the workspace: by `..`, or by a link
 */
function within(workspace: string, named: string, from: string): string {
  const asked = path.resolve(path.dirname(from), named);
  if (!existsSync(asked))
    throw new UserError(`"${named}" is not there`, { todo: 'paths are relative to the script' });
  const real = realpathSync(asked);
  const inside = path.relative(realpathSync(workspace), real);
  if (inside === '..' || inside.startsWith(`..${path.sep}`) || path.isAbsolute(inside)) {
    throw new UserError(`"${named}" lies outside of the workspace ${workspace}`);
  }
  return real;
}

function snapshotBeside(capture: string): string {
  const found = SNAPSHOTS.map((name) => path.join(path.dirname(capture), name)).find((file) =>
    existsSync(file),
  );
  if (found !== undefined) return found;
  throw new UserError('no register snapshot is named, and none lies beside the capture', {
    todo: 'write load "CAPTURE" registers="FILE"',
  });
}

/**
 * How scripts under Node find their files.
 * @param workspace folder that no path may leave
 */
export function nodeScripts(
  workspace: string,
  options: { readonly caches?: CachePolicy | undefined; readonly signal?: AbortSignal } = {},
): ScriptRunFiles {
  return {
    async include(named, from) {
      const file = within(workspace, named, from);
      return { file, text: readScript(file) };
    },
    async load({ capture, registers, base }, from) {
      const file = within(workspace, capture, from);
      const snapshot =
        registers === null
          ? within(workspace, snapshotBeside(file), from)
          : within(workspace, registers, from);
      const { signal, caches = 'maximal' } = options;
      return openMachine(
        { capture: base === null ? file : { file, base }, registers: snapshot, caches },
        signal ? { signal } : {},
      );
    },
  };
}
