/** Whether an operation invalidates the translation that a consumer's mapping was made of. */

import type { Covered } from '../../model/caches/location.ts';
import { type TlbEntry, tlbPage } from '../../model/caches/tlb.ts';
import { commandStreams } from '../../model/commands/config.ts';
import { actedRegimes, actedState } from '../../model/commands/reach.ts';
import { tlbiMatch, whyNot } from '../../model/commands/tlbi-match.ts';
import { scopeOfOpcode } from '../../model/commands/tlbi-scope.ts';
import type { NotifyDecision } from '../../model/notifiers/decision.ts';
import type { HeldMapping } from '../../model/notifiers/device.ts';
import { type Plan, type Transaction, transaction } from '../../model/plan.ts';
import type { Smmu } from '../../model/smmu.ts';
import { opcodeOf } from '../../spec/commands.ts';
import { WORLD_FACTS } from '../../spec/worlds.ts';
import { locationOf, startOf } from '../stale/entries.ts';
import { readerOf } from '../stale/fresh.ts';

/** A read of the first byte of a mapping; null when its device is gone. */
export function accessOf(smmu: Smmu, { device, world, iovaHi, iovaLo }: HeldMapping): Transaction | null {
  const spec = smmu.notifiers.devices.get(device)?.spec;
  return spec ? transaction({ world, sid: spec.sid, vaHi: iovaHi, vaLo: iovaLo }) : null;
}

/** What a TLB keeps of the translation of a mapping: to be asked when it is obtained. Null: nothing, it bypasses. */
export function sourceOf(smmu: Smmu, mapping: HeldMapping): Covered | null {
  const access = accessOf(smmu, mapping);
  if (access === null) return null;
  if (smmu.policy === 'none') return withoutCache(mapping);
  const entries = readerOf(smmu)
    .now(access)
    .tlb.filter(({ store }) => store === 'tlb');
  const entry = entries.find((one) => one.entry.space.tag.stage === 1) ?? entries[0];
  return entry === undefined ? null : locationOf(entry);
}

/** Where nothing is cached there is no entry to ask. */
function withoutCache({ world, asid, vmid, iovaHi, iovaLo }: HeldMapping): Covered | null {
  const [streamWorld] = WORLD_FACTS[world].streamWorlds;
  if (streamWorld === undefined) return null;
  return {
    tag: { world, streamWorld, vmid, asid, aset: 0, stage: 1 },
    global: false,
    table: false,
    level: 3,
    granuleBits: 12,
    page: tlbPage(iovaHi, iovaLo, 12),
  };
}

/** What a plan invalidates, for one mapping after the other. */
export class Invalidated {
  readonly #covers: (mapping: HeldMapping, source: Covered) => boolean;

  constructor(smmu: Smmu, plan: Plan, decisions: readonly NotifyDecision[]) {
    const { operation } = plan;
    if (operation.kind === 'command') this.#covers = byCommand(smmu, plan);
    else {
      const gone = operation.kind === 'broadcast-tlbi' ? removed(smmu, plan) : [];
      this.#covers = (mapping, source) =>
        gone.some((entry) => isOf(entry, source)) || decisions.some((one) => names(one, mapping));
    }
  }

  has(mapping: HeldMapping, source: Covered): boolean {
    return this.#covers(mapping, source);
  }
}

const nothing = (): boolean => false;

function byCommand(smmu: Smmu, plan: Plan): (mapping: HeldMapping, source: Covered) => boolean {
  const { operation, outcome, frames } = plan;
  const words = frames[0]?.words;
  if (operation.kind !== 'command' || outcome.result !== 'consumed' || !words || words.length < 4)
    return nothing;
  const { world } = operation;
  const scope = scopeOfOpcode(opcodeOf(words, 0));
  if (scope === undefined || world === 'root') return nothing;
  const from = { machine: smmu, world, state: smmu.state(world) };
  const state = actedState(from, scope);
  const match = tlbiMatch({ words, state, regimes: actedRegimes(from, scope, state) }, scope);
  return (_mapping, source) => whyNot(match, source) === null;
}

/** TLB entries that go: at once, or once the command is complete. */
function removed(smmu: Smmu, { effects }: Plan): readonly TlbEntry[] {
  const found: TlbEntry[] = [];
  for (const effect of effects) {
    if (effect.kind === 'tlb' && effect.op === 'remove') found.push(effect.entry);
    else if (effect.kind === 'store' && effect.op === 'remove' && effect.store === smmu.tlb)
      found.push(effect.entry as TlbEntry);
  }
  return found;
}

function isOf(entry: TlbEntry, { tag, page }: Covered): boolean {
  const { tag: own } = entry.space;
  const at = page * 4096;
  return (
    own.streamWorld === tag.streamWorld &&
    own.stage === tag.stage &&
    own.vmid === tag.vmid &&
    own.asid === tag.asid &&
    startOf(entry) <= at &&
    at < startOf(entry) + 2 ** entry.shift
  );
}

/** Whether a decision is about the entries of a mapping's state: all that registers and devices invalidate are whole states. */
function names({ device, notifier, actsOn }: NotifyDecision, mapping: HeldMapping): boolean {
  return (
    device === mapping.device &&
    notifier === mapping.notifier &&
    (actsOn === mapping.world || actsOn === 'root')
  );
}

/** Whether a plan consumes a CMD_CFGI_* that names the stream of a mapping. */
export function isReconfigured(
  smmu: Smmu,
  { operation, outcome, frames }: Plan,
  mapping: HeldMapping,
): boolean {
  const words = frames[0]?.words;
  if (operation.kind !== 'command' || outcome.result !== 'consumed' || !words || words.length < 4)
    return false;
  const streams = operation.world === 'root' ? null : commandStreams(words, operation.world);
  const sid = smmu.notifiers.devices.get(mapping.device)?.spec.sid;
  return (
    streams !== null &&
    sid !== undefined &&
    streams.world === mapping.world &&
    sid >= streams.first &&
    sid <= streams.last
  );
}

/** What a mapping's address gives by now: `same`, or what else, in words; null when it is not known. */
export function nowOf(smmu: Smmu, mapping: HeldMapping): string | null {
  const access = accessOf(smmu, mapping);
  if (access === null) return null;
  const { result, pa, space, fault } = readerOf(smmu).now(access).plan.outcome;
  switch (result) {
    case 'ok':
      return pa === mapping.pa && space === mapping.space ? 'same' : `PA 0x${pa.toString(16)} (${space})`;
    case 'absent':
    case 'miss':
    case 'not-modelled':
      return null;
    default:
      return fault?.event ?? result;
  }
}
