import { describe, expect, test } from 'vitest';
import { record } from '../kit/records.ts';
import { CMDQ, CMDQ_LOG2, commandWords, NOWHERE, type Registers, SID, TestSmmu } from '../kit/smmu.ts';
import { map } from '../kit/tables.ts';

const CMDQ_ERR = 1;
const MSI_CMDQ_ABT_ERR = 1 << 4;
const ILL = 1;
const ABT = 2;

const always = [0x01, 0x02, 0x03, 0x04, 0x30, 0x46];
/** Opcodes of the Non-secure queue by the feature that makes them legal (IHI 0070 4.1.3 and each command's section). */
const BY_FEATURE: Readonly<Record<string, readonly number[]>> = {
  'IDR0.S1P': [0x05, 0x06, 0x10, 0x11, 0x12, 0x13],
  'IDR0.Hyp': [0x20, 0x21, 0x22, 0x23],
  'IDR0.S2P': [0x28, 0x2a],
  'IDR0.ATS': [0x40],
  'IDR0.PRI': [0x41],
  'IDR3.DPT': [0x70, 0x73],
};
const STALLS = [0x44, 0x45];

/** How one command of 16 bytes ends: consumed, or the error code; checked against every register that shows it. */
function fate(m: TestSmmu, words: Uint32Array): 'consumed' | number {
  const before = m.read('CMDQ_CONS') & 0xfffff;
  m.run(words);
  const cons = m.read('CMDQ_CONS');
  const active = ((m.read('GERROR') ^ m.read('GERRORN')) & CMDQ_ERR) !== 0;
  if (!active) {
    expect(cons & 0xfffff).toBe((before + 1) % 2 ** (CMDQ_LOG2 + 1));
    return 'consumed';
  }
  expect(cons & 0xfffff).toBe(before);
  return (cons >>> 24) & 0x7f;
}

describe('legality by opcode', () => {
  const CONFIGURATIONS: readonly (readonly [name: string, registers: Registers])[] = [
    ['everything', { 'IDR3.DPT': 1 }],
    ...Object.keys(BY_FEATURE).map((feature) => [`no ${feature}`, { 'IDR3.DPT': 1, [feature]: 0 }] as const),
    ['no DPT', {}],
    ['STALL_MODEL 1', { 'IDR0.STALL_MODEL': 1 }],
    ['STALL_MODEL 2', { 'IDR0.STALL_MODEL': 2 }],
    ['Secure state and Secure EL2 elsewhere', { 'S_IDR1.SECURE_IMPL': 1, 'S_IDR1.SEL2': 1 }],
  ];

  test.each(CONFIGURATIONS)('%s: each of 256 opcodes is consumed or CERROR_ILL', (_, registers) => {
    const probe = new TestSmmu({ registers });
    const legal = new Set(always);
    for (const [feature, opcodes] of Object.entries(BY_FEATURE)) {
      const [register, field] = feature.split('.') as [string, string];
      if (probe.smmu.bank.field(register, field) !== 0) for (const opcode of opcodes) legal.add(opcode);
    }
    if (probe.smmu.bank.field('IDR0', 'STALL_MODEL') !== 1) for (const opcode of STALLS) legal.add(opcode);
    for (let opcode = 0; opcode < 256; opcode++) {
      const m = new TestSmmu({ registers });
      const got = fate(m, Uint32Array.of(opcode, 0, 0, 0));
      expect([opcode.toString(16), got]).toEqual([opcode.toString(16), legal.has(opcode) ? 'consumed' : ILL]);
    }
  });
});

