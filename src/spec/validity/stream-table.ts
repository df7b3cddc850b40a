import type { ValidityRule } from './rule.ts';

/** Rules of the stream table lookup and of a disabled SMMU. */
export const STREAM_TABLE_RULES = {
  'SID-RANGE': {
    structure: 'STRTAB',
    when: 'StreamID >= 2^MIN(LOG2SIZE,SIDSIZE) (Secure: S_IDR1.S_SIDSIZE)',
    result: 'C_BAD_STREAMID',
    feature: 'event only if CR2.RECINVSID',
  },
  'SID-SPAN0': {
    structure: 'L1STD',
    when: 'FMT==1 && Span==0',
    result: 'C_BAD_STREAMID',
    feature: 'IDR0.ST_LEVEL',
  },
  'SID-SPANRES': {
    structure: 'L1STD',
    when: 'FMT==1 && Span>=12',
    result: 'C_BAD_STREAMID',
    feature: 'IDR0.ST_LEVEL',
  },
  'SID-SPANBIG': {
    structure: 'L1STD',
    when: 'FMT==1 && Span > SPLIT+1',
    result: 'C_BAD_STREAMID',
    feature: 'IDR0.ST_LEVEL',
  },
  'SID-SPANRANGE': {
    structure: 'L1STD',
    when: 'FMT==1 && StreamID[SPLIT-1:0] >= 2^(Span-1)',
    result: 'C_BAD_STREAMID',
    feature: 'IDR0.ST_LEVEL',
  },
  'SID-RECINVSID0': { structure: 'CR2', when: 'any SID-* && CR2.RECINVSID==0', result: 'abort, no event' },
  'SIF-BYPASS': {
    structure: 'S_CR0',
    when: 'Secure, stage 1 bypassed, SIF==1, instruction fetch to NS',
    result: 'F_PERMISSION (S2=0, CLASS=IN, terminated)',
    feature: 'SECURE',
  },
  'DIS-BYPASS': {
    structure: 'GBPA',
    when: 'SMMUEN==0 && GBPA.ABORT==0',
    result: 'bypass with GBPA attributes; input > OAS aborts without event',
  },
  'DIS-ABORT': { structure: 'GBPA', when: 'SMMUEN==0 && GBPA.ABORT==1', result: 'abort, no event' },
  'DIS-REALM': {
    structure: 'R_GBPA',
    when: 'R_CR0.SMMUEN==0',
    result: 'abort (R_GBPA.ABORT reads 1, RO)',
    feature: 'RME DA',
    conf: 'medium',
  },
} as const satisfies Readonly<Record<string, ValidityRule>>;
