import { describe, expect, test } from 'vitest';
import type { Field, Layout } from '../../src/bits/layout.ts';
import { layout, reservedMask } from '../../src/bits/layout.ts';
import { COMMAND_LIST } from '../../src/spec/commands.ts';
import { EVENT_LIST } from '../../src/spec/events.ts';
import { parseFeatureExpression } from '../../src/spec/features.ts';
import { QUEUE_RULES } from '../../src/spec/queues.ts';
import { REGISTER_LIST } from '../../src/spec/registers.ts';
import { VALIDITY_RULES } from '../../src/spec/validity.ts';
import { ALL, STRUCTURES } from '../kit/layouts.ts';

function overlapping(a: Field, b: Field): boolean {
  return a.lsb <= b.msb && b.lsb <= a.msb;
}

function declares(a: Field, b: Field): boolean {
  return [a.alternativeTo ?? []].flat().includes(b.name);
}

/** What is wrong with the overlaps of a layout: bits claimed twice, or a declared alternative that shares no bit. */
function overlapFaults(of: Layout): string[] {
  const faults: string[] = [];
  for (const a of of.list) {
    for (const b of of.list) {
      if (a !== b && overlapping(a, b) && !declares(a, b))
        faults.push(`${of.name}.${a.name} overlaps ${b.name}`);
    }
    for (const name of [a.alternativeTo ?? []].flat()) {
      const other = of.list.find((f) => f.name === name);
      if (!other || !overlapping(a, other)) faults.push(`${of.name}.${a.name} is no alternative to ${name}`);
    }
  }
  return faults;
}

const JARGON = /\bsrc\b|\.json|\bQEMU\b|\bLinux\b|\bgem5\b/i;

function sentenceFault(text: string): boolean {
  return text.trim() !== text || !/[.!?]$/.test(text) || text.length < 3 || JARGON.test(text);
}