describe('legality by fields', () => {
  const m = (registers: Registers = {}): TestSmmu => new TestSmmu({ registers });

  test.each([
    'CMD_PREFETCH_CONFIG',
    'CMD_PREFETCH_ADDR',
    'CMD_CFGI_STE',
    'CMD_CFGI_STE_RANGE',
    'CMD_CFGI_CD',
    'CMD_CFGI_CD_ALL',
    'CMD_RESUME',
    'CMD_STALL_TERM',
  ] as const)('%s with SSec=1 is CERROR_ILL on the Non-secure queue', (name) => {
    expect(fate(m(), commandWords(name, { SSec: 0 }))).toBe('consumed');
    expect(fate(m(), commandWords(name, { SSec: 1 }))).toBe(ILL);
  });

  test('CMD_SYNC with CS=3 is CERROR_ILL', () => {
    for (const CS of [0, 1, 2]) expect(fate(m(), commandWords('CMD_SYNC', { CS }))).toBe('consumed');
    expect(fate(m(), commandWords('CMD_SYNC', { CS: 3 }))).toBe(ILL);
  });

  test.each([
    'CMD_TLBI_NH_VA',
    'CMD_TLBI_NH_VAA',
    'CMD_TLBI_EL2_VA',
    'CMD_TLBI_EL2_VAA',
    'CMD_TLBI_S2_IPA',
  ] as const)('%s: a granule with NUM, SCALE and TTL all 0 is CERROR_ILL, if there are ranges', (name) => {
    for (const TG of [1, 2, 3]) {
      expect(fate(m(), commandWords(name, { TG }))).toBe(ILL);
      expect(fate(m({ 'IDR3.RIL': 0 }), commandWords(name, { TG }))).toBe('consumed');
      expect(fate(m(), commandWords(name, { TG, NUM: 1 }))).toBe('consumed');
      expect(fate(m(), commandWords(name, { TG, SCALE: 1 }))).toBe('consumed');
      for (const TTL of [2, 3]) expect(fate(m(), commandWords(name, { TG, TTL }))).toBe('consumed');
    }
    expect(fate(m(), commandWords(name, { TG: 0, TTL: 0 }))).toBe('consumed');
  });

  test('TTL=1 of 16 KiB counts as 0 without DS, and is CERROR_ILL alone (4.4.1.1)', () => {
    const words = commandWords('CMD_TLBI_NH_VA', { TG: 2, TTL: 1 });
    expect(fate(m(), words)).toBe(ILL);
    expect(fate(m({ 'IDR5.DS': 1 }), words)).toBe('consumed');
    for (const TG of [1, 3])
      expect(fate(m(), commandWords('CMD_TLBI_NH_VA', { TG, TTL: 1 }))).toBe('consumed');
  });
});

describe('a command error', () => {
  function stopped(): TestSmmu {
    const m = new TestSmmu();
    m.run(['CMD_SYNC'], Uint32Array.of(0xff, 0, 0, 0), ['CMD_SYNC'], ['CMD_SYNC']);
    return m;
  }

  test('stops the queue at the command: RD stays, ERR is set, GERROR.CMDQ_ERR toggles', () => {
    const m = stopped();
    expect(m.read('CMDQ_CONS')).toBe(0x01000001);
    expect(m.read('GERROR')).toBe(CMDQ_ERR);
    expect(m.smmu.nextCommand('ns')).toEqual({ idle: expect.stringContaining('CERROR_ILL') });
    m.run(['CMD_SYNC']);
    expect(m.read('CMDQ_CONS')).toBe(0x01000001);
  });

  test('acknowledging restarts from RD without a write to PROD, and the command errs again if it is still there', () => {
    const m = stopped();
    m.write('GERRORN', CMDQ_ERR);
    expect(m.smmu.runCommands('ns')).toBe(0);
    expect([m.read('GERROR'), m.read('GERRORN')]).toEqual([0, CMDQ_ERR]);
    expect(m.smmu.nextCommand('ns')).toHaveProperty('idle');
  });

  test('commands are read again after the acknowledge', () => {
    const m = stopped();
    m.store(CMDQ + 16, commandWords('CMD_SYNC'));
    m.write('GERRORN', CMDQ_ERR);
    expect(m.smmu.runCommands('ns')).toBe(3);
    expect(m.read('CMDQ_CONS') & 0xfffff).toBe(4);
  });

  test('PROD may move back to CONS while the error is active', () => {
    const m = stopped();
    m.write('CMDQ_PROD', 1);
    m.write('GERRORN', CMDQ_ERR);
    expect(m.smmu.nextCommand('ns')).toEqual({ idle: 'nothing pending' });
    m.run(['CMD_SYNC']);
    expect(m.read('CMDQ_CONS') & 0xfffff).toBe(2);
  });

  test('disabling and enabling the queue acknowledges nothing (6.3.28)', () => {
    const m = stopped();
    m.write('CR0', 5);
    m.write('CR0', 0xd);
    expect(m.smmu.runCommands('ns')).toBe(0);
    expect(m.read('GERROR') ^ m.read('GERRORN')).toBe(CMDQ_ERR);
  });

  test('CERROR_ABT: the command cannot be read', () => {
    const m = new TestSmmu({ registers: { 'CMDQ_BASE.ADDR': NOWHERE } });
    m.run(['CMD_SYNC']);
    expect(m.read('CMDQ_CONS')).toBe(ABT << 24);
    expect(m.read('GERROR')).toBe(CMDQ_ERR);
  });

  test('other global errors do not stop the queue', () => {
    const m = new TestSmmu({ registers: { GERROR: MSI_CMDQ_ABT_ERR | 4 } });
    m.run(['CMD_SYNC']);
    expect(m.read('CMDQ_CONS')).toBe(1);
  });
});

