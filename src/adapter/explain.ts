import { fieldOf } from '../bits/layout.ts';
import { hex } from '../bits/u64.ts';
import type { Finding } from '../control/finding.ts';
import { type StackFrame, stackAt } from '../control/position.ts';
import type { Hit } from '../control/stops/stop.ts';
import { missingText, operationText, ruleText } from '../control/words.ts';
import { layoutByName } from '../inspect/layouts.ts';
import { rawWords, row, rowText } from '../inspect/rows.ts';
import { commandErrorLines } from '../inspect/why/command.ts';
import { consequenceOf, consequenceOfTelling } from '../inspect/why/consequence.ts';
import { isProtected } from '../inspect/why/cure.ts';
import { moreLines } from '../inspect/why/lines.ts';
import { isPermissive } from '../inspect/why/permission-edits.ts';
import { explainTransaction, noticedIn, trimmed } from '../inspect/why/transaction.ts';
import { DATA } from '../model/memory.ts';
import type { Fault, Frame, Plan, Step } from '../model/plan.ts';
import type { Smmu } from '../model/smmu.ts';
import { CERRORS, type CerrorName, cerrorName } from '../spec/cerror.ts';
import { CLASS_CD, CLASS_IN, CLASS_TT } from '../spec/events.ts';
import { FINDING_FILTER, findingText } from './tell.ts';

/** Why an operation stops where it does, in sentences. */
export interface StopExplanation {
  /** What was asked, what was found where, which bits decided, and what that means. */
  readonly reason: readonly string[];
  /** Which rule of the architecture says so, what is mapped instead, what it looks like, and what would cure it. */
  readonly more: readonly string[];
}

/**
 * Explains the stop of an operation, with the same words as the console's `why`.
 * @param findings what checkers say of the operation
 */
export function explain(
  smmu: Smmu,
  plan: Plan,
  hit: Hit,
  findings: readonly Finding[] = [],
): StopExplanation {
  const found = findings.filter(({ kind }) => FINDING_FILTER[kind] === hit.filter);
  if (found.length > 0) {
    return {
      reason: [`Asked: ${operationText(plan)}.`, ...found.map(findingText)],
      more: found.flatMap(({ more, rule }) => [...more, `Rule: ${ruleText(rule).replace(/^rule /, '')}.`]),
    };
  }
  const step = plan.steps[hit.step];
  // Who is told hangs on devices and policy, on no field.
  if (step?.kind === 'notify') {
    const follows = step.decision ? [`What follows: ${consequenceOfTelling(step.decision)}.`] : [];
    return { reason: [`Asked: ${operationText(plan)}.`, `Reason: ${trimmed(step.text)}.`], more: follows };
  }
  const innermost = stackAt(plan, hit.step)[0];
  const reason = [`Asked: ${operationText(plan)}.`];
  if (innermost) reason.push(`Found: ${foundText(innermost.frame)}.`, ...decidedText(innermost, step));
  if (step?.fault) reason.push(...stage2Text(step.fault));
  reason.push(`Reason: ${reasonOf(plan, step)}.`);
  return { reason, more: moreOf(smmu, plan, hit.step) };
}

function moreOf(smmu: Smmu, plan: Plan, at: number): string[] {
  if (plan.operation.kind === 'transaction') return moreLines(explainTransaction(smmu, plan, at));
  const failed = plan.steps[at]?.kind === 'command-error';
  return [
    ...(failed ? commandErrorLines(smmu, plan) : []),
    ...noticedIn(plan.steps.slice(0, at)).map((text) => `${text}.`),
    `What follows: ${consequenceOf(plan, failed)}.`,
  ];
}

/** What stage 2 was asked to translate, by CLASS of the record (7.3). */
const STAGE2_FOR: Readonly<Record<Fault['class'], string>> = {
  [CLASS_CD]: 'the address of a CD or of a level-1 CD descriptor',
  [CLASS_TT]: 'the address of a stage-1 descriptor',
  [CLASS_IN]: 'the address of the access itself',
};

function stage2Text({ stage, class: cls, ipa, tableWrite }: Fault): string[] {
  if (stage !== 2) return [];
  const at = ipa === undefined ? '' : `, IPA ${hex(ipa)}`;
  const update = tableWrite ? ', which hardware was to update' : '';
  return [`Stage 2: it translated ${STAGE2_FOR[cls]}${at}${update}.`];
}

function foundText(frame: Frame): string {
  const name = frame.kind === 'descriptor' ? `${frame.name} descriptor` : frame.name;
  if (frame.pa === null) return name;
  const value = frame.status === DATA ? ` = ${rawWords(frame.words).join(' ')}` : ', which could not be read';
  return `${name} at PA ${hex(frame.pa)} (${frame.space})${value}`;
}

/** The field that decided, with its value and meaning. */
function decidedText({ frame, field }: StackFrame, step: Step | undefined): string[] {
  const layout = layoutByName(frame.layout);
  const decided = layout && fieldOf(layout, step?.fault?.field ?? step?.field ?? field ?? '');
  if (!decided || frame.words.length < layout.words) return [];
  // The granule protection table decided, and the frame is that of what could not be read.
  if (step?.fault && isProtected(step.fault) && frame.kind !== 'gpt') return [];
  const refused = step?.fault?.event === 'F_PERMISSION';
  // Another table, another bit or a register forbids then.
  if (refused && isPermissive(layout.name, decided.name, decided.get(frame.words, 0))) return [];
  const found = row(decided, frame.words, 0, { world: frame.space });
  return [`Decided by: ${layout.name}.${rowText(found)}; ${trimmed(found.doc)}.`];
}

function reasonOf(plan: Plan, step: Step | undefined): string {
  const { outcome } = plan;
  if (step?.fault) return trimmed(step.fault.reason);
  const error: CerrorName | undefined = cerrorName(outcome.cerror);
  if (step?.kind === 'command-error' && error) return `${step.text} (${trimmed(CERRORS[error].doc)})`;
  if (outcome.missing) return missingText(outcome.missing);
  return step?.text ?? 'nothing is known';
}
