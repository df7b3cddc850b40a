import { parseNumber } from '../../bits/u64.ts';
import { UserError } from '../../bits/user-error.ts';
import type { World } from '../../bits/world.ts';
import { type ThreadKey, worldOf } from '../../control/thread.ts';
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
import { splitWords, worldIn } from './words.ts';

const USAGE =
  'why [sid=8 iova=0xfff57000 [ssid=1] [write] …] | why cmdq|eventq|priq|gerror [world=ns] | why event N [world=ns]';

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
    if (text === '') return answer(present(debuggee));
    const [head = '', ...more] = text.toLowerCase().split(/\s+/);
    const queue = Object.hasOwn(QUEUES, head) ? QUEUES[head] : undefined;
    if (queue !== undefined || head === 'gerror') {
      const world = worldIn(debuggee, splitWords(more.join(' '), ['world'], [], USAGE).values.get('world'));
      const explained = queue ? explainQueue(smmu, world, queue) : explainGerror(smmu, world);
      return answer(queueLines(explained));
    }
    if (head === 'event') {
      const [index = '', ...where] = more;
      const world = worldIn(debuggee, splitWords(where.join(' '), ['world'], [], USAGE).values.get('world'));
      return answer(eventLines(smmu, indexOf(smmu, index, world), world));
    }
    const { transaction } = parseTransaction(text, USAGE);
    debuggee.viewer.require(transaction.world);
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
  const own = lastStop && worldOf(lastStop.thread);
  const worlds = [...(own === null ? [] : [own]), ...debuggee.queueWorlds.filter((world) => world !== own)];
  const queues = worlds.map((world) => ({ world, queue: explainQueue(smmu, world) }));
  const stuck = queues.find(({ queue }) => queue.findings.some(({ kind }) => kind === 'cause'));
  // What software never set up stands still for no reason of interest.
  if (stuck && (stuck.world === worlds[0] || isSetUp(smmu, stuck.world))) return queueLines(stuck.queue);
  const lines = queues
    .filter(({ world }) => world === worlds[0] || isSetUp(smmu, world))
    .map(({ queue }) => queueLines(queue));
  const recorded = worlds.find((world) => lastRecord(smmu, world) !== null);
  const last = recorded === undefined ? null : lastRecord(smmu, recorded);
  return [
    ...(recorded === undefined || last === null ? [] : eventLines(smmu, last, recorded)),
    ...lines.flat(),
  ];
}

function isSetUp({ bank }: Smmu, world: World): boolean {
  return ring(bank, 'CMDQ', world).base !== 0;
}

/** Index of the record that was written last, or null when none ever was. */
function lastRecord({ bank }: Smmu, world: World): number | null {
  const { prod, prodWrap, log2size } = ring(bank, 'EVENTQ', world);
  return prod === 0 && prodWrap === 0 ? null : (prod + 2 ** log2size - 1) % 2 ** log2size;
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

function indexOf(smmu: Smmu, text: string, world: World): number {
  const index = parseNumber(text);
  const entries = 2 ** ring(smmu.bank, 'EVENTQ', world).log2size;
  if (index === null)
    throw new UserError(`"${text.trim()}" is no index of the event queue`, { todo: 'write why event 3' });
  if (index >= entries) {
    throw new UserError(`the EVENTQ has no record ${index}`, { todo: `its records are 0 to ${entries - 1}` });
  }
  return index;
}

/** A record of the event queue, and what its transaction comes to now. */
export function eventLines(smmu: Smmu, index: number, world: World): string[] {
  const q = ring(smmu.bank, 'EVENTQ', world);
  const place = index % 2 ** q.log2size;
  const found = explainEvent(smmu, place, world);
  if (found === null) throw new UserError(`record ${place} of the EVENTQ is not in the image`);
  if (entryWords(smmu, 'EVENTQ', world, place).words.every((word) => word === 0))
    return [`EVENTQ[${place}]: empty, no record was ever written there; the next one goes to [${q.prod}].`];
  return [
    `EVENTQ[${place}]: ${found.record}.`,
    ...found.remarks.map((text) => `Note: ${text}.`),
    ...(found.now === null ? [] : explanationLines(found.now)),
  ];
}
