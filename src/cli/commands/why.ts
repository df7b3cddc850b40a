import { explanationLines } from '../../inspect/why/lines.ts';
import { explainTransaction } from '../../inspect/why/transaction.ts';
import { parse, requireWorld } from '../args.ts';
import { type Io, LineWriter, NO, OK, printJson } from '../io.ts';
import { openGiven } from '../session.ts';
import { TRANSACTION_OPTIONS, transactionOf } from './translate.ts';

/** `smmu-debug why`: why a transaction comes to what it comes to, and what would change that. */
export async function why(args: readonly string[], io: Io): Promise<number> {
  const given = parse('why', args, TRANSACTION_OPTIONS);
  const transaction = transactionOf(given, 'why');
  const machine = await openGiven('why', given, io);
  try {
    requireWorld(machine.smmu, transaction.world);
    const plan = machine.smmu.plan({ kind: 'transaction', transaction });
    const explanation = explainTransaction(machine.smmu, plan);
    if (given.flag('json')) printJson(io, explanation);
    else {
      const out = new LineWriter(io);
      for (const line of explanationLines(explanation)) out.line(line);
      out.flush();
    }
    return plan.outcome.result === 'ok' ? OK : NO;
  } finally {
    machine.close();
  }
}
