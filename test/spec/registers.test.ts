import { describe, expect, test } from 'vitest';
import { parseFeatureExpression } from '../../src/spec/features.ts';
import { GERROR_CMDQ_ERR, GERROR_NAMES, gerrorMask, worldHasGerror } from '../../src/spec/gerror.ts';
import type { RegisterBlock } from '../../src/spec/registers.ts';
import {
  REGISTER_LIST,
  REGISTERS,
  registerAt,
  registerByName,
  worldRegister,
} from '../../src/spec/registers.ts';
import type { VectorField } from './vectors.ts';
import { compareFields, plain, vectors } from './vectors.ts';

interface VectorRegister {
  readonly name: string;
  readonly offset: string;
  readonly block: string;
  readonly bank: string;
  readonly width: number;
  readonly access: string;
  readonly fields: readonly VectorField[];
  readonly present_if?: string;
  readonly update?: string;
  readonly conf: string;
  readonly partial?: boolean;
}

const { registers } = vectors<{ registers: readonly VectorRegister[] }>('registers');

const WORLDS: Readonly<Record<string, string | null>> = {
  'Non-secure': 'ns',
  Secure: 's',
  Realm: 'realm',
  Root: 'root',
  any: null,
};

const ACCESS: Readonly<Record<string, string>> = {
  'RW W1S': 'W1S',
  'RW W1C': 'W1C',
  'RW (clear only)': 'clear-only',
  'RW (W1 to start)': 'start',
};

/** Two conditions of the vectors that are spelled wrongly or incompletely, by the register they stand at. */
const MISSPELT: Readonly<Record<string, string>> = {
  'SMMU_ROOT_IRD0.RGPTM == 1': 'ROOT_IDR0.RGPTM',
  'SMMU_GERRORN ECMDQ': 'IDR1.ECMDQ',
  'SMMU_R_GERRORN ECMDQ': 'R_IDR0.ECMDQ',
};

function expression(register: string, text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const mended = MISSPELT[text] ?? MISSPELT[`${register} ${text}`];
  if (mended !== undefined) return mended;
  const tests = text.split(' and ').map((part) => {
    const [name = '', operator, operand] = part.replace('SMMU_', '').split(' ');
    return operator === '==' && operand === '1' ? name : `${name}${operator}${Number(operand)}`;
  });
  return tests.join(' && ');
}

