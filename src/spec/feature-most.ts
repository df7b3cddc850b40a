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
  'S_IDR1.S_SIDSIZE': 32,
  // The pages lie apart from those of the other states (6.1).
  'S_IDR2.BA_S_VATOS': 2,
  // 1 takes commands away from the Secure queue (6.3.55).
  'S_IDR3.SAMS': 0,
  'S_IDR4.IMPDEF': 0,
  'S_IDR6.CMDQ_CONTROL_PAGE_LOG2NUMP': 8,
  'S_IDR6.CMDQ_CONTROL_PAGE_LOG2NUMQ': 8,
  // Realm streams never stall (6.3.122).
  'R_IDR0.STALL_MODEL': 1,
  'R_IDR4.IMPDEF': 0,
  'R_IDR6.CMDQ_CONTROL_PAGE_LOG2NUMP': 8,
  'R_IDR6.CMDQ_CONTROL_PAGE_LOG2NUMQ': 8,
  'R_AIDR.ArchMajorRev': 0,
  'R_AIDR.ArchMinorRev': 4,
  // An even number (6.3.110).
  'ROOT_IDR0.BA_REALM': 4,
  'ROOT_IIDR.ProductID': 0,
  'ROOT_IIDR.Variant': 0,
  'ROOT_IIDR.Revision': 0,
  'ROOT_IIDR.Implementer': 0,
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
