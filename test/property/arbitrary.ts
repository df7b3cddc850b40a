/** Random but mostly valid machines and transactions, reproducible from a seed and shrinking to plain ones. */

import fc from 'fast-check';
import { bits, ones } from '../kit/oracle/bits.ts';
import type { Cacheability, MemoryAttributes, Txn } from '../kit/oracle/types.ts';
import { Random } from '../kit/random.ts';
import {
  CD_CHOICES,
  configs,
  features,
  fields,
  flag,
  mostly,
  STE_CHOICES,
  WILD_CD,
  WILD_STE,
  wild,
} from './choices.ts';
import { type Choice, contextPointer, halfOf, stage2Of, tableBase } from './geometry.ts';
import { type Fields, type MachineSpec, type StageName, sizeOf, stage2InputBits } from './spec.ts';

/** Which machines are made. */
export interface Kinds {
  readonly stages: readonly StageName[];
  readonly lpae: boolean;
  readonly httu: boolean;
}

const IDR: Fields = {
  'IDR0.S1P': 1,
  'IDR0.S2P': 1,
  'IDR0.TTF': 2,
  'IDR0.Hyp': 1,
  'IDR0.ASID16': 1,
  'IDR0.VMID16': 1,
  'IDR0.CD2L': 1,
  'IDR1.SIDSIZE': 16,
  'IDR5.OAS': 5,
  'IDR5.GRAN4K': 1,
  'IDR5.GRAN16K': 1,
  'IDR5.GRAN64K': 1,
  'AIDR.ArchMinorRev': 2,
};

const STE: Fields = { V: 1, S2R: 1, SHCFG: 1, S2PS: 6 };
const CD: Fields = { V: 1, A: 1, R: 1, IPS: 6, AA64: 1, MAIR0: 0xff440c04 };

const choice: fc.Arbitrary<Choice> = fc.record({ granule: fc.nat(63), size: fc.nat(63), level: fc.nat(63) });

interface CdChoice {
  readonly cd: Fields;
  readonly halves: readonly [Choice, Choice];
  readonly aa64: number;
  /** Nothing that is ILLEGAL for want of a feature. */
  readonly tame: boolean;
  readonly wild: readonly [string, number] | null;
}

interface Choices {
  readonly seed: number;
  readonly badIn: number;
  readonly idr: Fields;
  readonly registers: MachineSpec['registers'];
  readonly config: number;
  readonly ste: Fields;
  readonly s1cdmax: number;
  readonly stage2: Choice;
  readonly s2aa64: number;
  readonly tame: boolean;
  readonly wildSte: readonly [string, number] | null;
  readonly cds: readonly CdChoice[];
}

/** True nine times of ten; what shrinks stays tame. */
const usually = mostly([1], [0], 9).map((n) => n === 1);

function choicesOf({ stages, lpae, httu }: Kinds): fc.Arbitrary<Choices> {
  const cd: fc.Arbitrary<CdChoice> = fc.record({
    cd: fields(CD_CHOICES),
    halves: fc.tuple(choice, choice),
    aa64: lpae ? fc.constantFrom(1, 0) : fc.constant(1),
    tame: usually,
    wild: wild(WILD_CD),
  });
  return fc.record({
    seed: fc.nat(2 ** 31 - 1),
    badIn: fc.constantFrom(0, 40, 12),
    idr: features(lpae, httu),
    registers: fc.record({
      smmuen: mostly([1], [0], 20).map((n) => n === 1),
      e2h: flag().map((n) => n === 1),
      recinvsid: flag().map((n) => n === 1),
      gbpa: fields({
        MemAttr: fc.nat(15),
        MTCFG: flag(),
        ALLOCCFG: fc.nat(15),
        SHCFG: fc.nat(3),
        ABORT: mostly([0], [1], 3),
      }),
      twoLevel: flag().map((n) => n === 1),
      split: mostly([6, 8, 10], [0, 7, 31]),
    }),
    config: configs(stages),
    ste: fields(STE_CHOICES),
    s1cdmax: mostly([0, 0, 0, 2, 7], [6, 8, 10, 16], 9),
    stage2: choice,
    s2aa64: lpae ? fc.constantFrom(1, 0) : fc.constant(1),
    tame: usually,
    wildSte: wild(WILD_STE),
    cds: fc.array(cd, { minLength: 1, maxLength: 3 }),
  });
}

