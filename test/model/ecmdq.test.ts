import { describe, expect, test } from 'vitest';
import { changes, texts } from '../kit/plans.ts';
import { stateOf } from '../kit/random.ts';
import { CMDQ, commandWords, NOWHERE, RAM, type Registers, SID, TestSmmu } from '../kit/smmu.ts';

/** The first control page, as an offset from the base of the SMMU. */
const PAGE = 0x40000;
const EN = 0x80000000;
const ERR = 1 << 23;
const CMDQP_ERR = 1 << 9;
const BAD = Uint32Array.of(0xff, 0, 0, 0);
const SYNC = commandWords('CMD_SYNC');
/** Where queue n of a test lies: 8 commands. */
const ring = (n: number): number => RAM.base + 0x200000 + n * 0x1000;

/** 2 control pages of 4 queues: registers 16 KiB apart. */
function machine(registers: Registers = {}): TestSmmu {
  return new TestSmmu({
    registers: {
      'IDR1.ECMDQ': 1,
      'IDR6.CMDQ_CONTROL_PAGE_LOG2NUMP': 1,
      'IDR6.CMDQ_CONTROL_PAGE_LOG2NUMQ': 2,
      'CMDQ_CONTROL_PAGE_BASEn.ADDR': PAGE,
      ...registers,
    },
  });
}

const at = (n: number): number => PAGE + Math.floor(n / 4) * 0x10000 + (n % 4) * 0x4000;

/** Gives queue n memory and enables it. */
function enable(m: TestSmmu, n: number): void {
  m.writeAt(at(n), ring(n) | 3, 0);
  m.writeAt(at(n) + 8, EN);
}

/** Puts commands from index 0 on and moves PROD. */
function submit(m: TestSmmu, n: number, ...commands: Uint32Array[]): void {
  for (const [i, words] of commands.entries()) m.store(ring(n) + i * 16, words);
  m.writeAt(at(n) + 8, (EN | commands.length) >>> 0);
}

const prod = (m: TestSmmu, n: number): number => m.smmu.registerRead(at(n) + 8).value;
const cons = (m: TestSmmu, n: number): number => m.smmu.registerRead(at(n) + 12).value;
const run = (m: TestSmmu, queue: number): number => m.smmu.runCommands({ world: 'ns', queue });

describe('the registers of enhanced command queues', () => {
  test('are spread evenly over the control pages, and are not there without IDR1.ECMDQ', () => {
    const m = machine();
    for (const n of [0, 3, 5]) m.writeAt(at(n), ring(n) | 3, 0);
    for (const n of [0, 3, 5]) expect(m.smmu.registerRead(at(n)).value).toBe(ring(n) | 3);
    m.writeAt(at(0) + 16, 1);
    expect(m.smmu.registerRead(at(0) + 16).value).toBe(0);
    m.writeAt(at(8), 1, 0);
    expect(m.smmu.registerRead(at(8)).remarks[0]).toContain('no register');
    const none = machine({ 'IDR1.ECMDQ': 0 });
    none.writeAt(at(0), ring(0), 0);
    expect(none.smmu.registerRead(at(0)).value).toBe(0);
    expect(none.smmu.nextCommand({ world: 'ns', queue: 0 })).toEqual({ idle: 'there is no ECMDQ 0' });
  });

  test('EN is acknowledged at once; then BASE and CONS are read-only', () => {
    const m = machine();
    enable(m, 1);
    expect([prod(m, 1), cons(m, 1)]).toEqual([EN, EN]);
    m.writeAt(at(1), 0, 0);
    m.writeAt(at(1) + 12, 5);
    expect([m.smmu.registerRead(at(1)).value, cons(m, 1)]).toEqual([ring(1) | 3, EN]);
    m.writeAt(at(1) + 8, 0);
    m.writeAt(at(1) + 12, (EN | 5) >>> 0);
    // ENACK is the SMMU's own.
    expect([prod(m, 1), cons(m, 1)]).toEqual([0, 5]);
  });

  test('PROD is read-only while EN is not acknowledged', () => {
    const m = machine();
    const place = m.smmu.bank.placeAt(at(2) + 8);
    if (place === null) throw new Error('no queue');
    m.smmu.bank.load([[place, EN]]);
    expect(texts(m.writeAt(at(2) + 8, 0))[1]).toContain('EN is not acknowledged');
    expect(prod(m, 2)).toBe(EN);
  });

  test('an enabled queue guards the queue attributes of CR1', () => {
    const m = machine({ CR0: 0, CR0ACK: 0 });
    m.write('CR1', 0xfff);
    expect(m.read('CR1')).toBe(0xfff);
    enable(m, 6);
    m.write('CR1', 0);
    expect(m.read('CR1')).toBe(0x3f);
    m.writeAt(at(6) + 8, 0);
    m.write('CR1', 0);
    expect(m.read('CR1')).toBe(0);
  });

  test('control pages tell where they are and cannot be written', () => {
    const m = machine();
    m.writeAt(0x4000, 0, 0);
    m.writeAt(0x4008, 0);
    expect(m.read('CMDQ_CONTROL_PAGE_BASEn')).toBe(PAGE);
  });
});

