import { EVENT_LIST } from '../events.ts';
import type { FeatureTest } from '../feature-test.ts';
import { REGISTER_LIST, type RegisterSpec } from '../registers.ts';
import { type FeatureEffect, type OffEffect, testsIn } from './effect.ts';

function ofRegister({ short, section, needs, layout }: RegisterSpec): FeatureEffect[] {
  const whole = { kind: 'register', of: short, section, off: 'RES0' } as const;
  const effects: FeatureEffect[] = [];
  if (needs !== undefined) effects.push({ ...whole, field: null, needs: testsIn(needs) });
  for (const field of layout.list) {
    if (field.needs !== undefined) effects.push({ ...whole, field: field.name, needs: testsIn(field.needs) });
  }
  return effects;
}

type Row = readonly [register: string, field: string, needs: FeatureTest, off: OffEffect, section: string];

const MORE: readonly FeatureEffect[] = (
  [
    ['STRTAB_BASE_CFG', 'FMT', 'IDR0.ST_LEVEL', 'RES0', '6.3.25'],
    ['STRTAB_BASE_CFG', 'SPLIT', 'IDR0.ST_LEVEL', 'RES0', '6.3.25'],
    ['GBPA', 'INSTCFG', 'IDR1.ATTR_PERMS_OVR', 'IGNORED', '6.3.14'],
    ['GBPA', 'PRIVCFG', 'IDR1.ATTR_PERMS_OVR', 'IGNORED', '6.3.14'],
    ['GBPA', 'SHCFG', 'IDR1.ATTR_TYPES_OVR', 'IGNORED', '6.3.14'],
    ['GBPA', 'ALLOCCFG', 'IDR1.ATTR_TYPES_OVR', 'IGNORED', '6.3.14'],
    ['GBPA', 'MTCFG', 'IDR1.ATTR_TYPES_OVR', 'IGNORED', '6.3.14'],
    ['GBPA', 'MemAttr', 'IDR1.ATTR_TYPES_OVR', 'IGNORED', '6.3.14'],
  ] as const satisfies readonly Row[]
).map(([of, field, test, off, section]) => ({ kind: 'register', of, field, needs: [test], off, section }));

/** What registers, or fields of them, are where a feature is missing (chapter 6). */
export const REGISTER_EFFECTS: readonly FeatureEffect[] = [...REGISTER_LIST.flatMap(ofRegister), ...MORE];

/** Events that only occur with a feature. */
const EVENTS: readonly (readonly [name: string, needs: readonly FeatureTest[]])[] = [
  ['F_BAD_ATS_TREQ', ['IDR0.ATS']],
  ['F_TRANSL_FORBIDDEN', ['IDR0.ATS']],
  ['F_VMS_FETCH', ['IDR3.MPAM', 'IDR0.S1P', 'IDR0.S2P']],
  ['C_BAD_CD', ['IDR0.S1P']],
  ['F_CD_FETCH', ['IDR0.S1P']],
  ['F_STREAM_DISABLED', ['IDR1.SSIDSIZE']],
];

/** Fields of records that only a feature fills. */
const EVENT_FIELDS: Readonly<Record<string, FeatureTest>> = {
  Stall: 'IDR0.STALL_MODEL!=1',
  STAG: 'IDR0.STALL_MODEL!=1',
  S2: 'IDR0.S2P',
  IPA: 'IDR0.S2P',
};

/** What events do not occur where a feature is missing (7.3). */
export const EVENT_EFFECTS: readonly FeatureEffect[] = EVENT_LIST.flatMap(({ name, section, layout }) => {
  const whole = { kind: 'event', of: name, section, off: 'never' } as const;
  const effects: FeatureEffect[] = [];
  const found = EVENTS.find(([event]) => event === name);
  if (found) effects.push({ ...whole, field: null, needs: found[1] });
  for (const field of layout.list) {
    const test = EVENT_FIELDS[field.name];
    const needs = field.needs === undefined ? (test ? [test] : []) : testsIn(field.needs);
    if (needs.length > 0) effects.push({ ...whole, field: field.name, needs });
  }
  return effects;
});
