/** One explanation of a transaction, for stops, the console, hovers and the command line. */

import { fieldOf } from '../../bits/layout.ts';
import { hex, hex64 } from '../../bits/u64.ts';
import { ABORT, ABSENT, DATA, type ReadStatus } from '../../model/memory.ts';
import type { Frame, Plan, Step, Transaction } from '../../model/plan.ts';
import type { Smmu } from '../../model/smmu.ts';
import { EVENTS } from '../../spec/events.ts';
import { VALIDITY_RULES, type ValidityRuleId, validityRule } from '../../spec/validity.ts';
import { layoutByName } from '../layouts.ts';
import { type Row, rawWords, row } from '../rows.ts';
import { busDeviceFunction } from '../stream-id.ts';
import { worldName } from '../text.ts';
import { outcomeText } from '../walk-story.ts';
import { consequenceOf } from './consequence.ts';
import { curesFor } from './cure.ts';
import { structureName } from './edits.ts';
import type { Consulted, Explanation, Rule, StageResult } from './explanation.ts';
import { descriptorsOf, Facts } from './facts.ts';
import { hintsFor } from './hints/index.ts';

/**
 * Explains what a transaction comes to. Changes nothing.
 * @param plan of a transaction on this SMMU
 * @param at the step to explain; default: the last
 */
export function explainTransaction(smmu: Smmu, plan: Plan, at?: number): Explanation {
  const { operation, outcome } = plan;
  if (operation.kind !== 'transaction') throw new RangeError(`a ${operation.kind} is no transaction`);
  const facts = new Facts(smmu, plan, operation.transaction, at);
  const failed = outcome.result !== 'ok';
  return {
    asked: accessText(operation.transaction),
    outcome: outcome.fault?.event ?? outcome.result,
    reason: trimmed(outcome.fault?.reason ?? outcomeText(outcome)),
    rule: outcome.fault === null ? null : ruleOf(outcome.fault.rule, outcome.fault.event),
    consulted: consultedIn(plan, facts.steps),
    stages: stagesOf(facts),
    nearest: failed ? facts.nearest : null,
    hints: failed ? hintsFor(facts) : [],
    ...curesFor(facts),
    noticed: noticedIn(facts.steps),
    consequence: consequenceOf(plan),
  };
}

/** `StreamID 0x8 (00:01.0) SubstreamID 0x1 writes 0x1000, unprivileged, Non-secure`. */
export function accessText(t: Transaction): string {
  const ssid = t.ssid >= 0 ? ` SubstreamID ${hex(t.ssid)}` : '';
  const what = t.instruction && !t.write ? 'fetches an instruction at' : t.write ? 'writes' : 'reads';
  const kind = t.kind === 'ordinary' ? '' : ` (${t.kind})`;
  const level = t.privileged ? 'privileged' : 'unprivileged';
  return `StreamID ${hex(t.sid)} (${busDeviceFunction(t.sid)})${ssid} ${what} ${hex64(t.vaHi, t.vaLo)}${kind}, ${level}, ${worldName(t.world)}`;
}

/** The structures that were looked at, in order, with what of each decided. */
function consultedIn(plan: Plan, steps: readonly Step[]): Consulted[] {
  const seen = new Map<number, Step[]>();
  for (const step of steps) {
    const own = seen.get(step.frame);
    if (own) own.push(step);
    else seen.set(step.frame, [step]);
  }
  const list: Consulted[] = [];
  for (const [index, own] of seen) {
    const frame = plan.frames[index];
    if (!frame || (frame.pa === null && frame.words.length === 0)) continue;
    list.push(consulted(frame, own));
  }
  return list;
}

function consulted(frame: Frame, steps: readonly Step[]): Consulted {
  const names = steps.flatMap(({ field, fault }) => [field, fault?.field]).filter((name) => name != null);
  return {
    name: structureName(frame),
    address: frame.pa === null ? null : hex(frame.pa),
    space: frame.space,
    raw: rawWords(frame.words),
    source: steps.some(({ kind }) => kind === 'cache-hit') ? 'cache' : 'memory',
    unreadable: frame.status === DATA ? null : unreadableText(frame.status),
    decided: decidedRows(frame, [...new Set(names)]),
  };
}

