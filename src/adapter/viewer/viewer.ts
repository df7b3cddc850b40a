/**
 * Who looks: a debug agent of a Security state sees what accesses in its own physical address space reach (6.2), and
 * nothing else. What is hidden, and in which words, is said here and nowhere else.
 */

import { UserError } from '../../bits/user-error.ts';
import { WORLDS, type World } from '../../bits/world.ts';
import { worldName } from '../../inspect/text.ts';
import { ABSENT } from '../../model/memory.ts';
import type { Effect, Frame, Operation, Plan, Step } from '../../model/plan.ts';
import { REACHED_BY } from '../../model/registers/access.ts';
import type { Smmu } from '../../model/smmu.ts';
import { WORLD_PREFIX } from '../../spec/registers.ts';
import { pluggedIn, worldsOfOperation } from '../operation-worlds.ts';
import { placeWorld, ViewedBank } from './viewed-bank.ts';
import { worldsOfEntry } from './worlds-of-entry.ts';

const NO_WORDS = new Uint32Array(0);

/** What one viewer sees of an SMMU. */
export class Viewer {
  /** Null: everything is shown. */
  readonly world: World | null;
  /** Worlds that are hidden. */
  readonly hidden: readonly World[];
  /** The SMMU without what is hidden: other registers and memories over the same caches. */
  readonly smmu: Smmu;
  /** Names of registers that are hidden; null when nothing is. */
  readonly #names: RegExp | null;

  constructor(smmu: Smmu, world: World | null) {
    this.world = world;
    this.hidden = world === null ? [] : WORLDS.filter((other) => !REACHED_BY[other].includes(world));
    const prefixes = this.hidden.map((other) => WORLD_PREFIX[other]);
    this.#names = prefixes.length === 0 ? null : new RegExp(`\\b(?:${prefixes.join('|')})[A-Z]`);
    this.smmu =
      this.hidden.length === 0
        ? smmu
        : smmu.seenBy(
            new ViewedBank(smmu.bank, this.hidden),
            WORLDS.filter((space) => this.sees(space)),
          );
  }

  /** Whether anything is hidden. */
  get masks(): boolean {
    return this.hidden.length > 0;
  }

  sees(world: World): boolean {
    return !this.hidden.includes(world);
  }

  /** What stands in place of something hidden: `masked (Secure)`. */
  text(world: World): string {
    return `masked (${worldName(world)})`;
  }

  /** @throws UserError when the world is hidden */
  require(world: World): void {
    if (this.sees(world)) return;
    throw new UserError(this.text(world), {
      todo: `the viewer is ${worldName(this.world ?? 'ns')}: set viewerWorld to see it`,
    });
  }

  /** The hidden world that an operation belongs to, or null when it is seen. */
  hides(operation: Operation): World | null {
    if (!this.masks) return null;
    const worlds = worldsOfOperation(operation, this.smmu, pluggedIn(this.smmu));
    return worlds.find((world) => !this.sees(world)) ?? null;
  }

  /** A thing of a cache or on its way, and the hidden world that it belongs to; null when it is seen. */
  hidesEntry(entry: unknown): World | null {
    if (!this.masks) return null;
    return worldsOfEntry(entry).find((world) => !this.sees(world)) ?? null;
  }

  /** A text that may speak of what is hidden. */
  said(text: string, of: World | null): string {
    if (of !== null) return this.text(of);
    const named = this.#named(text);
    return named === null ? text : this.text(named);
  }

  /** A plan without what is hidden of it: steps and frames keep their places. */
  plan(plan: Plan): Plan {
    if (!this.masks) return plan;
    const frames = plan.frames.map((frame) => this.#frame(frame));
    const steps = plan.steps.map((step) => this.#step(step, plan.frames));
    const at = plan.steps.findIndex(({ fault }) => fault !== null && fault === plan.outcome.fault);
    const outcome = at < 0 ? plan.outcome : { ...plan.outcome, fault: (steps[at] as Step).fault };
    return { ...plan, outcome, frames, steps, effects: plan.effects.filter((effect) => this.#shows(effect)) };
  }

  #worldAt(place: number | null): readonly World[] {
    const world = place === null ? null : placeWorld(place);
    return world === null ? [] : [world];
  }

  /** The hidden world whose register a text names, or null. */
  #named(text: string): World | null {
    const found = this.#names?.exec(text)?.[0];
    return found === undefined
      ? null
      : (this.hidden.find((world) => found.startsWith(WORLD_PREFIX[world])) ?? null);
  }

  #frame(frame: Frame): Frame {
    if (this.sees(frame.space)) return frame;
    const name = this.text(frame.space);
    return { ...frame, name, pa: null, words: NO_WORDS, status: ABSENT };
  }

  #step(step: Step, frames: readonly Frame[]): Step {
    const space = frames[step.frame]?.space;
    const { used, decision } = step;
    const of =
      (space !== undefined && !this.sees(space) ? space : null) ??
      this.hidesEntry(used) ??
      this.hidesEntry(decision) ??
      this.#named(step.text);
    if (of === null) return step;
    const text = this.text(of);
    const fault = step.fault && { ...step.fault, reason: text };
    return { kind: step.kind, frame: step.frame, text, field: null, fault, used: null, decision: null };
  }

  #shows(effect: Effect): boolean {
    switch (effect.kind) {
      case 'memory':
        return this.sees(effect.space);
      case 'register':
        return this.#worldAt(effect.offset).every((world) => this.sees(world));
      case 'config':
      case 'tlb':
      case 'store':
        return this.hidesEntry(effect.entry) === null;
      case 'signal':
        return this.#named(effect.what) === null;
    }
  }
}
