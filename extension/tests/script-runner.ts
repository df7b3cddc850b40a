/** Runs scripts inside the extension host: a bundle of its own, loaded with the first run. */

import { realpathSync } from 'node:fs';
import { nodeScripts, readScript } from '../../src/adapter/node-scripts.ts';
import { checkersOf } from '../../src/control/checkers.ts';
import { type RunWarning, runScript } from '../../src/control/script/run.ts';

import type { RunScriptTests } from './run.ts';

/**
 * Runs a script, or one of its tests, with every checker. Gives others their turn now and then.
 * @throws Error when it was taken back, or the file cannot be read
 */
export const runInProcess: RunScriptTests = async ({ file, workspace, only }, signal) => {
  const text = readScript(file);
  const { tests, output, warnings } = await runScript(
    text,
    realpathSync(file),
    nodeScripts(workspace, { signal }),
    {
      only,
      checkers: (smmu, text) => checkersOf(smmu, text).list,
      breathe: async () => {
        await new Promise((resolve) => setImmediate(resolve));
        signal.throwIfAborted();
      },
    },
  );
  return { tests, output: [output.trimEnd(), ...warnings.map(warningText)].filter(Boolean).join('\n') };
};

function warningText({ line, finding }: RunWarning): string {
  return `line ${line}: ${finding.certainty} ${finding.kind}, ${finding.class}: ${finding.text}`;
}
