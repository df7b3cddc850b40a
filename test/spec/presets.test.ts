import { describe, expect, test } from 'vitest';
import { mostOf, NONSECURE_FEATURES } from '../../src/spec/feature-most.ts';
import { feature, ids, withFeatures } from '../../src/spec/features.ts';
import { DEFAULT_PRESET, LEFT_OUT, PRESET_NAMES, PRESETS, presetNamed } from '../../src/spec/presets.ts';

/** IDR0, IDR1, IDR3, IDR5, IIDR and AIDR as the sources print them. */
const PUBLISHED: Readonly<Record<string, readonly number[]>> = {
  'qemu-virt-7.2': [0x0d40101a, 0x02730010, 0x1404, 0x74, 0, 1],
  'qemu-virt-10.2': [0x0d44101b, 0x02730010, 0x1414, 0x74, 0, 1],
  'mmu-600-agilex5': [0x080f7e3f, 0x0e739d18, 0x3c, 0x00400075, 0x4832243b, 1],
  // Without the reserved bit 3 of IDR5, which reads 1 there.
  'fvp-base-3.1': [0x080fe6bf, 0x0e739d10, 0x14, 0x1005d & ~8, 0, 1],
  'fvp-base-3.2': [0x0046123b, 0x00600002, 0x1714, 0xffff0472, 0, 2],
};

describe('presets', () => {
  test.each(Object.entries(PUBLISHED))('%s is what its source prints', (name, words) => {
    const { IDR0, IDR1, IDR2, IDR3, IDR4, IDR5, IIDR, AIDR } = presetNamed(name)?.values ?? {};
    expect([IDR0, IDR1, IDR3, IDR5, IIDR, AIDR]).toEqual(words);
    expect([IDR2, IDR4]).toEqual([0, 0]);
  });

  test('that are real, and no others, are compared with their source', () => {
    expect(Object.keys(PUBLISHED).sort()).toEqual(
      PRESET_NAMES.filter((name) => !name.startsWith('architecture-')).sort(),
    );
  });

  test('keep the names that they had', () => {
    expect(presetNamed('qemu-7.2')).toBe(presetNamed('qemu-virt-7.2'));
    expect(presetNamed('qemu-10.2')).toBe(presetNamed('qemu-virt-10.2'));
    expect(presetNamed('constructor')).toBeUndefined();
    expect(presetNamed(DEFAULT_PRESET)).toBeDefined();
  });

  test('have names of their own, what they are, and a source', () => {
    const names = PRESETS.flatMap(({ name, aliases }) => [name, ...(aliases ?? [])]);
    expect(new Set(names).size).toBe(names.length);
    for (const { doc, source } of PRESETS) {
      expect(doc.length).toBeGreaterThan(10);
      expect(source.length).toBeGreaterThan(10);
    }
  });

  test('the largest has the most of every field, but for what excludes the rest', () => {
    const { values } = presetNamed('architecture-max') as { values: (typeof PRESETS)[number]['values'] };
    const less = NONSECURE_FEATURES.filter(({ name }) => feature(values, name) !== mostOf(name));
    expect(less.map(({ name }) => name).sort()).toEqual(Object.keys(LEFT_OUT).sort());
    for (const why of Object.values(LEFT_OUT)) expect(why?.why).toMatch(/\.$/);
    expect(feature(values, 'AIDR.ArchMinorRev')).toBe(4);
    expect(feature(values, 'IDR0.HTTU')).toBe(3);
    expect(feature(values, 'IDR0.STALL_MODEL')).toBe(0);
  });
});

describe('ID registers by field name', () => {
  test('are put together, and changed one field at a time', () => {
    const some = ids({ 'IDR0.S1P': 1, 'IDR0.TTF': 2, 'IDR5.OAS': 5 });
    expect(some).toEqual({ IDR0: 0b1010, IDR5: 5 });
    expect(withFeatures(some, { 'IDR0.S1P': 0 })).toEqual({ IDR0: 0b1000, IDR5: 5 });
    expect(some.IDR0).toBe(0b1010);
  });

  test('refuse what does not fit', () => {
    expect(() => ids({ 'IDR0.S1P': 2 })).toThrow('IDR0.S1P: 2 does not fit bits [1:1]');
  });
});
