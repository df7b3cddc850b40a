import { UserError } from '../../../src/bits/user-error.ts';
import { openScript, type Script } from '../../../src/control/script/execute/script.ts';
import {
  type RunOptions,
  type RunResult,
  runScript,
  type ScriptRunFiles,
} from '../../../src/control/script/run.ts';

/** Files by path, for scripts that include each other. */
export function filesOf(files: Readonly<Record<string, string>> = {}): ScriptRunFiles {
  return {
    include: async (path) => {
      const text = files[path];
      if (text === undefined) throw new UserError(`${path} cannot be found`);
      return { file: path, text };
    },
    load: async () => {
      throw new UserError('no captures here');
    },
  };
}

export const NAME = 'a.smmu';

export function run(
  text: string,
  options: RunOptions = {},
  files: Readonly<Record<string, string>> = {},
): Promise<RunResult> {
  return runScript(text, NAME, filesOf(files), options);
}

export function open(text: string, files: Readonly<Record<string, string>> = {}): Promise<Script> {
  return openScript(text, NAME, filesOf(files));
}

/** The texts of all failures, each with its line. */
export function failuresOf(result: RunResult): string[] {
  return result.tests.flatMap(({ failures }) => failures.map(({ line, text }) => `${line}: ${text}`));
}
