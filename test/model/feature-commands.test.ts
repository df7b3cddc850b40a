/** What a missing feature does to commands and registers: every entry of FEATURE_EFFECTS of the Non-secure state. */

import { describe, expect, test } from 'vitest';
import { fieldOf } from '../../src/bits/layout.ts';
import { pageOf } from '../../src/model/caches/page-map.ts';
import { COMMANDS, type CommandName } from '../../src/spec/commands.ts';
import { FEATURE_EFFECTS, type FeatureEffect } from '../../src/spec/feature-effects.ts';
import type { FeatureTest } from '../../src/spec/features.ts';
import { type Register, registerByName } from '../../src/spec/registers.ts';
import { commandWords, type Registers, type TestOptions, TestSmmu, type Values } from '../kit/smmu.ts';
import { map } from '../kit/tables.ts';
import { failsOnly, missing, present, ruleOf } from './features/off.ts';
import { COMMAND_WITNESSES } from './features/witnesses.ts';

const IOVA = 0x12345000;
const CERROR_ILL = 1;
const ALL = 0xffffffff;
const ELSEWHERE = /^!?(?:R|ROOT)_/;

interface Case {
  readonly name: string;
  readonly effect: FeatureEffect;
  readonly test: FeatureTest;
}

function casesOf(effects: readonly FeatureEffect[]): Case[] {
  return effects.flatMap((effect) =>
    (effect.needs.some((one) => ELSEWHERE.test(one)) ? [] : effect.needs)
      .filter((one) => failsOnly(missing(effect, one), effect, one))
      .map((one) => ({
        effect,
        test: one,
        name: `${effect.of}${partOf(effect)} without ${one}: ${effect.off}`,
      })),
  );
}

function partOf({ field, bits, values }: FeatureEffect): string {
  const part = bits ? `[${bits[0]}:${bits[1]}]` : values ? `=${values.join(',')}` : '';
  return field === null ? '' : `.${field}${part}`;
}

const off = (one: FeatureTest): Pick<TestOptions, 'rulesOff'> => ({ rulesOff: new Set([ruleOf(one)]) });

describe('commands', () => {
  /** On the Non-secure queue; others are CERROR_ILL there whatever the features. */
  const effects = FEATURE_EFFECTS.filter(
    ({ kind, of }) => kind === 'command' && COMMANDS[of as CommandName].legal.ns !== false,
  );

  /** Consumed, or the error code. */
  function fate(options: TestOptions, of: string, values: Values = {}): 'consumed' | number {
    const m = new TestSmmu(options);
    m.run(commandWords(of as CommandName, values));
    const stopped = ((m.read('GERROR') ^ m.read('GERRORN')) & 1) !== 0;
    return stopped ? m.smmu.bank.field('CMDQ_CONS', 'ERR') : 'consumed';
  }

  const refused = casesOf(effects.filter((effect) => effect.off === 'CERROR_ILL'));

  test.each(refused)('$name', ({ effect, test: one }) => {
    expect(fate({ registers: missing(effect, one) }, effect.of)).toBe(CERROR_ILL);
    expect(fate({ registers: present(effect) }, effect.of)).toBe('consumed');
  });

  test.each(refused)(
    '$name decides: its rule switched off, the command is consumed',
    ({ effect, test: one }) => {
      const registers = missing(effect, one);
      // With STALL_MODEL at its most, software chooses: the command is there.
      expect(fate({ registers, ...off(one) }, effect.of)).toBe('consumed');
    },
  );

  test.each(casesOf(effects.filter((effect) => effect.off === 'legal')))('$name', ({ effect, test: one }) => {
    const values = effect.field === null ? {} : { [effect.field]: effect.values?.[0] ?? 1 };
    expect(fate({ registers: missing(effect, one) }, effect.of, values)).toBe('consumed');
    expect(fate({ registers: present(effect) }, effect.of, values)).toBe('consumed');
  });

  /** What is left after a command: the TLB's entries, the registers of the queue, and where the MSI would be. */
  function leftAfter(options: TestOptions, of: string, values: Values): unknown {
    const m = new TestSmmu(options);
    m.ste();
    m.cd();
    for (const page of [0, 1, 16]) {
      map(m, { iova: BigInt(IOVA + page * 0x1000), pa: BigInt(0x48100000 + page * 0x1000) });
      m.dma(IOVA + page * 0x1000);
    }
    const fields = COMMANDS[of as CommandName].layout.fields;
    const common = { Address: IOVA, ASID: 1, VMID: 0 };
    const known = Object.entries(common).filter(([name]) => name in fields);
    m.run(commandWords(of as CommandName, { ...Object.fromEntries(known), ...values }));
    const tlb = m.smmu.tlb.entries().map((entry) => JSON.stringify([pageOf(entry), entry.space.tag]));
    return [tlb.sort(), m.read('CMDQ_CONS'), m.read('GERROR'), m.words(0x48001000, 1)];
  }

  const fields = effects.filter(({ field, off: how }) => field !== null && how !== 'legal');

  function valuesOf({ of, field, bits }: FeatureEffect): readonly number[] {
    if (bits) return [2 ** bits[1], 2 ** (bits[0] + 1) - 2 ** bits[1]];
    const { width } = fieldOf(COMMANDS[of as CommandName].layout, field ?? '') as { width: number };
    return field === 'MSIAddress' ? [0x48001000] : [1, 2 ** Math.min(width, 32) - 1];
  }

  function pictures(effect: FeatureEffect, options: TestOptions): string[] {
    const { of, field } = effect;
    const context = COMMAND_WITNESSES[field ?? ''] ?? {};
    const put = (value: number): string =>
      JSON.stringify(leftAfter(options, of, { ...context, [field ?? '']: value }));
    return [put(0), ...valuesOf(effect).map(put)];
  }

  const silent = casesOf(fields.filter((effect) => effect.off !== 'UNMATCHED'));

  test.each(silent)('$name: no value changes what the command does', ({ effect, test: one }) => {
    const [zero, ...others] = pictures(effect, { registers: missing(effect, one) });
    for (const other of others) expect(other).toBe(zero);
  });

  // Of addresses below 2^48 and stage-1 entries, these show what they do.
  const shown = silent.filter(
    ({ effect }) => (effect.field ?? '') in COMMAND_WITNESSES && !/_S2|_S_|EL2|EL3|S12/.test(effect.of),
  );

  test('the fields of a range and of an MSI are among those that show', () => {
    const names = new Set(shown.map(({ effect }) => effect.field));
    expect([...names].sort()).toEqual(Object.keys(COMMAND_WITNESSES).sort());
  });

  test.each(shown)(
    '$name decides: with the feature, or its rule switched off, a value does',
    ({ effect, test: one }) => {
      for (const options of [
        { registers: present(effect) },
        { registers: missing(effect, one), ...off(one) },
      ]) {
        const [zero, ...others] = pictures(effect, options);
        expect(others.some((other) => other !== zero)).toBe(true);
      }
    },
  );

  test.each(casesOf(fields.filter((effect) => effect.off === 'UNMATCHED')))(
    '$name: with bits above, nothing must go, and where reserved bits are checked it is CERROR_ILL',
    ({ effect, test: one }) => {
      const { of, field } = effect;
      const registers = missing(effect, one);
      const kept = leftAfter({ registers }, 'CMD_SYNC', {});
      const [tlb] = leftAfter({ registers }, of, { [field ?? '']: 0x100 }) as [string[]];
      expect(tlb).toEqual((kept as [string[]])[0]);
      expect(fate({ registers, reservedBits: 'strict' }, of, { [field ?? '']: 0x100 })).toBe(CERROR_ILL);
    },
  );

  test.each(casesOf(fields.filter((effect) => effect.off === 'RES0' && !effect.bits)))(
    '$name, and CERROR_ILL where reserved bits are checked',
    ({ effect, test: one }) => {
      const strict = { registers: missing(effect, one), reservedBits: 'strict' } as const;
      expect(fate(strict, effect.of, { [effect.field ?? '']: 1 })).toBe(CERROR_ILL);
      expect(fate(strict, effect.of)).toBe('consumed');
    },
  );
});