/** A rule that no longer holds when one of the fields is changed on purpose. */
const changed = (of: Fields, by: readonly [string, number] | null): Fields =>
  by === null ? of : { ...of, [by[0]]: by[1] };

/**
 * Stage 2 may turn what stage 1 has as Non-cacheable into Write-Back (S2FWB). Whether hints of the input come back then
 * is left open: 13.4.3 passes hints on, DDI 0487 takes those of stage 1 or none. So inputs have the plain hints there.
 */
function forcesWriteBack(ste: Fields): boolean {
  return ste['Config'] === 7 && ste['S2FWB'] === 1;
}

/** Where the architecture leaves open what an encoding means, it is not used. */
function definedSte(ste: Fields): Fields {
  const defined: Record<string, number> = { ...ste };
  // Whether ALLOCCFG counts without MTCFG is left open (5.2, ALLOCCFG), as are hints of half-cacheable types.
  if (defined['MTCFG'] !== 1) defined['ALLOCCFG'] = 0;
  if ([6, 7, 9, 13].includes(defined['MemAttr'] ?? 0)) defined['MemAttr'] = 15;
  if (forcesWriteBack(defined)) defined['ALLOCCFG'] = 0;
  return defined;
}

/** What keeps most STEs valid: nothing that the ID registers do not offer. */
function tameSte(ste: Fields, idr: Fields, aa64: boolean): Fields {
  const httu = aa64 ? (idr['IDR0.HTTU'] ?? 0) : 0;
  const stall = idr['IDR0.STALL_MODEL'] ?? 0;
  const tamed: Record<string, number> = { ...ste };
  if (httu === 0) tamed['S2HA'] = 0;
  if (httu < 2) tamed['S2HD'] = 0;
  if (tamed['S2HA'] !== 1) tamed['S2HAFT'] = 0;
  if (stall !== 0) Object.assign(tamed, { S2S: stall === 2 ? 1 : 0, S1STALLD: 0 });
  if (!aa64) tamed['S2FWB'] = 0;
  if ((idr['IDR0.TTENDIAN'] ?? 0) !== 0) tamed['S2ENDI'] = idr['IDR0.TTENDIAN'] === 3 ? 1 : 0;
  return tamed;
}

function tameCd(cd: Fields, ste: Fields, idr: Fields): Fields {
  const httu = idr['IDR0.HTTU'] ?? 0;
  const stall = idr['IDR0.STALL_MODEL'] ?? 0;
  const tamed: Record<string, number> = { ...cd };
  if (httu === 0) tamed['HA'] = 0;
  if (httu < 2) tamed['HD'] = 0;
  if (tamed['HA'] !== 1) tamed['HAFT'] = 0;
  if (ste['S1STALLD'] === 1) tamed['S'] = 0;
  if (stall !== 0) tamed['S'] = stall === 2 ? 1 : 0;
  if (idr['IDR0.TERM_MODEL'] === 1) tamed['A'] = 1;
  if ((idr['IDR0.TTENDIAN'] ?? 0) !== 0) tamed['ENDI'] = idr['IDR0.TTENDIAN'] === 3 ? 1 : 0;
  return tamed;
}

/** TBI of VMSAv8-32 LPAE, and TxSZ of a half that EPDx switches off there, are left open (3.4.1, 5.4). */
function tameLpae(cd: Fields): Fields {
  if (cd['AA64'] === 1) return cd;
  const sizes = { ...(cd['EPD0'] === 1 && { T0SZ: 0 }), ...(cd['EPD1'] === 1 && { T1SZ: 0 }) };
  return { ...cd, TBI0: 0, TBI1: 0, ...sizes };
}

