/** An adapter that serves several clients over TCP, as a process of its own. */

import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { adapterBundle, DapClient, frame, readMessages } from './dap.ts';

const START_MS = 10_000;

export interface AdapterServer {
  readonly port: number;
  /** A session of its own. */
  connect(): DapClient;
  /** What the process has written to standard error, after the line with its port. */
  stderr(): string;
  /** Bytes of memory that the process has at this moment; 0 where nobody tells. */
  memory(): number;
  /** The exit code, or null while it runs. */
  exitCode(): number | null;
  /** Ends the process as a user does; answers with its exit code. */
  end(): Promise<number | null>;
}

/**
 * Starts a server.
 * @param command the program with its arguments; by default the adapter from the present sources
 * @param nodeOptions options of Node itself
 */
export async function spawnServer(
  command: readonly string[] = [adapterBundle()],
  nodeOptions: readonly string[] = [],
): Promise<AdapterServer> {
  const child = spawn(process.execPath, [...nodeOptions, ...command, '--port', '0'], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const exit = new Promise<number | null>((resolve) => child.on('exit', resolve));
  let said = '';
  const port = await new Promise<number>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no port: ${said}`)), START_MS);
    child.stderr.on('data', (data: Buffer) => {
      said += data.toString();
      const match = /listening on 127\.0\.0\.1:(\d+)\n/.exec(said);
      if (!match) return;
      clearTimeout(timer);
      said = said.slice(match.index + match[0].length);
      resolve(Number(match[1]));
    });
  });
  return {
    port,
    connect: () => client(port),
    stderr: () => said,
    memory: () => residentBytes(child.pid ?? 0),
    exitCode: () => child.exitCode,
    end() {
      child.kill('SIGTERM');
      return exit;
    },
  };
}

function client(port: number): DapClient {
  const socket = connect(port, '127.0.0.1');
  socket.setNoDelay(true);
  socket.on('error', () => {});
  return new DapClient((receive) => {
    readMessages(socket, receive);
    return {
      send: (message) => socket.write(frame(message)),
      raw: (text) => socket.write(text),
      close: () => socket.destroy(),
    };
  });
}

function residentBytes(pid: number): number {
  if (process.platform !== 'linux') return 0;
  const kib = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kib) * 1024;
}
