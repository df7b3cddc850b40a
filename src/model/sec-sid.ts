/** SEC_SID: which Security state the stream of a transaction belongs to (IHI 0070 3.10.1). */

import type { World } from '../bits/world.ts';
import { WORLD_BY_SEC_SID, WORLD_FACTS } from '../spec/worlds.ts';
import type { Fault, Transaction } from './plan.ts';
import { silent } from './translate/answer.ts';
import { worldRule, worldRuleOff } from './world-rules.ts';

const RESERVED = 3;

/** What each value means, a rule a value. */
const VALUE_RULES = ['world:SEC-SID-0', 'world:SEC-SID-1', 'world:SEC-SID-2', 'world:SEC-SID-3'] as const;

/** Whose streams there can be. */
export interface SecSidOptions {
  /** S_IDR1.SECURE_IMPL. */
  readonly secure: boolean;
  /** ROOT_IDR0.REALM_IMPL: SEC_SID has two bits. */
  readonly realm: boolean;
  readonly rulesOff: ReadonlySet<string>;
}

/** SEC_SID of the streams of a state, or null: no value names them. */
function secSidOf(world: World, rulesOff: ReadonlySet<string>): number | null {
  const off = worldRuleOff(rulesOff, world, 'SEC-SID');
  const { secSid } = WORLD_FACTS[world];
  if (secSid === null) return off ? RESERVED : null;
  return off ? null : secSid;
}

/** The state whose streams a SEC_SID names, or null: the value is reserved. */
function worldOfSecSid(secSid: number, { secure, realm, rulesOff }: SecSidOptions): World | null {
  const named = secure || (realm && secSid === WORLD_FACTS.realm.secSid);
  if (!named && !rulesOff.has('world:SEC-SID-NO-SECURE')) return 'ns';
  const rule = VALUE_RULES[secSid];
  const off = rule !== undefined && rulesOff.has(rule);
  if (secSid === RESERVED) return off ? 'root' : null;
  return off ? null : (WORLD_BY_SEC_SID[secSid] ?? null);
}

/**
 * A transaction as the programming interface of its stream meets it, or why no interface does: then it ends without an
 * event, since there is no queue for one.
 */
export function arriving(t: Transaction, options: SecSidOptions): Transaction | Fault {
  const { rulesOff } = options;
  const none = (reason: string, rule: string): Fault => silent(reason, rule);
  if (t.world === 'root' && !rulesOff.has('world:ROOT-STREAMS'))
    return none('the Root state has no streams: SEC_SID 3 is reserved', 'world:ROOT-STREAMS');
  const secSid = secSidOf(t.world, rulesOff);
  if (secSid === null)
    return none(`no SEC_SID names a stream of world ${t.world}`, worldRule(t.world, 'SEC-SID') ?? '3.10.1');
  const world = worldOfSecSid(secSid, options);
  if (world === null) return none(`SEC_SID ${secSid} is reserved`, VALUE_RULES[secSid] ?? '3.10.1');
  return world === t.world ? t : { ...t, world };
}

/** The state whose streams a message of an endpoint is of, by its SEC_SID; as it came where that names none. */
export function worldOfMessage(world: World, options: SecSidOptions): World {
  const secSid = secSidOf(world, options.rulesOff);
  return secSid === null ? world : (worldOfSecSid(secSid, options) ?? world);
}
