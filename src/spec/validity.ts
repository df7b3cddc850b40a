import { ATS_RULES } from './validity/ats.ts';
import { CD_RULES } from './validity/cd.ts';
import type { ValidityRule } from './validity/rule.ts';
import { STE_RULES } from './validity/ste.ts';
import { STREAM_TABLE_RULES } from './validity/stream-table.ts';

export type { ValidityRule } from './validity/rule.ts';

/** Every rule by its id. The order of the checks is that of EVENT_PRIORITY. */
export const VALIDITY_RULES = {
  ...STREAM_TABLE_RULES,
  ...STE_RULES,
  ...CD_RULES,
  ...ATS_RULES,
} as const;

export type ValidityRuleId = keyof typeof VALIDITY_RULES;

/** The rule of that id: the common shape, whichever optional parts it has. */
export function validityRule(id: ValidityRuleId): ValidityRule {
  return VALIDITY_RULES[id];
}

/** Terms that the rules use. */
export const VALIDITY_TERMS = {
  eff_S2PS: 'MIN(S2PS,OAS) bits; LPAE 40',
  eff_IPS: 'MIN(IPS,OAS) bits; LPAE 40',
  IAS: 'MAX(TTF[0]?40:0, TTF[1]?OAS:0)',
  'effective STALL_MODEL (NS)': 'S_IDR0.STALL_MODEL==0 && S_CR0.NSSTALLD ? 1 : IDR0.STALL_MODEL',
  'STRW unused': '!S1P || (NS && !Hyp) || Config==0b11x || Config==0b100',
  'VMID ignored':
    'Config[2]==0 || Config==0b100 || (NS && !S2P) || (S && !SEL2) || (STRW used && STRW!=0) || (S && Config==0b101)',
  'StreamWorld (NS)':
    'Config 0b11x: NS-EL1; 0b101: STRW 0 NS-EL1, 2 NS-EL2 or NS-EL2-E2H by CR2.E2H; no stage 1: NS-EL1 if stage 2',
  'StreamWorld (Secure)': 'Config 0b11x: Secure; 0b101: STRW 0 Secure, 1 EL3, 2 S-EL2(-E2H)',
  'StreamWorld (Realm)': 'Config 0b11x or STRW 0: Realm-EL1; STRW 2: Realm-EL2(-E2H)',
} as const;
