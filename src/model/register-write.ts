/** What a software write to a register does: IHI 0070 6.2 and 6.3. */

import { hex } from '../bits/u64.ts';
import type { World } from '../bits/world.ts';
import { type Register, WORLD_PREFIX } from '../spec/registers.ts';
import { wordAfter } from './interrupts.ts';
import type { QueueMachine } from './machine.ts';
import type { Effect, Recorder } from './plan.ts';
import { hasQueues } from './queues/queue-id.ts';
import { existingBits, nothingAt, unreachable, wordReached } from './registers/access.ts';
import { COUNTER_RULES } from './registers/counters.ts';
import { ROOT_RULES } from './registers/root.ts';
import { RULES } from './registers/rules.ts';
import { type Rule, store, type WordWrite } from './registers/word-write.ts';

/** An access to registers. */
export interface RegisterAccess {
  /** Bytes from the base of the SMMU. */
  readonly offset: number;
  /** 4 or 8; anything else is illegal. */
  readonly bytes: number;
  /** Physical address space of the access. */
  readonly world: World;
}

export interface RegisterStore extends RegisterAccess {
  /** Bits [31:0]. */
  readonly value: number;
  /** Bits [63:32] of a 64-bit access. */
  readonly valueHi: number;
}

/** What a write does. */
export interface WriteOutcome {
  /** To commit; none when the write is ignored. */
  readonly effects: readonly Effect[];
  /** Sentences on the write: why it is ignored, what is UNPREDICTABLE about it. */
  readonly remarks: readonly string[];
}

/** Why an access has a size or an alignment that is illegal (6.2), or null. This SMMU treats it as RAZ/WI. */
export function illegalAccess({ offset, bytes }: RegisterAccess): string | null {
  if (bytes !== 4 && bytes !== 8) return `an access of ${bytes} bytes is illegal: use 4 or 8 (6.2)`;
  if (offset % bytes === 0) return null;
  return `an access of ${bytes} bytes at offset ${hex(Math.max(offset, 0))} is not aligned (6.2)`;
}

/**
 * What a software write does, told as a step as well when there is a recorder.
 * @returns effects, which change nothing until they are committed
 */
export function writeRegister(
  machine: QueueMachine,
  access: RegisterStore,
  recorder: Recorder | null,
): WriteOutcome {
  const effects: Effect[] = [];
  const remarks: string[] = [];
  const illegal = illegalAccess(access);
  if (illegal !== null) remarks.push(illegal);
  else writeWords(machine, access, effects, remarks, recorder);
  if (recorder !== null) {
    const changes = effects.map((effect) => ('what' in effect ? effect.what : effect.kind));
    recorder.step('register', changes.length === 0 ? 'the write is ignored' : changes.join('; '));
    for (const remark of new Set(remarks)) recorder.step('decide', remark);
  }
  return { effects, remarks };
}

function writeWords(
  machine: QueueMachine,
  access: RegisterStore,
  effects: Effect[],
  remarks: string[],
  recorder: Recorder | null,
): void {
  const { offset, bytes, value, valueHi } = access;
  const first = { machine, access, effects, remarks, recorder };
  const whole = writeWord(first, offset, value >>> 0);
  if (bytes === 4) return;
  if (whole !== null && whole.width === 32) {
    remarks.push(
      `a 64-bit access to two 32-bit registers is CONSTRAINED UNPREDICTABLE (6.2); here each is written`,
    );
  }
  writeWord(first, offset + 4, valueHi >>> 0);
}

interface Writing {
  readonly machine: QueueMachine;
  readonly access: RegisterStore;
  readonly effects: Effect[];
  readonly remarks: string[];
  readonly recorder: Recorder | null;
}

/** Writes 32 bits. @returns the register, or null where there is none */
function writeWord(to: Writing, offset: number, value: number): Register | null {
  const { machine, access, effects, remarks, recorder } = to;
  const { bank } = machine;
  const at = wordReached(machine, offset, access.world);
  if (at === null) {
    remarks.push(nothingAt(offset));
    return null;
  }
  const { register } = at;
  const { bits } = machine.state('ns');
  const refused = unreachable(machine, at, access.world);
  if (refused !== null || register.access === 'RO') {
    remarks.push(refused ?? `${register.name} is read-only`);
    return register;
  }
  const world = at.world ?? 'ns';
  const w: WordWrite = {
    on: { machine, world: hasQueues(world) ? world : 'ns', effects, recorder },
    bank,
    at,
    prefix: WORLD_PREFIX[world],
    from: access.world,
    value,
    before: wordAfter(bank, effects, at.place),
    bits: existingBits(bits, at),
    remarks,
  };
  apply(w, ruleOf(register));
  return register;
}

const NO_RULE: Rule = {};

/** Root registers share stems with others, but not their rules. */
function ruleOf({ block, short, stem, world }: Register): Rule {
  if (world === 'root') return ROOT_RULES[short] ?? NO_RULE;
  return (block === 'PMCG' ? COUNTER_RULES[short] : RULES[stem]) ?? NO_RULE;
}

function apply(w: WordWrite, rule: Rule): void {
  const reason = rule.guard?.(w) ?? null;
  if (reason !== null) {
    w.remarks.push(`${w.at.register.short} stays as it is: ${reason}`);
    return;
  }
  if (rule.write !== undefined) {
    rule.write(w);
    return;
  }
  const bits = rule.bits?.(w) ?? w.bits;
  const value = ((w.before & ~bits) | (w.value & bits)) >>> 0;
  store(w, value);
  rule.after?.(w, value);
}
