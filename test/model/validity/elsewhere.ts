/** Rules of the validity table that are not among the cases of validity.test.ts. */

import { ATS_RULES } from '../../../src/spec/validity/ats.ts';

/** Files of test/model in which rules have their tests, by the rule's name: another kind of traffic, or a choice. */
export const TESTED_IN: Readonly<Record<string, readonly string[]>> = {
  'ats-rules.test.ts': Object.keys(ATS_RULES),
  'conflicts.test.ts': ['EVT-CFG-CONFLICT'],
};
