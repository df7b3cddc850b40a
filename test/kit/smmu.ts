import type { FieldValue, Layout } from '../../src/bits/layout.ts';
import { encode } from '../../src/bits/layout.ts';
import { parseHex64 } from '../../src/bits/u64.ts';
import type { World } from '../../src/bits/world.ts';
import { type BankOptions, offsetOf } from '../../src/model/bank.ts';
import type { Journal } from '../../src/model/effects.ts';
import { type ChunkSource, SparseMemory } from '../../src/model/memory.ts';
import type { NotifierOptions } from '../../src/model/notifiers/notifiers.ts';
import { transaction as makeTransaction, type Plan, type Transaction } from '../../src/model/plan.ts';
import { type CachePolicy, type ReservedBits, Smmu, type SmmuOptions } from '../../src/model/smmu.ts';
import type { TrafficOptions } from '../../src/model/traffic-stores.ts';
import { CD } from '../../src/spec/cd.ts';
import { COMMANDS, type CommandName } from '../../src/spec/commands.ts';
import { L1CD } from '../../src/spec/l1cd.ts';
import { L1STD } from '../../src/spec/l1std.ts';
import { registerByName, WORLD_PREFIX } from '../../src/spec/registers.ts';
import { STE } from '../../src/spec/ste.ts';

/** Field values of a structure by name. */
export type Values = Readonly<Record<string, FieldValue>>;

/** Registers as `CR2.RECINVSID` or `CMDQ_PROD`. */
export type Registers = Readonly<Record<string, number>>;

/** The only RAM; everything else aborts. */
export const RAM = { base: 0x40000000, size: 0x10000000 };
/** Nothing answers here. */
export const NOWHERE = 0x80000000;
export const STRTAB = 0x40000000;
export const CDTAB = 0x40400000;
export const CMDQ = 0x40800000;
export const EVENTQ = 0x40900000;
/** The starting-level table of TTB0 in {@link TestSmmu.cd}; {@link TestSmmu.table} takes what follows. */
export const TTB0 = 0x41000000;
export const TTB1 = 0x41100000;
const TABLES = 0x41200000;
const TABLE_BYTES = 0x10000;

/** The stream that most tests use. */
export const SID = 8;
export const CMDQ_LOG2 = 6;
export const EVENTQ_LOG2 = 5;

/** An SMMUv3.2 with both stages, EL2, all granules, 48 bits, substreams, two-level tables, ATS, stalls by software's choice. */
const ID_REGISTERS: Registers = {
  'IDR0.S2P': 1,
  'IDR0.S1P': 1,
  'IDR0.TTF': 2,
  'IDR0.Hyp': 1,
  'IDR0.ATS': 1,
  'IDR0.PRI': 1,
  'IDR0.ASID16': 1,
  'IDR0.VMID16': 1,
  'IDR0.VMW': 1,
  'IDR0.MSI': 1,
  'IDR0.SEV': 1,
  'IDR0.CD2L': 1,
  'IDR0.ST_LEVEL': 1,
  'IDR1.SIDSIZE': 16,
  'IDR1.SSIDSIZE': 16,
  'IDR1.CMDQS': 12,
  'IDR1.EVENTQS': 12,
  'IDR1.PRIQS': 12,
  'IDR1.ATTR_PERMS_OVR': 1,
  'IDR3.HAD': 1,
  'IDR3.RIL': 1,
  'IDR5.GRAN4K': 1,
  'IDR5.GRAN16K': 1,
  'IDR5.GRAN64K': 1,
  'IDR5.OAS': 5,
  'AIDR.ArchMinorRev': 2,
};

const SET_UP: Registers = {
  'STRTAB_BASE.ADDR': STRTAB,
  'STRTAB_BASE_CFG.LOG2SIZE': 8,
  'CMDQ_BASE.ADDR': CMDQ,
  'CMDQ_BASE.LOG2SIZE': CMDQ_LOG2,
  'EVENTQ_BASE.ADDR': EVENTQ,
  'EVENTQ_BASE.LOG2SIZE': EVENTQ_LOG2,
  'CR2.RECINVSID': 1,
  'CR0.SMMUEN': 1,
  'CR0.CMDQEN': 1,
  'CR0.EVENTQEN': 1,
  'CR0ACK.SMMUEN': 1,
  'CR0ACK.CMDQEN': 1,
  'CR0ACK.EVENTQEN': 1,
};