describe('fields', () => {
  test('overlap only where both declare it, and every declaration is still true', () => {
    expect(ALL.flatMap(overlapFaults)).toEqual([]);
  });

  test('the check sees an undeclared overlap and a stale declaration', () => {
    const twice = layout('T', 'x', 8, { A: { bits: [3, 0], doc: 'a.' }, B: { bits: [7, 3], doc: 'b.' } });
    expect(overlapFaults(twice)).toEqual(['T.A overlaps B', 'T.B overlaps A']);
    const stale = layout('T', 'x', 8, {
      A: { bits: [3, 0], doc: 'a.', alternativeTo: 'B' },
      B: { bits: [7, 4], doc: 'b.' },
    });
    expect(overlapFaults(stale)).toEqual(['T.A is no alternative to B']);
  });

  test('of two alternatives at least one says when it is meant', () => {
    const silent = ALL.flatMap((l) =>
      l.list.flatMap((f) =>
        [f.alternativeTo ?? []]
          .flat()
          .filter((name) => f.when === undefined && l.list.find((o) => o.name === name)?.when === undefined)
          .map((name) => `${l.name}.${f.name}/${name}`),
      ),
    );
    expect(silent).toEqual([]);
  });

  test('values and names fit the width', () => {
    for (const of of ALL) {
      for (const f of of.list) {
        const keys = Object.keys(f.values ?? {}).filter((k) => k !== 'others');
        const values = [
          ...keys.map((k) => Number(k.replace(/^(ns|s|realm)\//, ''))),
          ...Object.values(f.names ?? {}),
        ];
        for (const v of values) {
          expect(Number.isInteger(v) && v >= 0 && v < 2 ** f.width, `${of.name}.${f.name}: ${v}`).toBe(true);
        }
      }
    }
  });

  test('names of values belong to values that have a meaning', () => {
    for (const of of ALL) {
      for (const f of of.list.filter((x) => x.values && x.names)) {
        const known = new Set(Object.keys(f.values ?? {}).map((k) => k.replace(/^(ns|s|realm)\//, '')));
        const nameless = Object.entries(f.names ?? {}).filter(
          ([, v]) => !known.has(String(v)) && !known.has('others'),
        );
        expect(nameless, `${of.name}.${f.name}`).toEqual([]);
      }
    }
  });

  test('each has a sentence of its own', () => {
    const poor = ALL.flatMap((l) =>
      l.list.filter((f) => sentenceFault(f.doc)).map((f) => `${l.name}.${f.name}: ${f.doc}`),
    );
    expect(poor).toEqual([]);
  });

  test('rules they refer to exist', () => {
    for (const of of STRUCTURES) {
      for (const f of of.list)
        for (const id of f.rules ?? []) expect(Object.keys(VALIDITY_RULES)).toContain(id);
    }
  });

  test('each leaves a mask of reserved bits that no field claims', () => {
    for (const of of ALL) {
      const mask = reservedMask(of);
      for (const f of of.list) {
        for (let bit = f.lsb; bit <= f.msb; bit++)
          expect(((mask[bit >>> 5] ?? 0) >>> (bit & 31)) & 1).toBe(0);
      }
    }
  });

  test('write what they read, bit by bit, in every table', () => {
    for (const of of ALL) {
      const words = new Uint32Array(of.words + 2);
      for (const f of of.list) {
        for (const bit of new Set([f.lsb, (f.lsb + f.msb) >>> 1, f.msb])) {
          words.fill(0);
          words[1 + (bit >>> 5)] = 2 ** (bit & 31);
          const [hi, lo] = [f.hi(words, 1), f.lo(words, 1)];
          const place = f.address ? bit & 63 : bit - f.lsb;
          expect([hi, lo], `${of.name}.${f.name}`).toEqual(
            place < 32 ? [0, 2 ** place] : [2 ** (place - 32), 0],
          );
          words.fill(0);
          f.setHalves(words, 1, hi, lo);
          expect(words[1 + (bit >>> 5)], `${of.name}.${f.name}`).toBe(2 ** (bit & 31));
        }
      }
    }
  });
});

describe('commands', () => {
  test('have opcodes of their own, below the vendors’ range', () => {
    const opcodes = COMMAND_LIST.map((c) => c.opcode);
    expect(new Set(opcodes).size).toBe(opcodes.length);
    for (const opcode of opcodes) expect(opcode > 0 && opcode < 0x80).toBe(true);
  });

  test('are 16 bytes with the opcode in the first', () => {
    for (const { layout: of } of COMMAND_LIST) {
      expect([of.words, of.list[0]?.name, of.list[0]?.msb]).toEqual([4, 'Opcode', 7]);
    }
  });

  test('are legal on conditions that can be evaluated', () => {
    for (const c of COMMAND_LIST) {
      for (const legality of Object.values(c.legal)) {
        if (typeof legality === 'boolean') continue;
        for (const t of legality) expect(parseFeatureExpression(t), `${c.name}: ${t}`).not.toBeNull();
      }
      for (const text of [c.doc, ...Object.values(c.legalText)])
        expect(sentenceFault(text), `${c.name}: ${text}`).toBe(false);
    }
  });

  test('say what they remove if, and only if, they remove something', () => {
    for (const c of COMMAND_LIST) {
      const scopes = [c.tlb && 'tlb', c.config && 'config', c.dpt && 'dpt'].filter(Boolean);
      expect(scopes, c.name).toEqual(['tlb', 'config', 'dpt'].includes(c.kind) ? [c.kind] : []);
      for (const [world, regimes] of Object.entries(c.tlb?.worlds ?? {})) {
        const legal = c.legal[world as 'ns' | 's' | 'realm'];
        expect(regimes.length > 0, `${c.name} on ${world}`).toBe(legal !== false);
      }
    }
  });
});

describe('events', () => {
  test('have numbers of their own, below the vendors’ range', () => {
    const numbers = EVENT_LIST.map((e) => e.number);
    expect(new Set(numbers).size).toBe(numbers.length);
    for (const n of numbers) expect(n > 0 && n < 0xe0).toBe(true);
  });

  test('are 32 bytes and explained in sentences', () => {
    for (const e of EVENT_LIST) {
      expect(e.layout.words).toBe(8);
      for (const text of [e.doc, ...e.raised, ...(e.note ? [e.note] : [])]) {
        expect(sentenceFault(text), `${e.name}: ${text}`).toBe(false);
      }
    }
  });
});

describe('registers', () => {
  test('share no byte of a block', () => {
    const owners = new Map<string, string>();
    for (const r of REGISTER_LIST) {
      const { count, stride } = r.array ?? { count: 1, stride: 0 };
      for (let i = 0; i < (stride === null ? 1 : count); i++) {
        for (let word = 0; word < r.width / 32; word++) {
          const at = `${r.block}+${r.offset + i * (stride ?? 0) + word * 4}`;
          expect(owners.get(at), `${r.short} and ${owners.get(at)} at ${at}`).toBeUndefined();
          owners.set(at, r.short);
        }
      }
    }
  });

  test('are aligned to their width and have names of their own', () => {
    for (const r of REGISTER_LIST) expect(r.offset % (r.width / 8), r.short).toBe(0);
    expect(new Set(REGISTER_LIST.map((r) => r.name)).size).toBe(REGISTER_LIST.length);
  });

  test('are explained in sentences, with the section of the manual', () => {
    for (const r of REGISTER_LIST) {
      for (const text of [r.doc, r.update ?? 'None.'])
        expect(sentenceFault(text), `${r.short}: ${text}`).toBe(false);
      expect(r.section, r.short).toMatch(/^(6\.[23]|10\.5)(\.\d+)?$/);
    }
  });

  test('acknowledge registers have the fields of what they acknowledge', () => {
    for (const ack of REGISTER_LIST.filter((r) => r.stem.endsWith('ACK'))) {
      const request = REGISTER_LIST.find((r) => r.short === ack.short.slice(0, -3));
      const shape = (l: Layout | undefined) => l?.list.map((f) => [f.name, f.msb, f.lsb]);
      expect(shape(ack.layout), ack.short).toEqual(shape(request?.layout));
    }
  });
});

describe('rules', () => {
  test('of queues are sentences', () => {
    for (const [id, rule] of Object.entries(QUEUE_RULES))
      expect(sentenceFault(rule.doc), `${id}: ${rule.doc}`).toBe(false);
  });

  test('of validity are free of jargon', () => {
    for (const [id, rule] of Object.entries(VALIDITY_RULES)) {
      expect(JARGON.test(`${rule.when} ${rule.result}`), id).toBe(false);
    }
  });
});
