import { UserError } from '../../../bits/user-error.ts';
import type { World } from '../../../bits/world.ts';
import { offsetOf } from '../../../model/bank.ts';
import type { Operation } from '../../../model/plan.ts';
import { advance, ring } from '../../../model/queues/ring.ts';
import type { Smmu } from '../../../model/smmu.ts';
import type { QueueWorld } from '../../../spec/commands.ts';
import { WORLD_PREFIX } from '../../../spec/registers.ts';
import { commandSpecNamed } from '../names.ts';
import { type FieldAssignments, withFields } from './structures.ts';

/** SSec of a command about a stream of its own queue's state: the Secure queue reaches both (4.1.4). */
export function secure(world: World): readonly [string, bigint][] {
  return world === 's' ? [['SSec', 1n]] : [];
}

/** A command as software writes it: 16 bytes. */
export function encodeCommand(mnemonic: string, fields: FieldAssignments): Uint32Array {
  const named = commandSpecNamed(mnemonic);
  if (!named) throw new UserError(`there is no command ${mnemonic}`);
  const { layout, opcode } = named.spec;
  const words = new Uint32Array(layout.words);
  const all = new Map(fields);
  if (named.fixed) all.set(named.fixed.field, BigInt(named.fixed.value));
  all.set('Opcode', BigInt(opcode));
  return withFields(layout, words, all);
}

/**
 * The writes that put commands into a ring: each command at PROD, then one write of PROD for all of them (4.1.1).
 * @throws UserError when the queue has no room for them
 */
export function enqueue(smmu: Smmu, world: QueueWorld, commands: readonly Uint32Array[]): Operation[] {
  const queue = ring(smmu.bank, 'CMDQ', world);
  const entries = 2 ** queue.log2size;
  if (commands.length > entries - queue.used) {
    throw new UserError(
      `the command queue has ${entries} entries, of which ${queue.used} are pending: no room for ${commands.length}`,
      {
        todo:
          commands.length > entries
            ? 'write them one by one with cmd'
            : `let the SMMU consume them by run ${world}`,
      },
    );
  }
  const place = offsetOf(`${WORLD_PREFIX[world]}CMDQ_PROD`);
  let prod = smmu.bank.peek(place);
  const operations: Operation[] = [];
  for (const words of commands) {
    const pa = queue.base + (prod % entries) * queue.entryBytes;
    for (let i = 0; i < words.length; i += 2)
      operations.push({ kind: 'memory', space: world, pa: pa + i * 4, words: words.slice(i, i + 2) });
    prod = advance(prod, queue.log2size);
  }
  operations.push({ kind: 'register', offset: place, value: prod, bytes: 4, valueHi: 0, world });
  return operations;
}