describe('registers', () => {
  const effects = FEATURE_EFFECTS.filter(
    ({ kind, of, off: how }) => kind === 'register' && how === 'RES0' && here(of),
  );

  function here(name: string): boolean {
    const register = registerByName(name);
    return register?.world === 'ns' && (register.block === 'PAGE_0' || register.block === 'PAGE_1');
  }

  /** The bits that the effect is about, after all ones were written to the register out of reset. */
  function written({ of, field }: FeatureEffect, registers: Registers, options: TestOptions = {}): number {
    const m = new TestSmmu({ ...options, setUp: false, registers });
    const { layout, width } = registerByName(of) as Register;
    m.write(of, ALL, width === 64 ? ALL : undefined);
    const words = Uint32Array.of(m.smmu.bank.lo(of), width === 64 ? m.smmu.bank.hi(of) : 0);
    const found = field === null ? undefined : fieldOf(layout, field);
    return found ? found.get(words, 0) : (words[0] as number) + (words[1] as number);
  }

  const cases = casesOf(effects);
  const changes = ({ effect }: Case): boolean => written(effect, present(effect)) !== 0;

  test.each(cases)('$name: software cannot set it', ({ effect, test: one }) => {
    expect(written(effect, missing(effect, one))).toBe(0);
  });

  test.each(cases.filter(changes))(
    '$name decides: with its rule off, software can',
    ({ effect, test: one }) => {
      expect(written(effect, missing(effect, one), off(one))).toBe(written(effect, present(effect)));
    },
  );

  test('those of queues, tables, ATS, PRI, MSIs and EL2 show it', () => {
    const names = new Set(cases.filter(changes).map(({ effect }) => `${effect.of}.${effect.field ?? '*'}`));
    for (const name of [
      'CR0.VMW',
      'CR0.ATSCHK',
      'CR0.PRIQEN',
      'CR0.DPT_WALK_EN',
      'CR2.E2H',
      'CR2.PTM',
      'CR2.REC_CFG_ATS',
      'IRQ_CTRL.PRIQ_IRQEN',
      'STRTAB_BASE_CFG.FMT',
      'STRTAB_BASE_CFG.SPLIT',
      'GERROR_IRQ_CFG0.*',
      'EVENTQ_IRQ_CFG0.*',
      'PRIQ_BASE.*',
      'PRIQ_IRQ_CFG0.*',
    ]) {
      expect(names, name).toContain(name);
    }
  });

  const ignored = FEATURE_EFFECTS.filter(({ kind, off: how }) => kind === 'register' && how === 'IGNORED');

  test.each(casesOf(ignored))('$name: no value changes a bypass', ({ effect, test: one }) => {
    const picture = (value: number): unknown => {
      const registers = { ...missing(effect, one), 'CR0.SMMUEN': 0, [`${effect.of}.${effect.field}`]: value };
      const { outcome } = new TestSmmu({ registers }).dma(IOVA);
      return [outcome.result, outcome.pa, outcome.attributes];
    };
    expect(picture(1)).toEqual(picture(0));
  });
});
