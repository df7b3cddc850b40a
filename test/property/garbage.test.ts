import fc from 'fast-check';
import { expect, test } from 'vitest';
import { countAll, survey } from '../../src/inspect/counts.ts';
import { mapsOf } from '../../src/inspect/maps.ts';
import {
  queueDocument,
  queueEntries,
  queueSummary,
  queuesOf,
  queueWindow,
} from '../../src/inspect/queues.ts';
import { registerFields, registersOf, registerValue } from '../../src/inspect/registers.ts';
import { type TreeNode, treeChildren } from '../../src/inspect/tree.ts';
import { Journal } from '../../src/model/effects.ts';
import { type Operation, transaction } from '../../src/model/plan.ts';
import type { Smmu } from '../../src/model/smmu.ts';
import { Random } from '../kit/random.ts';
import { garbageSmmu, garbageTables } from './garbage.ts';
import { patience, runs } from './runs.ts';

/** Milliseconds: far more than any operation needs, far less than a loop over a table of 2^32 entries takes. */
const LIMIT = 2000;
const word = fc.nat({ max: 2 ** 32 - 1 });
const seeds = fc.nat(2 ** 31 - 1);

/** Runs, and holds the time against the limit. */
function bounded<T>(what: string, run: () => T): T {
  const start = performance.now();
  const result = run();
  const took = performance.now() - start;
  expect({ what, slow: took > LIMIT ? took : 0 }).toEqual({ what, slow: 0 });
  return result;
}

const RESULTS = [
  'ok',
  'abort',
  'razwi',
  'stall',
  'absent',
  'not-modelled',
  'consumed',
  'command-error',
  'idle',
];

const operations: fc.Arbitrary<Operation | 'command'> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc
      .record({
        sid: fc.oneof(fc.nat(15), fc.nat(1023), word),
        ssid: fc.oneof(fc.constant(-1), fc.nat(3), fc.nat(0xfffff)),
        vaHi: fc.oneof(fc.constant(0), word),
        vaLo: word,
        write: fc.boolean(),
        privileged: fc.boolean(),
        instruction: fc.boolean(),
      })
      .map((t): Operation => ({ kind: 'transaction', transaction: transaction(t) })),
  },
  { weight: 2, arbitrary: fc.constant('command' as const) },
  {
    weight: 1,
    arbitrary: fc.record({ offset: fc.nat(0x7fff).map((n) => n * 4), value: word }).map(
      (write): Operation => ({
        kind: 'register',
        ...write,
        valueHi: write.value,
        bytes: write.offset % 8 ? 4 : 8,
      }),
    ),
  },
);

test(
  'transactions, commands and register writes end, whatever memory and registers hold, and are undone',
  () => {
    const seen = new Map<string, number>();
    const property = fc.property(
      seeds,
      fc.array(operations, { minLength: 1, maxLength: 12 }),
      (seed, sequence) => {
        const smmu = seed % 2 === 0 ? garbageSmmu(seed) : garbageTables(seed);
        const journal = new Journal();
        for (const one of sequence) {
          const operation = one === 'command' ? nextCommand(smmu) : one;
          if (operation === null) continue;
          const plan = bounded(operation.kind, () => smmu.plan(operation));
          expect(RESULTS).toContain(plan.outcome.result);
          seen.set(plan.outcome.result, (seen.get(plan.outcome.result) ?? 0) + 1);
          bounded(`commit of a ${operation.kind}`, () => smmu.commit(plan.effects, journal));
        }
        bounded('undo', () => journal.undo(smmu, 0));
      },
    );
    fc.assert(property, runs(200));
    for (const result of ['abort', 'absent', 'consumed', 'command-error'])
      expect(seen.get(result)).toBeGreaterThan(0);
  },
  patience,
);

function nextCommand(smmu: Smmu): Operation | null {
  const next = smmu.nextCommand('ns');
  return 'operation' in next ? next.operation : null;
}

test(
  'the fast path ends as well: a queue of garbage is consumed or stops',
  () => {
    let consumed = 0;
    const property = fc.property(seeds, word, word, (seed, sid, vaLo) => {
      const smmu = garbageSmmu(seed);
      consumed += bounded('commands', () => smmu.runCommands('ns'));
      for (let i = 0; i < 8; i++) {
        const t = transaction({ sid: (sid + i) % 1024, vaHi: 0, vaLo: (vaLo + i * 4096) >>> 0 });
        const { result } = bounded('transaction', () => smmu.translate(t));
        expect(RESULTS).toContain(result);
      }
    });
    fc.assert(property, runs(150));
    expect(consumed).toBeGreaterThan(0);
  },
  patience,
);

