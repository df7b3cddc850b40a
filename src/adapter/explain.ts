import { fieldOf } from '../bits/layout.ts';
import { hex } from '../bits/u64.ts';
import { type StackFrame, stackAt } from '../control/position.ts';
import type { Hit } from '../control/stops/stop.ts';
import { missingText, operationText, ruleText } from '../control/words.ts';
import { layoutByName } from '../inspect/layouts.ts';
import { rawWords, row, rowText } from '../inspect/rows.ts';
import { DATA } from '../model/memory.ts';
import type { Fault, Frame, Plan, Recording, Step } from '../model/plan.ts';
import { CERRORS, type CerrorName, cerrorName } from '../spec/cerror.ts';
import { CLASS_CD, CLASS_IN, CLASS_TT } from '../spec/events.ts';
import { VALIDITY_RULES, type ValidityRuleId, validityRule } from '../spec/validity.ts';

/** Why an operation stops where it does, in sentences. */
export interface Explanation {
  /** What was asked, what was found where, which bits decided, and what that means. */
  readonly reason: readonly string[];
  /** Which rule of the architecture says so, and what will follow. */
  readonly more: readonly string[];
}

/** Explains the stop of an operation. */
export function explain(plan: Plan, hit: Hit): Explanation {
  const step = plan.steps[hit.step];
  const innermost = stackAt(plan, hit.step)[0];
  const reason = [`Asked: ${operationText(plan)}.`];
  if (innermost) reason.push(`Found: ${foundText(innermost.frame)}.`, ...decidedText(innermost, step));
  if (step?.fault) reason.push(...stage2Text(step.fault));
  reason.push(`Reason: ${reasonOf(plan, step)}.`);
  const more = step?.fault ? [`Rule: ${ruleSentence(step.fault.rule)}.`] : [];
  more.push(...noticed(plan, hit.step), `What follows: ${consequence(plan, step)}.`);
  return { reason, more };
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

/** What the operation came across before the stop, and software should know: findings, and updates by hardware. */
function noticed(plan: Plan, before: number): string[] {
  return plan.steps
    .slice(0, before)
    .filter(({ kind }) => kind === 'finding' || kind === 'update')
    .map(({ kind, text }) => `${kind === 'finding' ? 'Noticed' : 'Before that'}: ${trimmed(text)}.`);
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

/** The rule's name, and its condition where the table of rules has it. */
function ruleSentence(id: string): string {
  if (!Object.hasOwn(VALIDITY_RULES, id)) return ruleText(id);
  const { structure, when, result } = validityRule(id as ValidityRuleId);
  return `${id}, ${structure}: ${when} gives ${result}`;
}

const RECORDINGS: Readonly<Record<Recording, string>> = {
  none: 'the transaction is terminated and no event is recorded',
  written: 'the transaction is terminated and the event is written to the EVENTQ',
  full: 'the transaction is terminated; the EVENTQ is full, so the event is lost',
  disabled: 'the transaction is terminated; the EVENTQ is disabled (CR0.EVENTQEN=0), so the event is lost',
  suppressed: 'the transaction is terminated; its configuration suppresses the event',
  aborted: 'the transaction is terminated; writing the event aborts (GERROR.EVENTQ_ABT_ERR)',
  merged: 'the transaction is terminated; the last record of the EVENTQ stands for its event as well',
  'stall-limit':
    'the transaction is stalled; its event waits until fewer than IDR5.STALL_MAX are outstanding',
  waiting: 'the event is written when the EVENTQ can take it',
};

const TERMINATED = 'the transaction is terminated';
const RAZWI = 'the transaction is terminated without an abort (CD.A=0): reads give zero, writes are ignored';
const STALLED = 'the transaction is stalled until CMD_RESUME or CMD_STALL_TERM';
const STALL_RECORDED = 'its record is written to the EVENTQ with Stall=1 and an STAG';
/** Where the record of a stall is not simply written. */
const STALL_RECORDS: Readonly<Partial<Record<Recording, string>>> = {
  waiting: 'its record waits until the EVENTQ can take it',
  'stall-limit': 'its record waits until fewer than IDR5.STALL_MAX are outstanding',
  suppressed: 'the record of another stall of the same page stands for it',
  aborted: 'writing its record aborts (GERROR.EVENTQ_ABT_ERR)',
};

/** An error of an ATS request may be recorded as well (3.9.1.2). */
function eventToo({ outcome }: Plan): string {
  return outcome.fault?.event ? `, and ${outcome.fault.event} is reported` : '';
}

function consequence(plan: Plan, step: Step | undefined): string {
  if (step?.kind === 'command-error') {
    return plan.operation.kind === 'command' && plan.operation.queue !== undefined
      ? 'the queue stops with the error in ECMDQ_CONS.ERR_REASON and GERROR.CMDQP_ERR becomes active'
      : 'the queue stops with the error in CMDQ_CONS.ERR and GERROR.CMDQ_ERR becomes active';
  }
  const { result, recording, ats } = plan.outcome;
  if (ats !== null) return `the endpoint gets a Translation Completion: ${ats.text}${eventToo(plan)}`;
  if (result === 'stall') return `${STALLED}; ${STALL_RECORDS[recording] ?? STALL_RECORDED}`;
  if (plan.operation.kind === 'command') return 'the command goes on, and the global error becomes active';
  return result === 'razwi' ? RECORDINGS[recording].replace(TERMINATED, RAZWI) : RECORDINGS[recording];
}

function trimmed(sentence: string): string {
  return sentence.replace(/\.$/, '');
}