describe('registers', () => {
  test('are those of the vectors, no more and no less', () => {
    expect(REGISTER_LIST.map((r) => r.name).sort()).toEqual(registers.map((r) => r.name).sort());
    expect(REGISTER_LIST.length).toBe(198);
  });

  test.each(registers.map((r) => [r.name, r] as const))(
    '%s has place, access and every field',
    (name, want) => {
      const spec = registerByName(name);
      if (!spec) throw new Error(name);
      expect(`SMMU_${spec.short}`).toBe(name);
      expect(spec.offset).toBe(Number.parseInt(want.offset, 16));
      expect(`SMMUv3_${spec.block}`).toBe(want.block);
      expect(spec.world).toBe(WORLDS[want.bank]);
      expect(spec.width).toBe(want.width);
      expect(spec.layout.sizeBits).toBe(want.width);
      expect(spec.access).toBe(ACCESS[want.access] ?? want.access);
      expect(plain(spec.update)).toBe(plain(want.update));
      expect(spec.conf ?? 'high').toBe(want.conf);
      expect(spec.partial ?? false).toBe(want.partial ?? false);
      expect(spec.needs).toBe(expression(name, want.present_if));
      expect(spec.array !== undefined).toBe(/[+n]|-/.test(want.offset.replace('0x', '')));
      const keyOf = (field: string) => (field === 'IMPLEMENTATION DEFINED' ? 'IMPDEF' : field);
      const fields = want.fields.map((f) => (f.alt === 'both' ? { ...f, alt: undefined } : f));
      compareFields(
        spec.layout,
        fields as readonly VectorField[],
        (field, vector) => {
          expect(field.needs, `${name}.${field.name}`).toBe(expression(name, vector.present_if));
          expect(field.reset, `${name}.${field.name}`).toBe(vector.reset);
          expect(field.when, `${name}.${field.name}`).toBe(vector.alt);
        },
        keyOf,
      );
    },
  );

  test('need features that exist', () => {
    for (const spec of REGISTER_LIST) {
      const conditions = [spec.needs, ...spec.layout.list.map((f) => f.needs)].filter(
        (text) => text !== undefined,
      );
      for (const text of conditions)
        expect(parseFeatureExpression(text), `${spec.name}: ${text}`).not.toBeNull();
    }
  });

  test('are found where they lie', () => {
    for (const spec of REGISTER_LIST) {
      expect(registerAt(spec.block, spec.offset)).toEqual({ register: spec, index: 0 });
    }
    expect(registerAt('PAGE_0', 0x20)?.register).toBe(REGISTERS.CR0);
    expect(registerAt('PAGE_0', 0x8020)?.register).toBe(REGISTERS.S_CR0);
    expect(registerAt('PAGE_1', 0xa8)?.register).toBe(REGISTERS.EVENTQ_PROD);
    expect(registerAt('PAGE_0', 0x80a8)?.register).toBe(REGISTERS.S_EVENTQ_PROD);
    expect(registerAt('PAGE_0', 0xa8)).toBeUndefined();
    expect(registerAt('PAGE_0', 0x4068)).toEqual({ register: REGISTERS.CMDQ_CONTROL_PAGE_CFGn, index: 3 });
    expect(registerAt('PAGE_0', 0xfe0)).toEqual({ register: REGISTERS.ID_REGS, index: 4 });
    expect(registerAt('CMDQCP', 0x1008, 0x1000)).toEqual({ register: REGISTERS.ECMDQ_PRODn, index: 1 });
    expect(registerAt('CMDQCP', 0x1008)).toBeUndefined();
  });

  test('of a world are found by the name they have in every world', () => {
    expect(worldRegister('ns', 'CR0')).toBe(REGISTERS.CR0);
    expect(worldRegister('s', 'CR0')).toBe(REGISTERS.S_CR0);
    expect(worldRegister('realm', 'CR0')).toBe(REGISTERS.R_CR0);
    expect(worldRegister('root', 'CR0')).toBe(REGISTERS.ROOT_CR0);
    expect(worldRegister('s', 'PRIQ_BASE')).toBeUndefined();
    expect(worldRegister('ns', 'S_CR0')).toBeUndefined();
    expect(registerByName('SMMU_IDR0')).toBe(REGISTERS.IDR0);
    expect(registerByName('toString')).toBeUndefined();
  });

  test('bases of tables and queues are addresses in bytes', () => {
    const words = new Uint32Array([0x4012_3044, 0x1]);
    expect(REGISTERS.STRTAB_BASE.layout.fields.ADDR.get(words, 0)).toBe(0x1_4012_3040);
    expect(REGISTERS.CMDQ_BASE.layout.fields.ADDR.get(words, 0)).toBe(0x1_4012_3040);
    expect(REGISTERS.CMDQ_BASE.layout.fields.LOG2SIZE.get(words, 0)).toBe(4);
    const addresses = REGISTER_LIST.flatMap((r) => r.layout.list.filter((f) => /ADDR$/.test(f.name)));
    expect(addresses.length).toBeGreaterThan(40);
    for (const field of addresses) expect(field.address, field.doc).toBe(true);
  });
});

describe('global errors', () => {
  test('have the same bit in every world', () => {
    for (const world of ['ns', 's', 'realm'] as const) {
      for (const reg of ['GERROR', 'GERRORN']) {
        const fields = worldRegister(world, reg)?.layout.list ?? [];
        for (const f of fields) expect(2 ** f.lsb).toBe(gerrorMask(f.name as (typeof GERROR_NAMES)[number]));
      }
    }
    expect(GERROR_CMDQ_ERR).toBe(1);
    expect(GERROR_NAMES[0]).toBe('CMDQ_ERR');
    expect(worldHasGerror('s', 'PRIQ_ABT_ERR')).toBe(false);
    expect(worldHasGerror('ns', 'SFM_ERR')).toBe(true);
  });
});

test('every block of the vectors has registers', () => {
  const blocks = new Set(registers.map((r) => r.block.replace('SMMUv3_', '') as RegisterBlock));
  expect(new Set(REGISTER_LIST.map((r) => r.block))).toEqual(blocks);
});
