/** Enhanced command queues of the Secure and the Realm state (IHI 0070 3.5.6, 6.3.92, 6.3.163). */

import { describe, expect, test } from 'vitest';
import { RegisterBank } from '../../../src/model/bank.ts';
import { Journal } from '../../../src/model/effects.ts';
import { commandWords, RAM, type Registers, ROOT_PAGE, SID, TestSmmu } from '../../kit/smmu.ts';
import { endOf, withStream } from './case.ts';

const EN = 0x80000000;
const ERR = 1 << 23;
const CMDQP_ERR = 1 << 9;
const SYNC = commandWords('CMD_SYNC');
/** Where the control pages of each state lie, as offsets from the base of the SMMU: one follows the other (6.1). */
const PAGES = { ns: 0x200000, s: 0x220000, realm: 0x240000 } as const;
type World = keyof typeof PAGES;
/** Where queue n of a test lies: 8 commands. */
const ring = (n: number): number => RAM.base + 0x200000 + n * 0x1000;

/** 2 control pages of 4 queues in each state. */
function machine(registers: Registers = {}): TestSmmu {
  return new TestSmmu({
    worlds: 'rme',
    registers: {
      'IDR1.ECMDQ': 1,
      'S_IDR0.ECMDQ': 1,
      'R_IDR0.ECMDQ': 1,
      ...Object.fromEntries(
        ['IDR6', 'S_IDR6', 'R_IDR6'].flatMap((name) => [
          [`${name}.CMDQ_CONTROL_PAGE_LOG2NUMP`, 1],
          [`${name}.CMDQ_CONTROL_PAGE_LOG2NUMQ`, 2],
        ]),
      ),
      'CMDQ_CONTROL_PAGE_BASEn.ADDR': PAGES.ns,
      'S_CMDQ_CONTROL_PAGE_BASEn.ADDR': PAGES.s,
      'R_CMDQ_CONTROL_PAGE_BASEn.ADDR': PAGES.realm,
      ...registers,
    },
  });
}

const at = (world: World, n: number): number => PAGES[world] + Math.floor(n / 4) * 0x10000 + (n % 4) * 0x4000;

/** Gives queue n of a state memory and enables it. */
function enable(m: TestSmmu, world: World, n: number): TestSmmu {
  const own = m.in(world);
  own.writeAt(at(world, n), ring(n) | 3, 0);
  own.writeAt(at(world, n) + 8, EN);
  return own;
}

/** Puts commands from index 0 on in a state's own memory, and moves PROD. */
function submit(m: TestSmmu, world: World, n: number, ...commands: Uint32Array[]): void {
  const own = m.in(world);
  for (const [i, words] of commands.entries()) own.store(ring(n) + i * 16, words);
  own.writeAt(at(world, n) + 8, (EN | commands.length) >>> 0);
}

const word = (m: TestSmmu, world: World, n: number, offset: number): number =>
  m.smmu.registerRead(at(world, n) + offset, 4, world).value;