/** Where the system puts the Root page: bytes from the base of the SMMU. */
export const ROOT_PAGE = 0x100000;
/** The Realm pages lie here at the earliest (6.1). */
const REALM_PAGES = 0x20000;
const PAGE_BYTES = 0x10000;

const SECURE_IDS: Registers = {
  'S_IDR0.MSI': 1,
  'S_IDR1.SECURE_IMPL': 1,
  'S_IDR1.SEL2': 1,
  'S_IDR1.S_SIDSIZE': 16,
  'IDR3.STT': 1,
};

/** With RME and device assignment: Secure EL2, Realm and Root; accesses are allowed, and no granule is checked. */
const RME_IDS: Registers = {
  ...SECURE_IDS,
  'IDR0.RME_IMPL': 1,
  'ROOT_IDR0.ROOT_IMPL': 1,
  'ROOT_IDR0.REALM_IMPL': 1,
  'ROOT_IDR0.RGPTM': 1,
  'ROOT_IDR0.BGPTM': 1,
  'ROOT_IDR0.BA_REALM': 4,
  'R_IDR0.STALL_MODEL': 1,
  'R_IDR0.MSI': 1,
  'R_IDR0.ATS': 1,
  'R_IDR0.PRI': 1,
  'R_IDR1.RME_DA_IMPL': 1,
  'ROOT_CR0.ACCESSEN': 1,
  'ROOT_CR0ACK.ACCESSEN': 1,
};

/** Which states there are beside the Non-secure one: Secure, or all four. */
const WORLD_IDS = { secure: SECURE_IDS, rme: RME_IDS } as const;

/** {@link SET_UP} of another state: the same addresses, in the memory of its own space. */
function setUpOf(prefix: string): Registers {
  return Object.fromEntries(Object.entries(SET_UP).map(([name, value]) => [prefix + name, value]));
}

/** A usable 4 KiB, 48-bit context in TTB0; TTB1 is not walked. */
export const BASE_CD: Values = {
  V: 1,
  AA64: 1,
  T0SZ: 16,
  TG0: 0,
  TTB0,
  EPD1: 1,
  IPS: 5,
  ASID: 1,
  A: 1,
  R: 1,
};

export const BASE_STE: Values = { V: 1, Config: 5, S1ContextPtr: CDTAB };

export interface TestOptions {
  readonly registers?: Registers;
  /**
   * `secure`: Secure state with Secure EL2, without RME; `rme`: all four states. Each has memory of its own and, unless
   * `setUp` is false, tables and queues at the same addresses: see {@link TestSmmu.in}.
   */
  readonly worlds?: keyof typeof WORLD_IDS;
  readonly rulesOff?: ReadonlySet<string>;
  readonly caches?: CachePolicy;
  readonly reservedBits?: ReservedBits;
  readonly options?: SmmuOptions['options'];
  readonly traffic?: TrafficOptions;
  readonly notifiers?: NotifierOptions;
  /** Default: zeroed RAM. */
  readonly memory?: SparseMemory;
  readonly places?: BankOptions;
  /** False: the SMMU as it comes out of reset, no queues, no tables. */
  readonly setUp?: boolean;
}

export type Access = Partial<Omit<Transaction, 'sid' | 'vaHi' | 'vaLo'>>;

/** RAM that reads as zero. */
export function zeroedMemory(ranges = [RAM]): SparseMemory {
  const zeroes: ChunkSource = { fill: () => 0xffff, ranges };
  return new SparseMemory(zeroes, { ram: ranges });
}

/** Both halves of an address: a number, or a text for what needs more than 53 bits. */
export function halves(address: number | string): { hi: number; lo: number } {
  const found = parseHex64(typeof address === 'string' ? address : `0x${address.toString(16)}`);
  if (!found) throw new RangeError(`not an address: ${address}`);
  return found;
}

