import { describe, expect, test } from 'vitest';
import { encode } from '../../src/bits/layout.ts';
import { commandRows, commandText } from '../../src/inspect/command-text.ts';
import { eventRows, eventText } from '../../src/inspect/event-text.ts';
import {
  entryAtLine,
  lineOf,
  queueDocument,
  queueEntries,
  queueSummary,
  queueWindow,
} from '../../src/inspect/queues.ts';
import { COMMAND_LIST, COMMANDS } from '../../src/spec/commands.ts';
import { EVENT_LIST, EVENTS } from '../../src/spec/events.ts';
import { Bench } from './build.ts';

describe('a command on one line', () => {
  test('begins with what it is about and ends with the details', () => {
    const words = Uint32Array.of(0x12, 0x0001_0000, 0xffda_1701, 0);
    expect(commandText(words)).toBe('TLBI_NH_VA ASID=1 Address=0xffda1000 Leaf TG=4KB TTL=3');
  });

  test('shows the stream of a configuration command, also when it is 0', () => {
    const { layout } = COMMANDS.CMD_CFGI_STE;
    expect(commandText(encode(layout, { Opcode: 3, StreamID: 0x38, Leaf: 1 }))).toBe(
      'CFGI_STE StreamID=0x38 Leaf',
    );
    expect(commandText(encode(layout, { Opcode: 3 }))).toBe('CFGI_STE StreamID=0x0');
  });

  test('knows CFGI_ALL as CFGI_STE_RANGE of everything', () => {
    expect(commandText(Uint32Array.of(4, 0, 31, 0))).toBe('CFGI_ALL');
  });

  test('prints what nobody defined as it stands', () => {
    expect(commandText(Uint32Array.of(0xff, 1, 0, 0x8000_0000))).toBe(
      'reserved opcode 0xff 0x00000001000000ff 0x8000000000000000',
    );
    expect(commandText(Uint32Array.of(0x85, 0, 0, 0))).toContain('IMPLEMENTATION DEFINED opcode 0x85');
    expect(commandRows(Uint32Array.of(0xff, 0, 0, 0))[0]).toMatchObject({ label: 'reserved: CERROR_ILL' });
  });

  test('names every command of the architecture', () => {
    for (const { opcode, name } of COMMAND_LIST) {
      expect(commandText(Uint32Array.of(opcode, 0, 0, 0))).toMatch(new RegExp(`^${name.slice(4)}( |$)`));
    }
  });
});

describe('an event on one line', () => {
  test('says who did what where', () => {
    const words = encode(EVENTS.F_TRANSLATION.layout, {
      EventNumber: 0x10,
      StreamID: 0x38,
      CLASS: 2,
      InputAddr: 0x1000,
    });
    expect(eventText(words)).toBe('F_TRANSLATION StreamID=0x38 iova=0x1000 write S1 IN');
  });

  test('shows the SubstreamID only when there is one, and what a stage-2 fault adds', () => {
    const words = encode(EVENTS.F_PERMISSION.layout, {
      EventNumber: 0x13,
      StreamID: 1,
      SSV: 1,
      SubstreamID: 5,
      RnW: 1,
      S2: 1,
      CLASS: 1,
      InputAddr: { hi: 0xffff_0000, lo: 0x1234 },
      IPA: 0x4000_1000,
      Stall: 1,
      STAG: 7,
    });
    expect(eventText(words)).toBe(
      'F_PERMISSION StreamID=0x1 SSID=0x5 iova=0xffff000000001234 read S2 TTD ipa=0x40001000 stalled STAG=0x7',
    );
  });

  test('prints an event that nobody defined as it stands', () => {
    const words = new Uint32Array(8);
    words[0] = 0x77;
    words[1] = 9;
    expect(eventText(words)).toBe('reserved event 0x77 StreamID=0x9');
    expect(eventRows(words).find((r) => r.name === 'EventNumber')?.label).toBe('reserved event 0x77');
  });

  test('names every event of the architecture and has rows for all its fields', () => {
    for (const { number, name, layout } of EVENT_LIST) {
      const words = new Uint32Array(8);
      words[0] = number;
      expect(eventText(words).split(' ')[0]).toBe(name);
      expect(eventRows(words).length).toBeGreaterThanOrEqual(layout.list.length);
    }
  });
});

/** A command queue of 2^log2size entries whose address fields hold their own index. */
function withQueue(log2size: number, prod: number, cons: number): Bench {
  const bench = new Bench();
  bench.linear(4);
  const base = bench.alloc(16 * 2 ** log2size);
  for (let i = 0; i < 2 ** log2size; i++) {
    bench.memory.store(base + i * 16, Uint32Array.of(0x12, 0, i * 0x1000, 0), 0, 4);
  }
  bench.register('CMDQ_BASE', { ADDR: base, LOG2SIZE: log2size });
  bench.smmu.bank.poke(0x98, prod);
  bench.smmu.bank.poke(0x9c, cons);
  return bench;
}

