/** A random machine that every Security state has: the same structures and tables, each state's in its own space. */

import { WORLDS, type World } from '../../src/bits/world.ts';
import { offsetOf } from '../../src/model/bank.ts';
import type { Operation, Plan } from '../../src/model/plan.ts';
import { type CachePolicy, Smmu } from '../../src/model/smmu.ts';
import type { QueueWorld } from '../../src/spec/commands.ts';
import { registerByName, WORLD_PREFIX } from '../../src/spec/registers.ts';
import type { Txn } from '../kit/oracle/types.ts';
import { ROOT_PAGE } from '../kit/smmu.ts';
import type { RandomMachine } from './machine.ts';
import { CMDQ_LOG2, COMMAND_BYTES, modelTransaction, registersOf } from './model.ts';
import { CMDQ, type Fields, type MachineSpec } from './spec.ts';
import { WatchedMemory } from './watched.ts';

export const STREAM_WORLDS = ['ns', 's', 'realm'] as const satisfies readonly QueueWorld[];

/**
 * Features that all states share here, so that the same structures mean the same to each: without VMID16 a large S2VMID
 * is ILLEGAL but where it is ignored, as of a Secure stream without stage 2 (3.10.2.2).
 */
const SHARED: Fields = { 'IDR0.S1P': 1, 'IDR0.S2P': 1, 'IDR0.Hyp': 1, 'IDR0.ATS': 0, 'IDR0.VMID16': 1 };

/** What no state but the Non-secure one has: ATS of Secure streams, EL3 instead of a reserved value, stage 2 of LPAE. */
function sharedSte(ste: Fields): Fields {
  const secure = Object.fromEntries(
    ['T0SZ', 'SL0', 'SL0_2', 'TG', 'TTB']
      .filter((name) => ste[`S2${name}`] !== undefined)
      .map((name) => [`S_S2${name}`, ste[`S2${name}`] as number]),
  );
  return { ...ste, ...secure, EATS: 0, STRW: (ste['STRW'] ?? 0) & 2 };
}

/**
 * The machine as both states of a comparison can have it.
 * @param other with which Non-secure is compared
 * @param ns whether Realm addresses may become Non-secure, from where no instructions are fetched (3.10.3)
 */
export function sharedSpec(spec: MachineSpec, other: 's' | 'realm', ns: boolean): MachineSpec {
  const { idr, registers } = spec;
  const realm = other === 'realm';
  // S-EL2 has no VMSAv8-32 LPAE (5.4, AA64).
  const lpae = spec.cds.some((cd) => cd['AA64'] !== 1);
  return {
    ...spec,
    idr: { ...idr, ...SHARED, ...(realm && { 'IDR0.TTF': 2, 'IDR0.STALL_MODEL': 1 }) },
    // Without SMMUEN Realm streams are aborted (6.3.59).
    registers: realm ? { ...registers, gbpa: { ...registers.gbpa, ABORT: 1 } } : registers,
    ste: { ...sharedSte(spec.ste), ...(lpae && !realm && { STRW: 0 }), ...(realm && !ns && { NSCFG: 0 }) },
  };
}

/** Fields of registers that make four states of one. */
const STATES: Readonly<Record<string, number>> = {
  'S_IDR1.SECURE_IMPL': 1,
  'S_IDR1.SEL2': 1,
  'IDR0.RME_IMPL': 1,
  'ROOT_IDR0.ROOT_IMPL': 1,
  'ROOT_IDR0.REALM_IMPL': 1,
  'ROOT_IDR0.BA_REALM': 4,
  'R_IDR0.STALL_MODEL': 1,
  'R_IDR1.RME_DA_IMPL': 1,
  'ROOT_CR0.ACCESSEN': 1,
  'ROOT_CR0ACK.ACCESSEN': 1,
};

/** Each state has the ID registers' words of its own where it has any. */
const OWN_IDS = [
  ['S_IDR0.STALL_MODEL', 'IDR0.STALL_MODEL'],
  ['S_IDR1.S_SIDSIZE', 'IDR1.SIDSIZE'],
] as const;