describe('the queue', () => {
  test('runs with SMMUEN=0, and not with CMDQEN=0', () => {
    const m = new TestSmmu({ registers: { 'CR0.SMMUEN': 0 } });
    m.run(['CMD_SYNC']);
    expect(m.read('CMDQ_CONS')).toBe(1);
    m.write('CR0', 0);
    m.run(['CMD_SYNC']);
    expect(m.read('CMDQ_CONS')).toBe(1);
    expect(m.smmu.nextCommand('ns')).toEqual({ idle: 'command queue disabled (CR0.CMDQEN=0)' });
    m.write('CR0', 8);
    expect(m.smmu.runCommands('ns')).toBe(1);
  });

  test('wraps, index and wrap bit', () => {
    const m = new TestSmmu({ registers: { 'CMDQ_BASE.LOG2SIZE': 2 } });
    for (let i = 0; i < 5; i++) m.run(['CMD_SYNC'], ['CMD_SYNC'], ['CMD_SYNC']);
    expect(m.read('CMDQ_CONS')).toBe(15 % 8);
    expect(m.read('CMDQ_PROD')).toBe(15 % 8);
  });

  test('a full queue runs whole', () => {
    const m = new TestSmmu({ registers: { 'CMDQ_BASE.LOG2SIZE': 1 } });
    m.run(['CMD_SYNC'], ['CMD_SYNC']);
    expect(m.read('CMDQ_CONS')).toBe(2);
  });

  test('the base is aligned down to the size, 32 bytes at least', () => {
    const m = new TestSmmu({ registers: { 'CMDQ_BASE.ADDR': CMDQ + 0x3e0 } });
    m.run(Uint32Array.of(0xff, 0, 0, 0));
    expect(m.read('CMDQ_CONS')).toBe(ILL << 24);
    const one = new TestSmmu({ registers: { 'CMDQ_BASE.ADDR': CMDQ + 0x20, 'CMDQ_BASE.LOG2SIZE': 0 } });
    expect(one.smmu.nextCommand('ns')).toEqual({ idle: 'nothing pending' });
    one.write('CMDQ_PROD', 1);
    expect(one.smmu.nextCommand('ns')).toMatchObject({ operation: { pa: CMDQ + 0x20 } });
  });

  test('LOG2SIZE above IDR1.CMDQS acts as IDR1.CMDQS', () => {
    const m = new TestSmmu({ registers: { 'CMDQ_BASE.LOG2SIZE': 19, 'IDR1.CMDQS': 1 } });
    for (const words of [0, 1]) m.store(CMDQ + words * 16, commandWords('CMD_SYNC'));
    m.write('CMDQ_PROD', 2);
    m.smmu.runCommands('ns');
    m.write('CMDQ_PROD', 3);
    m.smmu.runCommands('ns');
    expect(m.read('CMDQ_CONS')).toBe(3);
    m.write('CMDQ_PROD', 0);
    m.smmu.runCommands('ns');
    expect(m.read('CMDQ_CONS')).toBe(0);
  });

  test('other worlds have no queue here', () => {
    const m = new TestSmmu();
    for (const world of ['s', 'realm', 'root'] as const) {
      expect(m.smmu.nextCommand(world)).toHaveProperty('idle');
      expect(m.smmu.runCommands(world)).toBe(0);
    }
  });
});