describe.each(['s', 'realm'] as const)('an enhanced command queue of the %s state', (world) => {
  const prefix = world === 's' ? 'S_' : 'R_';

  test('consumes commands of its own memory by the rules of its state', () => {
    const m = machine();
    enable(m, world, 5);
    // What the command queue of the Non-secure state would refuse.
    const own = world === 's' ? commandWords('CMD_TLBI_S_EL2_ALL') : commandWords('CMD_TLBI_EL2_ALL');
    submit(m, world, 5, own, SYNC);
    expect(m.smmu.nextCommand({ world, queue: 5 })).toEqual({
      operation: { kind: 'command', world, queue: 5, index: 0, pa: ring(5) },
    });
    expect(m.smmu.runCommands({ world, queue: 5 })).toBe(2);
    expect(word(m, world, 5, 12)).toBe((EN | 2) >>> 0);
    expect(m.read(`${prefix}GERROR`)).toBe(0);
  });

  test('invalidates entries of its state, and none of the Non-secure one', () => {
    const m = machine();
    expect([endOf(m, 'ns'), endOf(m, world)]).toEqual(['ok', 'ok']);
    const regimes = (): string[] => [...m.smmu.tlb.entries()].map(({ space }) => space.tag.world);
    const before = m.smmu.tlb.size;
    enable(m, world, 0);
    submit(m, world, 0, commandWords('CMD_TLBI_NH_ASID', { ASID: 1 }), SYNC);
    expect(m.smmu.runCommands({ world, queue: 0 })).toBe(2);
    expect([before, m.smmu.tlb.size]).toEqual([2, 1]);
    expect(regimes()).toEqual(['ns']);
  });

  test('shares nothing with the queue of that number of another state', () => {
    const m = machine();
    for (const other of ['ns', 's', 'realm'] as const) enable(m, other, 1);
    submit(m, world, 1, SYNC);
    const counts = (['ns', 's', 'realm'] as const).map((other) =>
      m.smmu.runCommands({ world: other, queue: 1 }),
    );
    expect(counts).toEqual((['ns', 's', 'realm'] as const).map((other) => (other === world ? 1 : 0)));
  });

  test('stops at an error of its own: ERR toggles, and GERROR of its state tells of it', () => {
    const m = machine();
    enable(m, world, 2);
    submit(m, world, 2, Uint32Array.of(0xff, 0, 0, 0));
    const found = m.smmu.nextCommand({ world, queue: 2 });
    if (!('operation' in found)) throw new Error(found.idle);
    const plan = m.smmu.plan(found.operation);
    const journal = new Journal();
    m.smmu.commit(plan.effects, journal);
    expect(plan.outcome).toMatchObject({ result: 'command-error', cerror: 1 });
    expect(plan.steps.map(({ text }) => text).join()).toContain('CERROR_ILL');
    expect(plan.effects.map((effect) => ('what' in effect ? effect.what : ''))).toContain(
      `ECMDQ_CONS2 (${world}).ERR toggles, ERR_REASON=1`,
    );
    expect(word(m, world, 2, 12)).toBe((EN | (1 << 24) | ERR) >>> 0);
    expect([m.read(`${prefix}GERROR`), m.read('GERROR')]).toEqual([CMDQP_ERR, 0]);
    journal.undo(m.smmu, 0);
    expect([word(m, world, 2, 12), m.read(`${prefix}GERROR`)]).toEqual([EN, 0]);
  });

  test('has registers that accesses of its own space and of Root reach, and no others', () => {
    const m = machine();
    const spaces = ['ns', 's', 'realm', 'root'] as const;
    const place = at(world, 6);
    for (const space of spaces) {
      m.writeAt(place, ring(6) | 3, 0, space);
      const reached = m.smmu.registerRead(place, 4, space).value === (ring(6) | 3);
      expect([space, reached]).toEqual([space, space === world || space === 'root']);
      m.writeAt(place, 0, 0, 'root');
    }
    const [remark] = m.smmu.registerRead(place, 4, 'ns').remarks;
    expect(remark).toBe('SMMU_ECMDQ_BASEn is RAZ/WI to an access in ns space (6.2)');
    // Those of the Non-secure state are everybody's.
    for (const space of spaces) {
      m.writeAt(at('ns', 6), ring(6) | 3, 0, space);
      expect(m.smmu.registerRead(at('ns', 6), 4, space).value).toBe(ring(6) | 3);
      m.writeAt(at('ns', 6), 0, 0, space);
    }
  });

  test('guards the queue attributes of its own CR1, and a reset disables it', () => {
    const m = machine({ [`${prefix}CR0`]: 0, [`${prefix}CR0ACK`]: 0, CR0: 0, CR0ACK: 0 });
    const own = enable(m, world, 3);
    own.write(`${prefix}CR1`, 0xfff);
    m.write('CR1', 0xfff);
    expect([m.read(`${prefix}CR1`) & 0x3f, m.read('CR1') & 0x3f]).toEqual([0, 0x3f]);
    m.smmu.commit(m.smmu.reset());
    expect([word(m, world, 3, 8), word(m, world, 3, 12), word(m, world, 3, 0)]).toEqual([0, 0, 0]);
    expect(m.read(`${prefix}CMDQ_CONTROL_PAGE_BASEn`)).toBe(PAGES[world]);
  });

  test('is not there without ECMDQ of its ID register, nor without its state', () => {
    const absent = world === 's' ? 'S_IDR1.SECURE_IMPL' : 'ROOT_IDR0.REALM_IMPL';
    for (const [registers, why] of [
      [{ [`${prefix}IDR0.ECMDQ`]: 0 }, `there is no ECMDQ 0 in ${world} state`],
      [{ [absent]: 0 }, `there is no ${world} state`],
    ] as const) {
      const m = machine(registers);
      enable(m, world, 0);
      expect(word(m, world, 0, 8)).toBe(0);
      expect(m.smmu.nextCommand({ world, queue: 0 })).toEqual({ idle: expect.stringContaining(why) });
      expect(m.smmu.runCommands({ world, queue: 0 })).toBe(0);
    }
  });
});

test('a Secure enhanced queue names streams of both states by SSec, a Realm one none but its own', () => {
  for (const [world, values, result] of [
    ['s', { SSec: 1 }, 0],
    ['s', { SSec: 0 }, 0],
    ['realm', { SSec: 0 }, 0],
    ['realm', { SSec: 1 }, CMDQP_ERR],
  ] as const) {
    const m = machine();
    withStream(m, world);
    enable(m, world, 0);
    submit(m, world, 0, commandWords('CMD_CFGI_STE', { StreamID: SID, ...values }));
    m.smmu.runCommands({ world, queue: 0 });
    expect([world, values, m.read(world === 's' ? 'S_GERROR' : 'R_GERROR')]).toEqual([world, values, result]);
  }
});

test('control pages of one state end where those of the next begin', () => {
  const m = machine();
  const worlds = (['ns', 's', 'realm'] as const).map((world) => {
    const place = m.smmu.bank.placeAt(at(world, 7) + 0x3ff0);
    return place === null ? null : m.smmu.bank.placeAt(place);
  });
  expect(new Set(worlds).size).toBe(3);
  expect(m.smmu.bank.placeAt(PAGES.realm + 0x20000)).toBeNull();
});

test('a snapshot places control pages of Realm state by registers that it places itself, in whatever order', () => {
  const full = machine();
  enable(full, 'realm', 2);
  const pages: readonly (readonly [first: number, bytes: number])[] = [
    [PAGES.realm, 0x20000],
    [0x20000 + full.smmu.bank.field('ROOT_IDR0', 'BA_REALM') * 0x10000, 0x20000],
    [0, 0x20000],
    [ROOT_PAGE, 0x10000],
  ];
  const words: [number, number][] = [];
  for (const [first, bytes] of pages) {
    for (let offset = first; offset < first + bytes; offset += 4) {
      const place = full.smmu.bank.placeAt(offset);
      const value = place === null ? 0 : full.smmu.bank.peek(place);
      if (value !== 0) words.push([offset, value]);
    }
  }
  const bank = new RegisterBank({ root: ROOT_PAGE });
  bank.load(words);
  const [own, other] = [bank, full.smmu.bank].map((of) => {
    const place = of.placeAt(at('realm', 2) + 8);
    return place === null ? null : of.peek(place);
  });
  expect([own, other]).toEqual([EN, EN]);
});
