import { parseNumber } from '../../bits/u64.ts';
import { UserError } from '../../bits/user-error.ts';
import type { ThreadKey } from '../../control/thread.ts';
import { entryWords } from '../../inspect/queues.ts';
import { explainEvent } from '../../inspect/why/event.ts';
import { queueLines } from '../../inspect/why/finding.ts';
import { explainGerror } from '../../inspect/why/gerror.ts';
import { explanationLines } from '../../inspect/why/lines.ts';
import { explainQueue } from '../../inspect/why/queue.ts';
import { explainTransaction } from '../../inspect/why/transaction.ts';
import type { QueueName } from '../../model/queues/ring.ts';
import { ring } from '../../model/queues/ring.ts';
import type { Smmu } from '../../model/smmu.ts';
import type { Debuggee } from '../debuggee.ts';
import { explain } from '../explain.ts';
import { findingText } from '../tell.ts';
import type { ConsoleCommand } from './command.ts';
import { parseTransaction, TRANSACTION_WORDS } from './translate.ts';

const USAGE = 'why [sid=8 iova=0xfff57000 [ssid=1] [write] …] | why cmdq|eventq|priq|gerror | why event N';

const QUEUES: Readonly<Record<string, QueueName>> = { cmdq: 'CMDQ', eventq: 'EVENTQ', priq: 'PRIQ' };

/** Explains; changes nothing, whatever it is asked. */
export const why: ConsoleCommand = {
  name: 'why',
  usage: USAGE,
  help: 'explains the stop, a transaction that is only imagined, a queue that does not move, or a recorded event',
  words: [...TRANSACTION_WORDS, ...Object.keys(QUEUES), 'gerror', 'event'],
  run({ debuggee }, rest) {
    const { smmu } = debuggee;
    const text = rest.trim();
    const queue = Object.hasOwn(QUEUES, text.toLowerCase()) ? QUEUES[text.toLowerCase()] : undefined;
    if (text === '') return answer(present(debuggee));
    if (queue !== undefined) return answer(queueLines(explainQueue(smmu, 'ns', queue)));
    if (text.toLowerCase() === 'gerror') return answer(queueLines(explainGerror(smmu)));
    if (/^event\b/i.test(text)) return answer(eventLines(smmu, indexOf(smmu, text.slice('event'.length))));
    const { transaction } = parseTransaction(text, USAGE);
    const plan = smmu.plan({ kind: 'transaction', transaction });
    return answer(explanationLines(explainTransaction(smmu, plan)));
  },
};

function answer(lines: readonly string[]): { value: string } {
  return { value: lines.join('\n') };
}

/** The stop; else what stands on the DMA thread; else the stuck queue; else the last record. */
function present(debuggee: Debuggee): string[] {
  debuggee.requireStopped();
  const { smmu, debugger: control, lastStop } = debuggee;
  const keys = [...(lastStop ? [lastStop.thread] : []), ...control.threads.map(({ key }) => key)];
  for (const key of keys) {
    const position = control.position(key);
    const hit = control.hitAt(key) ?? (lastStop?.thread === key ? lastStop.hit : null);
    // A breakpoint stops where people want it: there is nothing wrong with that step.
    if (position.at !== 'operation' || hit?.reason !== 'exception') continue;
    const found = control.findingsAt(key);
    if (position.plan.operation.kind === 'transaction' && found.length === 0)
      return explanationLines(explainTransaction(smmu, position.plan, hit.step));
    const { reason, more } = explain(smmu, position.plan, hit, found);
    return [...reason, ...more];
  }
  for (const key of [...(lastStop ? [lastStop.thread] : []), 'dma'] as const) {
    const lines = standingLines(debuggee, key);
    if (lines) return lines;
  }
  const queue = explainQueue(smmu, 'ns');
  if (queue.findings.some(({ kind }) => kind === 'cause')) return queueLines(queue);
  const events = ring(smmu.bank, 'EVENTQ', 'ns');
  if (events.prod === 0 && events.prodWrap === 0) return queueLines(queue);
  const last = (events.prod + 2 ** events.log2size - 1) % 2 ** events.log2size;
  return [...eventLines(smmu, last), ...queueLines(queue)];
}

/** What the transaction before which a thread stands comes to, with what checkers say of it; null when it is none. */
export function standingLines({ smmu, debugger: control }: Debuggee, thread: ThreadKey): string[] | null {
  const position = control.position(thread);
  if (position.at !== 'operation' || position.plan.operation.kind !== 'transaction') return null;
  const found = control.findingsAt(thread);
  return [
    ...explanationLines(explainTransaction(smmu, position.plan)),
    ...found.flatMap((finding) => [findingText(finding), ...finding.more.map((line) => `    ${line}`)]),
  ];
}

function indexOf(smmu: Smmu, text: string): number {
  const index = parseNumber(text);
  const entries = 2 ** ring(smmu.bank, 'EVENTQ', 'ns').log2size;
  if (index === null)
    throw new UserError(`"${text.trim()}" is no index of the event queue`, { todo: 'write why event 3' });
  if (index >= entries) {
    throw new UserError(`the EVENTQ has no record ${index}`, { todo: `its records are 0 to ${entries - 1}` });
  }
  return index;
}

/** A record of the event queue, and what its transaction comes to now. */
export function eventLines(smmu: Smmu, index: number): string[] {
  const q = ring(smmu.bank, 'EVENTQ', 'ns');
  const place = index % 2 ** q.log2size;
  const found = explainEvent(smmu, place);
  if (found === null) throw new UserError(`record ${place} of the EVENTQ is not in the image`);
  if (entryWords(smmu, 'EVENTQ', 'ns', place).words.every((word) => word === 0))
    return [`EVENTQ[${place}]: empty, no record was ever written there; the next one goes to [${q.prod}].`];
  return [
    `EVENTQ[${place}]: ${found.record}.`,
    ...found.remarks.map((text) => `Note: ${text}.`),
    ...(found.now === null ? [] : explanationLines(found.now)),
  ];
}
