import { UserError } from '../../bits/user-error.ts';
import type { Args } from '../args.ts';
import { documentText, parseDocumentUri, QUEUES } from '../documents.ts';
import type { Handlers } from '../handler.ts';
import type { Session } from '../session.ts';
import { sourceOf } from '../source.ts';

/** The MIME type of virtual documents; clients map it to the language of queue documents. */
const MIME = 'text/x-smmuq';

export const SOURCES: Handlers = {
  source(session, args) {
    return { content: textOf(session, uriOf(session, args)), mimeType: MIME };
  },

  loadedSources(session) {
    if (!session.launched) return { sources: [] };
    for (const world of session.debuggee.queueWorlds) {
      for (const queue of QUEUES) sourceOf(session, { kind: 'queue', world, queue });
    }
    const sources = session.debuggee.documents.flatMap((uri) => {
      const document = parseDocumentUri(uri);
      return document ? [sourceOf(session, document)] : [];
    });
    const files = session.debuggee.debugger.program?.files ?? [];
    return {
      sources: [
        ...files.map((file) => ({ name: file.split(/[/\\]/).pop() ?? file, path: file })),
        ...sources,
      ],
    };
  },
};

/** Text of the document with that URI, as the SMMU is now. */
export function textOf(session: Session, uri: string): string {
  const document = parseDocumentUri(uri);
  if (!document) {
    throw new UserError(`${uri} is no document of this session`, {
      todo: 'open documents from the call stack, or as smmu:/CAPTURE/ns/cmdq.smmuq',
    });
  }
  const { smmu, queues, viewer } = session.debuggee;
  const world = document.kind === 'queue' ? document.world : document.space;
  return viewer.sees(world) ? documentText(smmu, queues, document) : `# ${viewer.text(world)}\n`;
}

/** The URI of the document that a request is about, or the path of a file. */
export function uriOf(session: Session, args: Args): string {
  const source = args['source'] as { path?: unknown; sourceReference?: unknown } | undefined;
  const reference = source?.sourceReference ?? args['sourceReference'];
  if (typeof reference === 'number' && reference > 0 && session.launched) {
    const uri = session.debuggee.documentByReference(reference);
    if (uri !== null) return uri;
  }
  if (typeof source?.path === 'string') return source.path;
  return typeof reference === 'number' ? `document ${reference}` : 'a document without a name';
}
