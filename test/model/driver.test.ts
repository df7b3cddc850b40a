import { expect, test } from 'vitest';
import { encode, type Layout } from '../../src/bits/layout.ts';
import { CD } from '../../src/spec/cd.ts';
import type { CommandName } from '../../src/spec/commands.ts';
import { L1STD } from '../../src/spec/l1std.ts';
import { STE } from '../../src/spec/ste.ts';
import { record } from '../kit/records.ts';
import { CMDQ, commandWords, EVENTQ, STRTAB, TestSmmu, type Values } from '../kit/smmu.ts';
import { map } from '../kit/tables.ts';

const SPLIT = 8;
const STES = 0x40200000;
const CDS = 0x40500000;
const PGD = 0x41000000;
const SID = 0x108;
const ASID = 3;
const RING_LOG2 = 3;
const RING = 2 ** RING_LOG2;

/** A driver that knows the SMMU only by its registers and its memory, in the order in which Linux goes about it. */
class Driver {
  readonly m = new TestSmmu({ setUp: false, registers: { 'GBPA.ABORT': 0 } });
  #prod = 0;

  /** One register, and the poll of its acknowledge. */
  update(name: string, value: number, acknowledge: string): void {
    this.m.write(name, value);
    expect(this.m.read(acknowledge)).toBe(value);
  }

