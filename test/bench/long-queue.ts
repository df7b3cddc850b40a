import { encode } from '../../src/bits/layout.ts';
import { machineOf } from '../../src/cli/conform/run-case.ts';
import { offsetOf } from '../../src/model/bank.ts';
import type { Smmu } from '../../src/model/smmu.ts';
import { COMMANDS } from '../../src/spec/commands.ts';
import type { CommandCase } from './cases.ts';

/** Where the ring lies (PA in bytes): aligned to its size. */
const RING = 0x8000_0000;
const COMMAND_WORDS = 4;
/** One command in so many is a CMD_SYNC: about what a driver issues when it unmaps page by page. */
const SYNC_EVERY = 8;

/** An SMMU whose command queue is full of CMD_TLBI_NH_VA with a CMD_SYNC here and there. */
export function longQueue(
  like: CommandCase,
  log2size: number,
  policy: 'combined' | 'maximal' = 'combined',
): Smmu {
  const smmu = machineOf(like, policy);
  const entries = 2 ** log2size;
  const words = new Uint32Array(entries * COMMAND_WORDS);
  const { CMD_TLBI_NH_VA: tlbi, CMD_SYNC: sync } = COMMANDS;
  // A few commands over and over: garbage made here would be room for what is measured.
  const round = Array.from({ length: SYNC_EVERY }, (_, i) =>
    i === SYNC_EVERY - 1
      ? encode(sync.layout, { Opcode: sync.opcode })
      : encode(tlbi.layout, { Opcode: tlbi.opcode, ASID: 1, Address: i * 4096 }),
  );
  for (let i = 0; i < entries; i++) {
    words.set(round[i % SYNC_EVERY] ?? [], i * COMMAND_WORDS);
  }
  smmu.memory('ns').store(RING, words, 0, words.length);
  smmu.bank.load([
    [offsetOf('CMDQ_BASE'), RING + log2size],
    [offsetOf('CMDQ_BASE') + 4, 0],
    [offsetOf('CMDQ_CONS'), 0],
    [offsetOf('CMDQ_PROD'), entries],
  ]);
  return smmu;
}
