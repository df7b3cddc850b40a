/**
 * The debug adapter as a process of its own: VS Code (or another client) starts it and talks to it on standard input
 * and output. `--port N` serves TCP on the loopback address instead.
 */

import { serveStdio, serveTcp } from './server.ts';

async function main(args: readonly string[]): Promise<void> {
  const at = args.indexOf('--port');
  if (at < 0) {
    await serveStdio();
    process.exit(0);
  }
  const port = Number(args[at + 1]);
  if (!Number.isInteger(port) || port < 0 || port > 65535) {
    console.error('--port: a number from 0 to 65535 is needed');
    process.exit(2);
  }
  const server = await serveTcp(port);
  const address = server.address();
  console.error(`listening on 127.0.0.1:${typeof address === 'object' ? address?.port : port}`);
}

main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(`the debug adapter cannot start: ${error instanceof Error ? error.message : String(error)}`);
  process.exit(1);
});
