/** Which lines of a source mean something to a breakpoint, and what. */

import type { LineTarget } from '../../control/stops/source-site.ts';
import { layoutByName } from '../../inspect/layouts.ts';
import { entryAtLine, lineOf } from '../../inspect/queues.ts';
import { rows } from '../../inspect/rows.ts';
import { DATA } from '../../model/memory.ts';
import { entryAddress, ring } from '../../model/queues/ring.ts';
import { type DocumentRef, parseDocumentUri, STRUCTURE_HEADER_LINES } from '../documents.ts';
import type { Session } from '../session.ts';

/** A line (from 1) with what stands there. */
export interface Stand {
  readonly line: number;
  readonly target: LineTarget;
}

/**
 * The lines of a source at which a breakpoint means something, ascending.
 * @param document URI of a virtual document, or path of a program's file
 * @returns why there are none, when there are none
 */
export function standsOf(session: Session, document: string): readonly Stand[] | string {
  const ref = parseDocumentUri(document);
  if (!ref) {
    const lines = session.programLines?.(document) ?? null;
    if (lines === null) return 'this file is not part of what is being debugged';
    return lines.map((line) => ({ line, target: { kind: 'statement', file: document, line } }));
  }
  return ref.kind === 'queue' ? queueStands(session, ref) : structureStands(session, ref);
}

/** The first of them at or after a line. */
export function standAt(stands: readonly Stand[], line: number): Stand | undefined {
  return stands.find((stand) => stand.line >= line);
}

function queueStands(session: Session, ref: DocumentRef & { kind: 'queue' }): Stand[] {
  const { smmu, queues } = session.debuggee;
  const { world, queue } = ref;
  const document = queues.document(queue, world);
  const of = ring(smmu.bank, queue, world);
  const stands: Stand[] = [];
  for (let i = 0; i < document.window.count; i++) {
    const line = document.firstLine + i;
    const place = entryAtLine(document, line);
    if (place === null) continue;
    const index = place % document.entries;
    // A place that the window shows twice belongs to its first line.
    if (lineOf(document, index) !== line) continue;
    const target: LineTarget =
      queue === 'CMDQ'
        ? { kind: 'command', world, index }
        : {
            kind: 'slot',
            space: world,
            pa: entryAddress(of, index),
            bytes: of.entryBytes,
            name: `${queue} ${world}[${index}]`,
          };
    stands.push({ line, target });
  }
  return stands;
}

function structureStands(session: Session, ref: DocumentRef & { kind: 'structure' }): Stand[] {
  const { space, pa, layout: name } = ref;
  const layout = layoutByName(name);
  if (!layout) return [];
  const whole = { kind: 'structure', space, pa, bytes: layout.words * 4, layout: name } as const;
  const words = new Uint32Array(layout.words);
  const heading: Stand = { line: 1, target: { ...whole, field: null } };
  if (session.debuggee.smmu.memory(space).load(pa, words, 0, words.length) !== DATA) return [heading];
  const fields = rows(layout, words, 0, { world: space }).map(
    (row, i): Stand => ({
      line: STRUCTURE_HEADER_LINES + 1 + i,
      // Bits that no field claims decide nothing by a name.
      target: { ...whole, field: row.name.startsWith('RES0') ? null : row.name },
    }),
  );
  return [heading, ...fields];
}