export function transaction(sid: number, address: number | string, access: Access = {}): Transaction {
  const { hi, lo } = halves(address);
  return makeTransaction({ sid, vaHi: hi, vaLo: lo, ...access });
}

/**
 * An SMMU in RAM of its own, with one line for each thing that a test writes. What is written and asked for is that of
 * one Security state; {@link TestSmmu.in} gives the same SMMU as another one has it.
 */
export class TestSmmu {
  readonly smmu: Smmu;
  /** Whose structures, queues and transactions the methods mean. */
  readonly world: World;
  readonly #prefix: string;
  #nextTable = TABLES;

  constructor(options: TestOptions | { readonly smmu: Smmu; readonly world: World } = {}) {
    if ('smmu' in options) {
      this.smmu = options.smmu;
      this.world = options.world;
      this.#prefix = WORLD_PREFIX[this.world];
      return;
    }
    this.world = 'ns';
    this.#prefix = '';
    const { worlds } = options;
    const ns = options.memory ?? zeroedMemory();
    const others = (): Record<World, SparseMemory> => ({
      ns,
      s: zeroedMemory(),
      realm: zeroedMemory(),
      root: zeroedMemory(),
    });
    const places = options.places ?? (worlds === 'rme' ? { root: ROOT_PAGE } : undefined);
    this.smmu = new Smmu({
      memory: worlds ? others() : ns,
      ...(options.caches && { caches: options.caches }),
      ...(options.options && { options: options.options }),
      ...(options.rulesOff && { rulesOff: options.rulesOff }),
      ...(options.reservedBits && { reservedBits: options.reservedBits }),
      ...(options.traffic && { traffic: options.traffic }),
      ...(places && { places }),
      ...(options.notifiers && { notifiers: options.notifiers }),
    });
    this.set(ID_REGISTERS);
    if (worlds) this.set(WORLD_IDS[worlds]);
    if (options.setUp !== false) {
      this.set(SET_UP);
      if (worlds) this.set(setUpOf('S_'));
      if (worlds === 'rme') this.set(setUpOf('R_'));
    }
    if (options.registers) this.set(options.registers);
  }

  /** The same SMMU; what is written, run and sent is that of another Security state, in its address space. */
  in(world: World): TestSmmu {
    return new TestSmmu({ smmu: this.smmu, world });
  }

  /** Sets registers or fields, bypassing the rules of writing. */
  set(registers: Registers): void {
    for (const [key, value] of Object.entries(registers)) {
      const [name, field] = key.split('.') as [string, string | undefined];
      const at = offsetOf(name);
      const words = Uint32Array.of(this.smmu.bank.peek(at), this.smmu.bank.peek(at + 4));
      const layout = registerByName(name)?.layout;
      if (field === undefined) words[0] = value;
      else {
        const declared = layout?.fields[field];
        if (!declared) throw new RangeError(`no field ${key}`);
        declared.set(words, 0, value);
      }
      const pairs: [number, number][] = [[at, words[0] ?? 0]];
      if (layout?.words === 2) pairs.push([at + 4, words[1] ?? 0]);
      this.smmu.bank.load(pairs);
    }
  }

  /** A software write of a register of pages 0 and 1, the Realm pages or the Root page, 32 bits or (with `hi`) 64. */
  write(name: string, value: number, hi?: number): Plan {
    return this.writeAt(this.offsetOf(name), value, hi);
  }

  /** Where software finds a register: bytes from the base of the SMMU. */
  offsetOf(name: string): number {
    const register = registerByName(name);
    if (register?.block === 'ROOT') return ROOT_PAGE + register.offset;
    if (register?.block !== 'R_PAGE_0' && register?.block !== 'R_PAGE_1') return offsetOf(name);
    const page = register.block === 'R_PAGE_0' ? 0 : 1;
    return (
      REALM_PAGES + (this.smmu.bank.field('ROOT_IDR0', 'BA_REALM') + page) * PAGE_BYTES + register.offset
    );
  }

