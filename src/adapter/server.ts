/** Serves the Debug Adapter Protocol to one client on standard input and output, or to several over TCP. */

import { createServer, type Server, type Socket } from 'node:net';
import { Connection } from './connection.ts';
import { nodeHost } from './node-host.ts';

const LOOPBACK = '127.0.0.1';
const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;

/** How long a client may take to read the last messages, in milliseconds. */
const FLUSH_MS = 500;

/**
 * Serves one session on standard input and output.
 * @returns when the client has disconnected, its end of the pipe is closed, or a signal asks to end; all temporary
 * files are gone then
 */
export function serveStdio(): Promise<void> {
  // The protocol owns standard output; anything else that prints there would break it.
  console.log = console.error;
  return new Promise((resolve) => {
    const finish = (): void => {
      for (const signal of SIGNALS) process.off(signal, gone);
      process.stdin.pause();
      flushed(process.stdout).then(resolve);
    };
    const connection = new Connection(nodeHost(), finish);
    const gone = (): void => connection.dispose();
    for (const signal of SIGNALS) process.on(signal, gone);
    process.stdin.on('end', gone);
    process.stdin.on('close', gone);
    process.stdout.on('error', gone);
    connection.start(process.stdin, process.stdout);
  });
}

/**
 * Serves a session to each client that connects. Listens on the loopback address only: the protocol has no
 * authentication, and a client can make the adapter read any file.
 * @param port 0 for any free one
 * @returns the listening server
 */
export function serveTcp(port: number): Promise<Server> {
  const connections = new Set<Connection>();
  const server = createServer((socket) => serveSocket(socket, connections));
  const endAll = (): void => {
    for (const connection of connections) connection.dispose();
    server.close();
  };
  for (const signal of SIGNALS) process.on(signal, endAll);
  server.on('close', () => {
    for (const signal of SIGNALS) process.off(signal, endAll);
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, LOOPBACK, () => resolve(server));
  });
}

function serveSocket(socket: Socket, connections: Set<Connection>): void {
  const connection = new Connection(nodeHost(), () => {
    connections.delete(connection);
    socket.end();
    setTimeout(() => socket.destroy(), FLUSH_MS).unref();
  });
  connections.add(connection);
  // Messages are small and many; held back until the one before is acknowledged, each would wait 40 ms.
  socket.setNoDelay(true);
  socket.on('error', () => connection.dispose());
  socket.on('close', () => connection.dispose());
  connection.start(socket, socket);
}

/** Resolves when everything written has left the process, or when the reader does not take it. */
function flushed(stream: NodeJS.WritableStream): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, FLUSH_MS);
    stream.write('', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
