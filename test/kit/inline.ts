/** The adapter in this process, with the client that drives it. */

import { Connection } from '../../src/adapter/connection.ts';
import { nodeHost } from '../../src/adapter/node-host.ts';
import type { Session } from '../../src/adapter/session.ts';
import { DapClient } from './dap.ts';

/** A client, and the session that it talks to. */
export interface Inline {
  readonly client: DapClient;
  readonly session: Session;
}

/** A session without streams or a process; messages are copied as if they had been sent. */
export function inlineAdapter(): Inline {
  const connection = new Connection(nodeHost());
  const client = new DapClient((receive) => {
    connection.onDidSendMessage((message) =>
      receive(structuredClone(message) as Parameters<typeof receive>[0]),
    );
    return {
      send: (message) => connection.handleMessage(message as Parameters<Connection['handleMessage']>[0]),
      close: () => connection.dispose(),
    };
  });
  return { client, session: connection.session };
}