/**
 * LPA2 has blocks that are larger than the smaller output sizes; whether an offset in one that goes beyond the size is
 * an F_ADDR_SIZE or is truncated is left open (3.4; DDI 0487 looks at descriptors alone).
 */
function largeBlocksFit(of: Fields, name: 'DS' | 'S2DS', size: 'IPS' | 'S2PS', oas: number): Fields {
  return Math.min(sizeOf(of[size] ?? 0), oas) < 40 ? { ...of, [name]: 0 } : of;
}

/** From free choices to fields that go together. */
function build(c: Choices): MachineSpec {
  const random = new Random(c.seed ^ 0x5bd1e995);
  const idr: Fields = { ...IDR, ...c.idr };
  const ttf = idr['IDR0.TTF'] ?? 2;
  const s2aa64 = ttf === 2 || (ttf === 3 && c.s2aa64 === 1);
  const oas = sizeOf(idr['IDR5.OAS'] ?? 5);
  const free = definedSte({ ...STE, ...c.ste, Config: c.config, S2AA64: s2aa64 ? 1 : 0 });
  const tame = c.tame ? tameSte(free, idr, s2aa64) : free;
  const sized = {
    ...tame,
    S1CDMax: Math.min(c.s1cdmax, idr['IDR1.SSIDSIZE'] ?? 0),
    ...stage2Of(idr, tame['S2DS'] === 1, s2aa64, c.stage2),
  };
  const wildSte = largeBlocksFit(changed(sized, c.wildSte), 'S2DS', 'S2PS', oas);
  const size = Math.min(sizeOf(wildSte['S2PS'] ?? 0), oas);
  const based = { ...wildSte, S2TTB: tableBase(random, { ste: wildSte, idr }, 2, s2aa64 ? size : 40) };
  const ste = { ...based, S1ContextPtr: contextPointer(random, { ste: based, idr }) };
  const cds = c.cds.map((of) => buildCd(random, of, ste, idr, ttf, oas));
  return { seed: c.seed, badIn: c.badIn, idr, registers: c.registers, ste, cds };
}

function buildCd(random: Random, of: CdChoice, ste: Fields, idr: Fields, ttf: number, oas: number): Fields {
  const stage2Lpae = (ste['Config'] ?? 0) >= 6 && ste['S2AA64'] !== 1;
  const aa64 = ttf === 2 || (ttf === 3 && of.aa64 === 1 && !stage2Lpae);
  const free: Fields = { ...CD, ...of.cd, AA64: aa64 ? 1 : 0 };
  const tame = of.tame ? tameCd(free, ste, idr) : free;
  const ds = tame['DS'] === 1;
  const halves = { ...halfOf(idr, ds, 0, of.halves[0]), ...halfOf(idr, ds, 1, of.halves[1]) };
  const cd = largeBlocksFit(tameLpae(changed({ ...tame, ...halves }, of.wild)), 'DS', 'IPS', oas);
  const size = aa64 ? Math.min(sizeOf(cd['IPS'] ?? 0), oas) : 40;
  const base = (): number => tableBase(random, { ste, idr }, 1, size);
  return { ...cd, TTB0: base(), TTB1: base() };
}

export function machines(kinds: Kinds): fc.Arbitrary<MachineSpec> {
  return choicesOf(kinds).map(build);
}

/** A transaction before it is known what the machine maps. */
export interface TxnChoice {
  readonly sid: number;
  readonly ssid: number | null;
  /** Which addresses it aims at: 0 TTB0, 1 TTB1, 2 just anything. */
  readonly aim: number;
  readonly address: bigint;
  readonly write: boolean;
  readonly privileged: boolean;
  readonly instruction: boolean;
  readonly atomic: boolean;
  readonly attributes: MemoryAttributes;
}

