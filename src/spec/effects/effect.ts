import type { FeatureTest } from '../feature-test.ts';
import { parseFeatureExpression } from '../features.ts';

/**
 * What becomes of something whose feature is missing:
 *
 * - `RES0`: the field is reserved; software writes 0, and the value has no effect. An implementation may refuse another
 *   value in a structure or command (chapter 5, 4.1.5).
 * - `IGNORED`: any value may stand there, and none has an effect.
 * - `ILLEGAL`: the structure is invalid: C_BAD_STE or C_BAD_CD.
 * - `CERROR_ILL`: the command stops its queue.
 * - `UNMATCHED`: reserved bits of an ASID or VMID; a command in which they are set need not affect anything (4.4).
 * - `legal`: the command is consumed all the same.
 * - `never`: the event does not occur, or the field of its record is 0.
 */
export type OffEffect = 'RES0' | 'IGNORED' | 'ILLEGAL' | 'CERROR_ILL' | 'UNMATCHED' | 'legal' | 'never';

/** One thing that hangs on features. */
export interface FeatureEffect {
  readonly kind: 'structure' | 'command' | 'register' | 'event';
  /** The structure, command, register or event: `STE`, `CMD_ATC_INV`, `CR0`, `F_VMS_FETCH`. */
  readonly of: string;
  /** The field; null is the whole of it. */
  readonly field: string | null;
  /** Bits of the field, counted from its own bit 0; default: all. */
  readonly bits?: readonly [msb: number, lsb: number];
  /** The values that are meant; default: all but 0. */
  readonly values?: readonly number[];
  /** All of these must hold, or else `off`. */
  readonly needs: readonly FeatureTest[];
  readonly off: OffEffect;
  /** Section of Arm IHI 0070. */
  readonly section: string;
  /** The rule of the validity table that says the same, where there is one. */
  readonly rule?: string;
}

/** The tests of a condition that is written as `A && B && words`: those parts that can be evaluated. */
export function testsIn(condition: string): readonly FeatureTest[] {
  return condition.split(' && ').flatMap((part) => parseFeatureExpression(part) ?? []);
}