test(
  'the tree opens wherever one goes, and every id leads back to its node',
  () => {
    let opened = 0;
    const property = fc.property(seeds, seeds, (seed, path) => {
      const smmu = seed % 2 === 0 ? garbageSmmu(seed) : garbageTables(seed);
      const random = new Random(path);
      let id: string | null = null;
      for (let depth = 0; depth < 12; depth++) {
        const at: string | null = id;
        const children: TreeNode[] = bounded(`children of ${at}`, () => treeChildren(smmu, at));
        expect(new Set(children.map((node) => node.id)).size).toBe(children.length);
        const branches = children.filter((node) => node.collapsible !== 'none');
        if (branches.length === 0) break;
        id = random.of(branches).id;
        opened++;
      }
    });
    fc.assert(property, runs(60));
    expect(opened).toBeGreaterThan(100);
  },
  patience,
);

test(
  'ids that were never given out lead nowhere, quickly',
  () => {
    const segment = fc.oneof(
      fc.constantFrom(
        'ns',
        's',
        'ste.8',
        'cd.0',
        'ttb0',
        'ttb1',
        '0',
        '511',
        'stes.0-63',
        'pages.1-2',
        'l1.0',
      ),
      fc.string({ maxLength: 12 }),
      fc.nat().map(String),
    );
    const ids = fc.array(segment, { minLength: 1, maxLength: 8 }).map((parts) => parts.join('/'));
    const smmu = garbageSmmu(7);
    const property = fc.property(ids, (id) => {
      expect(bounded(id, () => Array.isArray(treeChildren(smmu, id)))).toBe(true);
    });
    fc.assert(property, runs(300));
  },
  patience,
);

test(
  'queues of nonsense are shown, line by line',
  () => {
    const property = fc.property(seeds, (seed) => {
      const smmu = garbageSmmu(seed);
      for (const name of queuesOf('ns')) {
        const summary = bounded('summary', () => queueSummary(smmu, name, 'ns'));
        expect(summary.pending).toBeLessThanOrEqual(summary.entries);
        const window = queueWindow(smmu, name, 'ns');
        const entries = bounded('entries', () => queueEntries(smmu, name, 'ns', window));
        expect(entries.length).toBe(window.count);
        const document = bounded('document', () => queueDocument(smmu, name, 'ns'));
        expect(document.text.split('\n').length).toBeGreaterThanOrEqual(document.window.count);
      }
      for (const register of registersOf('ns')) {
        expect(registerValue(smmu.bank, register)).toMatch(/^0x[0-9a-f]+$/);
        expect(registerFields(smmu.bank, register).length).toBeGreaterThan(0);
      }
    });
    fc.assert(property, runs(25));
  },
  patience,
);

test(
  'surveys and maps end by their limits, or when they are told to',
  () => {
    let walked = 0;
    const property = fc.property(seeds, fc.nat(15), (seed, sid) => {
      const smmu = seed % 2 === 0 ? garbageSmmu(seed) : garbageTables(seed);
      const soon = (): (() => boolean) => {
        const end = performance.now() + 50;
        return () => performance.now() > end;
      };
      const one = bounded('one stream', () => survey(smmu, 'ns', soon(), sid));
      const all = bounded('all streams', () => survey(smmu, 'ns', soon()));
      for (const { start } of [...one.domains, ...all.domains].slice(0, 4)) {
        const maps = bounded('maps', () =>
          mapsOf(smmu.memory('ns'), start, { limit: 100_000, runLimit: 1000, cancelled: soon() }),
        );
        expect(maps.length).toBeLessThanOrEqual(1000);
        walked++;
      }
      const totals = bounded('counts', () =>
        countAll(smmu, 'ns', { limit: 10_000, runLimit: 0, cancelled: soon() }),
      );
      expect(totals.counts.steValid).toBeLessThanOrEqual(totals.counts.steInMemory);
    });
    fc.assert(property, runs(25));
    expect(walked).toBeGreaterThan(10);
  },
  patience,
);
