/** What is said of each Security state in its own words: `world:S-CMDQ` in `rulesOff`. */

import type { World } from '../bits/world.ts';
import type { WorldStatementId } from '../spec/world-statements.ts';

type Rule = `world:${WorldStatementId}`;

const RULES = {
  'SEC-SID': {
    ns: 'world:NS-SEC-SID',
    s: 'world:S-SEC-SID',
    realm: 'world:R-SEC-SID',
    root: 'world:ROOT-SEC-SID',
  },
  PRESENT: {
    ns: 'world:NS-PRESENT',
    s: 'world:S-PRESENT',
    realm: 'world:R-PRESENT',
    root: 'world:ROOT-PRESENT',
  },
  REGISTERS: {
    ns: 'world:NS-REGISTERS',
    s: 'world:S-REGISTERS',
    realm: 'world:R-REGISTERS',
    root: 'world:ROOT-REGISTERS',
  },
  ACCESS: { ns: 'world:NS-ACCESS', s: 'world:S-ACCESS', realm: 'world:R-ACCESS', root: 'world:ROOT-ACCESS' },
  STRTAB: { ns: 'world:NS-STRTAB', s: 'world:S-STRTAB', realm: 'world:R-STRTAB', root: 'world:ROOT-STRTAB' },
  CMDQ: { ns: 'world:NS-CMDQ', s: 'world:S-CMDQ', realm: 'world:R-CMDQ', root: 'world:ROOT-CMDQ' },
  EVENTQ: { ns: 'world:NS-EVENTQ', s: 'world:S-EVENTQ', realm: 'world:R-EVENTQ', root: 'world:ROOT-EVENTQ' },
  PRIQ: { ns: 'world:NS-PRIQ', s: 'world:S-PRIQ', realm: 'world:R-PRIQ' },
  'FETCH-QUEUES': { ns: 'world:NS-FETCH-QUEUES', s: 'world:S-FETCH-QUEUES', realm: 'world:R-FETCH-QUEUES' },
  'FETCH-MSI': { ns: 'world:NS-FETCH-MSI', s: 'world:S-FETCH-MSI', realm: 'world:R-FETCH-MSI' },
  STALL: { ns: 'world:NS-STALL', s: 'world:S-STALL', realm: 'world:R-STALL' },
} as const satisfies Readonly<Record<string, Readonly<Partial<Record<World, Rule>>>>>;

/** What is said of each state. */
export type WorldTopic = keyof typeof RULES;

/** The id of what is said of a state; undefined where nothing is. */
export function worldRule(world: World, topic: WorldTopic): Rule | undefined {
  const rules: Readonly<Partial<Record<World, Rule>>> = RULES[topic];
  return rules[world];
}

/** Whether what is said of a state is left out of the model. */
export function worldRuleOff(rulesOff: ReadonlySet<string>, world: World, topic: WorldTopic): boolean {
  if (rulesOff.size === 0) return false;
  const rule = worldRule(world, topic);
  return rule !== undefined && rulesOff.has(rule);
}
