/** Entry of the program `smmu-debug`. */

import { run } from './cli.ts';
import type { Io } from './io.ts';

const interrupt = new AbortController();
const INTERRUPTED = 130;

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
    signal: interrupt.signal,
    progress: terminal
      ? (line) => {
          process.stderr.write(`\r\x1b[K${line}`);
          shown = true;
        }
      : null,
  };
}

const args = process.argv.slice(2);
// A debug session ends itself when its client goes, and cleans up on the way.
if (args[0] !== 'dap') {
  // The reader of a pipe has seen enough (`| head`): nothing is wrong.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    process.exit(error.code === 'EPIPE' ? 0 : 2);
  });
}
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    // Lets an opening capture delete its temporary files; whoever does not listen is ended by the exit.
    interrupt.abort();
    setTimeout(() => process.exit(INTERRUPTED), 200).unref();
  });
}

run(args, io()).then((status) => {
  process.exitCode = interrupt.signal.aborted ? INTERRUPTED : status;
});
