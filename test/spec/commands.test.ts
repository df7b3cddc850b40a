import { describe, expect, test } from 'vitest';
import { valueByName } from '../../src/bits/values.ts';
import { CERRORS, cerrorName } from '../../src/spec/cerror.ts';
import type { CommandName, Legality } from '../../src/spec/commands.ts';
import {
  COMMAND_ALIASES,
  COMMAND_LIST,
  COMMANDS,
  commandByOpcode,
  commandNameOf,
  isImpdefOpcode,
} from '../../src/spec/commands.ts';
import { RANGE_ALIGNMENT_LOG2, rangeIsIllegal } from '../../src/spec/tlbi-range.ts';
import type { VectorField } from './vectors.ts';
import { compareFacts, compareFields, plain, vectors } from './vectors.ts';

interface VectorCommand {
  readonly opcode: number;
  readonly name: string;
  readonly size_bytes: number;
  readonly fields: readonly VectorField[];
  readonly legal: { readonly NS: string; readonly S: string; readonly R: string };
  readonly since?: string;
  readonly conf: string;
  readonly alias?: Readonly<Record<string, string>>;
  readonly matches?: Readonly<Record<string, string | boolean>>;
}

interface Commands {
  readonly commands: readonly VectorCommand[];
  readonly cerror: Readonly<Record<string, string>>;
  readonly range: {
    readonly alignment_64bit_desc: Readonly<Record<string, Readonly<Record<string, string>> | string>>;
  };
}

const facts = vectors<Commands>('commands');

/** The legality that a sentence of the vectors states; `nonsecure` is that of the Non-secure queue. */
function stated(text: string, nonsecure: Legality): Legality {
  if (text === 'CERROR_ILL') return false;
  if (text.startsWith('same')) return nonsecure;
  const features = [...text.matchAll(/(!?)((?:[SR]_)?IDR\d\.[A-Za-z0-9_]+)(==1)?/g)];
  if (features.length === 0) return true;
  const named = (m: RegExpMatchArray) => m[2] ?? '';
  if (text.startsWith('CERROR_ILL if')) {
    return features.map((m) => (m[1] ? named(m) : m[3] ? `${named(m)}!=1` : `!${named(m)}`)) as Legality;
  }
  if (text.startsWith('legal if')) return features.map(named) as Legality;
  if (text.startsWith('legal unless')) return features.map((m) => `!${named(m)}`) as Legality;
  throw new Error(text);
}

