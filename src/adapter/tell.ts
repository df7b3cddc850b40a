/** What programs and checkers say while they run, in the debug console. */

import type { Finding } from '../control/finding.ts';
import type { ProgramNote } from '../control/program.ts';
import type { Session } from './session.ts';

/** What a program says, with the line that says it. */
export function tellNote(session: Session, { kind, text, place }: ProgramNote): void {
  session.event('output', {
    category: kind === 'failure' ? 'stderr' : 'stdout',
    output: `${text}\n`,
    source: { name: place.file.split(/[/\\]/).pop() ?? place.file, path: place.file },
    line: session.line(place.line),
  });
}

/** The filter that stops at a finding. */
export const FINDING_FILTER: Readonly<Record<Finding['kind'], string>> = {
  'stale-use': 'stale-use',
  'address-space-clash': 'stale-use',
  'update-sequence': 'update-sequence',
  isolation: 'isolation',
};
const FINDING_KINDS = Object.keys(FINDING_FILTER) as readonly Finding['kind'][];

const KINDS: Readonly<Record<Finding['kind'], string>> = {
  'stale-use': 'stale use',
  'address-space-clash': 'address-space clash',
  'update-sequence': 'update sequence',
  isolation: 'isolation',
};

/** Behind the first finding of a kind: a client shows what is important over everything else, and once is enough. */
const FURTHER = '    (further findings of this kind stand in the debug console alone)';

/** What checkers noticed about an operation: the first of each kind as important, all others in the console. */
export function tellFindings(session: Session, findings: readonly Finding[]): void {
  for (const finding of findings) {
    const lines = [findingText(finding), ...finding.more.map((line) => `    ${line}`)];
    if (session.toldKinds.has(finding.kind)) session.output(lines.join('\n'));
    else session.output([...lines, FURTHER].join('\n'), 'important');
    session.toldKinds.add(finding.kind);
  }
}

/** `stale use (certain, unsafe): …`. */
export function findingText({ kind, certainty, class: cls, text }: Finding): string {
  return `${KINDS[kind]} (${certainty}, ${cls}): ${text}`;
}

/** A stop at findings has shown them: no other message is needed over everything else. */
export function toldByStop({ toldKinds }: Session, filter: string): void {
  for (const kind of FINDING_KINDS) if (FINDING_FILTER[kind] === filter) toldKinds.add(kind);
}
