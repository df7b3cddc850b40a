import { describe, expect, test } from 'vitest';
import { unpredictable } from '../../src/model/commands/legality.ts';
import { COMMANDS, type CommandName } from '../../src/spec/commands.ts';
import { texts } from '../kit/plans.ts';
import { CMDQ, commandWords, type Registers, TestSmmu, type Values } from '../kit/smmu.ts';
import { type VectorField, vectors } from '../spec/vectors.ts';

/** How a command ends on an SMMU that checks reserved bits: null when it is consumed, else why not. */
function strict(words: Uint32Array, registers: Registers = {}, reservedBits: 'strict' | 'ignore' = 'strict') {
  const m = new TestSmmu({ reservedBits, registers: { 'IDR3.DPT': 1, ...registers } });
  m.store(CMDQ, words);
  m.write('CMDQ_PROD', 1);
  const next = m.smmu.nextCommand('ns');
  if (!('operation' in next)) throw new Error(next.idle);
  const plan = m.smmu.plan(next.operation);
  if (plan.outcome.result === 'consumed') return null;
  expect(plan.outcome.cerror).toBe(1);
  return plan.steps.find((step) => step.kind === 'command-error')?.text ?? '';
}

const { commands } = vectors<{
  commands: readonly { readonly name: CommandName; readonly fields: readonly VectorField[] }[];
}>('commands');
/** Reserved bits of each command as the vectors have them, for those that a Non-secure queue takes. */
const RESERVED = commands
  .filter(({ name }) => COMMANDS[name].legal.ns !== false)
  .map(({ name, fields }) => [name, fields.filter((field) => field.name === 'RES0')] as const);

describe('reservedBits', () => {
  test.each(RESERVED)('strict: %s is consumed, and with any one reserved bit CERROR_ILL', (name, fields) => {
    const registers = { 'AIDR.ArchMinorRev': 4, 'IDR5.DS': 1, 'IDR3.MPAM': 1, 'MPAMIDR.PARTID_MAX': 63 };
    expect(strict(commandWords(name), registers)).toBeNull();
    expect(fields.length).toBeGreaterThan(0);
    for (const { msb, lsb } of fields) {
      for (let bit = lsb; bit <= msb; bit++) {
        const words = commandWords(name);
        words[bit >>> 5] = (words[bit >>> 5] as number) | (1 << (bit & 31));
        const text = `CERROR_ILL: ${name} with reserved bit ${bit} set`;
        expect([bit, strict(words, registers)]).toEqual([bit, text]);
        expect(strict(words, registers, 'ignore')).toBeNull();
      }
    }
  });

  const RANGE = { TG: 1, NUM: 1 };
  const WIDE = { 'IDR5.D128': 1 };
  test.each([
    ['NUM without a granule', 'CMD_TLBI_NH_VA', { NUM: 1 }, {}],
    ['TTL without a granule', 'CMD_TLBI_NH_VA', { TTL: 1 }, {}],
    ['TTL128 without TTL', 'CMD_TLBI_NH_VA', { ...RANGE, TTL128: 1 }, { ...WIDE, 'AIDR.ArchMinorRev': 4 }],
    ['TTL128 before SMMUv3.4', 'CMD_TLBI_NH_VA', { ...RANGE, TTL: 2, TTL128: 1 }, WIDE],
    ['IPA[55:52] before SMMUv3.4', 'CMD_TLBI_S2_IPA', { Address: 2 ** 52 }, {}],
    ['IPA[51:48] in SMMUv3.0', 'CMD_TLBI_S2_IPA', { Address: 2 ** 48 }, { 'AIDR.ArchMinorRev': 0 }],
    ['MSIAddress[55:52] before SMMUv3.4', 'CMD_SYNC', { CS: 1, MSIAddress: 2 ** 52 }, {}],
    ['MSI_NS on a Non-secure queue', 'CMD_SYNC', { MSI_NS: 1 }, { 'AIDR.ArchMinorRev': 4 }],
  ] as const)('strict: %s is CERROR_ILL', (_, name, values: Values, registers: Registers) => {
    const words = commandWords(name, values);
    expect(strict(words, registers)).toContain('which is RES0 here');
    expect(strict(words, registers, 'ignore')).toBeNull();
  });

  test.each([
    [
      'NUM, SCALE, TTL with a granule',
      'CMD_TLBI_NH_VA',
      { ...RANGE, SCALE: 3, TTL: 2, Address: 0x200000 },
      {},
    ],
    ['SCALE[5] with IDR5.DS', 'CMD_TLBI_NH_VA', { ...RANGE, SCALE: 32 }, { 'IDR5.DS': 1 }],
    [
      'TTL128 with TTL in SMMUv3.4',
      'CMD_TLBI_NH_VA',
      { ...RANGE, TTL: 2, TTL128: 1 },
      { ...WIDE, 'AIDR.ArchMinorRev': 4 },
    ],
    ['a VA with all its bits', 'CMD_TLBI_NH_VA', { Address: 2 ** 52 }, {}],
    ['IPA[51:48] since SMMUv3.1', 'CMD_TLBI_S2_IPA', { Address: 2 ** 48 }, {}],
    ['ASID[15:8] with IDR0.ASID16', 'CMD_TLBI_NH_ASID', { ASID: 0x100 }, {}],
  ] as const)('strict: %s is legal', (_, name, values: Values, registers: Registers) => {
    expect(strict(commandWords(name, values), registers)).toBeNull();
  });
});

