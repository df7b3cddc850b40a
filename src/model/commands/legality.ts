/** Whether a command is CERROR_ILL: IHI 0070 7.1 and each command's section, by the table. */

import { hex } from '../../bits/u64.ts';
import {
  type CommandName,
  type CommandSpec,
  commandByOpcode,
  isImpdefOpcode,
  opcodeOf,
} from '../../spec/commands.ts';
import { holds } from '../../spec/features.ts';
import { RANGE_SCALE_BITS, RANGE_SCALE_MAX, rangeIsIllegal } from '../../spec/tlbi-range.ts';
import { reservedBitSet } from '../field-bits.ts';
import type { WorldState } from '../state.ts';

/** The command's table entry, or why it is CERROR_ILL. */
export type Legal =
  | { readonly spec: CommandSpec & { readonly name: CommandName } }
  | { readonly illegal: string };

/**
 * Judges a command by its opcode, the features, and the fields that can be illegal.
 * @param words the command, 4 words
 */
export function judge(state: WorldState, world: 'ns' | 's' | 'realm', words: Uint32Array): Legal {
  const opcode = opcodeOf(words, 0);
  const name = `opcode ${hex(opcode)}`;
  const spec = commandByOpcode(opcode);
  if (!spec)
    return {
      illegal: `${name} is ${isImpdefOpcode(opcode) ? 'IMPLEMENTATION DEFINED, and not implemented' : 'reserved'}`,
    };
  const legal = spec.legal[world];
  if (legal === false) return { illegal: `${spec.name} does not exist on this queue` };
  if (legal !== true) {
    const missing = legal.find((test) => !holds(state.ids, test));
    if (missing) return { illegal: `${spec.name} needs ${missing}` };
  }
  if (state.strict) {
    const bit = reservedBitSet(state.bits.of(spec.layout), words, 0);
    if (bit >= 0) return { illegal: `${spec.name} with reserved bit ${bit} set` };
  }
  const fields = spec.layout.fields;
  const get = (field: string): number => fields[field]?.get(words, 0) ?? 0;
  if (spec.ssec && world !== 's' && get('SSec') === 1) {
    return { illegal: `${spec.name} with SSec=1 outside the Secure queue` };
  }
  for (const [field, values] of Object.entries(spec.illegalValues ?? {})) {
    if (values.includes(get(field)))
      return { illegal: `${spec.name} with ${field}=${get(field)}, which is reserved` };
  }
  if (
    spec.range &&
    state.features.ril &&
    rangeIsIllegal(get('TG'), get('NUM'), scaleOf(state, get('SCALE')), get('TTL'), state.features.ds)
  ) {
    return { illegal: `${spec.name} with TG=${get('TG')} and NUM, SCALE, TTL all 0, a reserved combination` };
  }
  return { spec };
}

/** The SCALE that counts: IDR5.DS decides how wide it is (4.4.1.1). */
export function scaleOf(state: WorldState, scale: number): number {
  return state.features.ds ? Math.min(scale, RANGE_SCALE_MAX) : scale % 2 ** RANGE_SCALE_BITS.withoutDS;
}
