import { hex } from '../bits/u64.ts';
import { DATA } from '../model/memory.ts';
import type { Fault, Frame, Plan, Recording, Step } from '../model/plan.ts';
import { CERRORS, type CerrorName, cerrorName } from '../spec/cerror.ts';
import type { Hit } from './stops/stop.ts';
import { missingText, operationText } from './words.ts';

/** Why an operation stops where it does, as sentences for people. */
export interface Explanation {
  /** The filter that stopped. */
  readonly id: string;
  /** All of it in one text. */
  readonly text: string;
  /** The same, one line a fact. */
  readonly lines: readonly string[];
}

/** `F_TRANSLATION: <reason> (stage 1 level 3; IHI 0070 7.3.13)`. */
export function faultText(fault: Fault): string {
  const where = fault.stage > 0 ? `stage ${fault.stage} level ${fault.level}; ` : '';
  return `${fault.event ?? 'terminated without an event'}: ${fault.reason} (${where}${ruleText(fault.rule)})`;
}

/** A section of the architecture, or the rule's id in the project's table. */
export function ruleText(rule: string): string {
  return /^[0-9]/.test(rule) ? `IHI 0070 ${rule}` : `rule ${rule}`;
}

/** What was asked, what was found where, which bits decided, which rule, and what will follow. */
export function explain(plan: Plan, hit: Hit): Explanation {
  const step = plan.steps[hit.step];
  const frame = plan.frames[step?.frame ?? -1];
  const lines = [`Asked: ${operationText(plan)}.`];
  if (frame) lines.push(foundText(frame));
  const field = step?.fault?.field ?? step?.field ?? null;
  if (frame && field) lines.push(`Decided by: ${frame.layout}.${field}.`);
  lines.push(`Reason: ${reasonOf(plan, step)}.`);
  if (step?.fault) lines.push(`Rule: ${ruleText(step.fault.rule)}.`);
  lines.push(`What follows: ${consequence(plan, step)}.`);
  return { id: hit.filter, text: lines.join(' '), lines };
}

function foundText(frame: Frame): string {
  const at = frame.pa === null ? '' : ` at PA ${hex(frame.pa)} (${frame.space})`;
  if (frame.kind === 'transaction' || frame.kind === 'register') return `Found in: ${frame.name}.`;
  const value = frame.status === DATA ? ` = ${wordsText(frame.words)}` : ', which could not be read';
  return `Found: ${frame.name}${at}${value}.`;
}

/** 64-bit words, lowest first. */
function wordsText(words: Uint32Array): string {
  const texts: string[] = [];
  for (let i = 0; i < words.length; i += 2) {
    const high = words[i + 1];
    const digits = (n: number | undefined): string => (n ?? 0).toString(16).padStart(8, '0');
    texts.push(high === undefined ? `0x${digits(words[i])}` : `0x${digits(high)}${digits(words[i])}`);
  }
  return texts.join(' ');
}

function reasonOf(plan: Plan, step: Step | undefined): string {
  const { outcome } = plan;
  if (step?.fault) return step.fault.reason;
  const error = cerrorName(outcome.cerror);
  if (step?.kind === 'command-error' && error)
    return `${step.text}: ${trimmed(CERRORS[error as CerrorName].doc)}`;
  if (outcome.missing) return missingText(outcome.missing);
  return step?.text ?? 'nothing is known';
}

const RECORDINGS: Readonly<Record<Recording, string>> = {
  none: 'the transaction is terminated and no event is recorded',
  written: 'the transaction is terminated and the event is written to the EVENTQ',
  full: 'the transaction is terminated; the EVENTQ is full, so the event is lost and the overflow flag is set',
  disabled: 'the transaction is terminated; the EVENTQ is disabled (CR0.EVENTQEN=0), so the event is lost',
  suppressed: 'the transaction is terminated; its configuration suppresses the event',
  aborted: 'the transaction is terminated; writing the event aborts (GERROR.EVENTQ_ABT_ERR)',
};

function consequence(plan: Plan, step: Step | undefined): string {
  if (step?.kind === 'command-error') {
    return 'the queue stops with the error in CMDQ_CONS.ERR and GERROR.CMDQ_ERR becomes active';
  }
  if (plan.outcome.result === 'stall') return 'the transaction is stalled until CMD_RESUME or CMD_STALL_TERM';
  return RECORDINGS[plan.outcome.recording];
}

function trimmed(sentence: string): string {
  return sentence.replace(/\.$/, '');
}
