/** Why a command is an error, and which field would have to be what. */

import { hex } from '../../bits/u64.ts';
import { judge } from '../../model/commands/legality.ts';
import type { Frame, Plan } from '../../model/plan.ts';
import type { Smmu } from '../../model/smmu.ts';
import { CERRORS } from '../../spec/cerror.ts';
import { commandByOpcode, opcodeOf, type QueueWorld } from '../../spec/commands.ts';
import { WORLD_PREFIX } from '../../spec/registers.ts';
import { bitsText, labelOf, valueText } from '../rows.ts';

/** Fields up to this width are tried with every value. */
const TRIED_BITS = 5;

/** The rule and the cure of a command at which its queue stops; the plan is that of the command. */
export function commandErrorLines(smmu: Smmu, plan: Plan): string[] {
  const { operation, outcome, frames } = plan;
  if (operation.kind !== 'command') return [];
  const world = operation.world === 'root' ? 'ns' : operation.world;
  const frame = frames[0];
  switch (outcome.cerror) {
    case CERRORS.CERROR_ILL.code:
      return ['Rule: IHI 0070 7.1, 4.1.', ...(frame ? illegalLines(smmu, world, frame) : [])];
    case CERRORS.CERROR_ABT.code:
      return [
        'Rule: IHI 0070 7.1.',
        `Cure: the queue must lie in memory; ${WORLD_PREFIX[world]}CMDQ_BASE.ADDR=${hex(smmu.bank.field(`${WORLD_PREFIX[world]}CMDQ_BASE`, 'ADDR'))} leads to PA ${hex(operation.pa)}.`,
      ];
    default:
      return [
        'Rule: IHI 0070 7.1, 4.7.3.',
        'Cure: acknowledge GERROR.CMDQ_ERR in GERRORN: the CMD_SYNC is tried again; an endpoint that never answers must be reset, or its ATS disabled.',
      ];
  }
}

/**
 * Which field makes a command illegal, and with which value it would be legal: tried with the rules of the model.
 * @param frame of the command, its words as they were read
 */
export function illegalLines(smmu: Smmu, world: QueueWorld, frame: Pick<Frame, 'words' | 'pa'>): string[] {
  const { words, pa } = frame;
  const spec = words.length === 4 ? commandByOpcode(opcodeOf(words, 0)) : undefined;
  const at = pa === null ? '' : ` at PA ${hex(pa)}`;
  const state = smmu.state(world);
  if (spec === undefined)
    return [`Cure: overwrite the command${at} by a CMD_SYNC, then acknowledge GERROR.CMDQ_ERR.`];
  for (const field of spec.layout.list) {
    if (field.name === 'Opcode' || field.width > TRIED_BITS) continue;
    const now = field.get(words, 0);
    for (let value = 0; value < 2 ** field.width; value++) {
      if (value === now) continue;
      const tried = words.slice();
      field.set(tried, 0, value);
      if ('illegal' in judge(state, world, tried)) continue;
      const label = labelOf(field, value, world);
      return [
        `Cure: ${spec.name}${at}: ${field.name} ${bitsText(field)} ${valueText(field, words, 0)} -> ${valueText(field, tried, 0)}${label === null ? '' : ` (${label})`} would be legal; then acknowledge GERROR.CMDQ_ERR.`,
      ];
    }
  }
  const verdict = judge(state, world, words);
  const why = 'illegal' in verdict ? verdict.illegal : 'it is legal';
  return [
    `Cure: no value of a field makes it legal (${why}): overwrite it by a CMD_SYNC, then acknowledge GERROR.CMDQ_ERR.`,
  ];
}