describe('CMD_SYNC', () => {
  const MSI = 0x40a00000;
  function sync(values: Readonly<Record<string, number>>, registers: Registers = {}) {
    const m = new TestSmmu({ registers });
    m.store(CMDQ, commandWords('CMD_SYNC', values));
    m.write('CMDQ_PROD', 1);
    const next = m.smmu.nextCommand('ns');
    if (!('operation' in next)) throw new Error(next.idle);
    const plan = m.smmu.plan(next.operation);
    m.smmu.commit(plan.effects);
    const signals = plan.effects.flatMap((effect) => (effect.kind === 'signal' ? [effect.what] : []));
    expect(m.read('CMDQ_CONS')).toBe(1);
    return { m, signals };
  }

  test('CS=0 signals nothing', () => {
    expect(sync({ CS: 0, MSIAddress: MSI, MSIData: 7 }).signals).toEqual([]);
  });

  test('CS=SIG_IRQ without an address: the wired interrupt', () => {
    expect(sync({ CS: 1 }).signals).toHaveLength(1);
  });

  test('CS=SIG_IRQ with an address writes MSIData there', () => {
    expect(sync({ CS: 1, MSIAddress: MSI, MSIData: 0xcafe }).m.words(MSI, 1)).toEqual([0xcafe]);
  });

  test('an MSI address beyond OAS is cut to it', () => {
    expect(sync({ CS: 1, MSIAddress: 2 ** 50 + MSI, MSIData: 3 }).m.words(MSI, 1)).toEqual([3]);
  });

  test('without IDR0.MSI nothing is written', () => {
    const { m, signals } = sync({ CS: 1, MSIAddress: MSI, MSIData: 7 }, { 'IDR0.MSI': 0 });
    expect(m.words(MSI, 1)).toEqual([0]);
    expect(signals).toHaveLength(1);
  });

  test('an MSI that aborts toggles GERROR.MSI_CMDQ_ABT_ERR, and the command is consumed', () => {
    const { m } = sync({ CS: 1, MSIAddress: NOWHERE, MSIData: 7 });
    expect(m.read('GERROR')).toBe(MSI_CMDQ_ABT_ERR);
    m.run(['CMD_SYNC', { CS: 1, MSIAddress: NOWHERE }]);
    expect(m.read('GERROR')).toBe(MSI_CMDQ_ABT_ERR);
    m.write('GERRORN', MSI_CMDQ_ABT_ERR);
    m.run(['CMD_SYNC', { CS: 1, MSIAddress: NOWHERE }]);
    expect(m.read('GERROR')).toBe(0);
  });

  test('CS=SIG_SEV signals an event, if the SMMU can', () => {
    expect(sync({ CS: 2 }).signals).toHaveLength(1);
    expect(sync({ CS: 2 }, { 'IDR0.SEV': 0 }).signals).toEqual([]);
  });
});

describe('CMD_PREFETCH', () => {
  test('records nothing and errs at nothing, whatever it finds', () => {
    const m = new TestSmmu();
    m.run(['CMD_PREFETCH_CONFIG', { StreamID: 0xffff }], ['CMD_PREFETCH_ADDR', { StreamID: SID }]);
    expect(m.read('CMDQ_CONS')).toBe(2);
    expect(m.events()).toEqual([]);
    m.ste();
    m.cd();
    map(m, { iova: 0x1000n, pa: 0x2000n });
    m.dma(0x9000);
    expect(m.drain()).toEqual([record('F_TRANSLATION', { sid: SID, address: 0x9000n })]);
  });
});
