import { COMMAND_EFFECTS } from './effects/commands.ts';
import type { FeatureEffect } from './effects/effect.ts';
import { EVENT_EFFECTS, REGISTER_EFFECTS } from './effects/registers.ts';
import { STRUCTURE_EFFECTS } from './effects/structures.ts';
import type { FeatureName } from './feature-test.ts';
import { featureOfTest } from './features.ts';

export type { FeatureEffect, OffEffect } from './effects/effect.ts';

/** Everything that hangs on a field of an ID register: what it is, and what becomes of it without. */
export const FEATURE_EFFECTS: readonly FeatureEffect[] = [
  ...STRUCTURE_EFFECTS,
  ...COMMAND_EFFECTS,
  ...REGISTER_EFFECTS,
  ...EVENT_EFFECTS,
];

const BY_FEATURE = new Map<FeatureName, FeatureEffect[]>();
for (const effect of FEATURE_EFFECTS) {
  for (const name of new Set(effect.needs.map(featureOfTest))) {
    BY_FEATURE.set(name, [...(BY_FEATURE.get(name) ?? []), effect]);
  }
}

/** What hangs on a field of an ID register. */
export function effectsOf(name: FeatureName): readonly FeatureEffect[] {
  return BY_FEATURE.get(name) ?? [];
}

/** Fields of IDR0, IDR1, IDR3 and IDR5 on which no field, command, register or event hangs, and why. */
export const WITHOUT_EFFECTS: Readonly<Partial<Record<FeatureName, string>>> = {
  'IDR0.COHACC': 'Says whether accesses are coherent; no field means more or less by it.',
  'IDR1.TABLES_PRESET': 'Makes registers read-only that exist anyway.',
  'IDR1.QUEUES_PRESET': 'Makes registers read-only that exist anyway.',
  'IDR1.REL': 'Says how preset addresses count.',
  'IDR1.CMDQS': 'Only says how many.',
  'IDR1.EVENTQS': 'Only says how many.',
  'IDR1.PRIQS': 'Only says how many.',
  'IDR1.SIDSIZE': 'Only says how many; StreamIDs beyond are judged by SID-RANGE.',
  'IDR3.MTEPERM': 'Gives a value of MemAttr in stage-2 descriptors a meaning.',
  'IDR3.PASIDTT': 'Concerns transactions, not what software writes.',
  'IDR3.PTWNNC': 'Changes what STE.S2PTW=0 means; the field exists anyway.',
  'IDR3.BBML': 'Says how tables may be changed; hardware shows no field for it.',
  'IDR3.XNX': 'Gives bit 53 of stage-2 descriptors a meaning.',
  'IDR5.STALL_MAX': 'Only says how many.',
  'IDR5.OAS': 'Only says how large; addresses beyond are judged by the rules of their fields.',
};
