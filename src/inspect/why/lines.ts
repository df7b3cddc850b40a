/** An explanation as lines of text: what the console and the command line print. */

import type { MapRun } from '../maps.ts';
import { rowText } from '../rows.ts';
import { countText } from '../text.ts';
import type { Change, Consulted, Cure, Explanation, Nearest } from './explanation.ts';

/** The whole explanation, a sentence a line. */
export function explanationLines(e: Explanation): string[] {
  return [
    `Asked: ${e.asked}.`,
    ...once(e.consulted).flatMap(consultedLines),
    `Outcome: ${e.outcome}.`,
    `Reason: ${e.reason}.`,
    ...moreLines(e),
  ];
}

/** What comes after the reason: rule, stages, nearest mappings, signatures, cure, consequence. */
export function moreLines(e: Explanation): string[] {
  return [
    ...(e.rule === null ? [] : [ruleLine(e.rule)]),
    ...stageLines(e),
    ...(e.nearest === null ? [] : nearestLines(e.nearest)),
    ...e.hints.map(({ text }) => `Hint: ${text}.`),
    ...cureLines(e),
    ...e.noticed.map((text) => `${text}.`),
    `What follows: ${e.consequence}.`,
  ];
}

function ruleLine({ text, section }: { text: string; section: string }): string {
  return text === section || section === '' ? `Rule: ${text}.` : `Rule: ${text} (${section}).`;
}

/** Stage 2 is asked for each stage-1 table, and reads the same descriptors again. */
function once(list: readonly Consulted[]): Consulted[] {
  const key = (c: Consulted): string => [c.name, c.address, ...c.raw].join();
  return list.filter((c, i) => list.findIndex((other) => key(other) === key(c)) === i);
}

/** The words, without the zeros at the end of a long structure. */
function rawText(raw: readonly string[]): string {
  const last = raw.findLastIndex((word) => !/^0x0+$/.test(word));
  const shown = raw.slice(0, Math.max(last + 1, 1));
  return shown.length === raw.length ? raw.join(' ') : `${shown.join(' ')}, then zeros`;
}

function consultedLines(c: Consulted): string[] {
  const where = c.address === null ? '' : ` at PA ${c.address} (${c.space})`;
  const value = c.unreadable === null ? ` = ${rawText(c.raw)}` : `: ${c.unreadable}`;
  const from = c.source === 'cache' ? ', from a cache' : '';
  return [
    `Read: ${c.name}${where}${c.raw.length === 0 && c.unreadable === null ? '' : value}${from}.`,
    ...c.decided.map((r) => `    ${rowText(r)}`),
  ];
}

function stageLines({ stages }: Explanation): string[] {
  return stages.map(
    ({ stage, input, output, text }) =>
      `Stage ${stage}: ${[input, output].filter((part) => part !== null && part !== '').join(' -> ')}${input === '' && output === null ? '' : ': '}${text}.`,
  );
}

function runText(run: MapRun): string {
  const perm = run.perm === run.privPerm ? run.perm : `${run.perm}, privileged ${run.privPerm}`;
  return `${run.iova} to ${run.last} (${run.sizeText}) -> ${run.pa} ${perm}${run.accessFlag ? '' : ', AF=0'}`;
}

/** The mappings around an address. */
function nearestLines(nearest: Nearest): string[] {
  const name = nearest.stage === 1 ? 'stage 1' : 'stage 2';
  const limit = nearest.complete
    ? ''
    : `; the search read ${countText(nearest.reads)} descriptors and is not complete`;
  if (nearest.inside !== null) return [`Mapped by ${name}: ${runText(nearest.inside)}.`];
  const below = nearest.below === null ? 'nothing' : runText(nearest.below);
  const above = nearest.above === null ? 'nothing' : runText(nearest.above);
  return [`Mapped by ${name} below: ${below}; above: ${above}${limit}.`];
}

function changeText({ structure, address, field, from, to, meaning }: Change): string {
  const where = structure.startsWith('register ') ? `offset ${address}` : `PA ${address}`;
  return `${structure} at ${where}: ${field} ${from} -> ${to}${meaning === null ? '' : ` (${meaning.replace(/\.$/, '')})`}`;
}

function cureText(cure: Cure): string {
  const parts = cure.changes.map(changeText).join(', and ');
  const caution = cure.caution === null ? '' : `. Note: ${cure.caution}`;
  if (cure.changes.length === 0) return `${cure.caution ?? ''}; the access then gives ${cure.outcome}`;
  return cure.verified
    ? `${parts}; tried on a copy, the access then gives ${cure.outcome}${caution}`
    : `${parts}; tried on a copy, that is not enough: next comes ${cure.outcome}`;
}

function cureLines({ cures, noCure }: Explanation): string[] {
  if (noCure !== null) return [`Cure: ${noCure}.`];
  return cures.map((cure, i) => `${i === 0 ? 'Cure' : 'Or'}: ${cureText(cure)}.`);
}
