import { UserError } from '../bits/user-error.ts';
import { offsetOf } from '../model/bank.ts';
import { type Conflict, conflicts } from '../spec/feature-conflicts.ts';
import { NONSECURE_FEATURES } from '../spec/feature-most.ts';
import {
  type FeatureName,
  type FeatureValues,
  feature,
  ID_REGISTERS,
  type IdRegister,
  type IdValues,
  withFeatures,
} from '../spec/features.ts';
import { DEFAULT_PRESET, type Preset, presetNamed } from '../spec/presets.ts';
import type { SmmuConfiguration } from './configuration.ts';
import { readPreset } from './configuration.ts';
import type { Words } from './register-words.ts';

/** Without these three nothing can be said about what the SMMU can do; they are never zero together. */
const NEEDED: readonly IdRegister[] = ['IDR0', 'IDR1', 'IDR5'];

const REGISTERS = [...new Set(NONSECURE_FEATURES.map(({ register }) => register))].map(
  (register) => [register, offsetOf(register)] as const,
);
const OWN: ReadonlySet<number> = new Set(REGISTERS.map(([, offset]) => offset));
/** Those of every Security state: a snapshot may hold them as well, and relations between registers ask for them. */
const ALL = ID_REGISTERS.map((register) => [register, offsetOf(register)] as const);

/**
 * Settles the ID registers of a snapshot: its own; those of a preset where it has none, or where one is asked for; and
 * single fields on top. Says what it changes, and which relations of the architecture the result breaks.
 * @param asked where the features were asked for, for messages
 * @throws UserError when what was asked for makes an SMMU that the architecture does not have
 */
export function settleIdRegisters(words: Words, wishes: SmmuConfiguration, asked: string): void {
  usePreset(words, wishes.preset);
  const before = idsIn(words);
  const features = wishes.features ?? {};
  if (Object.keys(features).length > 0) override(words, before, features);
  judge(words, conflicts(before), conflicts(idsIn(words)), asked);
}

function idsIn(words: Words): IdValues {
  const known = ALL.filter(([, offset]) => words.has(offset));
  return Object.fromEntries(known.map(([register, offset]) => [register, words.get(offset)]));
}

function usePreset(words: Words, name: string | undefined): void {
  const complete = NEEDED.every((register) => words.has(offsetOf(register)));
  if (name === undefined && complete) return;
  const used = name ?? DEFAULT_PRESET;
  const preset = presetNamed(readPreset(used, 'smmu.preset')) as Preset;
  for (const [register, offset] of REGISTERS) {
    const value = preset.values[register];
    const there = words.get(offset);
    // A preset that was asked for has every register: those that it does not name are 0.
    const replaces = name !== undefined && there !== undefined && there !== (value ?? 0);
    if (replaces || (there === undefined && value !== undefined)) words.assume(offset, value ?? 0);
  }
  // What it says of other states counts only where it was asked for.
  for (const [register, value] of Object.entries(name === undefined ? {} : preset.values)) {
    const offset = offsetOf(register);
    if (!OWN.has(offset) && words.get(offset) !== value) words.assume(offset, value);
  }
  words.warn(
    complete
      ? `its ID registers are replaced by those of preset ${used} (${preset.doc})`
      : `has no complete set of ID registers; those of preset ${used} are assumed (${preset.doc})`,
  );
}

function override(words: Words, before: IdValues, features: FeatureValues): void {
  const after = withFeatures(before, features);
  for (const [register, offset] of ALL) {
    const value = after[register];
    if (value !== undefined && value !== words.get(offset)) words.assume(offset, value);
  }
  const changed = (Object.keys(features) as FeatureName[])
    .filter((name) => feature(before, name) !== feature(after, name))
    .map((name) => `${name}=${feature(after, name)} instead of ${feature(before, name)}`);
  if (changed.length > 0) words.warn(`as asked, ${changed.join(', ')}`);
}

/** What was asked for is refused where it breaks the architecture; what a machine says of itself is only remarked. */
function judge(words: Words, before: readonly Conflict[], after: readonly Conflict[], asked: string): void {
  const old = new Set(before.map(({ why, section }) => `${section} ${why}`));
  const isNew = ({ why, section }: Conflict): boolean => !old.has(`${section} ${why}`);
  const refused = after.find((conflict) => isNew(conflict) && conflict.severity === 'illegal');
  if (refused) {
    const todo = 'no SMMU is like that, so change the other field as well';
    throw new UserError(refused.text, { where: asked, todo });
  }
  for (const conflict of after) {
    if (conflict.severity === 'illegal' || isNew(conflict)) words.warn(conflict.text);
  }
}