function unreadableText(status: ReadStatus): string {
  if (status === ABSENT) return 'RAM that the image does not hold';
  return status === ABORT ? 'the read aborts: no memory there' : 'not fetched yet';
}

function decidedRows(frame: Frame, names: readonly string[]): Row[] {
  const layout = layoutByName(frame.layout);
  if (!layout || frame.words.length < layout.words) return [];
  return names.flatMap((name) => {
    const field = fieldOf(layout, name);
    return field ? [row(field, frame.words, 0, { world: frame.space })] : [];
  });
}

/** The rule of an id or section. */
export function ruleOf(id: string, event: string | null): Rule {
  const section = event !== null && Object.hasOwn(EVENTS, event) ? eventSection(event) : null;
  const said = section === null ? '' : `IHI 0070 ${section}`;
  if (Object.hasOwn(VALIDITY_RULES, id)) {
    const { structure, when, result } = validityRule(id as ValidityRuleId);
    // Clients take what begins with a slash for a path.
    const words = when.replaceAll(' / ', ' or ');
    return { id, section: said, text: `${id}, ${structure}: ${words} gives ${result}` };
  }
  const place = /^[0-9]/.test(id) ? `IHI 0070 ${id}` : id;
  return { id, section: said === '' ? place : said, text: place };
}

function eventSection(name: string): string | null {
  return Object.values(EVENTS).find((event) => event.name === name)?.section ?? null;
}

/** Where two stages translate: what each made of its input. */
function stagesOf(facts: Facts): StageResult[] {
  const { stream, fault, transaction, plan } = facts;
  if (stream?.action !== 'nested') return [];
  const iova = hex64(transaction.vaHi, transaction.vaLo);
  const { outcome } = plan;
  const ok = outcome.result === 'ok';
  if (fault === null && !ok) return [];
  if (fault?.stage === 2 && fault.class !== 2) {
    const ipa = fault.ipa === undefined ? '?' : hex(fault.ipa);
    return [
      {
        stage: 1,
        input: iova,
        output: null,
        text: 'not reached: its own tables or its CD could not be read',
      },
      { stage: 2, input: ipa, output: null, text: `lacks it: ${fault.reason}` },
    ];
  }
  if (fault?.stage === 2) {
    const ipa = fault.ipa === undefined ? '?' : hex(fault.ipa);
    return [
      { stage: 1, input: iova, output: ipa, text: 'maps it' },
      { stage: 2, input: ipa, output: null, text: `lacks it: ${fault.reason}` },
    ];
  }
  if (fault?.stage === 1) {
    return [
      { stage: 1, input: iova, output: null, text: `lacks it: ${fault.reason}` },
      { stage: 2, input: '', output: null, text: stage2Reads(facts) },
    ];
  }
  return ok
    ? [
        { stage: 1, input: iova, output: null, text: 'maps it' },
        { stage: 2, input: '', output: hex(outcome.pa), text: 'maps it' },
      ]
    : [];
}

function stage2Reads({ plan }: Facts): string {
  const reads = descriptorsOf(plan, 2).length;
  return reads === 0
    ? 'was not asked'
    : `was asked for the CD and the stage-1 tables only, and translated them (${reads} descriptors read)`;
}

/** What the operation came across that software should know: findings, and updates by hardware. */
export function noticedIn(steps: readonly Step[]): string[] {
  return steps
    .filter(({ kind }) => kind === 'finding' || kind === 'update')
    .map(({ kind, text }) => `${kind === 'finding' ? 'Noticed' : 'Before that'}: ${trimmed(text)}`);
}

/** A sentence without its full stop. */
export function trimmed(sentence: string): string {
  return sentence.replace(/\.$/, '');
}
