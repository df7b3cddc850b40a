import { UserError } from '../../src/bits/user-error.ts';
import type { Debugger, DebuggerOptions } from '../../src/control/debugger.ts';
import { ScriptProgram } from '../../src/control/script/execute/program.ts';
import { openScript } from '../../src/control/script/execute/script.ts';
import { machineFor } from '../../src/control/script/run.ts';
import type { ThreadKey } from '../../src/control/thread.ts';
import type { CachePolicy, Smmu } from '../../src/model/smmu.ts';
import { type Watched, watched } from './watched-debugger.ts';

export const SCRIPT = 'a.smmu';

/** A script in the debugger, with every checker of a session. */
export interface ScriptSession extends Watched {
  readonly smmu: Smmu;
  readonly program: ScriptProgram;
}

export interface ScriptWishes {
  /** What `include` finds, by path. */
  readonly files?: Readonly<Record<string, string>>;
  readonly caches?: CachePolicy;
  readonly options?: DebuggerOptions;
}

/** Opens a script. It stands before its first statement. */
export async function openProgram(text: string, wishes: ScriptWishes = {}): Promise<ScriptSession> {
  const { files = {}, caches, options = {} } = wishes;
  const found = {
    include: async (path: string) => {
      const included = files[path];
      if (included === undefined) throw new UserError(`${path} cannot be found`);
      return { file: path, text: included };
    },
    load: async () => {
      throw new UserError('no captures here');
    },
  };
  const script = await openScript(text, SCRIPT, found);
  const { smmu, allocation } = await machineFor(script, found, caches === undefined ? {} : { caches });
  const program = new ScriptProgram(script, smmu, allocation);
  return { ...watched(smmu, { ...options, program }), smmu, program };
}

/** Where a thread stands: the line of the program, and the step of its operation if it stands within one. */
export function placeOf(debug: Debugger, thread: ThreadKey = 'program'): string {
  const place = debug.program?.stack()[0];
  const position = debug.position(thread);
  const line = place ? `${place.line}` : 'end';
  if (position.at !== 'operation') return line;
  return `${line}/${position.plan.operation.kind}+${position.cursor}`;
}

/** The line of a text's first line that holds a part, from 1. */
export function lineWith(text: string, part: string): number {
  const at = text.split('\n').findIndex((line) => line.includes(part));
  if (at < 0) throw new Error(`no line with ${part}`);
  return at + 1;
}
