import { hex64 } from '../../bits/u64.ts';
import { UserError } from '../../bits/user-error.ts';
import { isWorld, WORLDS } from '../../bits/world.ts';
import { faultText, missingText, transactionText } from '../../control/words.ts';
import { ATS_WORDS, ATTRIBUTES_FORM, atsKind } from '../../inspect/transaction-words.ts';
import { outcomeText as resultText } from '../../inspect/walk-story.ts';
import { type Plan, type Transaction, type TransactionKind, transaction } from '../../model/plan.ts';
import type { CachePolicy } from '../../model/smmu.ts';
import { parseAttributes } from '../../model/translate/attribute-text.ts';
import { type Attributes, DEFAULT_ATTRIBUTES } from '../../model/translate/attributes.ts';
import { SID_BITS, SSID_BITS } from '../../spec/stream-id.ts';
import { announce } from '../execution.ts';
import type { Session } from '../session.ts';
import { type Node, named } from '../variable-node.ts';
import type { Answer, ConsoleCommand } from './command.ts';
import { numberIn, splitWords, wideIn } from './words.ts';

const USAGE =
  'translate sid=8 iova=0xfff57000 [ssid=1] [write] [priv] [inst] [attr=WB] [ats=tr] [ns] [world=ns] [step]';
const KEYS = ['sid', 'ssid', 'iova', 'attr', 'ats', 'world'];
const FLAGS = ['read', 'write', 'priv', 'inst', 'ns', 'step'];

/** Runs one transaction; where it stops it stays on the DMA thread, to be stepped. */
export const translate: ConsoleCommand = {
  name: 'translate',
  usage: USAGE,
  help: 'runs one transaction of a device; a fault stops before it happens, `step` stops at the beginning',
  words: [...KEYS.map((key) => `${key}=`), ...FLAGS],
  run(session, rest, context) {
    const { transaction, step } = parseTransaction(rest);
    const { debuggee } = session;
    const { policy } = debuggee.smmu;
    debuggee.viewer.require(transaction.world);
    if (context === 'look') return answerOf(transaction, debuggee.debugger.dryRun(transaction), policy);
    return runTransaction(session, transaction, step);
  },
};

/**
 * Runs a transaction on the DMA thread to its end or to a stop.
 * @param step stop at its beginning
 */
export function runTransaction(session: Session, transaction: Transaction, step: boolean): Answer {
  const { debuggee } = session;
  const { policy } = debuggee.smmu;
  debuggee.requireStopped();
  const { plan, stop, dropped } = debuggee.debugger.transact(transaction, step);
  if (dropped) {
    const { operation } = dropped;
    const text = operation.kind === 'transaction' ? transactionText(operation.transaction) : '';
    session.output(`the transaction that stood on the DMA thread was given up: ${text}`);
  }
  if (stop) {
    announce(session, stop);
    return {
      ...answerOf(transaction, plan, policy),
      value: `stopped: ${stop.text || 'before the first step'}`,
    };
  }
  session.changed();
  return answerOf(transaction, plan, policy);
}

/** Words that say what a transaction is, for completion. */
export const TRANSACTION_WORDS: readonly string[] = [
  ...KEYS.map((key) => `${key}=`),
  ...FLAGS.filter((flag) => flag !== 'step'),
];

/**
 * Reads the words of a transaction.
 * @param usage the expected form, told when something is not understood
 */
export function parseTransaction(rest: string, usage = USAGE): { transaction: Transaction; step: boolean } {
  const { values, flags } = splitWords(rest, KEYS, FLAGS, usage);
  const need = (key: string): string => {
    const text = values.get(key);
    if (text === undefined || text === '')
      throw new UserError(`${key} is missing`, { todo: `write ${usage}` });
    return text;
  };
  if (flags.has('read') && flags.has('write')) {
    throw new UserError('a transaction reads or writes, not both', { todo: `write ${usage}` });
  }
  const iova = wideIn(need('iova'), 'iova', usage);
  const ssid = values.get('ssid');
  const world = values.get('world') ?? 'ns';
  if (!isWorld(world)) {
    throw new UserError(`world=${world} is no security state`, { todo: `write ${WORLDS.join(', ')}` });
  }
  const asked = transaction({
    world,
    sid: numberIn(need('sid'), 'sid', SID_BITS, usage),
    ssid: ssid === undefined ? -1 : numberIn(ssid, 'ssid', SSID_BITS, usage),
    vaHi: iova.hi,
    vaLo: iova.lo,
    write: flags.has('write'),
    privileged: flags.has('priv'),
    instruction: flags.has('inst'),
    ns: flags.has('ns'),
    kind: kindOf(values.get('ats')),
    attributes: attributesOf(values.get('attr')),
  });
  return { transaction: asked, step: flags.has('step') };
}

function kindOf(ats = 'u'): TransactionKind {
  const kind = atsKind(ats);
  if (kind !== null) return kind;
  throw new UserError(`ats=${ats} is no kind of ATS transaction`, { todo: `write ${ATS_WORDS.join(', ')}` });
}

function attributesOf(attr: string | undefined): Attributes {
  if (attr === undefined) return DEFAULT_ATTRIBUTES;
  const attributes = parseAttributes(attr);
  if (attributes === null) {
    throw new UserError(`attr=${attr} is no memory attribute`, { todo: ATTRIBUTES_FORM });
  }
  return attributes;
}

function answerOf(transaction: Transaction, plan: Plan, policy: CachePolicy): Answer {
  const { outcome } = plan;
  return {
    value: outcomeText(transaction, plan),
    type: `caches: ${policy}`,
    ...(outcome.result === 'ok' && outcome.ats === null
      ? { memory: { space: outcome.space, pa: outcome.pa } }
      : {}),
    children: named(() =>
      plan.steps.map((step, i): Node => ({ name: `${i}`, value: step.text, type: step.kind })),
    ),
  };
}

/** `0xfff57000 -> PA 0x43dc4000 (ns), Normal …`, `ATS: Success, …`, `fault: …`, `stalled: …`, `absent: …`. */
function outcomeText(transaction: Transaction, plan: Plan): string {
  const { outcome } = plan;
  const { result, fault, ats } = outcome;
  if (result === 'absent' || result === 'miss') {
    return `absent: ${outcome.missing ? missingText(outcome.missing, result === 'miss') : 'memory is missing'}`;
  }
  if (ats !== null || result === 'ok') {
    const from = hex64(transaction.vaHi, transaction.vaLo);
    return `${from} -> ${resultText(outcome)}`;
  }
  if (result === 'not-modelled') return resultText(outcome);
  const word = result === 'stall' ? 'stalled' : 'fault';
  return fault ? `${word}: ${faultText(fault)}` : `${word}: ${result}`;
}
