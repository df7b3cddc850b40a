/** The ring of a command queue as code: sixteen bytes an instruction, at its physical address. */

import type { DebugProtocol } from '@vscode/debugprotocol';
import { hex } from '../../bits/u64.ts';
import { UserError } from '../../bits/user-error.ts';
import { WORLDS, type World } from '../../bits/world.ts';
import { commandText } from '../../inspect/command-text.ts';
import { statusText } from '../../inspect/tree/node.ts';
import { DATA, PA_LIMIT } from '../../model/memory.ts';
import { type Ring, ring } from '../../model/queues/ring.ts';
import { COMMAND_BYTES } from '../../spec/commands.ts';
import { numberOf } from '../args.ts';
import type { Handlers } from '../handler.ts';
import type { Session } from '../session.ts';
import { memoryReference } from '../variable-node.ts';
import { parseReference } from './memory.ts';

/** Instructions in one answer. */
const LIMIT = 4096;

type Instruction = DebugProtocol.DisassembledInstruction;

export const DISASSEMBLE: Handlers = {
  disassemble(session, args) {
    const { space, pa } = parseReference(args['memoryReference']);
    const offset = numberOf(args['offset'], 0);
    const skipped = numberOf(args['instructionOffset'], 0);
    const count = numberOf(args['instructionCount'], 0);
    const wholes = [offset, skipped, count].every((n) => Number.isInteger(n));
    if (!wholes || count < 0) throw new UserError('offsets and counts of instructions are whole numbers');
    const at = pa + offset;
    // Commands are aligned to their size, so one that begins elsewhere is meant by its first byte.
    const first = at - (((at % COMMAND_BYTES) + COMMAND_BYTES) % COMMAND_BYTES) + skipped * COMMAND_BYTES;
    const rings = WORLDS.filter((world) => world !== 'root').map((world) =>
      ring(session.debuggee.smmu.bank, 'CMDQ', world),
    );
    const resolve = args['resolveSymbols'] === true;
    const instructions: Instruction[] = [];
    for (let i = 0; i < Math.min(count, LIMIT); i++) {
      instructions.push(instructionAt(session, rings, space, first + i * COMMAND_BYTES, resolve));
    }
    return { instructions };
  },
};

function instructionAt(
  session: Session,
  rings: readonly Ring[],
  space: World,
  pa: number,
  resolve: boolean,
): Instruction {
  const { viewer } = session.debuggee;
  if (!viewer.sees(space)) return invalid(space, pa, viewer.text(space));
  const of = rings.find(
    (one) => one.world === space && pa >= one.base && pa < one.base + COMMAND_BYTES * 2 ** one.log2size,
  );
  if (!of || !(pa >= 0 && pa < PA_LIMIT)) return invalid(space, pa, 'no command queue');
  const words = new Uint32Array(COMMAND_BYTES / 4);
  const status = session.debuggee.smmu.memory(space).load(pa, words, 0, words.length);
  if (status !== DATA) return invalid(space, pa, statusText(status));
  const index = (pa - of.base) / COMMAND_BYTES;
  const entries = 2 ** of.log2size;
  const pending = (index - of.cons + entries) % entries < Math.min(of.used, entries);
  const state = pending ? 'pending' : words.every((word) => word === 0) ? 'empty' : 'consumed';
  // No location: clients would show the line of the queue's document above each command, which says the same.
  return {
    address: memoryAddress(space, pa),
    instructionBytes: bytesText(words),
    // Marked as a comment would be: what is pending runs, the rest only lies there.
    instruction:
      state === 'empty' ? '; empty' : `${commandText(words)}${state === 'pending' ? '' : ' ; consumed'}`,
    ...(resolve ? { symbol: `CMDQ ${of.world}[${hex(index)}] ${state}` } : {}),
  };
}

function invalid(space: World, pa: number, why: string): Instruction {
  return { address: memoryAddress(space, pa), instruction: why, presentationHint: 'invalid' };
}

/** Clients read it as a number, so what would lie outside the physical address space lies at its end. */
function memoryAddress(space: World, pa: number): string {
  return memoryReference(space, Math.min(Math.max(pa, 0), PA_LIMIT));
}

function bytesText(words: Uint32Array): string {
  return [...new Uint8Array(words.buffer)].map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
}
