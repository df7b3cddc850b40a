import { hex, hex64, type U64 } from '../../bits/u64.ts';
import { UserError } from '../../bits/user-error.ts';
import { busDeviceFunction } from '../../inspect/stream-id.ts';
import { ATS_WORDS, ATTRIBUTES_FORM, atsKind } from '../../inspect/transaction-words.ts';
import { outcomeText, walkStory } from '../../inspect/walk-story.ts';
import { type Transaction, type TransactionKind, transaction } from '../../model/plan.ts';
import type { Smmu } from '../../model/smmu.ts';
import { attributesText, parseAttributes } from '../../model/translate/attribute-text.ts';
import { type Attributes, DEFAULT_ATTRIBUTES } from '../../model/translate/attributes.ts';
import { SSID_BITS } from '../../spec/stream-id.ts';
import {
  addressOption,
  CAPTURE_OPTIONS,
  type Given,
  numberOption,
  parse,
  requireWorld,
  sidOption,
  streamWorldOption,
} from '../args.ts';
import { answerOf } from '../batch/answer.ts';
import { runBatch } from '../batch/batch.ts';
import { type Io, LineWriter, NO, OK, printJson } from '../io.ts';
import { openGiven } from '../session.ts';

/** What says what a transaction is. */
export const TRANSACTION_OPTIONS = {
  ...CAPTURE_OPTIONS,
  world: { type: 'string' },
  sid: { type: 'string' },
  ssid: { type: 'string' },
  iova: { type: 'string' },
  write: { type: 'boolean' },
  priv: { type: 'boolean' },
  inst: { type: 'boolean' },
  ns: { type: 'boolean' },
  attr: { type: 'string' },
  ats: { type: 'string' },
  caches: { type: 'string' },
} as const;

const OPTIONS = { ...TRANSACTION_OPTIONS, batch: { type: 'string' } } as const;

const SINGLE = ['sid', 'ssid', 'iova', 'write', 'priv', 'inst', 'ns', 'attr', 'ats'] as const;

/** `smmu-debug translate`: what a transaction would do, step by step, or many of them from a file. */
export async function translate(args: readonly string[], io: Io): Promise<number> {
  const given = parse('translate', args, OPTIONS);
  const batch = given.text('batch');
  const transaction = batch === undefined ? transactionOf(given, 'translate') : null;
  if (batch !== undefined) refuseSingle(given);
  const machine = await openGiven('translate', given, io);
  try {
    if (transaction) requireWorld(machine.smmu, transaction.world);
    if (transaction) return one(machine.smmu, transaction, given, io);
    return await runBatch(machine.smmu, batch as string, io);
  } finally {
    machine.close();
  }
}

function refuseSingle(given: Given): void {
  const also = SINGLE.find((name) => given.text(name) !== undefined || given.flag(name));
  if (also === undefined) return;
  throw new UserError(`--batch takes the transactions from the file, so --${also} has no use`, {
    where: 'translate',
    todo: 'leave one of them out',
  });
}

/**
 * The transaction that the options describe.
 * @param command for the message when one is missing
 */
export function transactionOf(given: Given, command: string): Transaction {
  const world = streamWorldOption(given);
  const sid = sidOption(given);
  const iova = addressOption(given, 'iova');
  if (sid === undefined || iova === undefined) {
    throw new UserError(`no ${sid === undefined ? '--sid' : '--iova'} is given`, {
      where: command,
      todo: `write smmu-debug ${command} CAPTURE --registers SNAPSHOT --sid N --iova A${command === 'translate' ? ', or --batch FILE' : ''}`,
    });
  }
  const ssid = numberOption(given, 'ssid', 2 ** SSID_BITS - 1) ?? -1;
  const write = given.flag('write');
  const instruction = given.flag('inst');
  const kind = kindOption(given);
  if (write && instruction && kind !== 'request') {
    throw new UserError('an instruction fetch is a read', { where: '--write --inst', todo: 'leave one out' });
  }
  return transaction({
    world,
    sid,
    ssid,
    vaHi: iova.hi,
    vaLo: iova.lo,
    write,
    privileged: given.flag('priv'),
    instruction,
    ns: given.flag('ns'),
    kind,
    attributes: attributesOption(given),
  });
}

function kindOption(given: Given): TransactionKind {
  const text = given.text('ats') ?? 'u';
  const kind = atsKind(text);
  if (kind !== null) return kind;
  throw new UserError(`${JSON.stringify(text)} is no kind of ATS transaction`, {
    where: '--ats',
    todo: `write ${ATS_WORDS.join(', ')}`,
  });
}

function attributesOption(given: Given): Attributes {
  const text = given.text('attr');
  if (text === undefined) return DEFAULT_ATTRIBUTES;
  const attributes = parseAttributes(text);
  if (attributes !== null) return attributes;
  throw new UserError(`${JSON.stringify(text)} is no memory attribute`, {
    where: '--attr',
    todo: ATTRIBUTES_FORM,
  });
}

/** `reads`, `asks by ATS to write`. */
function accessText({ kind, write, instruction }: Transaction): string {
  if (kind === 'request') return write ? 'asks by ATS to write' : 'asks by ATS to read';
  const plain = write ? 'writes' : instruction ? 'fetches an instruction at' : 'reads';
  return kind === 'translated' ? `${plain} by the translated address` : plain;
}

function one(smmu: Smmu, transaction: Transaction, given: Given, io: Io): number {
  const plan = smmu.plan({ kind: 'transaction', transaction });
  const { outcome } = plan;
  const iova: U64 = { hi: transaction.vaHi, lo: transaction.vaLo };
  const request = {
    world: transaction.world,
    sid: transaction.sid,
    iova: hex64(iova.hi, iova.lo),
    rw: transaction.write ? 'w' : 'r',
    ...(transaction.ssid >= 0 ? { ssid: transaction.ssid } : {}),
    ...(transaction.privileged ? { priv: true } : {}),
    ...(transaction.instruction ? { inst: true } : {}),
    ...(transaction.ns ? { inputNs: true } : {}),
    ...(given.text('ats') === undefined ? {} : { ats: given.text('ats') }),
    ...(given.text('attr') === undefined ? {} : { attr: attributesText(transaction.attributes) }),
  };
  const answer = answerOf(outcome, transaction);
  if (given.flag('json')) {
    const text = outcomeText(outcome);
    printJson(io, { request, caches: smmu.policy, ...answer, text, steps: walkStory(plan) });
  } else {
    const out = new LineWriter(io);
    const what = accessText(transaction);
    const ssid = transaction.ssid >= 0 ? ` SubstreamID ${hex(transaction.ssid)}` : '';
    const who = `StreamID ${hex(transaction.sid)} (${busDeviceFunction(transaction.sid)})${ssid}`;
    const level = transaction.privileged ? 'privileged' : 'unprivileged';
    out.line(
      `${who} ${what} ${request.iova}, ${level}, world ${transaction.world}, caches ${smmu.policy} (cold)`,
    );
    for (const row of walkStory(plan)) {
      const mark = row.kind === 'finding' ? 'note: ' : '';
      out.line(`${'  '.repeat(row.depth + 1)}${mark}${row.text}`);
    }
    out.line(outcomeText(outcome));
    out.flush();
  }
  return answer.ok ? OK : NO;
}
