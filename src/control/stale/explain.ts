/** A stale use in words: which entry, made when, which write made it old, which commands did not help, which would have. */

import { hex, hex64 } from '../../bits/u64.ts';
import type { Dated, Version } from '../../model/caches/versions.ts';
import type { Plan } from '../../model/plan.ts';
import type { Smmu } from '../../model/smmu.ts';
import { feature } from '../../spec/features.ts';
import { findWrite } from './culprit.ts';
import { type CureCommand, cureText, gptCureText } from './cure.ts';
import { cureOf } from './cure-of.ts';
import { type Missed, missedCommands } from './missed.ts';
import type { Origins } from './origins.ts';
import type { StaleUse } from './use.ts';

/** The write that made something old. */
export interface StaleWrite {
  /** Index in the history, or null where it is not known. */
  readonly index: number | null;
  /** PA of the doubleword. */
  readonly pa: number;
  readonly old: Pick<Version, 'hi' | 'lo'>;
  readonly now: Pick<Version, 'hi' | 'lo'>;
}

/** What there is to say of a stale use. */
export interface Explanation {
  /** Index in the history of the operation that made the entry, or null. */
  readonly made: number | null;
  /** Null where no write that was watched explains it: registers, or memory that was loaded. */
  readonly write: StaleWrite | null;
  readonly missed: readonly Missed[];
  /** What would have removed the entry; empty for a clash. */
  readonly cure: readonly CureCommand[];
  readonly text: string;
}

/**
 * Explains a stale use of a plan that is not committed yet. Reads memory anew several times: for a stop, not for each
 * transaction.
 */
export function explainStale(
  smmu: Smmu,
  plan: Plan,
  use: StaleUse,
  origins: Origins | null = null,
): Explanation {
  const found = findWrite(smmu, plan, use, origins);
  const write = found === null ? null : writeOf(smmu, found, origins);
  const { location } = use;
  const since = found === null || location === null ? [] : smmu.versions.since(found.of, location);
  const missed = missedCommands(smmu, use, since);
  const cure = use.clash === null ? cureOf(smmu, plan, use, write?.pa ?? null) : [];
  const entry = use.used === null || use.used.kind === 'completed' ? null : use.used.entry;
  const made = entry === null ? null : (origins?.entryMade(entry) ?? null);
  return { made, write, missed, cure, text: textOf(smmu, use, { made, write, missed, cure }, origins) };
}

function writeOf(smmu: Smmu, { of, at }: Dated<Version>, origins: Origins | null): StaleWrite {
  const next = smmu.versions.before(of.pa, at + 1, of.space);
  const words = new Uint32Array(2);
  smmu.memory(of.space).load(of.pa, words, 0, 2);
  const now = next ?? { lo: words[0] as number, hi: words[1] as number };
  return { index: origins?.versionMade(of) ?? null, pa: of.pa, old: of, now };
}

const CERTAINTY = {
  certain: 'stale use',
  possible: 'possible stale use',
} as const;

type Parts = Omit<Explanation, 'text'>;

function textOf(smmu: Smmu, use: StaleUse, parts: Parts, origins: Origins | null): string {
  const { made, write, missed, cure } = parts;
  const lines = [`${CERTAINTY[use.certainty]} (${use.class}): ${use.what}`, `  ${use.differs}`];
  if (use.used === null) lines.push('  the model has not cached it; hardware may have, for it was reachable');
  if (made !== null) lines.push(`  made by ${origins?.text(made) ?? `operation ${made}`}`);
  if (use.clash !== null) {
    lines.push(`  address-space clash: filled by ${use.clash.filledBy}, used by ${use.clash.usedBy}`);
    lines.push('  both have the same tags, so give each an ASID or a VMID of its own');
    return lines.join('\n');
  }
  if (write !== null) {
    const who = write.index === null ? 'a write' : (origins?.text(write.index) ?? `operation ${write.index}`);
    const values = `${hex64(write.old.hi, write.old.lo)} became ${hex64(write.now.hi, write.now.lo)}`;
    lines.push(`  made old by ${who}: at ${hex(write.pa)} ${values}`);
    if (missed.length === 0) lines.push('  no invalidation was consumed since');
  } else if (smmu.policy === 'maximal') lines.push('  no write that was watched explains it');
  for (const { command, why } of missed) lines.push(`  ${command}: ${why}`);
  const bbml = feature(smmu.state('ns').ids, 'IDR3.BBML');
  if (use.differs.includes('break-before-make'))
    lines.push(`  with IDR3.BBML=${bbml} the descriptor must be invalid in between`);
  if (use.used?.kind === 'gpt') lines.push(`  what removes it: ${gptCureText(use.used.entry)}`);
  if (cure.length > 0) lines.push(`  what removes it: ${cureText(cure)}`);
  return lines.join('\n');
}
