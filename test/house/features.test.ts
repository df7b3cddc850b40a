import { describe, expect, test } from 'vitest';
import { fieldOf, type Layout } from '../../src/bits/layout.ts';
import { CD } from '../../src/spec/cd.ts';
import { COMMAND_LIST } from '../../src/spec/commands.ts';
import { EVENT_LIST } from '../../src/spec/events.ts';
import { CONSTRAINTS } from '../../src/spec/feature-conflicts.ts';
import { effectsOf, FEATURE_EFFECTS, WITHOUT_EFFECTS } from '../../src/spec/feature-effects.ts';
import { FEATURES, featureOfTest, parseFeatureExpression } from '../../src/spec/features.ts';
import { REGISTER_LIST } from '../../src/spec/registers.ts';
import { STE } from '../../src/spec/ste.ts';
import { VALIDITY_RULES } from '../../src/spec/validity.ts';

const LAYOUTS: Readonly<Record<string, ReadonlyMap<string, Layout>>> = {
  structure: new Map<string, Layout>([STE, CD].map((layout) => [layout.name, layout])),
  command: new Map(COMMAND_LIST.map(({ name, layout }) => [name, layout])),
  register: new Map<string, Layout>(REGISTER_LIST.map(({ short, layout }) => [short, layout])),
  event: new Map(EVENT_LIST.map(({ name, layout }) => [name, layout])),
};

const nameOf = ({ of, field }: { of: string; field: string | null }): string => `${of}.${field ?? '*'}`;

describe('what hangs on a feature', () => {
  test('exists: structure, command, register or event, field, bits and values', () => {
    for (const effect of FEATURE_EFFECTS) {
      const layout = LAYOUTS[effect.kind]?.get(effect.of);
      expect(layout, effect.of).toBeDefined();
      if (effect.field === null) continue;
      const field = fieldOf(layout as Layout, effect.field);
      expect(field, nameOf(effect)).toBeDefined();
      const top = field?.width ?? 0;
      if (effect.bits)
        expect(effect.bits[0] < top && effect.bits[1] <= effect.bits[0], nameOf(effect)).toBe(true);
      for (const value of effect.values ?? []) expect(value < 2 ** top, nameOf(effect)).toBe(true);
    }
  });

  test('names a section, a rule that exists, and conditions that can be evaluated', () => {
    for (const effect of FEATURE_EFFECTS) {
      expect(effect.section, nameOf(effect)).toMatch(/^\d+(\.\d+)*$/);
      if (effect.rule !== undefined)
        expect(Object.keys(VALIDITY_RULES), nameOf(effect)).toContain(effect.rule);
      expect(effect.needs.length, nameOf(effect)).toBeGreaterThan(0);
      for (const one of effect.needs) expect(parseFeatureExpression(one), nameOf(effect)).not.toBeNull();
    }
  });

  test('covers every field of STE and CD that has a condition', () => {
    const covered = new Set(FEATURE_EFFECTS.map(nameOf));
    const fields = [STE, CD].flatMap((layout: Layout) =>
      layout.list.filter(({ needs }) => needs !== undefined).map(({ name }) => `${layout.name}.${name}`),
    );
    expect(fields.filter((name) => !covered.has(name))).toEqual([]);
    expect(fields.length).toBeGreaterThan(80);
  });

  test('covers every command of the Non-secure queue and every register that has a condition', () => {
    const covered = new Set(FEATURE_EFFECTS.map(nameOf));
    const commands = COMMAND_LIST.filter(({ legal }) => typeof legal.ns !== 'boolean').map(
      ({ name }) => `${name}.*`,
    );
    const registers = REGISTER_LIST.flatMap(({ short, needs, layout }) => [
      ...(needs === undefined ? [] : [`${short}.*`]),
      ...layout.list.filter((field) => field.needs !== undefined).map(({ name }) => `${short}.${name}`),
    ]);
    expect([...commands, ...registers].filter((name) => !covered.has(name))).toEqual([]);
  });
});

describe('every field of IDR0, IDR1, IDR3 and IDR5', () => {
  const fields = FEATURES.filter(({ register }) => ['IDR0', 'IDR1', 'IDR3', 'IDR5'].includes(register));

  test('has effects, or a reason why not', () => {
    const silent = fields.filter(({ name }) => effectsOf(name).length === 0).map(({ name }) => name);
    expect(silent.sort()).toEqual(Object.keys(WITHOUT_EFFECTS).sort());
    for (const why of Object.values(WITHOUT_EFFECTS)) expect(why).toMatch(/^[A-Z].*\.$/);
  });

  test('stands in a relation of the architecture, or has none', () => {
    const related = new Set(CONSTRAINTS.flatMap(({ when, needs }) => [...when, ...needs].map(featureOfTest)));
    // Support that depends on nothing and on which nothing depends.
    expect(fields.filter(({ name }) => !related.has(name)).map(({ name }) => name)).toEqual([
      'IDR0.TERM_MODEL',
      'IDR0.SEV',
      'IDR0.DORMHINT',
      'IDR0.BTM',
      'IDR1.ATTR_TYPES_OVR',
      'IDR1.ATTR_PERMS_OVR',
    ]);
  });
});