/** An SMMU of four states, and what software has put into each space. */
export class WorldsMachine {
  readonly smmu: Smmu;
  readonly #machine: RandomMachine;
  readonly memory: Readonly<Record<World, WatchedMemory>>;
  #taken = 0;

  constructor(
    machine: RandomMachine,
    caches: CachePolicy = 'none',
    rulesOff: ReadonlySet<string> = new Set(),
  ) {
    this.#machine = machine;
    // What nobody made up is absent, not zero.
    const empty = (): WatchedMemory =>
      new WatchedMemory({ fill: () => 0, ranges: machine.ram }, { ram: machine.ram });
    this.memory = { ns: empty(), s: empty(), realm: empty(), root: empty() };
    this.smmu = new Smmu({ memory: this.memory, caches, rulesOff, places: { root: ROOT_PAGE } });
    this.smmu.bank.load(registersOf(machine));
    for (const world of ['s', 'realm'] as const) this.#copyRegisters(world);
    for (const [name, value] of Object.entries(STATES)) this.#set(name, value);
    for (const [own, shared] of OWN_IDS) this.#set(own, machine.spec.idr[shared] ?? 0);
  }

  /** What Non-secure software has set up, other software sets up as well. */
  #copyRegisters(world: 's' | 'realm'): void {
    const { bank } = this.smmu;
    for (const name of [
      'CR0',
      'CR0ACK',
      'CR2',
      'GBPA',
      'STRTAB_BASE',
      'STRTAB_BASE_CFG',
      'EVENTQ_BASE',
      'CMDQ_BASE',
    ]) {
      const to = offsetOf(`${WORLD_PREFIX[world]}${name}`);
      bank.load(
        [0, 4]
          .slice(0, registerByName(name)?.width === 64 ? 2 : 1)
          .map((at) => [to + at, bank.peek(offsetOf(name) + at)]),
      );
    }
  }

  #set(key: string, value: number): void {
    const [name = '', field = ''] = key.split('.');
    const register = registerByName(name);
    const words = Uint32Array.of(this.smmu.bank.lo(name));
    register?.layout.fields[field]?.set(words, 0, value);
    this.smmu.bank.load([[offsetOf(name), words[0] ?? 0]]);
  }

  /** Takes what was made up since, into every space. */
  refresh(): void {
    const { made } = this.#machine;
    for (; this.#taken < made.length; this.#taken++) {
      const [pa, value] = made[this.#taken] as readonly [bigint, bigint];
      const words = Uint32Array.of(Number(value & 0xffffffffn), Number(value >> 32n));
      for (const world of WORLDS) this.memory[world].store(Number(pa), words, 0, 2);
    }
  }

  /**
   * Software of a state puts a command behind PROD and moves it, once it is done with what went wrong before.
   * @returns what the SMMU does next, or null where the queue is switched off
   */
  enqueue(command: Uint32Array, world: QueueWorld): Operation | null {
    const { bank } = this.smmu;
    const place = (name: string): number => offsetOf(`${WORLD_PREFIX[world]}${name}`);
    const prod = bank.peek(place('CMDQ_PROD')) % 2 ** (CMDQ_LOG2 + 1);
    this.memory[world].store(CMDQ + (prod % 2 ** CMDQ_LOG2) * COMMAND_BYTES, command, 0, 4);
    bank.load([
      [place('CMDQ_PROD'), (prod + 1) % 2 ** (CMDQ_LOG2 + 1)],
      [place('CMDQ_CONS'), prod],
      [place('GERRORN'), bank.peek(place('GERROR'))],
    ]);
    const next = this.smmu.nextCommand(world);
    return 'operation' in next ? next.operation : null;
  }

  /** Plans a transaction of a state; nothing is committed. */
  plan(txn: Txn, world: QueueWorld): Plan {
    this.refresh();
    return this.smmu.plan({ kind: 'transaction', transaction: { ...modelTransaction(txn), world } });
  }
}