const level = (policy: Cacheability['policy'], hints: number): Cacheability => {
  const [ra, wa] = [(hints & 2) !== 0, (hints & 1) !== 0];
  return policy === 'NC'
    ? { policy, ra: false, wa: false, tr: false }
    : { policy, ra, wa, tr: (hints & 4) !== 0 && (ra || wa) };
};

/** Attributes that make sense: both levels cacheable or none (half-cacheable inputs are left open, 13.4.2). */
const attributes: fc.Arbitrary<MemoryAttributes> = fc
  .record({ type: fc.nat(8), inner: fc.nat(7), outer: fc.nat(7), sh: fc.constantFrom(0, 2, 3) })
  .map(({ type, inner, outer, sh }) => {
    const nc = level('NC', 0);
    if (type > 0 && type < 5) return { device: (type - 1) as 0 | 1 | 2 | 3, inner: nc, outer: nc, sh: 2 };
    if (type === 5) return { device: null, inner: nc, outer: nc, sh: 2 };
    const policy = type === 6 ? 'WT' : 'WB';
    return {
      device: null,
      inner: level(policy, inner ^ 3),
      outer: level(type === 7 ? 'WT' : policy, outer ^ 3),
      sh: sh as 0 | 2 | 3,
    };
  });

export const transactions: fc.Arbitrary<TxnChoice> = fc.record({
  sid: mostly([8, 9, 60], [0, 70, 255, 256, 65536], 12),
  ssid: fc.oneof(
    { weight: 9, arbitrary: fc.constant(null) },
    { weight: 1, arbitrary: mostly([0, 1, 3, 66], [255, 0xfffff]) },
  ),
  aim: mostly([0, 0, 1], [2], 10),
  address: fc.bigInt({ min: 0n, max: ones(64) }),
  write: fc.boolean(),
  privileged: fc.boolean(),
  instruction: fc.boolean(),
  atomic: fc.oneof({ weight: 8, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
  attributes,
});

/** Read- and write-allocate, not transient. */
function plainHints(of: MemoryAttributes): MemoryAttributes {
  const inner = level(of.inner.policy, 3);
  return { ...of, inner, outer: level(of.outer.policy, 3) };
}

/** The transaction that aims where this machine may map something. */
export function aimed(spec: MachineSpec, c: TxnChoice): Txn {
  const { sid, ssid, privileged, instruction } = c;
  const input = forcesWriteBack(spec.ste) ? plainHints(c.attributes) : c.attributes;
  const write = c.write || c.atomic;
  return {
    sid,
    ssid,
    va: addressOf(spec, c),
    write,
    privileged,
    instruction,
    atomic: c.atomic,
    attributes: input,
  };
}

function addressOf(spec: MachineSpec, { aim, address }: TxnChoice): bigint {
  const config = spec.ste['Config'] ?? 0;
  const cd = spec.cds[0] as Fields;
  if (aim === 2) return address;
  if (!spec.registers.smmuen || config === 4) return address & ones(sizeOf(spec.idr['IDR5.OAS'] ?? 0));
  if (config === 6) return address & ones(stage2InputBits(spec));
  if (cd['AA64'] !== 1) return address & ones(32);
  const half = aim === 1 && cd['EPD1'] !== 1 ? 1 : 0;
  const size = 64 - ((half === 1 ? cd['T1SZ'] : cd['T0SZ']) ?? 0);
  const low = address & ones(Math.min(size, 55));
  const top =
    (half === 1 ? cd['TBI1'] : cd['TBI0']) === 1
      ? bits(address, 63, 56) << 56n
      : half === 1
        ? 0xffn << 56n
        : 0n;
  return (
    top | (half === 1 ? (ones(56) >> BigInt(Math.min(size, 55))) << BigInt(Math.min(size, 55)) : 0n) | low
  );
}
