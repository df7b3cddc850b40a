/** Writes of people: planned, performed as one operation of the history, and told to the client. */

import { hex64, type U64 } from '../../bits/u64.ts';
import { UserError } from '../../bits/user-error.ts';
import type { World } from '../../bits/world.ts';

import type { ThreadKey } from '../../control/thread.ts';
import { valueText } from '../../inspect/rows.ts';
import type { Operation, Plan } from '../../model/plan.ts';
import type { Smmu } from '../../model/smmu.ts';
import type { Debuggee } from '../debuggee.ts';
import type { Session } from '../session.ts';
import { memoryReference } from '../variable-node.ts';
import { differences, outcomeInWords } from './compare.ts';
import { type Slot, slotWords } from './slot.ts';

type Write = Extract<Operation, { kind: 'register' | 'memory' }>;

/**
 * Sets a field, and says what becomes of the operation that people look at.
 * @throws UserError when the SMMU ignores the write, or nothing is there
 */
export function writeSlot(session: Session, slot: Slot, value: U64): void {
  const { smmu } = session.debuggee;
  const words = slotWords(smmu, slot);
  if (!words) throw new UserError('the image does not hold it', { where: slot.name });
  const old = valueText(slot.field, words, 0);
  slot.field.setHalves(words, 0, value.hi, value.lo);
  const text = `${slot.name} ${old} -> ${valueText(slot.field, words, 0)}`;
  const operation =
    slot.space === 'reg' ? registerWrite(slot, words) : memoryWrite(smmu, slot, slot.space, words);
  // What is there already needs no write, and no word.
  if (operation !== null) perform(session, operation, text);
}

function registerWrite({ base, words: count, world }: Slot, words: Uint32Array): Write {
  return {
    kind: 'register',
    offset: base,
    bytes: count === 2 ? 8 : 4,
    value: words[0] as number,
    valueHi: count === 2 ? (words[1] as number) : 0,
    world,
  };
}

/** The 32-bit words that become others, in one stretch; null when none does. */
function memoryWrite(smmu: Smmu, slot: Slot, space: World, words: Uint32Array): Write | null {
  const before = slotWords(smmu, slot) as Uint32Array;
  const differs = (i: number): boolean => before[i] !== words[i];
  let first = 0;
  while (first < words.length && !differs(first)) first++;
  let end = words.length;
  while (end > first && !differs(end - 1)) end--;
  if (first === end) return null;
  return { kind: 'memory', space, pa: slot.base + first * 4, words: words.slice(first, end) };
}

/**
 * Performs a write, tells the client what is old now, and compares.
 * @param text what changes: `STE.Config 5 -> 0`
 */
export function perform(session: Session, operation: Write, text: string): void {
  const { debuggee } = session;
  debuggee.requireStopped();
  const planned = debuggee.smmu.plan(operation);
  if (planned.outcome.result === 'abort') throw new UserError(`${text}: nothing takes a write there`);
  if (operation.kind === 'register' && planned.effects.length === 0) {
    const why = planned.steps.filter(({ kind }) => kind === 'decide').map((step) => step.text);
    const value = hex64(operation.valueHi, operation.value);
    const ignored =
      why.length === 0 ? `the register holds ${value} already, or ignores the write` : why.join('; ');
    throw new UserError(`${text}: ${ignored}`);
  }
  const thread = editedThread(debuggee);
  const before = debuggee.debugger.variants(thread).length;
  debuggee.debugger.perform(thread, operation, text);
  announceChange(session, operation);
  const variants = debuggee.debugger.variants(thread);
  if (variants.length > before) session.output(comparison(debuggee, thread, text), 'console');
  else session.output(text);
}

/** The thread whose operation people look at while they change something. */
function editedThread(debuggee: Debuggee): ThreadKey {
  const control = debuggee.debugger;
  if (control.position('dma').at === 'operation') return 'dma';
  return debuggee.lastStop?.thread ?? control.threads[0]?.key ?? 'dma';
}

function announceChange(session: Session, operation: Write): void {
  session.afterResponse(() => {
    if (operation.kind === 'memory' && session.client.memoryEvent) {
      const count = operation.words.length * 4;
      session.event('memory', {
        memoryReference: memoryReference(operation.space, operation.pa),
        offset: 0,
        count,
      });
    }
    session.changed();
  });
}

/** `STE.Config 5 -> 0: F_TRANSLATION … -> abort …`, and what differs beside. */
function comparison(debuggee: Debuggee, thread: ThreadKey, text: string): string {
  const variants = debuggee.debugger.variants(thread);
  const [was, now] = variants.slice(-2);
  if (!was || !now) return text;
  const [before, after] = [outcomeInWords(was.plan), outcomeInWords(now.plan)];
  const other = differences(was.plan, now.plan).map((d) => `${d.name} ${d.before} -> ${d.after}`);
  const change =
    before !== after ? `${before} -> ${after}` : other.length > 0 ? other.join(', ') : `unchanged, ${after}`;
  return `${text}: ${change}${hidden(debuggee.smmu, now.plan)}`;
}

/** Caches answer with what they hold: what memory says now may not count yet. */
function hidden(smmu: Smmu, { operation, outcome }: Plan): string {
  if (operation.kind !== 'transaction') return '';
  const cold = smmu.cold().plan(operation);
  const alike =
    cold.outcome.result === outcome.result &&
    cold.outcome.pa === outcome.pa &&
    cold.outcome.attributes === outcome.attributes &&
    cold.outcome.fault?.event === outcome.fault?.event;
  return alike ? '' : `; with empty caches it would be ${outcomeInWords(cold)}`;
}
