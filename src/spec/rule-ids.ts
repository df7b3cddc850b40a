/** Ids of what can be left out of the model, so that tests can prove that it decides something. */

import { COMMANDS } from './commands.ts';
import { EVENTS } from './events.ts';
import { isFeatureName } from './features.ts';
import { GPC_STATEMENTS } from './gpc-statements.ts';
import { ISOLATION_STATEMENTS } from './isolation-statements.ts';
import { NOTIFIER_STATEMENTS } from './notifier-statements.ts';
import { VALIDITY_RULES } from './validity.ts';
import { WORLD_STATEMENTS } from './world-statements.ts';

/** Kinds of ids that have a prefix, and what may follow it. */
const KINDS: Readonly<Record<string, (name: string) => boolean>> = {
  feature: isFeatureName,
  event: (name) => Object.hasOwn(EVENTS, name),
  command: (name) => Object.hasOwn(COMMANDS, name),
  world: (name) => Object.hasOwn(WORLD_STATEMENTS, name),
  gpc: (name) => Object.hasOwn(GPC_STATEMENTS, name),
  isolation: (name) => Object.hasOwn(ISOLATION_STATEMENTS, name),
  notify: (name) => Object.hasOwn(NOTIFIER_STATEMENTS, name),
};

/**
 * Whether there is something of that id: a validity rule, or `feature:IDR3.HAD`, `event:F_UUT`, `command:CMD_SYNC`,
 * `world:NS-CMDQ`, `gpc:ACCESSEN`, `notify:N4.10`, `isolation:CROSSING`.
 */
export function isRuleId(id: string): boolean {
  const colon = id.indexOf(':');
  if (colon < 0) return Object.hasOwn(VALIDITY_RULES, id);
  return KINDS[id.slice(0, colon)]?.(id.slice(colon + 1)) === true;
}

/** The ids that name nothing. */
export function unknownRules(ids: Iterable<string>): string[] {
  return [...ids].filter((id) => !isRuleId(id));
}
