import { describe, expect, it } from 'vitest';
import type { Location } from '../../src/model/caches/location.ts';
import { PackedWindow } from '../../src/model/caches/packed-window.ts';
import type { Happening } from '../../src/model/caches/versions.ts';
import { Journal } from '../../src/model/effects.ts';
import { PACKED_WORDS, PackedEntry, type PackSource } from '../../src/model/packed.ts';
import type { Effect } from '../../src/model/plan.ts';
import { CMDQ, commandWords, TestSmmu } from '../kit/smmu.ts';

/** More than are remembered at once. */
const MANY = 5000;
const REMEMBERED = 4096;

class Number5 extends PackedEntry {
  readonly value: number;

  constructor(value: number) {
    super();
    this.value = value;
  }

  override get source(): PackSource {
    return SOURCE;
  }

  override pack(into: Uint32Array, at: number): void {
    into.fill(0, at, at + PACKED_WORDS);
    into[at + PACKED_WORDS - 1] = this.value;
  }
}

const SOURCE: PackSource = {
  unpack: (words, at) => new Number5(words[at + PACKED_WORDS - 1] as number),
};

describe('a window of packed entries', () => {
  it('is a queue at both ends, whatever comes and goes', () => {
    const window = new PackedWindow<Number5>(4);
    const model: number[] = [];
    const same = (): void => {
      expect(Array.from({ length: window.length }, (_, i) => window.at(i).value)).toEqual(model);
      expect(model.map((_, i) => window.lastWord(i))).toEqual(model);
      expect(window.isFull).toBe(model.length === 4);
    };
    for (let i = 0; i < 200; i++) {
      if (window.isFull) {
        window.shift();
        model.shift();
      }
      const entry = new Number5(i);
      if (i % 7 === 3) {
        window.unshift(entry);
        model.unshift(i);
      } else {
        window.push(entry);
        model.push(i);
      }
      if (i % 5 === 4) {
        window.pop();
        model.pop();
      }
      same();
    }
    window.pop();
    while (window.length > 0) window.shift();
    window.shift();
    window.pop();
    expect(window.length).toBe(0);
  });

  it('makes an entry once, as long as it stays', () => {
    const window = new PackedWindow<Number5>(2);
    window.push(new Number5(7));
    expect(window.at(0)).toBe(window.at(0));
  });
});

/** An SMMU that consumes invalidations of one page each, through a journal. */
class Invalidating {
  readonly m = new TestSmmu({ caches: 'maximal' });
  readonly journal = new Journal();
  readonly marks: number[] = [];

  run(page: number): readonly Effect[] {
    const { m } = this;
    const prod = m.read('CMDQ_PROD');
    m.store(CMDQ + (prod % 64) * 16, commandWords('CMD_TLBI_NH_VA', { ASID: 1, Address: page * 0x1000 }));
    m.write('CMDQ_PROD', (prod + 1) % 128);
    const next = m.smmu.nextCommand('ns');
    if (!('operation' in next)) throw new Error(next.idle);
    const { effects } = m.smmu.plan(next.operation);
    this.marks.push(this.journal.length);
    m.smmu.commit(effects, this.journal);
    return effects;
  }

  /** The pages of what is remembered, the oldest first: what is said of a version that is older than all. */
  pages(): number[] {
    const first = { kind: 'version', pa: 0x4000_0000, space: 'ns', hi: 0, lo: 0 } as const;
    const of: Location = { kind: 'structure', structure: 'STE', world: 'ns', sid: 0, index: 0, span: 1 };
    return this.m.smmu.versions.since(first, of).map(({ invalidation }) => {
      const [, , lo, hi] = invalidation.words;
      return (hi * 2 ** 32 + lo) / 0x1000;
    });
  }
}

describe('invalidations that are remembered', () => {
  it('are the last ones, and come back when later ones are taken back', () => {
    const of = new Invalidating();
    for (let page = 0; page < MANY; page++) of.run(page);
    const { versions } = of.m.smmu;
    expect([versions.invalidations, versions.forgotten]).toEqual([REMEMBERED, MANY - REMEMBERED]);
    const all = of.pages();
    expect([all[0], all.at(-1)]).toEqual([MANY - REMEMBERED, MANY - 1]);
    of.journal.undo(of.m.smmu, of.marks[MANY - 500] ?? 0);
    expect(versions.now).toBe(MANY - 500);
    expect(of.pages()).toEqual(Array.from({ length: REMEMBERED }, (_, i) => MANY - 500 - REMEMBERED + i));
    of.journal.undo(of.m.smmu, of.marks[10] ?? 0);
    expect(of.pages()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(versions.forgotten).toBe(0);
  });

  it('take few words of a journal, and are the same when it has brought them back', () => {
    const of = new Invalidating();
    of.run(3);
    const before = of.journal.length;
    const [noted] = of
      .run(4)
      .flatMap((effect) =>
        effect.kind === 'store' && effect.store === of.m.smmu.versions ? [effect.entry] : [],
      );
    expect(of.journal.length - before).toBeLessThan(16);
    // Taken back as something new, and that taken back: the invalidation comes out of its words.
    const mark = of.journal.length;
    of.m.smmu.commit(of.journal.inverse(of.marks[1] ?? 0), of.journal);
    expect(of.pages()).toEqual([3]);
    of.journal.undo(of.m.smmu, mark);
    expect(of.pages()).toEqual([3, 4]);
    const happening = noted as Happening<Location>;
    if (happening.kind !== 'invalidation') throw new Error('no invalidation');
    expect(happening.words[0] % 256).toBe(commandWords('CMD_TLBI_NH_VA')[0]);
    expect(happening.what).toBe('TLBI_NH_VA');
  });

  it('forgetting is taken back with what was kept instead, also by its inverse', () => {
    const of = new Invalidating();
    for (let page = 0; page < REMEMBERED + 3; page++) of.run(page);
    const mark = of.journal.length;
    const before = of.pages();
    of.m.smmu.commit(of.journal.inverse(of.marks[REMEMBERED + 1] ?? 0), of.journal);
    expect(of.pages()[0]).toBe(1);
    of.journal.undo(of.m.smmu, mark);
    expect(of.pages()).toEqual(before);
    expect(before[0]).toBe(3);
  });
});
