import type { FeatureName } from './feature-test.ts';
import { FEATURES, type Feature, featureNamed } from './features.ts';

/** Fields in which more is not a larger number, or whose largest numbers are reserved. */
const MOST: Readonly<Partial<Record<FeatureName, number>>> = {
  'IDR0.ST_LEVEL': 1,
  // Software chooses: each other value takes a choice away (6.3.1).
  'IDR0.TERM_MODEL': 0,
  'IDR0.STALL_MODEL': 0,
  'IDR0.TTENDIAN': 0,
  // 1 says that split-stage ATS is not supported.
  'IDR0.NS1ATS': 0,
  // A preset register cannot be changed any more (6.3.2).
  'IDR1.TABLES_PRESET': 0,
  'IDR1.QUEUES_PRESET': 0,
  'IDR1.REL': 0,
  'IDR1.CMDQS': 19,
  'IDR1.EVENTQS': 19,
  'IDR1.PRIQS': 19,
  'IDR1.SSIDSIZE': 20,
  'IDR1.SIDSIZE': 32,
  'IDR2.BA_VATOS': 0,
  'IDR3.BBML': 2,
  'IDR4.IMPDEF': 0,
  'IDR5.VAX': 2,
  'IDR6.CMDQ_CONTROL_PAGE_LOG2NUMP': 8,
  'IDR6.CMDQ_CONTROL_PAGE_LOG2NUMQ': 8,
  'IIDR.ProductID': 0,
  'IIDR.Variant': 0,
  'IIDR.Revision': 0,
  'IIDR.Implementer': 0,
  'AIDR.ArchMajorRev': 0,
  'AIDR.ArchMinorRev': 4,
  'S_IDR0.STALL_MODEL': 0,
};

/**
 * The value of a field with which an implementation offers most.
 * @throws RangeError when there is no such field
 */
export function mostOf(name: FeatureName): number {
  const found = featureNamed(name);
  if (!found) throw new RangeError(`${name} is not a field of an ID register`);
  return MOST[name] ?? 2 ** found.field.width - 1;
}

const NONSECURE = /^(?:IDR[0-6]|IIDR|AIDR|MPAMIDR)$/;

/** Every field of the ID registers that describe the Non-secure state. */
export const NONSECURE_FEATURES: readonly Feature[] = FEATURES.filter(({ register }) =>
  NONSECURE.test(register),
);
