/** The SMMU as it will be once effects that are only planned have been applied. */

import type { World } from '../bits/world.ts';
import type { RegisterBank } from './bank.ts';
import type { Changeable } from './effects.ts';
import { ProtectionAhead } from './gpc/ahead.ts';
import type { Machine } from './machine.ts';
import type { SparseMemory } from './memory.ts';
import type { Effect, Recorder } from './plan.ts';
import type { Stall, Stalls } from './stalls.ts';
import type { Derive, WorldState } from './state.ts';
import type { Traffic } from './traffic-stores.ts';

/**
 * Registers, granule protection and stalled transactions of an SMMU after effects. Other caches and memory are those of
 * now: what a cache would keep by then may always be missed, and of memory only queue entries change.
 */
export class Ahead implements Changeable {
  readonly bank: RegisterBank;
  readonly traffic: Traffic;
  readonly policy: Machine['policy'];
  readonly options: Machine['options'];
  readonly config: Machine['config'];
  readonly tlb: Machine['tlb'];
  readonly partial: Machine['partial'];
  readonly walks: Machine['walks'];
  readonly structures: Machine['structures'];
  readonly leaving: Machine['leaving'];
  readonly versions: Machine['versions'];
  readonly decoded: Machine['decoded'];
  readonly partidMaps: Machine['partidMaps'];
  readonly dpt: Machine['dpt'];
  readonly failure: Changeable['failure'];
  readonly hooks: Changeable['hooks'];
  readonly notifiers: Changeable['notifiers'];
  readonly #on: Changeable;
  readonly #checks: ProtectionAhead;
  readonly #derive: Derive;
  readonly #states = new Map<World, WorldState>();
  #version = -1;

  constructor(on: Changeable, effects: readonly Effect[], derive: Derive, recorder: Recorder | null) {
    this.#derive = derive;
    this.#on = on;
    this.bank = on.bank.copy();
    this.traffic = on.traffic.ahead();
    this.policy = on.policy;
    this.options = on.options;
    this.config = on.config;
    this.tlb = on.tlb;
    this.partial = on.partial;
    this.walks = on.walks;
    this.structures = on.structures;
    this.leaving = on.leaving;
    this.versions = on.versions;
    this.decoded = on.decoded;
    this.partidMaps = on.partidMaps;
    this.dpt = on.dpt;
    this.#checks = new ProtectionAhead(on, recorder);
    this.failure = on.failure;
    this.hooks = on.hooks;
    this.notifiers = on.notifiers;
    this.apply(effects);
  }

  memory(space: Parameters<Changeable['memory']>[0]): SparseMemory {
    return this.#on.memory(space);
  }

  get gpt(): Machine['gpt'] {
    return this.#checks.gpt;
  }

  get protection(): Machine['protection'] {
    return this.#checks.protection;
  }

  own(space: World): SparseMemory {
    return this.protection === null ? this.memory(space) : this.protection.own(space);
  }

  state(world: World): WorldState {
    if (this.#version !== this.bank.version) {
      this.#states.clear();
      this.#version = this.bank.version;
    }
    const known = this.#states.get(world);
    if (known) return known;
    const state = this.#derive(this.bank, world);
    this.#states.set(world, state);
    return state;
  }

  /**
   * Goes on by more effects, planned on this view.
   * @returns the same effects, to be applied to the SMMU itself
   */
  apply(effects: readonly Effect[]): Effect[] {
    const { stalls } = this.traffic;
    const real = this.#on.traffic.stalls;
    const applied = effects.map((effect) => {
      if (effect.kind === 'register') this.bank.poke(effect.offset, effect.value);
      if (effect.kind !== 'store' || !isOf(effect.store, stalls, real)) return effect;
      stalls[effect.op](effect.entry as Stall);
      return { ...effect, store: real };
    });
    this.#checks.follow(effects, this.bank, this.state('ns'));
    return applied;
  }

  /** What checks by then leave in the cache of granule protection. */
  flushChecks(effects: Effect[]): void {
    this.#checks.flush(effects);
  }
}

function isOf(store: unknown, ...stores: readonly Stalls[]): boolean {
  return stores.some((one) => one === store);
}