describe('commands', () => {
  test('are those of the vectors, no more and no less', () => {
    expect(Object.keys(COMMANDS).sort()).toEqual(facts.commands.map((c) => c.name).sort());
    expect(COMMAND_LIST.length).toBe(34);
  });

  test.each(facts.commands.map((c) => [c.name, c] as const))(
    '%s has opcode, fields and values',
    (name, want) => {
      const spec = COMMANDS[name as CommandName];
      expect(spec.opcode).toBe(want.opcode);
      expect(spec.layout.sizeBits).toBe(want.size_bytes * 8);
      expect(spec.since).toBe(want.since);
      expect(spec.conf ?? 'high').toBe(want.conf);
      compareFields(spec.layout, want.fields, (field, vector) => {
        compareFacts(spec.layout, field, vector);
        if (vector.values !== undefined) expect(field.values, `${name}.${field.name}`).toEqual(vector.values);
      });
      expect(spec.ssec).toBe(want.fields.some((f) => f.name === 'SSec'));
      expect(spec.range).toBe(want.fields.some((f) => f.name === 'NUM'));
    },
  );

  test.each(facts.commands.map((c) => [c.name, c] as const))(
    '%s is legal where the vectors say so',
    (name, want) => {
      const spec = COMMANDS[name as CommandName];
      expect(plain(spec.legalText.ns)).toBe(plain(want.legal.NS));
      expect(plain(spec.legalText.s)).toBe(plain(want.legal.S));
      expect(plain(spec.legalText.realm)).toBe(plain(want.legal.R));
      // "VMS supported" stands for both stages, and in the Non-secure state for PARTIDs; in the others more decides (5.6.1).
      if (name === 'CMD_CFGI_VMS_PIDM') {
        const needs = ['IDR3.MPAM', 'IDR0.S1P', 'IDR0.S2P'];
        expect(spec.legal).toEqual({ ns: [...needs, 'MPAMIDR.PARTID_MAX'], s: needs, realm: needs });
        return;
      }
      expect(spec.legal.ns).toEqual(stated(want.legal.NS, false));
      expect(spec.legal.s).toEqual(stated(want.legal.S, spec.legal.ns));
      expect(spec.legal.realm).toEqual(stated(want.legal.R, spec.legal.ns));
    },
  );

  test.each(facts.commands.filter((c) => c.matches).map((c) => [c.name, c] as const))(
    '%s removes what the vectors say',
    (name, want) => {
      const spec = COMMANDS[name as CommandName];
      const m = want.matches ?? {};
      expect(spec.config !== undefined).toBe('config' in m);
      expect(spec.dpt !== undefined).toBe('dpt' in m);
      expect(spec.tlb !== undefined).toBe('world' in m);
      if ('leaf' in m) expect(Object.hasOwn(spec.layout.fields, 'Leaf')).toBe(true);
      if (!spec.tlb) return;
      expect(spec.tlb.address).toBe('va' in m ? 'va' : 'ipa' in m ? 'ipa' : 'none');
      expect(spec.tlb.vmid).toBe('vmid' in m);
      const stage = String(m['stage'] ?? '1');
      for (const one of ['1', '2'] as const) expect(spec.tlb.stages.includes(one)).toBe(stage.includes(one));
      const asid = String(m['asid'] ?? 'any');
      if (asid.startsWith('= or global')) expect(spec.tlb.asid).toBe('match-or-global');
      else if (asid === '=') expect(spec.tlb.asid).toBe('match');
    },
  );

  test('that take an ASID by VA remove global entries too', () => {
    const withAsid = COMMAND_LIST.filter(
      (c) => c.tlb?.address === 'va' && Object.hasOwn(c.layout.fields, 'ASID'),
    );
    expect(withAsid.map((c) => c.name)).toEqual(['CMD_TLBI_NH_VA', 'CMD_TLBI_EL2_VA', 'CMD_TLBI_S_EL2_VA']);
    for (const c of withAsid) expect(c.tlb?.asid).toBe('match-or-global');
  });

  test('are found by opcode; reserved opcodes find nothing', () => {
    for (let opcode = 0; opcode < 256; opcode++) {
      expect(commandByOpcode(opcode)?.name).toBe(facts.commands.find((c) => c.opcode === opcode)?.name);
    }
    expect([0x7f, 0x80, 0x8f, 0x90].map(isImpdefOpcode)).toEqual([false, true, true, false]);
  });

  test('CFGI_ALL is CFGI_STE_RANGE with range 31', () => {
    const [alias, condition] =
      Object.entries(facts.commands.find((c) => c.opcode === 4)?.alias ?? {})[0] ?? [];
    expect(Object.keys(COMMAND_ALIASES)).toEqual([alias]);
    const { field, value } = COMMAND_ALIASES.CMD_CFGI_ALL;
    expect(`${field}==${value}`).toBe(condition);
    expect(commandNameOf(new Uint32Array([4, 0, 31, 0]), 0)).toBe('CMD_CFGI_ALL');
    expect(commandNameOf(new Uint32Array([4, 0, 30, 0]), 0)).toBe('CMD_CFGI_STE_RANGE');
    expect(commandNameOf(new Uint32Array([9, 0x46]), 1)).toBe('CMD_SYNC');
    expect(commandNameOf(new Uint32Array([0]), 0)).toBeUndefined();
  });

  test('illegal field values are those the vectors call CERROR_ILL', () => {
    const wanted = facts.commands.flatMap((c) =>
      c.fields.flatMap((f) =>
        Object.entries(typeof f.values === 'object' ? f.values : {})
          .filter(([, text]) => text === 'CERROR_ILL')
          .map(([value]) => `${c.name}.${f.name}=${value}`),
      ),
    );
    const declared = COMMAND_LIST.flatMap((c) =>
      Object.entries(c.illegalValues ?? {}).flatMap(([f, list]) => list.map((v) => `${c.name}.${f}=${v}`)),
    );
    expect(declared.sort()).toEqual(wanted.sort());
    expect(wanted.length).toBe(2);
  });

  test('names of values are found in either case', () => {
    const { CS } = COMMANDS.CMD_SYNC.layout.fields;
    expect([valueByName(CS, 'SIG_IRQ'), valueByName(CS, 'sig_sev'), valueByName(CS, 'SIG')]).toEqual([
      1,
      2,
      undefined,
    ]);
  });
});

describe('command errors', () => {
  test('have the codes of the vectors', () => {
    for (const [code, text] of Object.entries(facts.cerror))
      expect(cerrorName(Number(code))).toBe(text.split(' ')[0]);
    expect(Object.keys(CERRORS).length).toBe(Object.keys(facts.cerror).length);
    expect(cerrorName(4)).toBeUndefined();
  });
});

describe('range invalidation', () => {
  const granules = ['', '4KB', '16KB', '64KB'];

  test('needs the alignment of the vectors', () => {
    for (const [tg, granule] of granules.entries()) {
      const want: Record<number, number> = {};
      const rows = facts.range.alignment_64bit_desc[granule];
      for (const [levels, text] of Object.entries(typeof rows === 'object' ? rows : {})) {
        for (const level of levels.match(/\d/g) ?? [])
          want[Number(level)] = Number(/\[(\d+):/.exec(text)?.[1]) + 1;
      }
      expect(RANGE_ALIGNMENT_LOG2[tg] ?? {}, granule).toEqual(want);
    }
  });

  test('without range and level is illegal', () => {
    expect(rangeIsIllegal(1, 0, 0, 0, false)).toBe(true);
    expect(rangeIsIllegal(0, 0, 0, 0, false)).toBe(false);
    expect(rangeIsIllegal(1, 1, 0, 0, false)).toBe(false);
    expect(rangeIsIllegal(1, 0, 1, 0, false)).toBe(false);
    expect(rangeIsIllegal(1, 0, 0, 3, false)).toBe(false);
  });

  test('level 1 of the 16KB granule counts as no level unless DS', () => {
    expect(rangeIsIllegal(2, 0, 0, 1, false)).toBe(true);
    expect(rangeIsIllegal(2, 0, 0, 1, true)).toBe(false);
    expect(rangeIsIllegal(1, 0, 0, 1, false)).toBe(false);
  });
});
