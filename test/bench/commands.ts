import { machineOf, transactionOf } from '../../src/cli/conform/run-case.ts';
import { offsetOf } from '../../src/model/bank.ts';
import { entryAddress, ring } from '../../src/model/queues/ring.ts';
import { type CommandCase, numberIn } from './cases.ts';
import type { Bench, Work } from './rounds.ts';
import { SID } from './translations.ts';

const WRAP_AND_INDEX = 2;
/** Where the tables of the cases with live TLB entries map pages. */
const MAPPED = 0x1234_5640_0000;

function commandWords(hex: string): Uint32Array {
  return new Uint32Array(Uint8Array.from(hex.match(/../g) ?? [], (byte) => numberIn(`0x${byte}`)).buffer);
}

/** Consumes a case's commands over and over: PROD is moved by as many as fit, then the queue runs empty. */
export function commandBench(of: CommandCase, baseline: Work): Bench {
  const { bench } = of;
  const smmu = machineOf(of, 'combined');
  const queue = ring(smmu.bank, 'CMDQ', 'ns');
  const slots = 2 ** queue.log2size;
  for (let i = 0; i < slots; i++) {
    const words = commandWords(bench.commands[i % bench.commands.length] ?? '');
    smmu.memory('ns').store(entryAddress(queue, i), words, 0, words.length);
  }
  for (let page = 0; page < bench.tlb_entries; page++) {
    const { result } = smmu.translate(transactionOf(SID, `0x${(MAPPED + page * 4096).toString(16)}`, false));
    if (result !== 'ok') throw new Error(`${of.name}: the page that fills the TLB gives ${result}`);
  }
  const prod = offsetOf('CMDQ_PROD');
  const run: Work = (count) => {
    for (let left = count; left > 0; ) {
      const batch = Math.min(left, bench.repeat_to);
      const next = (smmu.bank.peek(prod) + batch) % (WRAP_AND_INDEX * slots);
      smmu.commit(smmu.registerWrite(prod, next));
      const done = smmu.runCommands('ns');
      if (done !== batch) throw new Error(`${of.name}: ${done} of ${batch} commands were consumed`);
      left -= batch;
    }
  };
  return { name: of.name, unit: 'command', run, baseline, note: () => `${smmu.tlb.size} live TLB entries` };
}
