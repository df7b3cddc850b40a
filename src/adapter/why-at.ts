/** The explanation of a line, for whoever hovers over it: the same words as the console's `why`. */

import { entryAtLine } from '../inspect/queues.ts';
import { queueLines } from '../inspect/why/finding.ts';
import { explainQueue } from '../inspect/why/queue.ts';
import { ring } from '../model/queues/ring.ts';
import type { Debuggee } from './debuggee.ts';
import { parseDocumentUri } from './documents.ts';
import { eventLines, standingLines } from './evaluate/why.ts';

/**
 * Explains a line of a source: a record of the event queue; the command at which a queue does not go on; the
 * transaction of the statement before which the program stands.
 * @param uri of a virtual document, or path of a program's file
 * @param line from 1
 * @returns null when there is nothing to explain
 */
export function whyAt(debuggee: Debuggee, uri: string, line: number): string | null {
  if (debuggee.running) return null;
  const ref = parseDocumentUri(uri);
  const lines = ref === null ? programLines(debuggee, uri, line) : documentLines(debuggee, ref, line);
  return lines === null ? null : lines.join('\n');
}

function programLines(debuggee: Debuggee, file: string, line: number): readonly string[] | null {
  const place = debuggee.debugger.program?.stack()[0];
  return place?.file === file && place.line === line ? standingLines(debuggee, 'program') : null;
}

function documentLines(
  { smmu, queues, viewer }: Debuggee,
  ref: NonNullable<ReturnType<typeof parseDocumentUri>>,
  line: number,
): readonly string[] | null {
  if (ref.kind !== 'queue' || !viewer.sees(ref.world)) return null;
  const place = entryAtLine(queues.document(ref.queue, ref.world), line);
  if (place === null) return null;
  const of = ring(smmu.bank, ref.queue, ref.world);
  const index = place % 2 ** of.log2size;
  if (ref.queue === 'EVENTQ') return eventLines(smmu, index, ref.world);
  if (of.empty || index !== of.cons % 2 ** of.log2size) return null;
  const stuck = explainQueue(smmu, ref.world, ref.queue);
  return stuck.findings.some(({ kind }) => kind === 'cause') ? queueLines(stuck) : null;
}