describe('what 4.4.1.1 leaves UNPREDICTABLE of ranges', () => {
  const state = (registers: Registers = {}) => new TestSmmu({ registers }).smmu.state('ns');
  const remark = (values: Values, registers: Registers = {}) =>
    unpredictable(COMMANDS.CMD_TLBI_NH_VA, commandWords('CMD_TLBI_NH_VA', values), state(registers));

  /** log2 of the alignment by TG and TTL: the sizes of blocks of that granule and level. */
  const ALIGNED: readonly (readonly [tg: number, ttl: number, log2: number, registers: Registers])[] = [
    [1, 1, 30, {}],
    [1, 2, 21, {}],
    [2, 2, 25, {}],
    [2, 3, 14, {}],
    [2, 0, 14, {}],
    [2, 1, 36, { 'IDR5.DS': 1 }],
    [2, 1, 14, {}],
    [3, 1, 42, {}],
    [3, 2, 29, {}],
    [3, 3, 16, {}],
    [3, 0, 16, {}],
  ];

  test.each(ALIGNED)('TG=%i TTL=%i asks for 2^%i bytes', (TG, TTL, log2, registers) => {
    const at = (Address: number) => remark({ TG, TTL, NUM: 1, Address }, registers);
    expect(at(2 ** log2)).toBeNull();
    expect(at(3 * 2 ** log2)).toBeNull();
    expect(at(2 ** log2 + 2 ** (log2 - 1))).toContain('the range that is removed is UNPREDICTABLE');
    expect(at(2 ** log2 + 4096)).toContain(`not aligned to 2^${log2} bytes`);
  });

  test('pages of 4 KiB, commands without a granule and SMMUs without ranges ask for nothing', () => {
    for (const TTL of [0, 3]) expect(remark({ TG: 1, TTL, NUM: 1, Address: 0x1000 })).toBeNull();
    expect(remark({ TG: 0, Address: 0x1000 })).toBeNull();
    expect(remark({ TG: 3, TTL: 3, Address: 0x1000 }, { 'IDR3.RIL': 0 })).toBeNull();
  });

  test.each([
    [1, 1, 28],
    [1, 2, 20],
    [2, 1, 34],
    [2, 2, 24],
    [2, 3, 14],
    [3, 1, 40],
    [3, 2, 28],
    [3, 3, 16],
  ])('128-bit descriptors: TG=%i TTL=%i and not 2^%i aligned need remove nothing', (TG, TTL, log2) => {
    const at = (Address: number) => remark({ TG, TTL, TTL128: 1, NUM: 1, Address }, { 'IDR5.DS': 1 });
    expect(at(2 ** log2)).toBeNull();
    expect(at(2 ** (log2 - 1))).toContain('nothing need be removed');
  });

  test('is told as a step, and the command is consumed', () => {
    const m = new TestSmmu();
    m.store(CMDQ, commandWords('CMD_TLBI_NH_VA', { TG: 3, TTL: 3, Address: 0x1000 }));
    m.write('CMDQ_PROD', 1);
    const next = m.smmu.nextCommand('ns');
    if (!('operation' in next)) throw new Error(next.idle);
    const plan = m.smmu.plan(next.operation);
    expect(plan.outcome.result).toBe('consumed');
    expect(texts(plan).join('\n')).toContain('Address 0x1000 is not aligned to 2^16 bytes');
  });
});