  /** A software write at an offset from the base of the SMMU, by an access in a physical address space. */
  writeAt(offset: number, value: number, hi?: number, world: World = this.world, journal?: Journal): Plan {
    const plan = this.smmu.plan({
      kind: 'register',
      offset,
      value: value >>> 0,
      valueHi: hi ?? 0,
      bytes: hi === undefined ? 4 : 8,
      world,
    });
    this.smmu.commit(plan.effects, journal);
    return plan;
  }

  read(name: string): number {
    return this.smmu.bank.lo(name);
  }

  words(pa: number, count: number): number[] {
    const out = new Uint32Array(count);
    this.smmu.memory(this.world).load(pa, out, 0, count);
    return [...out];
  }

  store(pa: number, words: Uint32Array): void {
    this.smmu.memory(this.world).store(pa, words, 0, words.length);
  }

  put(layout: Layout, pa: number, values: Values): void {
    this.store(pa, encode(layout, values));
  }

  /** An STE of the linear table: stage 1 through {@link CDTAB}, changed by `values`. */
  ste(values: Values = {}, sid = SID): void {
    this.put(STE, STRTAB + sid * 64, { ...BASE_STE, ...values });
  }

  /** A CD of the linear table: see {@link BASE_CD}. */
  cd(values: Values = {}, at = CDTAB): void {
    this.put(CD, at, { ...BASE_CD, ...values });
  }

  l1std(pa: number, values: Values): void {
    this.put(L1STD, pa, values);
  }

  l1cd(pa: number, values: Values): void {
    this.put(L1CD, pa, values);
  }

  /** Address of a new table of 64 KiB, aligned to its size. */
  table(): number {
    this.#nextTable += TABLE_BYTES;
    return this.#nextTable - TABLE_BYTES;
  }

  /** One 64-bit descriptor. */
  descriptor(pa: number, value: bigint, bigEndian = false): void {
    const bytes = new DataView(new ArrayBuffer(8));
    bytes.setBigUint64(0, value, !bigEndian);
    this.store(pa, Uint32Array.of(bytes.getUint32(0, true), bytes.getUint32(4, true)));
  }

  /** Plans and commits a transaction. */
  dma(address: number | string, access: Access = {}, sid = SID, journal?: Journal): Plan {
    const { world } = this;
    const incoming = transaction(sid, address, { world, ...access });
    const plan = this.smmu.plan({ kind: 'transaction', transaction: incoming });
    this.smmu.commit(plan.effects, journal);
    return plan;
  }

  /** Puts commands behind PROD, moves it, and lets the queue run. */
  run(...commands: (readonly [CommandName, Values?] | Uint32Array)[]): void {
    const size = 2 ** this.smmu.bank.field(`${this.#prefix}CMDQ_BASE`, 'LOG2SIZE');
    const name = `${this.#prefix}CMDQ_PROD`;
    let prod = this.read(name);
    for (const command of commands) {
      const words = command instanceof Uint32Array ? command : commandWords(command[0], command[1]);
      this.store(CMDQ + (prod % size) * 16, words);
      prod = (prod + 1) % (2 * size);
    }
    this.writeAt(this.offsetOf(name), prod);
    this.smmu.runCommands(this.world);
  }

  /** The records between CONS and PROD of the event queue. */
  events(): number[][] {
    const size = 2 ** this.smmu.bank.field(`${this.#prefix}EVENTQ_BASE`, 'LOG2SIZE');
    const prod = this.read(`${this.#prefix}EVENTQ_PROD`) % (2 * size);
    const records: number[][] = [];
    for (let i = this.read(`${this.#prefix}EVENTQ_CONS`) % (2 * size); i !== prod; i = (i + 1) % (2 * size)) {
      records.push(this.words(EVENTQ + (i % size) * 32, 8));
    }
    return records;
  }

  /** Software takes every record and acknowledges an overflow. */
  drain(): number[][] {
    const records = this.events();
    this.write(`${this.#prefix}EVENTQ_CONS`, this.read(`${this.#prefix}EVENTQ_PROD`));
    return records;
  }
}

export function commandWords(name: CommandName, values: Values = {}): Uint32Array {
  const { layout, opcode } = COMMANDS[name];
  const words = encode(layout as Layout, values);
  words[0] = ((words[0] as number) & ~0xff) | opcode;
  return words;
}
