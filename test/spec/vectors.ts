import { readFileSync } from 'node:fs';
import { expect } from 'vitest';
import type { Field, Layout } from '../../src/bits/layout.ts';

/** The facts that the tables are judged by: collected apart from them, from the manual and from public headers. */
export interface VectorField {
  readonly name: string;
  readonly msb: number;
  readonly lsb: number;
  readonly meaning?: string;
  readonly values?: Readonly<Record<string, string>> | string;
  readonly applies?: string;
  readonly needs?: string;
  readonly since?: string;
  readonly security?: string;
  readonly tlb_cached?: boolean;
  readonly rules?: readonly string[];
  readonly narrow_ok?: readonly number[];
  readonly alt?: string;
  readonly conf?: string;
  readonly reset?: string;
  readonly present_if?: string;
}

export function vectors<T>(file: string): T {
  return JSON.parse(readFileSync(new URL(`../vectors/spec/${file}.json`, import.meta.url), 'utf8')) as T;
}

const WORLDS: Readonly<Record<string, string>> = { NS: 'ns', S: 's', R: 'realm' };

/** Value keys of the vectors in the tables' spelling: `NS/1,3` is `ns/1` and `ns/3`. */
export function valueKeys(values: Readonly<Record<string, string>>): Record<string, string> {
  const out: Record<string, string> = {};
  for (const [key, text] of Object.entries(values)) {
    const [world, numbers] = key.includes('/') ? key.split('/') : [undefined, key];
    for (const n of (numbers ?? '').split(',')) out[world === undefined ? n : `${WORLDS[world]}/${n}`] = text;
  }
  return out;
}

/** Drops what only style changes: the first letter's case and the final full stop. */
export function plain(text: string | undefined): string | undefined {
  return text === undefined ? undefined : (text.charAt(0).toLowerCase() + text.slice(1)).replace(/\.$/, '');
}

function overlaps(a: { msb: number; lsb: number }, b: { msb: number; lsb: number }): boolean {
  return a.lsb <= b.msb && b.lsb <= a.msb;
}

/** Checks every field of a layout against its vectors: none missing, none too many, RES0 claimed by nobody. */
export function compareFields(
  of: Layout,
  wanted: readonly VectorField[],
  compareOne: (field: Field, want: VectorField) => void,
  keyOf: (name: string) => string = (name) => name,
): void {
  const seen = new Set<string>();
  for (const want of wanted) {
    const where = `${of.name}.${want.name} [${want.msb}:${want.lsb}]`;
    if (want.name === 'RES0') {
      const claiming = of.list.filter((f) => overlaps(f, want) && (f.when ?? want.alt) === want.alt);
      expect(
        claiming.map((f) => f.name),
        where,
      ).toEqual([]);
      continue;
    }
    const field = of.list.find((f) => f.name === keyOf(want.name));
    if (!field) throw new Error(`${where} is not in the table`);
    seen.add(field.name);
    expect([field.msb, field.lsb], where).toEqual([want.msb, want.lsb]);
    expect(field.conf ?? 'high', where).toBe(want.conf ?? 'high');
    compareOne(field, want);
  }
  expect(
    of.list.map((f) => f.name).filter((name) => !seen.has(name)),
    `${of.name}: not in the vectors`,
  ).toEqual([]);
}

/** The parts that structures, commands and events have in common. */
export function compareFacts(of: Layout, field: Field, want: VectorField): void {
  const where = `${of.name}.${field.name}`;
  expect(field.since, where).toBe(want.since);
  expect(field.needs, where).toBe(want.needs);
  expect(field.applies, where).toBe(want.applies);
  expect(field.security, where).toBe(want.security);
  expect(field.tlbCached ?? false, where).toBe(want.tlb_cached ?? false);
  expect(field.narrow, where).toEqual(want.narrow_ok);
  expect(field.rules, where).toEqual(want.rules);
}