describe('the window of a queue', () => {
  test('goes over the end of the ring, oldest first', () => {
    // 16 entries: CONS 14 before the wrap, PROD 3 after it.
    const { smmu } = withQueue(4, 16 + 3, 14);
    const entries = queueEntries(smmu, 'CMDQ', 'ns', queueWindow(smmu, 'CMDQ', 'ns', { consumed: 2 }));
    expect(entries.map((e) => [e.index, e.state])).toEqual([
      [12, 'consumed'],
      [13, 'consumed'],
      [14, 'pending'],
      [15, 'pending'],
      [0, 'pending'],
      [1, 'pending'],
      [2, 'pending'],
    ]);
  });

  test('has every entry of a full queue and nothing twice', () => {
    const { smmu } = withQueue(3, 8 + 5, 5);
    const entries = queueEntries(smmu, 'CMDQ', 'ns', queueWindow(smmu, 'CMDQ', 'ns'));
    expect(entries.map((e) => e.index)).toEqual([5, 6, 7, 0, 1, 2, 3, 4]);
    expect(queueSummary(smmu, 'CMDQ', 'ns').remark).toBe('full');
  });

  test('does not show entries below index 0 that were never written', () => {
    const { smmu } = withQueue(6, 2, 1);
    const entries = queueEntries(smmu, 'CMDQ', 'ns', queueWindow(smmu, 'CMDQ', 'ns'));
    expect(entries.map((e) => [e.index, e.state])).toEqual([
      [0, 'consumed'],
      [1, 'pending'],
    ]);
  });

  test('of 65,536 entries with one pending is short, and stays put while commands are consumed', () => {
    const { smmu } = withQueue(16, 0x8100, 0x80c1);
    const before = queueDocument(smmu, 'CMDQ', 'ns');
    expect(before.text.split('\n').length).toBeLessThan(300);
    smmu.bank.poke(0x9c, 0x80d0);
    const after = queueDocument(smmu, 'CMDQ', 'ns', before.window);
    expect(lineOf(after, 0x80d0)).toBe(lineOf(before, 0x80d0));
    expect(queueWindow(smmu, 'CMDQ', 'ns').first).toBe(before.window.first);
  });

  test('of a full ring of 65,536 entries is bounded and says what is left out', () => {
    const { smmu } = withQueue(16, 0x1_0000, 0);
    const { text } = queueDocument(smmu, 'CMDQ', 'ns');
    expect(text.split('\n').length).toBeLessThan(5000);
    expect(text).toContain('61,440 pending entries are left out');
  });

  test('survives indices that contradict each other', () => {
    const { smmu } = withQueue(4, 0x1f, 0x02);
    expect(queueSummary(smmu, 'CMDQ', 'ns').remark).toBe(
      'PROD and CONS are 29 entries apart, more than the queue has',
    );
    const entries = queueEntries(smmu, 'CMDQ', 'ns', queueWindow(smmu, 'CMDQ', 'ns'));
    expect(entries).toHaveLength(16);
  });
});

describe('the document of a queue', () => {
  test('has each entry on the line that lineOf says, and back', () => {
    const { smmu } = withQueue(4, 16 + 3, 14);
    const document = queueDocument(smmu, 'CMDQ', 'ns');
    const lines = document.text.split('\n');
    for (const index of [14, 15, 0, 1, 2]) {
      const line = lineOf(document, index) as number;
      expect(lines[line - 1]).toContain(`Address=0x${(index * 0x1000).toString(16)}`);
      expect((entryAtLine(document, line) as number) % 16).toBe(index);
    }
    expect(entryAtLine(document, 1)).toBeNull();
    expect(document.path).toBe('ns/cmdq.smmuq');
  });

  test('says that the queue is disabled', () => {
    const { smmu } = withQueue(4, 3, 0);
    smmu.bank.poke(0x20, 5);
    expect(queueDocument(smmu, 'CMDQ', 'ns').text).toContain('3 pending; disabled (CR0.CMDQEN=0)');
  });

  test('says of an entry that is not in the image where it would be', () => {
    const bench = new Bench();
    bench.register('EVENTQ_BASE', { ADDR: 0x4f00_0000, LOG2SIZE: 4 });
    bench.smmu.bank.poke(0x100a8, 2);
    const { text } = queueDocument(bench.smmu, 'EVENTQ', 'ns');
    expect(text).toContain('not in the image (0x4f000000)');
    expect(text).not.toContain('0x0000000000000000');
  });
});