  /** Commands, then CMD_SYNC that overwrites its own slot with zero when it is complete. */
  issue(...commands: (readonly [CommandName, Values?])[]): void {
    const slot = (index: number): number => CMDQ + (index % RING) * 16;
    for (const [name, values] of commands) {
      this.m.store(slot(this.#prod), commandWords(name, values));
      this.#prod = (this.#prod + 1) % (2 * RING);
    }
    const sync = slot(this.#prod);
    this.m.store(sync, commandWords('CMD_SYNC', { CS: 1, MSIAddress: sync, MSIData: 0 }));
    this.#prod = (this.#prod + 1) % (2 * RING);
    this.m.write('CMDQ_PROD', this.#prod);
    this.m.smmu.runCommands('ns');
    expect(this.m.words(sync, 1)).toEqual([0]);
    expect(this.m.read('CMDQ_CONS')).toBe(this.#prod);
    expect(this.m.read('GERROR')).toBe(0);
  }

  probe(): void {
    const { m } = this;
    // Whatever was enabled before is closed first: no transaction passes while the tables change.
    m.write('GBPA', 0x80100000);
    expect(m.read('GBPA') >>> 31).toBe(0);
    this.update('CR0', 0, 'CR0ACK');
    m.write('CR1', 0xd75);
    m.write('CR2', 0x6);
    // 2^16 StreamIDs, 256 STEs to a level-2 table.
    m.write('STRTAB_BASE_CFG', (1 << 16) | (SPLIT << 6) | 16);
    m.write('STRTAB_BASE', STRTAB, 0x40000000);
    m.write('CMDQ_BASE', CMDQ | RING_LOG2, 0x40000000);
    m.write('CMDQ_PROD', 0);
    m.write('CMDQ_CONS', 0);
    this.update('CR0', 0x8, 'CR0ACK');
    this.issue(['CMD_CFGI_STE_RANGE', { Range: 31 }]);
    this.issue(['CMD_TLBI_EL2_ALL']);
    this.issue(['CMD_TLBI_NSNH_ALL']);
    m.write('EVENTQ_BASE', EVENTQ | 2, 0x40000000);
    m.write('EVENTQ_PROD', 0);
    m.write('EVENTQ_CONS', 0);
    this.update('CR0', 0xc, 'CR0ACK');
    this.update('IRQ_CTRL', 0, 'IRQ_CTRLACK');
    m.write('EVENTQ_IRQ_CFG0', 0, 0);
    this.update('IRQ_CTRL', 5, 'IRQ_CTRLACK');
    this.update('CR0', 0xd, 'CR0ACK');
  }

  /** The 64-bit words of a structure, each by itself as a driver writes them. */
  word(pa: number, layout: Layout, values: Values, index: number): void {
    this.m.store(pa + index * 8, encode(layout, values).subarray(index * 2, index * 2 + 2));
  }

  sync(): void {
    this.issue(['CMD_CFGI_STE', { StreamID: SID, Leaf: 1 }]);
  }
}

test('reset, tables, queues, attach, map, DMA, unmap, invalidate, fault, detach: as Linux does it', () => {
  const driver = new Driver();
  const { m } = driver;
  const dma = (address: number, write = false) => m.dma(address, { write }, SID).outcome;

  // Out of reset everything passes; from the first step of the probe on nothing does.
  expect(dma(0x1000)).toMatchObject({ result: 'ok', pa: 0x1000 });
  driver.probe();
  expect(m.smmu.state('ns').streamTable).toMatchObject({
    base: STRTAB,
    twoLevel: true,
    split: SPLIT,
    entries: 256,
  });

  // No level-2 table yet: recorded, because CR2.RECINVSID is set.
  expect(dma(0x1000)).toMatchObject({ result: 'abort' });
  expect(m.drain()).toEqual([record('C_BAD_STREAMID', { sid: SID })]);

  // The device appears: STEs that abort, then the L1STD that publishes them.
  const abort = { V: 1, Config: 0 };
  for (let i = 0; i < 256; i++) m.put(STE, STES + i * 64, abort);
  m.put(L1STD, STRTAB + (SID >> SPLIT) * 8, { Span: SPLIT + 1, L2Ptr: STES });
  driver.sync();
  expect(dma(0x1000)).toMatchObject({ result: 'abort', fault: { event: null } });
  expect(m.events()).toEqual([]);

  // Attach: the CD, then the STE, words that the abort does not read first, the word with Config last.
  m.put(CD, CDS, { V: 1, AA64: 1, T0SZ: 16, TTB0: PGD, EPD1: 1, IPS: 5, ASID, A: 1, R: 1 });
  driver.issue(['CMD_CFGI_CD', { StreamID: SID, SubstreamID: 0, Leaf: 1 }]);
  const ste = { V: 1, Config: 5, S1ContextPtr: CDS, S1CIR: 1, S1COR: 1, S1CSH: 3, SHCFG: 1, MEV: 1 };
  const at = STES + (SID & 255) * 64;
  driver.word(at, STE, ste, 1);
  driver.sync();
  expect(dma(0x1000)).toMatchObject({ result: 'abort', fault: { event: null } });
  driver.word(at, STE, ste, 0);
  expect(dma(0x1000)).toMatchObject({ result: 'abort', fault: { event: null } });
  driver.sync();

  // Nothing is mapped yet.
  dma(0xfff00000, true);
  expect(m.drain()).toEqual([record('F_TRANSLATION', { sid: SID, write: true, address: 0xfff00000n })]);

  // Map and use: from invalid to valid needs no command.
  map(m, { iova: 0xfff00000n, pa: 0x48000000n });
  const path = map(m, { iova: 0xfff01000n, pa: 0x48001000n });
  expect(dma(0xfff00123, true)).toMatchObject({ result: 'ok', pa: 0x48000123, tlbHit: false });
  expect(dma(0xfff01456)).toMatchObject({ result: 'ok', pa: 0x48001456, tlbHit: false });
  expect(dma(0xfff01789)).toMatchObject({ result: 'ok', pa: 0x48001789, tlbHit: true });

  // Unmap: until the invalidation is complete the device still gets at the page.
  m.descriptor(path.get(3n) as number, 0n);
  expect(dma(0xfff01000)).toMatchObject({ result: 'ok', pa: 0x48001000, tlbHit: true });
  driver.issue(['CMD_TLBI_NH_VA', { ASID, TG: 1, TTL: 3, Leaf: 1, Address: 0xfff01000 }]);
  expect(dma(0xfff01000)).toMatchObject({ result: 'abort' });
  expect(dma(0xfff00000)).toMatchObject({ result: 'ok', tlbHit: true });

  // The handler takes the event. Left alone, the queue of 4 fills and overflows; the handler acknowledges that too.
  const gone = record('F_TRANSLATION', { sid: SID, address: 0xfff01000n });
  expect(m.drain()).toEqual([gone]);
  for (let i = 0; i < 6; i++) dma(0xfff01000);
  expect(m.read('EVENTQ_PROD') >>> 31).toBe(1);
  expect(m.drain()).toEqual([gone, gone, gone, gone]);
  expect((m.read('EVENTQ_PROD') ^ m.read('EVENTQ_CONS')) >>> 31).toBe(0);

  // Detach: first Config, then the rest; the ASID is given back once nothing of it is cached.
  driver.word(at, STE, abort, 0);
  driver.sync();
  driver.word(at, STE, abort, 1);
  driver.sync();
  driver.issue(['CMD_TLBI_NH_ASID', { ASID }]);
  expect(m.smmu.tlb.size).toBe(0);
  expect(dma(0xfff00000)).toMatchObject({ result: 'abort', fault: { event: null } });
  expect(m.events()).toEqual([]);

  // And off: everything still closed.
  driver.update('CR0', 0, 'CR0ACK');
  expect(dma(0xfff00000)).toMatchObject({ result: 'abort', fault: { event: null } });
});
