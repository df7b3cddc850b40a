import type { DebugProtocol } from '@vscode/debugprotocol';
import type { Session } from './session.ts';

/** Arguments of a request: whatever a client sent; handlers check what they use. */
export type Args = Readonly<Record<string, unknown>>;

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

/** The number, or `otherwise` when it is none. */
export function numberOf(value: unknown, otherwise: number): number {
  return typeof value === 'number' && Number.isFinite(value) ? value : otherwise;
}

/** A count or index: an integer not below zero, or `otherwise`. */
export function countOf(value: unknown, otherwise: number): number {
  const n = numberOf(value, otherwise);
  return Number.isInteger(n) && n >= 0 ? n : otherwise;
}
