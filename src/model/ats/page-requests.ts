/** Page requests of endpoints and what they were answered: IHI 0070 8 and CMD_PRI_RESP (4.5.2). */

import { hex } from '../../bits/u64.ts';
import type { World } from '../../bits/world.ts';
import { PRI_RESPONSE_CODES } from '../../spec/command-rules.ts';
import type { Delivery, Effect, PageRequest, Store } from '../plan.ts';

/** A page request group as its endpoint sees it. */
export interface PageGroup {
  readonly world: World;
  readonly sid: number;
  /** PASID, or -1. */
  readonly ssid: number;
  /** 9 bits. */
  readonly prgIndex: number;
  readonly requests: readonly PageRequest[];
  /** Response code of PCIe (8.3), or -1 while there is none. */
  readonly response: number;
}

const keyOf = (g: Pick<PageGroup, 'world' | 'sid' | 'ssid' | 'prgIndex'>): string =>
  `${g.world}/${g.sid}/${g.ssid}/${g.prgIndex}`;

/** The last group of each index of each endpoint and PASID. */
export class PageGroups implements Store<PageGroup> {
  readonly #groups = new Map<string, PageGroup>();

  insert(group: PageGroup): void {
    this.#groups.set(keyOf(group), group);
  }

  remove(group: PageGroup): void {
    const key = keyOf(group);
    if (this.#groups.get(key) === group) this.#groups.delete(key);
  }

  find(of: Pick<PageGroup, 'world' | 'sid' | 'ssid' | 'prgIndex'>): PageGroup | undefined {
    return this.#groups.get(keyOf(of));
  }

  /** In the order of their names, so that undoing changes nothing that can be seen. */
  entries(): PageGroup[] {
    return [...this.#groups.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, group]) => group);
  }

  clear(): void {
    this.#groups.clear();
  }
}

/** The names of the response codes (8.3). */
const CODE_NAMES: ReadonlyMap<number, string> = new Map(
  Object.entries(PRI_RESPONSE_CODES).map(([name, code]) => [code, name]),
);

function replace(
  groups: PageGroups,
  before: PageGroup | undefined,
  entry: PageGroup,
  what: string,
): Effect[] {
  const effects: Effect[] = [];
  if (before) effects.push({ kind: 'store', store: groups, op: 'remove', entry: before, what });
  effects.push({ kind: 'store', store: groups, op: 'insert', entry, what });
  return effects;
}

/** An endpoint has sent a request: it joins its group, or begins one where the last has its answer. */
export function requestSent(groups: PageGroups, request: PageRequest): Effect[] {
  const { world, sid, ssid, prgIndex } = request;
  const before = groups.find(request);
  const going = before && before.response < 0 ? before.requests : [];
  const entry: PageGroup = { world, sid, ssid, prgIndex, requests: [...going, request], response: -1 };
  return replace(
    groups,
    before,
    entry,
    `page request group ${prgIndex} of StreamID ${hex(sid)} is outstanding`,
  );
}

/**
 * A response goes to an endpoint: by software, or by the SMMU itself (8.1, 8.2).
 * @param ssid PASID of the response, or -1
 * @param group the group that it answers, where one is known
 * @param code response code of PCIe (8.3)
 */
export function respond(
  groups: PageGroups,
  to: { readonly world: World; readonly sid: number; readonly ssid: number; readonly prgIndex: number },
  group: PageGroup | undefined,
  code: number,
): Effect[] {
  const { world, sid, ssid, prgIndex } = to;
  const what = `response ${CODE_NAMES.get(code) ?? code} to page request group ${prgIndex} of StreamID ${hex(sid)}`;
  const delivery: Delivery = { kind: 'page-response', world, sid, ssid, prgIndex, code };
  const signal: Effect = { kind: 'signal', what, to: delivery };
  return group ? [...replace(groups, group, { ...group, response: code }, what), signal] : [signal];
}
