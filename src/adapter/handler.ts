import type { DebugProtocol } from '@vscode/debugprotocol';
import type { Args } from './args.ts';
import type { Session } from './session.ts';

/**
 * Answers one request: returns the body of the response, or throws. A UserError is for people.
 * Requests are handled one after the other, so a handler owns the session until it returns.
 */
export type Handler = (
  session: Session,
  args: Args,
  request: DebugProtocol.Request,
) => object | undefined | Promise<object | undefined>;

export type Handlers = Readonly<Record<string, Handler>>;
