import { run } from '../../src/cli/cli.ts';

/** What a run of the program left behind. */
export interface Ran {
  readonly status: number;
  readonly out: string;
  readonly err: string;
}

/** Runs the program in this process. */
export async function smmuDebug(...args: string[]): Promise<Ran> {
  const out: string[] = [];
  const err: string[] = [];
  const status = await run(args, {
    out: (text) => out.push(text),
    err: (line) => err.push(line),
    cancellable: (work) => work(new AbortController().signal),
    progress: null,
  });
  return { status, out: out.join(''), err: err.join('\n') };
}
