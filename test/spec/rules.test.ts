import { describe, expect, test } from 'vitest';
import { WORLDS } from '../../src/bits/world.ts';
import type { QueueName } from '../../src/spec/queues.ts';
import { DISABLE_ORDER, ENABLE_ORDER, QUEUE_RULES, QUEUES } from '../../src/spec/queues.ts';
import { registerByName } from '../../src/spec/registers.ts';
import { STREAM_WORLDS } from '../../src/spec/stream-worlds.ts';
import type { ValidityRuleId } from '../../src/spec/validity.ts';
import { VALIDITY_RULES, validityRule } from '../../src/spec/validity.ts';
import { WORLD_BY_SEC_SID, WORLD_FACTS } from '../../src/spec/worlds.ts';
import { vectors } from './vectors.ts';

interface Rule {
  readonly id: string;
  readonly struct: string;
  readonly when: string;
  readonly result: string;
  readonly feature: string;
  readonly conf: string;
}

/** Where the vectors point to another file of theirs, the tables name the table. */
function pointing(text: string): string {
  return text
    .replace('in translation.json input_range.s2t0sz_limits', 'of S2T0SZ_LIMITS')
    .replace('translation.json txsz_limits', 'TXSZ_LIMITS')
    .replace('translation.json s2_start_level', 'S2_START_LEVELS')
    .replace('by translation.json lpae32', 'by LPAE');
}

describe('validity rules', () => {
  const { rules } = vectors<{ rules: readonly Rule[] }>('validity');

  test('are those of the vectors, no more and no less', () => {
    expect(Object.keys(VALIDITY_RULES).sort()).toEqual(rules.map((r) => r.id).sort());
    expect(rules.length).toBe(116);
  });

  test.each(rules.map((r) => [r.id, r] as const))('%s', (id, want) => {
    const rule = validityRule(id as ValidityRuleId);
    expect(rule.structure).toBe(want.struct);
    expect(rule.when).toBe(pointing(want.when));
    expect(rule.result).toBe(pointing(want.result));
    expect(rule.feature ?? '').toBe(want.feature);
    expect(rule.conf ?? 'high').toBe(want.conf);
  });
});

describe('queues', () => {
  interface Queue {
    readonly entry_bytes: number;
    readonly producer: string;
    readonly max_log2: string;
    readonly states: readonly string[];
  }
  interface Queues {
    readonly queues: Readonly<Record<string, Queue>>;
    readonly rules: readonly { readonly id: string; readonly conf: string }[];
    readonly enable_order: readonly string[];
    readonly disable_order: readonly string[];
  }
  const facts = vectors<Queues>('queues');

  test.each(Object.entries(facts.queues))('%s', (name, want) => {
    const queue = QUEUES[name as QueueName];
    expect(queue.entryBytes).toBe(want.entry_bytes);
    expect(queue.producer).toBe(want.producer.toLowerCase());
    expect(want.max_log2.startsWith(queue.sizeLimit)).toBe(true);
    const letters = { ns: 'NS', s: 'S', realm: 'R' } as const;
    expect(queue.worlds.map((w) => letters[w])).toEqual(want.states);
    for (const stem of [queue.base, queue.prod, queue.cons]) expect(registerByName(stem), stem).toBeDefined();
  });

  test('follow the rules of the vectors', () => {
    const rules: Readonly<Record<string, { doc: string; conf?: string }>> = QUEUE_RULES;
    expect(Object.keys(rules)).toEqual(facts.rules.map((r) => r.id));
    for (const want of facts.rules) expect(rules[want.id]?.conf ?? 'high').toBe(want.conf);
    expect([ENABLE_ORDER, DISABLE_ORDER]).toEqual([facts.enable_order, facts.disable_order]);
  });
});

describe('worlds', () => {
  interface WorldVector {
    readonly sec_sid: number | null;
    readonly cmdq: boolean;
    readonly eventq: boolean;
    readonly priq?: boolean | string;
    readonly streamworlds?: readonly string[];
    readonly output_space: readonly string[];
  }
  const { worlds } = vectors<{ worlds: Readonly<Record<string, WorldVector>> }>('worlds');
  const names = ['NonSecure', 'Secure', 'Realm', 'Root'];

  test.each(WORLDS.map((w, i) => [w, names[i] ?? ''] as const))('%s', (world, name) => {
    const want = worlds[name];
    if (!want) throw new Error(name);
    const facts = WORLD_FACTS[world];
    expect(facts.secSid).toBe(want.sec_sid);
    expect([facts.commandQueue, facts.eventQueue, facts.priQueue]).toEqual([
      want.cmdq,
      want.eventq,
      want.priq ?? false,
    ]);
    expect(facts.streamWorlds).toEqual((want.streamworlds ?? []).map((s) => s.replace(/ \(.*/, '')));
    expect(facts.outputSpaces.length).toBe(want.output_space.length);
    if (facts.secSid !== null) expect(WORLD_BY_SEC_SID[facts.secSid]).toBe(world);
    for (const sw of facts.streamWorlds) expect(STREAM_WORLDS[sw].world).toBe(world);
  });

  test('every regime has the tags of the vectors', () => {
    const { tlb_tags } = vectors<{ tlb_tags: Readonly<Record<string, readonly string[] | string>> }>(
      'commands',
    );
    for (const [name, facts] of Object.entries(STREAM_WORLDS)) {
      const tags = [tlb_tags[name] ?? []].flat();
      expect(
        tags.some((t) => t.startsWith('VMID')),
        name,
      ).toBe(facts.vmid !== undefined);
      expect(
        tags.some((t) => t.startsWith('ASID')),
        name,
      ).toBe(facts.asid);
    }
  });

  test('two privileges and two ranges go together', () => {
    for (const facts of Object.values(STREAM_WORLDS)) expect(facts.twoPrivileges).toBe(facts.twoRanges);
  });
});
