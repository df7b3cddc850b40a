import { describe, expect, test } from 'vitest';
import type { Layout } from '../../src/bits/layout.ts';
import { fieldOf } from '../../src/bits/layout.ts';
import { CD } from '../../src/spec/cd.ts';
import { S1_LEAF, S2_LEAF, TABLE } from '../../src/spec/descriptors.ts';
import { DPT_L0_BLOCK, DPT_L0_NOACCESS, DPT_L0_TABLE, DPT_L1 } from '../../src/spec/dpt.ts';
import { GPT_L0_BLOCK, GPT_L0_TABLE, GPT_L1_CONTIG, GPT_L1_GRANULES } from '../../src/spec/gpt.ts';
import { L1CD } from '../../src/spec/l1cd.ts';
import { L1STD, SPLITS } from '../../src/spec/l1std.ts';
import { PRIQ_ENTRY } from '../../src/spec/priq.ts';
import { STE } from '../../src/spec/ste.ts';
import { VMS } from '../../src/spec/vms.ts';
import type { VectorField } from './vectors.ts';
import { compareFacts, compareFields, valueKeys, vectors } from './vectors.ts';

interface Structures {
  readonly lookup: { readonly split_values: Readonly<Record<string, string>> };
  readonly structures: Readonly<Record<string, { size_bits: number; fields: readonly VectorField[] }>>;
}

const { structures, lookup } = vectors<Structures>('structures');

const TABLES: Readonly<Record<string, Layout>> = {
  L1STD,
  STE,
  L1CD,
  CD,
  VMS,
  GPT_L0_BLOCK,
  GPT_L0_TABLE,
  GPT_L1_CONTIG,
  GPT_L1_GRANULES,
  DPT_L0_NOACCESS,
  DPT_L0_BLOCK,
  DPT_L0_TABLE,
  DPT_L1,
  PRIQ_ENTRY,
};

/** Values of a field; `see X` means those of another field. */
function wantedValues(struct: string, want: VectorField): Record<string, string> | undefined {
  if (typeof want.values !== 'string') return want.values && valueKeys(want.values);
  const other = want.values.replace('see ', '');
  const target = structures[struct]?.fields.find((f) => f.name === other);
  if (!target) throw new Error(`${struct}.${want.name}: ${want.values}`);
  return wantedValues(struct, target);
}

/** S_S2TG is coded as S2TG, which the vectors say in words. */
const VALUES_IN_WORDS = new Set(['STE.S_S2TG']);

describe('structures', () => {
  test('are those of the vectors, no more and no less', () => {
    expect(Object.keys(TABLES).sort()).toEqual(Object.keys(structures).sort());
  });

  test.each(Object.keys(structures))('%s has every field and every value', (name) => {
    const want = structures[name];
    const table = TABLES[name];
    if (!want || !table) throw new Error(name);
    expect(table.sizeBits).toBe(want.size_bits);
    compareFields(table, want.fields, (field, vector) => {
      compareFacts(table, field, vector);
      if (!VALUES_IN_WORDS.has(`${name}.${field.name}`)) {
        expect(field.values, `${name}.${field.name}`).toEqual(wantedValues(name, vector));
      }
      const [others, condition] = vector.alt?.split('@') ?? [];
      expect([field.alternativeTo ?? []].flat(), `${name}.${field.name}`).toEqual(others?.split('/') ?? []);
      const opposite = condition?.startsWith('!') ? condition.slice(1) : `!${condition}`;
      expect(field.when, `${name}.${field.name}`).toBe(condition === undefined ? undefined : opposite);
    });
  });

  test('a level-2 array of STEs has one of three sizes', () => {
    const sizes = Object.keys(lookup.split_values).filter((key) => key !== 'others');
    expect(SPLITS.map(String)).toEqual(sizes);
  });
});

describe('address fields', () => {
  const fields = Object.entries(structures).flatMap(([name, s]) => s.fields.map((f) => ({ name, f })));
  const speaking = fields.filter(({ f }) =>
    /address(?: |)\[\d+:\d+\]|\[55:4\]|\[55:6\]|\[55:12\]/.test(f.meaning ?? ''),
  );

  test('whatever the vectors call an address is one', () => {
    expect(speaking.length).toBeGreaterThanOrEqual(9);
    for (const { name, f } of speaking) {
      const table = TABLES[name];
      expect(table && fieldOf(table, f.name)?.address, `${name}.${f.name}`).toBe(true);
    }
  });
});

describe('descriptors', () => {
  interface Descriptor {
    readonly fields: readonly VectorField[];
  }
  const { descriptors } = vectors<{ descriptors: Readonly<Record<string, Descriptor>> }>('translation');

  test.each([
    ['s1_leaf_64', S1_LEAF],
    ['table_64', TABLE],
    ['s2_leaf_64', S2_LEAF],
  ] as [string, Layout][])('%s has every field', (name, table) => {
    const want = descriptors[name];
    if (!want) throw new Error(name);
    expect(table.sizeBits).toBe(64);
    compareFields(table, want.fields, () => undefined);
  });
});
