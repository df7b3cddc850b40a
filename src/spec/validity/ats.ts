import type { ValidityRule } from './rule.ts';

/** Rules of ATS Translation Requests and Translated transactions (3.9.1). */
export const ATS_RULES = {
  'ATS-TR-SMMUEN0': {
    structure: 'ATS',
    when: 'Translation Request, SMMUEN==0',
    result: 'UR + F_BAD_ATS_TREQ',
    feature: 'ATS',
  },
  'ATS-TR-SECURE': {
    structure: 'ATS',
    when: 'Translation Request on Secure StreamID',
    result: 'UR + F_BAD_ATS_TREQ (Secure queue)',
    feature: 'ATS',
  },
  'ATS-TR-CFG0': {
    structure: 'ATS',
    when: 'Translation Request, Config==0b000',
    result: 'UR, no event',
    feature: 'ATS',
  },
  'ATS-TR-BYPASS': {
    structure: 'ATS',
    when: 'Translation Request, Config==0b100',
    result: 'UR + F_BAD_ATS_TREQ',
    feature: 'ATS',
  },
  'ATS-TR-EATS0': {
    structure: 'ATS',
    when: 'Translation Request, effective EATS==0 (incl. 2/3 with ATSCHK==0)',
    result: 'UR + F_BAD_ATS_TREQ',
    feature: 'ATS',
  },
  'ATS-TR-CFGERR': {
    structure: 'ATS',
    when: 'Translation Request that meets a configuration error or F_WALK_EABT/F_CD_FETCH',
    result: 'CA; event only if CR2.REC_CFG_ATS (C_BAD_STREAMID also needs RECINVSID)',
    feature: 'ATS',
  },
  'ATS-TR-FAULT': {
    structure: 'ATS',
    when: 'Translation Request with F_TRANSLATION/F_ADDR_SIZE/F_ACCESS at any stage',
    result: 'Success with R=W=0, no event',
    feature: 'ATS',
  },
  'ATS-TR-PERM': {
    structure: 'ATS',
    when: 'Translation Request lacking some permission',
    result: 'Success with granted subset (possibly R=W=0)',
    feature: 'ATS',
  },
  'ATS-TR-GPF': {
    structure: 'ATS',
    when: 'Translation Request whose output fails GPC',
    result: 'CA, no event',
    feature: 'RME_IMPL',
  },
  'ATS-TT-SMMUEN0': {
    structure: 'ATS',
    when: 'Translated, SMMUEN==0',
    result: 'F_TRANSL_FORBIDDEN + abort',
    feature: 'ATS',
  },
  'ATS-TT-SECURE': {
    structure: 'ATS',
    when: 'Translated on Secure StreamID',
    result: 'F_TRANSL_FORBIDDEN + abort',
  },
  'ATS-TT-CFG0': {
    structure: 'ATS',
    when: 'Translated, ATSCHK==1, Config==0b000',
    result: 'abort, no event',
    feature: 'ATS',
  },
  'ATS-TT-BYPASS': {
    structure: 'ATS',
    when: 'Translated, ATSCHK==1, Config==0b100',
    result: 'F_TRANSL_FORBIDDEN + abort',
    feature: 'ATS',
  },
  'ATS-TT-EATS0': {
    structure: 'ATS',
    when: 'Translated, ATSCHK==1, effective EATS==0',
    result: 'F_TRANSL_FORBIDDEN + abort',
    feature: 'ATS',
  },
  'ATS-TT-INVSTE': {
    structure: 'ATS',
    when: 'Translated, ATSCHK==1, STE invalid / bad StreamID',
    result: 'abort; event only if REC_CFG_ATS',
    feature: 'ATS',
  },
  'ATS-TT-NOCHK': {
    structure: 'ATS',
    when: 'Translated, ATSCHK==0',
    result:
      'passes without STE lookup (GPC applies); an address above OAS is IMPLEMENTATION DEFINED: abort or truncate (3.9.1.1)',
    feature: 'ATS',
  },
  'ATS-TT-SPLIT': {
    structure: 'ATS',
    when: 'Translated, EATS==2: first F_ADDR_SIZE of stage 1 if the IPA exceeds IAS (3.9.1.3); then the IPA goes through stage 2, a fault there is an ordinary S2 event',
    result: 'F_* S2=1',
    feature: 'NS1ATS=0',
  },
  'ATS-TT-DPT': {
    structure: 'ATS',
    when: 'Translated, EATS==3: DPT check fails',
    result: 'F_TRANSL_FORBIDDEN + abort',
    feature: 'DPT',
  },
  'ATS-TT-DPTOFF': {
    structure: 'ATS',
    when: 'Realm/NS DPT stream, DPT_WALK_EN==0 and no DPT TLB hit',
    result: 'F_TRANSL_FORBIDDEN + DPT_CFG_FAR DPT_DISABLED level 0 + GERROR.DPT_ERR',
    feature: 'DPT',
  },
} as const satisfies Readonly<Record<string, ValidityRule>>;
