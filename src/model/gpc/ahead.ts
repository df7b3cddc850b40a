/** Granule protection as it will be once planned effects have been applied. */

import type { RegisterBank } from '../bank.ts';
import type { GptCache, GptEntry } from '../caches/gpt.ts';
import type { Machine } from '../machine.ts';
import type { Effect, Recorder } from '../plan.ts';
import type { WorldState } from '../state.ts';
import { deriveGpc, isSameGpc } from './config.ts';
import { GranuleProtection } from './protection.ts';

/** Follows the Root registers and the cache through planned effects; as long as neither changes, the checks are those of now. */
export class ProtectionAhead {
  readonly #on: Machine;
  readonly #recorder: Recorder | null;
  #gpt: GptCache;
  #protection: GranuleProtection | null;

  constructor(on: Machine, recorder: Recorder | null) {
    this.#on = on;
    this.#recorder = recorder;
    this.#gpt = on.gpt;
    this.#protection = on.protection;
  }

  get gpt(): GptCache {
    return this.#gpt;
  }

  get protection(): GranuleProtection | null {
    return this.#protection;
  }

  /** Takes the effects on the cache over, and what the registers say by then. */
  follow(effects: readonly Effect[], bank: RegisterBank, state: WorldState): void {
    const real = this.#on.gpt;
    let changed = false;
    for (const effect of effects) {
      if (effect.kind !== 'store' || effect.store !== real) continue;
      if (this.#gpt === real) this.#gpt = real.copy();
      this.#gpt[effect.op](effect.entry as GptEntry);
      changed = true;
    }
    const config = deriveGpc(bank, state);
    if (!changed && isSameGpc(config, this.#protection?.config ?? null)) return;
    const keeps = this.#on.policy !== 'none';
    this.#protection =
      config === null
        ? null
        : new GranuleProtection(this.#gpt, (space) => this.#on.memory(space), keeps, config, state.rulesOff);
    this.#protection?.begin(this.#recorder);
  }

  /** What checks that are not those of now leave in the cache. */
  flush(effects: Effect[]): void {
    if (this.#protection !== this.#on.protection) this.#protection?.flush(effects, this.#on.gpt);
  }
}
