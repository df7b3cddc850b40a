/** Rules of the validity table that are not among the cases of validity.test.ts. */

import { ATS_RULES } from '../../../src/spec/validity/ats.ts';

/** Files of test/model in which rules have their tests, by the rule's name: another kind of traffic, or a choice. */
export const TESTED_IN: Readonly<Record<string, readonly string[]>> = {
  'ats-rules.test.ts': Object.keys(ATS_RULES),
  'conflicts.test.ts': ['EVT-CFG-CONFLICT'],
};

/** Rules that no source of the model judges: of streams of a Security state whose registers it does not hold. */
export const NOT_MODELLED: Readonly<Record<string, readonly string[]>> = {
  'Secure streams': [
    'STE-S-S2-UNSUP',
    'STE-SR-AA32',
    'STE-STRW-S3',
    'STE-STRW-EL3-RME',
    'STE-STRW-SEL2',
    'STE-S1STALLD-S',
    'STE-S-S2TTB',
    'SIF-BYPASS',
  ],
  'Realm streams': [
    'STE-DPT-VMATCH-R',
    'STE-S1STALLD-R',
    'STE-S2S-R',
    'CD-AA32-REALM',
    'DIS-REALM',
    'DIS-REALM-NSEXEC',
  ],
};