describe('an enhanced command queue', () => {
  test('consumes its own commands and no others', () => {
    const m = machine();
    enable(m, 0);
    enable(m, 5);
    submit(m, 0, SYNC, SYNC);
    submit(m, 5, SYNC);
    expect(m.smmu.nextCommand({ world: 'ns', queue: 5 })).toMatchObject({
      operation: { kind: 'command', queue: 5, index: 0, pa: ring(5) },
    });
    expect([run(m, 5), run(m, 1), m.smmu.runCommands('ns')]).toEqual([1, 0, 0]);
    expect([cons(m, 0), cons(m, 5)]).toEqual([EN, (EN | 1) >>> 0]);
    expect([run(m, 0), run(m, 0)]).toEqual([2, 0]);
  });

  test('is idle while it is disabled, empty, or has a number that is none', () => {
    const m = machine();
    expect(m.smmu.nextCommand({ world: 'ns', queue: 0 })).toEqual({
      idle: expect.stringContaining('ECMDQ 0 is disabled'),
    });
    enable(m, 0);
    expect(m.smmu.nextCommand({ world: 'ns', queue: 0 })).toEqual({ idle: 'nothing pending' });
    for (const queue of [8, -1, 1.5]) {
      expect(m.smmu.nextCommand({ world: 'ns', queue })).toEqual({ idle: `there is no ECMDQ ${queue}` });
      expect(run(m, queue)).toBe(0);
    }
  });

  test('wraps, index and wrap bit, and leaves ENACK and ERR alone', () => {
    const m = machine();
    m.writeAt(at(0), ring(0) | 1, 0);
    m.writeAt(at(0) + 8, EN);
    m.store(ring(0), SYNC);
    m.store(ring(0) + 16, SYNC);
    for (const next of [2, 3, 1, 0]) {
      m.writeAt(at(0) + 8, (EN | next) >>> 0);
      run(m, 0);
      expect(cons(m, 0)).toBe((EN | next) >>> 0);
    }
  });

  test('an error toggles CONS.ERR with its reason, RD stays, CMDQP_ERR is active; ERRACK restarts', () => {
    const m = machine();
    enable(m, 0);
    submit(m, 0, SYNC, BAD, SYNC);
    expect(run(m, 0)).toBe(1);
    expect(cons(m, 0).toString(16)).toBe(((EN | (1 << 24) | ERR | 1) >>> 0).toString(16));
    expect(m.read('GERROR')).toBe(CMDQP_ERR);
    expect(m.smmu.nextCommand({ world: 'ns', queue: 0 })).toEqual({
      idle: expect.stringContaining('write ECMDQ_PROD.ERRACK'),
    });
    // Acknowledging the global error restarts nothing.
    m.write('GERRORN', CMDQP_ERR);
    expect(run(m, 0)).toBe(0);
    m.store(ring(0) + 16, SYNC);
    m.writeAt(at(0) + 8, (EN | ERR | 3) >>> 0);
    expect(run(m, 0)).toBe(2);
    expect((cons(m, 0) & ERR) !== 0).toBe(true);
    // The next error toggles ERR back.
    m.store(ring(0) + 48, BAD);
    m.writeAt(at(0) + 8, (EN | ERR | 4) >>> 0);
    expect(run(m, 0)).toBe(0);
    expect([cons(m, 0) & ERR, m.read('GERROR')]).toEqual([0, 0]);
  });

  test('PROD may move back while an error stops it', () => {
    const m = machine();
    enable(m, 0);
    submit(m, 0, BAD, SYNC);
    run(m, 0);
    expect(texts(m.writeAt(at(0) + 8, (EN | ERR) >>> 0)).join()).not.toContain('moves back');
    expect(m.smmu.nextCommand({ world: 'ns', queue: 0 })).toEqual({ idle: 'nothing pending' });
    submit(m, 0, SYNC);
  });

  test('ERRACK that differs from ERR without an error is remarked, and stops the queue', () => {
    const m = machine();
    enable(m, 0);
    expect(texts(m.writeAt(at(0) + 8, (EN | ERR) >>> 0)).at(-1)).toContain('CONSTRAINED UNPREDICTABLE');
    m.store(ring(0), SYNC);
    m.writeAt(at(0) + 8, (EN | ERR | 1) >>> 0);
    expect(run(m, 0)).toBe(0);
    m.writeAt(at(0) + 8, (EN | 1) >>> 0);
    expect(run(m, 0)).toBe(1);
  });

  test('does not care for CMDQEN nor for GERROR.CMDQ_ERR, nor the command queue for it', () => {
    const m = machine({ GERROR: 1 });
    enable(m, 0);
    submit(m, 0, SYNC);
    expect(run(m, 0)).toBe(1);
    m.write('CR0', 5);
    submit(m, 0, SYNC, SYNC);
    expect(run(m, 0)).toBe(1);
    submit(m, 0, SYNC, SYNC, BAD);
    expect(run(m, 0)).toBe(0);
    m.write('CR0', 0xd);
    m.write('GERRORN', 1);
    m.store(CMDQ, SYNC);
    m.write('CMDQ_PROD', 1);
    expect(m.smmu.runCommands('ns')).toBe(1);
  });

  test('CERROR_ABT where it cannot be read, CERROR_ATC_INV_SYNC after its own ATC timeout', () => {
    const m = machine();
    m.writeAt(at(0), NOWHERE | 3, 0);
    m.writeAt(at(0) + 8, (EN | 1) >>> 0);
    run(m, 0);
    expect((cons(m, 0) >>> 24) & 7).toBe(2);
    const late = machine({ 'IDR0.ATS': 1 });
    late.smmu.traffic.atc.setAnswers('ns', SID, false);
    enable(late, 2);
    submit(late, 2, SYNC);
    enable(late, 3);
    submit(late, 3, commandWords('CMD_ATC_INV', { StreamID: SID }), SYNC);
    expect([run(late, 3), run(late, 2)]).toEqual([1, 1]);
    expect((cons(late, 3) >>> 24) & 7).toBe(3);
    expect(late.smmu.nextCommand({ world: 'ns', queue: 3 })).toHaveProperty('idle');
  });

  test('LOG2SIZE is capped by IDR1.CMDQS, and the base aligned to the size', () => {
    const m = machine({ 'IDR1.CMDQS': 1 });
    m.writeAt(at(0), (ring(0) + 0x20) | 0x1f, 0);
    m.store(ring(0) + 0x20, SYNC);
    m.writeAt(at(0) + 8, (EN | 1) >>> 0);
    expect(m.smmu.nextCommand({ world: 'ns', queue: 0 })).toMatchObject({
      operation: { pa: ring(0) + 0x20 },
    });
  });

  test('a planned command changes what the fast path changes', () => {
    const build = (): TestSmmu => {
      const m = machine();
      enable(m, 4);
      submit(m, 4, SYNC, commandWords('CMD_TLBI_NSNH_ALL'), BAD, SYNC);
      return m;
    };
    const [slow, fast] = [build(), build()];
    run(fast, 4);
    const told: string[] = [];
    for (;;) {
      const found = slow.smmu.nextCommand({ world: 'ns', queue: 4 });
      if ('idle' in found) break;
      const plan = slow.smmu.plan(found.operation);
      told.push(plan.frames[0]?.name ?? '');
      expect(changes(plan.effects).length).toBeGreaterThan(0);
      slow.smmu.commit(plan.effects);
    }
    expect(told).toEqual(['ECMDQ 4[0x0] SYNC', 'ECMDQ 4[0x1] TLBI_NSNH_ALL', 'ECMDQ 4[0x2] reserved opcode']);
    expect([cons(slow, 4), stateOf(slow)]).toEqual([cons(fast, 4), stateOf(fast)]);
  });
});
