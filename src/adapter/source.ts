import type { DebugProtocol } from '@vscode/debugprotocol';
import { type DocumentRef, documentName, documentUri } from './documents.ts';
import type { Session } from './session.ts';

/** Clients that resolve `smmu:` URIs by themselves: a number would make each of their tabs private to a session. */
const RESOLVES_URIS = /^(vscode|code-|vscodium|cursor|windsurf)/i;

/** A virtual document as the protocol's source. */
export function sourceOf(session: Session, document: DocumentRef): DebugProtocol.Source {
  const uri = documentUri(session.debuggee.name, document);
  const reference = session.debuggee.documentReference(uri);
  return {
    name: documentName(document),
    path: uri,
    ...(RESOLVES_URIS.test(session.client.id) ? {} : { sourceReference: reference }),
  };
}