describe('parameters beyond the implemented sizes (4.1.7)', () => {
  const state = new TestSmmu({ registers: { 'IDR1.SIDSIZE': 8, 'IDR1.SSIDSIZE': 4 } }).smmu.state('ns');
  const remark = (name: CommandName, values: Values) =>
    unpredictable(COMMANDS[name], commandWords(name, values), state);

  test('are remarked: StreamIDs and SubstreamIDs', () => {
    expect(remark('CMD_CFGI_STE', { StreamID: 0x100 })).toContain('IDR1.SIDSIZE=8');
    expect(remark('CMD_CFGI_STE', { StreamID: 0xff })).toBeNull();
    expect(remark('CMD_CFGI_CD', { StreamID: 8, SubstreamID: 16 })).toContain('IDR1.SSIDSIZE=4');
    expect(remark('CMD_ATC_INV', { SubstreamID: 16 })).toBeNull();
    expect(remark('CMD_ATC_INV', { SSV: 1, SubstreamID: 16 })).toContain('IDR1.SSIDSIZE=4');
  });

  test('CFGI_ALL names no StreamID', () => {
    expect(remark('CMD_CFGI_STE_RANGE', { Range: 31, StreamID: 0xffffffff })).toBeNull();
    expect(remark('CMD_CFGI_STE_RANGE', { Range: 3, StreamID: 0xffffffff })).toContain('IDR1.SIDSIZE=8');
  });
});

describe('fields of an STE that only some states have (5.2)', () => {
  const FEATURES: Registers = {
    'AIDR.ArchMinorRev': 4,
    'IDR0.ATS': 1,
    'IDR1.ATTR_PERMS_OVR': 1,
    'IDR3.MPAM': 1,
    'S_IDR1.SEL2': 1,
    'IDR5.DS': 1,
    'IDR5.D128': 1,
    'S_MPAMIDR.HAS_MPAM_NS': 1,
    'R_MPAMIDR.HAS_MPAM_NS': 1,
    'R_IDR3.MEC': 1,
  };
  const WORLDS = ['ns', 's', 'realm'] as const;

  /** What becomes of a transaction whose STE has that field. */
  function fate(
    world: (typeof WORLDS)[number],
    values: Values,
    registers: Registers = {},
    reservedBits: 'strict' | 'ignore' = 'strict',
  ) {
    const m = new TestSmmu({ worlds: 'rme', reservedBits, registers: { ...FEATURES, ...registers } });
    const view = m.in(world);
    view.ste({ Config: 4, ...values });
    const { result, fault } = view.dma(0x1000).outcome;
    return result === 'ok' ? 'ok' : `${fault?.event}: ${fault?.field}`;
  }

  test.each([
    ['S2NSW', ['s']],
    ['S2NSA', ['s']],
    ['S_S2T0SZ', ['s']],
    ['S_S2SL0', ['s']],
    ['S_S2TG', ['s']],
    ['S2SW', ['s']],
    ['S2SA', ['s']],
    ['S_S2SL0_2', ['s']],
    ['S_S2TTB', ['s']],
    ['S_S2SKL', ['s']],
    ['MECID', ['realm']],
    ['MPAM_NS', ['s', 'realm']],
    ['EATS', ['ns', 'realm']],
  ])('strict: %s is reserved but in the stream tables of %j', (field, owners) => {
    const values = { [field]: field === 'S_S2TTB' ? 0x1000 : 1 };
    expect(WORLDS.map((world) => [world, fate(world, values)])).toEqual(
      WORLDS.map((world) => [world, owners.includes(world) ? 'ok' : `C_BAD_STE: ${field}`]),
    );
    for (const world of WORLDS) expect(fate(world, values, {}, 'ignore')).toBe('ok');
  });

  test('strict: the reason names the field and the state', () => {
    const m = new TestSmmu({ worlds: 'rme', reservedBits: 'strict', registers: FEATURES });
    m.ste({ Config: 4, S2SW: 1 });
    expect(m.dma(0x1000).outcome.fault?.reason).toBe(
      'STE: reserved bit 384 (S2SW, RES0 in an STE of the ns state) is not 0',
    );
  });

  test('strict: NSCFG without IDR1.ATTR_PERMS_OVR is reserved in Secure STEs only', () => {
    const without = { 'IDR1.ATTR_PERMS_OVR': 0 };
    expect(WORLDS.map((world) => fate(world, { NSCFG: 3 }, without))).toEqual([
      'ok',
      'C_BAD_STE: NSCFG',
      'ok',
    ]);
  });

  test('strict: STRW without IDR0.Hyp is reserved in Non-secure STEs only', () => {
    const without = { 'IDR0.Hyp': 0 };
    expect(WORLDS.map((world) => fate(world, { STRW: 2 }, without))).toEqual(['C_BAD_STE: STRW', 'ok', 'ok']);
  });
});
