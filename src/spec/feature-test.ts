import type { REGISTERS } from './registers.ts';

/** Registers that say what is implemented, without SMMU_. */
export const ID_REGISTERS = [
  'IDR0',
  'IDR1',
  'IDR2',
  'IDR3',
  'IDR4',
  'IDR5',
  'IDR6',
  'IIDR',
  'AIDR',
  'MPAMIDR',
  'S_IDR0',
  'S_IDR1',
  'S_IDR2',
  'S_IDR3',
  'S_IDR4',
  'S_IDR6',
  'S_MPAMIDR',
  'R_IDR0',
  'R_IDR1',
  'R_IDR2',
  'R_IDR3',
  'R_IDR4',
  'R_IDR6',
  'R_AIDR',
  'R_MPAMIDR',
  'R_MECIDR',
  'ROOT_IDR0',
  'ROOT_IIDR',
] as const;

export type IdRegister = (typeof ID_REGISTERS)[number];

type FieldNames<R extends IdRegister> = keyof (typeof REGISTERS)[R]['layout']['fields'] & string;

/** One field of an ID register: `IDR0.S1P`. */
export type FeatureName = { [R in IdRegister]: `${R}.${FieldNames<R>}` }[IdRegister];

/**
 * A test of one field: `IDR0.ATS` (not zero), `!S_IDR3.SAMS` (zero), `IDR0.STALL_MODEL!=1`, `IDR0.HTTU>=2`,
 * `IDR1.CMDQS<=19`.
 */
export type FeatureTest =
  | FeatureName
  | `!${FeatureName}`
  | `${FeatureName}${'==' | '!=' | '>=' | '<='}${number}`;
