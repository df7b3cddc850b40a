import { describe, expect, test } from 'vitest';
import { decode, encode } from '../../src/bits/layout.ts';
import * as rules from '../../src/spec/event-rules.ts';
import type { EventName } from '../../src/spec/events.ts';
import { EVENT_HEADER, EVENT_LIST, EVENTS, eventByNumber, isImpdefEvent } from '../../src/spec/events.ts';
import type { VectorField } from './vectors.ts';
import { compareFacts, compareFields, plain, vectors } from './vectors.ts';

interface VectorEvent {
  readonly number: number;
  readonly name: string;
  readonly kind: string;
  readonly size_bytes: number;
  readonly fields: readonly VectorField[];
  readonly raised: readonly string[];
  readonly stall: boolean;
  readonly gate?: string;
  readonly smmuen0?: string;
  readonly mev_ignored?: boolean;
  readonly merge_ignore?: string;
  readonly class_rules?: Readonly<Record<string, string>>;
  readonly extra_bits?: Readonly<Record<string, unknown>>;
  readonly conf: string;
}

interface Events {
  readonly events: readonly VectorEvent[];
  readonly priority: readonly string[];
  readonly walk_order_single: readonly string[];
  readonly walk_order_nested: readonly string[];
  readonly class_rules_translation: Readonly<Record<string, string>>;
  readonly stall_rules: {
    readonly eligible: readonly string[];
    readonly ars: Readonly<Record<string, string>>;
  };
  readonly atos_faultcodes: Readonly<Record<string, string>>;
}

const facts = vectors<Events>('events');

describe('events', () => {
  test('are those of the vectors, no more and no less', () => {
    expect(Object.keys(EVENTS).sort()).toEqual(facts.events.map((e) => e.name).sort());
  });

  test.each(facts.events.map((e) => [e.name, e] as const))(
    '%s has number, fields and rules',
    (name, want) => {
      const spec = eventByNumber(want.number);
      expect(spec).toBe(EVENTS[name as EventName]);
      if (!spec) return;
      expect(spec.kind).toBe(want.kind);
      expect(spec.layout.sizeBits).toBe(want.size_bytes * 8);
      expect(spec.stall).toBe(want.stall);
      expect(spec.conf ?? 'high').toBe(want.conf);
      expect(spec.raised.length).toBe(want.raised.length);
      expect(plain(spec.gate)?.slice(0, 40)).toBe(plain(want.gate)?.slice(0, 40));
      expect(plain(spec.smmuen0)).toBe(plain(want.smmuen0));
      expect(spec.mevIgnored ?? false).toBe(want.mev_ignored ?? false);
      expect(spec.mergeIgnore).toBe(want.merge_ignore);
      expect(Object.values(spec.classRules ?? {})).toEqual(Object.values(want.class_rules ?? {}));
      expect(Object.keys(spec.unplaced ?? {})).toEqual(
        Object.keys(want.extra_bits ?? {}).filter((k) => k !== 'note'),
      );
      compareFields(spec.layout, want.fields, (field, vector) => {
        compareFacts(spec.layout, field, vector);
        expect(field.values, `${name}.${field.name}`).toEqual(vector.values);
      });
    },
  );

  test('that nobody knows are found by no number', () => {
    const known = new Set(facts.events.map((e) => e.number));
    for (let n = 0; n < 256; n++) expect(eventByNumber(n) !== undefined).toBe(known.has(n));
    expect([0xdf, 0xe0, 0xef, 0xf0].map(isImpdefEvent)).toEqual([false, true, true, false]);
  });

  test('agree with the common header on what they share', () => {
    for (const spec of EVENT_LIST) {
      for (const field of spec.layout.list.filter((f) => Object.hasOwn(EVENT_HEADER.fields, f.name))) {
        const common = EVENT_HEADER.list.find((f) => f.name === field.name);
        expect([field.msb, field.lsb], spec.name).toEqual([common?.msb, common?.lsb]);
      }
    }
  });

  test('a record as a real device leaves it', () => {
    // Bytes 10 00 00 00, StreamID 8, RnW and CLASS=IN in the fourth word, then the input address.
    const words = new Uint32Array([0x10, 8, 0, 0x208, 0xfeed_f000, 0xffff, 0, 0]);
    const { layout } = EVENTS.F_TRANSLATION;
    expect(decode(layout, words)).toMatchObject({
      EventNumber: 0x10,
      StreamID: 8,
      RnW: 1,
      CLASS: 2,
      S2: 0,
      SSV: 0,
    });
    expect(layout.fields.InputAddr.get(words, 0)).toBe(0xffff_feed_f000);
    const again = encode(layout, {
      EventNumber: 0x10,
      StreamID: 8,
      RnW: 1,
      CLASS: layout.fields.CLASS.names.IN,
      InputAddr: { hi: 0xffff, lo: 0xfeed_f000 },
    });
    expect([...again]).toEqual([...words]);
  });

  test('addresses of fetches and intermediate addresses are in bytes', () => {
    const words = new Uint32Array(8);
    EVENTS.F_STE_FETCH.layout.fields.FetchAddr.set(words, 0, 0x4000_0040);
    expect([words[6], words[7]]).toEqual([0x4000_0040, 0]);
    EVENTS.F_ACCESS.layout.fields.IPA.set(words, 0, 0x8_1234_5000);
    expect([words[6], words[7]]).toEqual([0x1234_5040, 8]);
  });
});

describe('rules of recording', () => {
  test('orders of checks are those of the vectors', () => {
    expect(rules.EVENT_PRIORITY).toEqual(facts.priority);
    expect(rules.WALK_ORDER_SINGLE).toEqual(facts.walk_order_single);
    expect(rules.WALK_ORDER_NESTED).toEqual(facts.walk_order_nested);
    expect(rules.CLASS_RULES).toEqual(facts.class_rules_translation);
  });

  test('the same events may stall', () => {
    expect([...rules.STALL_ELIGIBLE]).toEqual(facts.stall_rules.eligible);
    expect(EVENT_LIST.filter((e) => e.stall).map((e) => e.name)).toEqual(facts.stall_rules.eligible);
    expect(rules.ARS).toEqual(facts.stall_rules.ars);
  });

  test('fault codes of address translation operations', () => {
    for (const [name, code] of Object.entries(rules.ATOS_FAULTCODES)) {
      expect(facts.atos_faultcodes[`0x${code.toString(16).toUpperCase()}`]).toBe(name);
    }
    const numbers = facts.atos_faultcodes['others']
      ?.match(/\b(?:0x)?[0-9A-F]{2}\b/g)
      ?.map((t) => Number.parseInt(t, 16));
    expect(rules.ATOS_EVENT_NUMBERS).toEqual(numbers);
  });
});
