/** Entry of the program `smmu-debug`. */

import { run } from './cli.ts';
import type { Io } from './io.ts';

const INTERRUPTED = 130;
const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

function io(): Io {
  const terminal = process.stderr.isTTY;
  let shown = false;
  const clear = (): void => {
    if (shown) process.stderr.write('\r\x1b[K');
    shown = false;
  };
  return {
    out: (text) => {
      clear();
      process.stdout.write(text);
    },
    err: (line) => {
      clear();
      // Names and contents of files may hold what a terminal would obey.
      process.stderr.write(`${line.replace(/\p{Cc}/gu, ' ')}\n`);
    },
    cancellable,
    progress: terminal
      ? (line) => {
          process.stderr.write(`\r\x1b[K${line}`);
          shown = true;
        }
      : null,
  };
}

/** Signals are handled only while the work runs: what computes without a pause would never get to see them. */
async function cancellable<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const interrupt = new AbortController();
  const stop = (): void => interrupt.abort();
  for (const signal of SIGNALS) process.on(signal, stop);
  try {
    return await work(interrupt.signal);
  } finally {
    for (const signal of SIGNALS) process.off(signal, stop);
    if (interrupt.signal.aborted) process.exit(INTERRUPTED);
  }
}

const args = process.argv.slice(2);
// A debug session ends itself when its client goes, and cleans up on the way.
if (args[0] !== 'dap') {
  // The reader of a pipe has seen enough (`| head`): nothing is wrong.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    process.exit(error.code === 'EPIPE' ? 0 : 2);
  });
}

run(args, io()).then((status) => {
  process.exitCode = status;
});
