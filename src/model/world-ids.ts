/** What the ID registers say to each Security state: IHI 0070 3.10, 3.12.2, 6.3.52, 6.3.53, 6.3.122. */

import type { World } from '../bits/world.ts';
import { mostOf } from '../spec/feature-most.ts';
import { type FeatureName, feature, type IdValues, isFeatureName, withFeatures } from '../spec/features.ts';
import { OWN_FEATURES, WORLD_FACTS } from '../spec/worlds.ts';
import type { RegisterBank } from './bank.ts';
import { worldRuleOff } from './world-rules.ts';

/** STALL_MODEL: software chooses, and no stream stalls. */
const STALL_OR_NOT = 0;
const NO_STALLS = 1;

const FEATURE_RULE = 'feature:';

/** The ID registers with those features at their most whose rule is switched off: `feature:IDR3.HAD`. */
function withRulesOff(ids: IdValues, rulesOff: ReadonlySet<string>): IdValues {
  let forced = ids;
  for (const rule of rulesOff) {
    const name = rule.startsWith(FEATURE_RULE) ? rule.slice(FEATURE_RULE.length) : '';
    if (isFeatureName(name)) forced = withFeatures(forced, { [name]: mostOf(name) });
  }
  return forced;
}

/**
 * The ID registers as they count. With RME a Secure state has Secure EL2, whatever a snapshot's S_IDR1 says (6.3.53).
 */
export function effectiveIds(ids: IdValues, rulesOff: ReadonlySet<string>): IdValues {
  const forced = withRulesOff(ids, rulesOff);
  const sel2 = feature(forced, 'IDR0.RME_IMPL') === 1 && feature(forced, 'S_IDR1.SECURE_IMPL') === 1;
  if (!sel2 || feature(forced, 'S_IDR1.SEL2') === 1 || rulesOff.has('world:S-RME-SEL2')) return forced;
  return withFeatures(forced, { 'S_IDR1.SEL2': 1 });
}

/** Whether a Security state exists (3.10). */
export function isPresent(ids: IdValues, world: World, rulesOff: ReadonlySet<string>): boolean {
  const { present } = WORLD_FACTS[world];
  const found = present === true || feature(ids, present) === 1;
  return worldRuleOff(rulesOff, world, 'PRESENT') ? !found || present !== true : found;
}

/** Secure software may forbid the stalls of Non-secure streams where Secure ones have the choice (6.3.57). */
function forbidsStalls(bank: RegisterBank, ids: IdValues, rulesOff: ReadonlySet<string>): boolean {
  if (rulesOff.has('world:CAN-S-NSSTALLD')) return false;
  return feature(ids, 'S_IDR0.STALL_MODEL') === STALL_OR_NOT && bank.field('S_CR0', 'NSSTALLD') === 1;
}

/** The effective STALL_MODEL of a state's streams (3.12.2). */
function stallModelOf(
  bank: RegisterBank,
  ids: IdValues,
  world: World,
  rulesOff: ReadonlySet<string>,
): number {
  const off = worldRuleOff(rulesOff, world, 'STALL');
  if (world === 'ns') {
    if (off) return STALL_OR_NOT;
    return forbidsStalls(bank, ids, rulesOff) ? NO_STALLS : feature(ids, 'IDR0.STALL_MODEL');
  }
  if (off) return feature(ids, 'IDR0.STALL_MODEL');
  // R_IDR0.STALL_MODEL can be nothing else (6.3.122).
  return world === 's' ? feature(ids, 'S_IDR0.STALL_MODEL') : NO_STALLS;
}

/**
 * The ID registers as the streams of a state meet them: what a state says of its own stands in the fields of IDR0 and
 * IDR1, and STALL_MODEL is the effective one.
 */
export function idsOfWorld(
  bank: RegisterBank,
  ids: IdValues,
  world: World,
  rulesOff: ReadonlySet<string>,
): IdValues {
  const own: Partial<Record<FeatureName, number>> = {};
  for (const [here, there] of OWN_FEATURES[world]) own[here] = feature(ids, there);
  own['IDR0.STALL_MODEL'] = stallModelOf(bank, ids, world, rulesOff);
  return withFeatures(ids, own);
}
